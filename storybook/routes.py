"""The storybook's edge: books, their illustrations, and single pages drawn again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag

from access.admission import Admission
from access.amounts import Amount
from access.caller import Caller
from access.desk import Desk, Order, read_order
from access.estimates import Estimates
from database import Database
from errors import InvalidRequest, NotFound, ProviderTimeout
from images.sources import ImageSource
from images.storage import Storage
from jobs import rows
from jobs.callbacks import Callback
from jobs.rows import Job
from jobs.work import Runner
from storybook.bodies import BookPath, DrawAgain, GenerateBook, IllustrationPath, Include, PagePath
from storybook.books import (
    ILLUSTRATIONS,
    BookRequest,
    check_hero,
    has_hero,
    load_book,
    new_book,
    new_illustrations,
)
from storybook.planning import most_tokens
from storybook.showing import book_data, illustration_job, with_bytes
from text.asking import MOST_CALLS
from utils import one_line

TAG = Tag(name="Storybook", description="A story in pages, illustrated, with one character throughout.")
_FETCH_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class BookSettings:
    """`timeout` and `longest` in seconds: for the text, and for the pictures where they are waited for."""

    timeout: float
    longest: float
    is_async: bool


def create_blueprint(
    database: Database,
    runner: Runner,
    desk: Desk,
    storage: Storage,
    *,
    source: ImageSource,
    admission: Admission,
    settings: BookSettings,
    base_url: Callable[[], str],
    caller: Callable[[], Caller],
    callback: Callable[[str, str], Callback | None],
    estimates: Estimates,
    accepted: Callable[[Job, str], Response],
) -> APIBlueprint:
    """`accepted` is the answer to an order for the background, `estimates` say what work may take."""
    blueprint = APIBlueprint("stories", __name__, abp_tags=[TAG])

    def reference(body: GenerateBook) -> str:
        if not body.character.imageUrl:
            return ""
        upload = source.keep(
            body.character.imageUrl,
            owner=caller().owner,
            base_url=base_url(),
            field="character.imageUrl",
            deadline=time.monotonic() + _FETCH_SECONDS,
        )
        return upload.file

    def show(book: Job) -> Response:
        with database.read() as tx:
            return jsonify(success=True, data=book_data(tx, rows.load(tx, book.id), base_url()))

    @blueprint.post("/api/stories/generate", summary="An illustrated storybook")
    def generate(body: GenerateBook) -> Response:
        """Answers when the book is written; its pictures are painted in the background meanwhile."""
        asked = {"path": "/api/stories/generate", **body.model_dump()}
        order = read_order(
            dict(request.headers),
            asked,
            caller=caller(),
            callback=callback(body.callback_url, base_url()),
            amount=_book_amount(body, estimates),
        )
        job = new_book(
            BookRequest(
                character=body.character.model_dump(exclude={"imageUrl"}),
                prompt=body.prompt,
                pages=body.pages,
                illustrate=body.generateIllustrations,
                timeout=settings.timeout,
                style=one_line(body.style),
                language=one_line(body.language),
                reference="" if desk.knows(order) else reference(body),
            ),
            owner=order.caller.owner,
        )
        if order.in_background:
            return accepted(desk.queue(job, order), base_url())
        with admission.hold():
            book = desk.do(
                job, order, replay=lambda known: known, deadline=time.monotonic() + settings.timeout
            )
            if not settings.is_async and (painting := (book.result or {}).get("illustration_job")):
                _await(runner, painting, settings.longest)
        return show(book)

    @blueprint.get("/api/stories/<book_id>", summary="A storybook with its pictures so far")
    def book(path: BookPath) -> Response:
        return show(load_book(database, path.book_id, caller().owner))

    @blueprint.get("/api/stories/illustrations/job/<job_id>", summary="What became of a book's pictures")
    def illustrations(path: IllustrationPath, query: Include) -> Response:
        with database.read() as tx:
            job = rows.load_own(tx, path.job_id, caller().owner)
            if job.kind != ILLUSTRATIONS:
                raise NotFound("There is no illustration job with this id.")
            answer = illustration_job(tx, job, base_url())
        return jsonify(with_bytes(answer, storage) if "b64" in query.include.split(",") else answer)

    @blueprint.get("/api/stories/illustrations/jobs", summary="Your illustration jobs, newest first")
    def all_illustrations() -> Response:
        with database.read() as tx:
            found = rows.page(tx, caller().owner, limit=100, kind=ILLUSTRATIONS)
            return jsonify(jobs=[illustration_job(tx, job, base_url()) for job in found])

    @blueprint.post("/api/stories/<book_id>/pages/<page>/illustration", summary="Draw one page again")
    def draw_again(path: PagePath, body: DrawAgain) -> Response:
        """The pictures so far stay as versions."""
        found = load_book(database, path.book_id, caller().owner)
        written = (found.result or {})["pages"]
        if path.page > len(written):
            raise InvalidRequest(
                f"page is {path.page}; the book has {len(written)} pages.",
                code="invalid_field",
                field="page",
                limit=len(written),
            )
        scene = one_line(body.description)
        job = new_illustrations(found, [path.page], descriptions={str(path.page): scene} if scene else None)
        asked = {"path": request.path, **body.model_dump()}
        with database.read() as tx:
            lacks_hero = not has_hero(tx, found)
        amount = estimates.pictures(2 if lacks_hero else 1)  # the hero is painted first then
        order: Order = read_order(dict(request.headers), asked, caller=caller(), amount=amount)
        queued = desk.queue(job, order, also=[partial(check_hero, book=found, mine=job.id)])
        response = jsonify(success=True, data={"illustrationJobId": queued.id})
        response.status_code = 202
        response.headers["Location"] = f"/api/jobs/{queued.id}"
        return response

    return blueprint


def _book_amount(body: GenerateBook, estimates: Estimates) -> Amount:
    """What a book may take: its text, a picture for each page, and the character's if none was brought."""
    hero = body.character
    words = [body.prompt, body.style, body.language, hero.name, *hero.personality, *hero.interests]
    text = estimates.text(
        characters=sum(map(len, words)), most_tokens=most_tokens(body.pages), calls=MOST_CALLS
    )
    if not body.generateIllustrations:
        return text
    return text + estimates.pictures(body.pages + (0 if hero.imageUrl else 1))


def _await(runner: Runner, job_id: str, seconds: float) -> Any:
    """Wait for the pictures; those that take longer are left for later."""
    try:
        return runner.await_end(job_id, time.monotonic() + seconds)
    except ProviderTimeout:
        return None
