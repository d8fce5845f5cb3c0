"""The fairy tale's edge: picture sets, their status, and single pictures changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import partial
from urllib.parse import quote

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag

from access.caller import Caller
from access.desk import Desk, read_order
from access.estimates import Estimates
from database import Database
from errors import InvalidRequest
from fairytale.albums import quarter_of
from fairytale.bodies import Choose, FigureBody, GenerateSet, Regenerate, SetPath, Texts
from fairytale.download import FILE_NAME, set_zip
from fairytale.options import groups, words_of
from fairytale.sets import (
    Figure,
    SetRequest,
    check_free,
    check_name,
    find_picture,
    named,
    new_picture,
    new_set,
    take_name,
)
from fairytale.showing import set_status
from images import records
from images.sources import ImageSource
from images.storage import Storage
from jobs.callbacks import Callback
from jobs.rows import Job

TAG = Tag(name="Fairy tale", description="The pictures of a tale: main character, cast and backgrounds.")
_FETCH_SECONDS = 20.0


def create_blueprint(
    database: Database,
    desk: Desk,
    source: ImageSource,
    storage: Storage,
    *,
    providers: Collection[str],
    base_url: Callable[[], str],
    caller: Callable[[], Caller],
    callback: Callable[[str, str], Callback | None],
    estimates: Estimates,
) -> APIBlueprint:
    """`providers` are the names of the image models that may be asked for, `estimates` what work may take."""
    blueprint = APIBlueprint("imagine", __name__, abp_tags=[TAG])

    def sketch(body: GenerateSet) -> str:
        if not body.sketchImage:
            return ""
        deadline = time.monotonic() + _FETCH_SECONDS
        return source.keep(
            body.sketchImage,
            owner=caller().owner,
            base_url=base_url(),
            field="sketchImage",
            deadline=deadline,
        ).file

    def status(job: Job, code: int) -> tuple[Response, int]:
        with database.read() as tx:
            answer = jsonify(set_status(tx, job, base_url()))
        answer.headers["Location"] = f"/api/v1/imagine/status/{quote(job.request['name'])}"
        answer.headers["Cache-Control"] = "no-store"
        return answer, code

    @blueprint.post("/api/v1/imagine/generate", summary="The pictures of a tale")
    def generate(body: GenerateSet) -> tuple[Response, int]:
        """Answers at once; the pictures are painted in the background."""
        if body.provider and body.provider not in providers:
            raise InvalidRequest(
                f"provider must be one of {', '.join(providers)}.", code="invalid_field", field="provider"
            )
        order = read_order(
            dict(request.headers),
            {"path": request.path, **body.model_dump()},
            caller=caller(),
            callback=callback(body.callback_url, base_url()),
            amount=estimates.pictures(len(body.characters) + len(body.backgrounds)),
        )
        is_known = desk.knows(order)
        if not is_known:  # before a sketch is kept
            desk.check(order)
            with database.read() as tx:
                check_name(tx, order.caller.owner, body.studentTaskId)
        job = new_set(
            SetRequest(
                name=body.studentTaskId,
                tale=body.fairytaleId,
                figures=_figures(body.characters, body.backgrounds),
                words=words_of(body.optionIds),
                style=body.style,
                sketch="" if is_known else sketch(body),
                provider=body.provider,
                blur=body.blur,
            ),
            owner=order.caller.owner,
        )
        return status(desk.queue(job, order, also=[partial(take_name, job=job)]), 202)

    @blueprint.get("/api/v1/imagine/status/<path:student_task_id>", summary="How far the pictures are")
    def show(path: SetPath) -> tuple[Response, int]:
        with database.read() as tx:
            job = named(tx, caller().owner, path.student_task_id)
        return status(job, 200)

    @blueprint.get("/api/v1/imagine/download/<path:student_task_id>", summary="The pictures as a ZIP")
    def download(path: SetPath) -> Response:
        """Each picture as it is shown, and its original where that is another one."""
        with database.read() as tx:
            shown = set_status(tx, named(tx, caller().owner, path.student_task_id), "")
        answer = Response(set_zip(shown, storage), mimetype="application/zip")
        answer.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def change(
        body: Texts, image_id: str, action: str, *, index: int | None = None, prompt: str = ""
    ) -> tuple[Response, int]:
        with database.read() as tx:
            picture_set, figure = find_picture(tx, image_id, caller().owner)
            if index is not None:
                quarter_of(records.of_album(tx, picture_set.id), image_id, index)
        order = read_order(
            dict(request.headers),
            {"path": request.path, **body.model_dump()},
            caller=caller(),
            amount=estimates.pictures(0 if action == "upscale" else 1),
        )
        job = new_picture(picture_set, figure.key, action, prompt=prompt, index=index)
        job = desk.queue(job, order, also=[partial(check_free, change=job)])
        answer = jsonify(imageId=image_id, jobId=job.id, status="painting")
        answer.headers["Location"] = f"/api/jobs/{job.id}"
        return answer, 202

    @blueprint.post("/api/v1/imagine/regenerate", summary="Paint one picture again")
    def regenerate(body: Regenerate) -> tuple[Response, int]:
        return change(body, body.imageId, "regenerate", prompt=body.prompt)

    @blueprint.post("/api/v1/imagine/upscale", summary="Choose one of the four")
    def upscale(body: Choose) -> tuple[Response, int]:
        return change(body, body.imageId, "upscale", index=body.index)

    @blueprint.post("/api/v1/imagine/variation", summary="Vary one of the four")
    def variation(body: Choose) -> tuple[Response, int]:
        return change(body, body.imageId, "variation", index=body.index)

    @blueprint.get("/api/v1/styles/options", summary="What characters can look like")
    def options() -> Response:
        return jsonify(groups=[group.model_dump() for group in groups()])

    return blueprint


def _figures(characters: list[FigureBody], backgrounds: list[FigureBody]) -> tuple[Figure, ...]:
    """The main character is the one that is marked, else the first."""
    main = next((number for number, each in enumerate(characters) if each.main), 0)
    return tuple(
        Figure(key=f"c{number + 1}", name=each.name, prompt=each.prompt, is_main=number == main)
        for number, each in enumerate(characters)
    ) + tuple(
        Figure(key=f"b{number}", name=each.name, prompt=each.prompt)
        for number, each in enumerate(backgrounds, 1)
    )
