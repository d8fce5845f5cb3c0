"""GET /api/jobs/<id>/preview: the picture as far as MidJourney has painted it."""

from __future__ import annotations

import time

from flask import Blueprint, Response

from database import Database
from errors import NotFound
from images.editing import check_image
from images.fetching import Fetcher
from midjourney import commands

_FETCH_SECONDS = 10.0


def create_blueprint(database: Database, fetcher: Fetcher) -> Blueprint:
    blueprint = Blueprint("midjourney", __name__)

    @blueprint.get("/api/jobs/<job_id>/preview")
    def preview(job_id: str) -> Response:
        with database.read() as tx:
            url = commands.preview_of_job(tx, job_id)
        if not url:
            raise NotFound("There is no preview of this job's picture at the moment.")
        content = fetcher.fetch(url, deadline=time.monotonic() + _FETCH_SECONDS)
        image = check_image(content)
        response = Response(image.content, mimetype=image.mime)
        response.headers["Cache-Control"] = "private, max-age=600"
        return response

    return blueprint
