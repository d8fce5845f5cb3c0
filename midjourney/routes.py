"""MidJourney's own addresses: unfinished pictures, and where its proxy says that there is news."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from flask import Blueprint, Response

from database import Database
from errors import NotFound
from images.editing import check_image
from images.fetching import Fetcher
from jobs.notifier import Notifier
from midjourney import commands
from midjourney.proxy_running import topic as proxy_topic

_FETCH_SECONDS = 10.0
_REQUEST_ID = re.compile(r"[0-9a-f]{32}")


def create_blueprint(
    database: Database, fetcher: Fetcher, notifier: Notifier, *, owner: Callable[[], str]
) -> Blueprint:
    """`owner` tells who calls."""
    blueprint = Blueprint("midjourney", __name__)

    @blueprint.post("/api/midjourney/hook/<request_id>")
    def hook(request_id: str) -> tuple[str, int]:
        """News of a picture at the proxy. It is not signed, so it is only a reason to look there."""
        if _REQUEST_ID.fullmatch(request_id):
            notifier.notify(proxy_topic(request_id))
        return "", 204

    @blueprint.get("/api/jobs/<job_id>/preview")
    def preview(job_id: str) -> Response:
        with database.read() as tx:
            url = commands.preview_of_job(tx, job_id, owner())
        if not url:
            raise NotFound("There is no preview of this job's picture at the moment.")
        content = fetcher.fetch(url, deadline=time.monotonic() + _FETCH_SECONDS)
        image = check_image(content)
        response = Response(image.content, mimetype=image.mime)
        response.headers["Cache-Control"] = "private, max-age=600"
        return response

    return blueprint
