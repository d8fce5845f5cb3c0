"""What a storybook's job does: the plan, written and recorded; then the illustrations are ordered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from database import Database
from errors import Busy, Conflict, NotFound, ProviderError, RecordedFailure
from images import records
from images.editing import CheckedImage
from images.records import Picture, kept_as
from images.references import newest
from images.storage import Storage
from images.uploads import Uploads
from jobs import rows
from jobs.rows import Job
from jobs.states import JobState
from jobs.work import Task
from ledger import Ledger
from storybook.planning import BookWish, Character, Plan, plan_book
from text.asking import Answered
from text.model import TextModel
from utils import derived_id

log = structlog.get_logger()

KIND = "storybook"
ILLUSTRATIONS = "illustrations"
CHARACTER = records.HERO


@dataclass(frozen=True, kw_only=True)
class BookRequest:
    """What the caller wants. `timeout` in seconds is for the text; `reference` is an upload's file, or ""."""

    character: dict[str, Any]
    prompt: str
    pages: int
    illustrate: bool
    timeout: float
    style: str = ""
    language: str = ""
    reference: str = ""


def page_slot(number: int) -> str:
    return f"page-{number}"


def new_book(request: BookRequest, *, owner: str) -> Job:
    """The job that writes this book; it is not recorded yet."""
    return rows.new(KIND, vars(request), owner=owner, message="Waiting in line.")


def new_illustrations(
    book: Job, pages: list[int], *, job_id: str = "", descriptions: dict[str, str] | None = None
) -> Job:
    """The job that paints pages of a book. `descriptions` replace the plan's scenes, by page."""
    request = {"book": book.id, "pages": pages, "descriptions": descriptions or {}}
    job = rows.new(ILLUSTRATIONS, request, owner=book.owner, message="Waiting in line.")
    return rows.named(job, job_id) if job_id else job


class BookWriter:
    """The work of storybook jobs.

    `order` records a job for the background, which takes over what the book's has reserved for it; it
    raises Busy.
    """

    def __init__(
        self,
        text: TextModel,
        database: Database,
        ledger: Ledger,
        storage: Storage,
        uploads: Uploads,
        *,
        order: Callable[[Job, Job], object],
    ) -> None:
        self._text = text
        self._database = database
        self._ledger = ledger
        self._storage = storage
        self._uploads = uploads
        self._order = order

    def write(self, task: Task) -> Job:
        """Write the book unless it is there, and order its pictures. Raises what the text model raises."""
        if "pages" not in task.result:
            task.progress(10, "The book is being written.")
            self._keep_reference(task.job)
            task.save(**_result(self._plan(task.job)))
        if task.job.request["illustrate"] and "illustration_job" not in task.result:
            task.progress(90, "The pictures are being ordered.")
            task.save(**self._order_pictures(task.job))
        task.complete()
        with self._database.read() as tx:
            return rows.load(tx, task.job.id)

    def _plan(self, job: Job) -> Answered[Plan]:
        request = job.request
        hero = request["character"]
        wish = BookWish(
            character=Character(
                name=hero["name"],
                age=hero["age"],
                personality=tuple(hero["personality"]),
                interests=tuple(hero["interests"]),
            ),
            prompt=request["prompt"],
            pages=request["pages"],
            language=request["language"],
            has_picture=bool(request["reference"]),
        )
        return plan_book(self._text, wish, deadline=time.monotonic() + request["timeout"])

    def _order_pictures(self, book: Job) -> dict[str, Any]:
        pages = list(range(1, book.request["pages"] + 1))
        job = new_illustrations(book, pages, job_id=derived_id(book.id, ILLUSTRATIONS))
        try:
            self._order(job, book)
        except IntegrityError:  # ordered before a crash
            log.info("illustrations.known", job=job.id)
        except Busy as busy:
            log.warning("illustrations.not_ordered", job=book.id)
            return {"illustration_job": None, "problem": busy.problem()}
        return {"illustration_job": job.id}

    def _keep_reference(self, book: Job) -> None:
        """A copy of the upload, which lasts as long as the book does."""
        file = book.request["reference"]
        with self._database.read() as tx:
            if not file or records.of_album(tx, book.id):
                return
        try:
            image = self._uploads.read(file)
        except (NotFound, ProviderError) as error:  # removed meanwhile: the hero is drawn instead
            log.warning("reference.gone", job=book.id, code=error.code)
            return
        picture = reference_picture(book, image)
        self._storage.put(picture.file, image.content)
        self._ledger.write(lambda tx: records.insert(tx, [picture]))


def reference_picture(book: Job, image: CheckedImage) -> Picture:
    """The row of the picture of the character that somebody brought along."""
    name = derived_id(book.id, "reference")
    return Picture(
        **kept_as(name, image),
        job_id=book.id,
        role="reference",
        position=None,
        alt=book.request["character"]["name"],
        provider="upload",
        model="",
        prompt="",
        seed=None,
        source_url=None,
        album=book.id,
        slot=CHARACTER,
    )


def has_hero(tx: Connection, book: Job) -> bool:
    """Whether there is a picture of the character, which all others follow."""
    return newest(records.of_album(tx, book.id), CHARACTER) is not None


def check_hero(tx: Connection, book: Job, mine: str) -> None:
    """Raises Conflict while another job than `mine` paints the character, so that there is one of it."""
    rows.lock(tx, book.id)
    painting = rows.unfinished(tx, ILLUSTRATIONS, book=book.id)
    if not has_hero(tx, book) and any(each.id != mine for each in painting):
        raise Conflict(
            "The character is being painted. Draw a page again when its picture is there.",
            code="illustrations_in_work",
            id=book.id,
        )


def load_book(database: Database, book_id: str, owner: str) -> Job:
    """The job of the owner's book that is written. Raises NotFound, Conflict or what the job failed with."""
    with database.read() as tx:
        job = rows.load_own(tx, book_id, owner)
    if job.kind != KIND:
        raise NotFound("There is no book with this id.")
    if "pages" not in (job.result or {}):
        if job.error:
            raise RecordedFailure(job.error)
        if job.state is JobState.CANCELLED:
            raise Conflict("This book was cancelled before it was written.", code="cancelled", id=job.id)
        raise Conflict("The book is not written yet.", code="not_written_yet", id=job.id)
    return job


def is_pending(job: Job | None) -> bool:
    return job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)


def _result(planned: Answered[Plan]) -> dict[str, Any]:
    plan, spent = planned.value, planned.spent
    return {
        "title": plan.title,
        "look": plan.look,
        "pages": [page.model_dump() for page in plan.pages],
        "model": planned.model,
        "usage": {
            "promptTokens": spent.usage.prompt_tokens,
            "completionTokens": spent.usage.completion_tokens,
            "cost": spent.cost,
        },
    }
