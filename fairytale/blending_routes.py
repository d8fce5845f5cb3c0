"""The edge of blending: pictures are named, a job is queued, and its result is polled."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint
from pydantic import Field

from access.caller import Caller
from access.desk import Desk, Order, read_order
from access.estimates import Estimates
from database import Database
from errors import InvalidRequest
from fairytale.blending import new_blend, new_description, own_picture
from fairytale.bodies import Texts
from fairytale.routes import TAG
from images.sources import ImageSource
from jobs.rows import Job

_FETCH_SECONDS = 30.0


class Blend(Texts):
    images: list[str] = Field(
        min_length=2, max_length=5, description="2 to 5 uploads, data URLs or painted pictures (/images/...)."
    )
    dimensions: Literal["portrait", "square", "landscape"] = "square"


class Describe(Texts):
    image: str = Field(min_length=1, description="An upload, a data URL or a painted picture (/images/...).")


def create_blueprint(
    database: Database,
    desk: Desk,
    source: ImageSource,
    *,
    has_proxy: bool,
    base_url: Callable[[], str],
    caller: Callable[[], Caller],
    estimates: Estimates,
) -> APIBlueprint:
    blueprint = APIBlueprint("blending", __name__, abp_tags=[TAG])

    def ordered(body: Texts, *, pictures: int) -> Order:
        if not has_proxy:
            raise InvalidRequest(
                "Only a midjourney-proxy can do this: set MIDJOURNEY_PROXY_URL.", code="proxy_needed"
            )
        return read_order(
            dict(request.headers),
            {"path": request.path, **body.model_dump()},
            caller=caller(),
            amount=estimates.pictures(pictures),
        )

    def file_of(url: str, owner: str, field: str, deadline: float) -> str:
        """The kept file behind one picture of a request."""
        with database.read() as tx:
            own = own_picture(tx, url, owner=owner, base_url=base_url(), field=field)
        return own or source.keep(url, owner=owner, base_url=base_url(), field=field, deadline=deadline).file

    def files_of(urls: list[str], order: Order, field: str) -> list[str]:
        if desk.knows(order):
            return []
        deadline = time.monotonic() + _FETCH_SECONDS
        return [file_of(url, order.caller.owner, field, deadline) for url in urls]

    def queued(job: Job, order: Order) -> tuple[Response, int]:
        job = desk.queue(job, order)
        answer = jsonify(jobId=job.id)
        answer.headers["Location"] = f"/api/jobs/{job.id}"
        return answer, 202

    @blueprint.post("/api/v1/imagine/blend", summary="Mix 2 to 5 pictures")
    def blend(body: Blend) -> tuple[Response, int]:
        """The job's result lists the four `pictures`."""
        order = ordered(body, pictures=1)
        files = files_of(body.images, order, "images")
        return queued(new_blend(files, body.dimensions, owner=order.caller.owner), order)

    @blueprint.post("/api/v1/imagine/describe", summary="Prompts that would give a picture")
    def describe(body: Describe) -> tuple[Response, int]:
        """The job's result has `prompts`."""
        order = ordered(body, pictures=0)
        file = next(iter(files_of([body.image], order, "image")), "")
        return queued(new_description(file, owner=order.caller.owner), order)

    return blueprint
