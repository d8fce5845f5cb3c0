"""What an illustrations job does: the character's reference first, then all pages in parallel."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog

from database import Database
from errors import NotFound, StoryfarmError
from images import records
from images.failures import all_failed
from images.provider import ImageProvider, ImageRequest, Reference
from images.records import Picture
from images.references import load_image, newest
from images.storage import Storage
from images.telling import Telling
from jobs import rows
from jobs.fan_out import do_all
from jobs.notifier import Notifier
from jobs.rows import Job
from jobs.work import Task
from ledger import Ledger
from storybook.books import CHARACTER, page_slot
from utils import derived_id

log = structlog.get_logger()

_CHARACTER_PAGE = 0


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """One picture of a book; `number` is its page's, 0 for the character."""

    number: int
    slot: str
    prompt: str
    alt: str
    references: tuple[Reference, ...] = ()


class Illustrator:
    """The work of illustrations jobs. `painters` is the pool on which pictures of all books are painted.

    A picture may take `seconds` with one provider, and twice that in all.
    """

    def __init__(
        self,
        images: ImageProvider,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        storage: Storage,
        *,
        painters: ThreadPoolExecutor,
        size: str,
        seconds: float,
    ) -> None:
        self._images = images
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._storage = storage
        self._painters = painters
        self._size = size
        self._seconds = seconds

    def illustrate(self, task: Task) -> None:
        """Paint what the job lacks. Raises ProviderError if not one of its pages could be painted."""
        book = self._book(task.job)
        wanted = [str(number) for number in task.job.request["pages"]]
        telling = Telling(
            task,
            wanted,
            kept="pages",
            shown="pages",
            count="pages are painted.",
            waiting="Waiting for a free painter.",
        )
        telling.say()
        reference = self._reference(telling, book)
        self._paint_pages(telling, book, reference)
        pages = task.result["pages"]
        failed = [page["error"] for page in pages.values() if page["error"]]
        if len(failed) == len(pages):
            raise all_failed(failed)
        task.complete()

    def _book(self, job: Job) -> Job:
        with self._database.read() as tx:
            book = rows.load(tx, job.request["book"])
        if not (book.result or {}).get("pages"):
            raise NotFound("The book of these pictures has no pages.")
        return book

    def _reference(self, telling: Telling, book: Job) -> Reference | None:
        """The character's picture: the one that there is, or a portrait that is painted now."""
        with self._database.read() as tx:
            known = newest(records.of_album(tx, book.id), CHARACTER)
        if not known:
            name = book.request["character"]["name"]
            portrait = _Wanted(number=_CHARACTER_PAGE, slot=CHARACTER, prompt=_portrait(book), alt=name)
            known = self._painted(telling, book, portrait)
        image = load_image(self._storage, known) if known else None
        return Reference(book.request["character"]["name"], image) if image else None

    def _paint_pages(self, telling: Telling, book: Job, reference: Reference | None) -> None:
        job = telling.task.job
        references = (reference,) if reference else ()
        parts = []
        for number in job.request["pages"]:
            if not telling.lacks(str(number)):
                continue
            scene = job.request["descriptions"].get(str(number)) or _scene(book, number)
            wanted = _Wanted(
                number=number,
                slot=page_slot(number),
                prompt=_page_prompt(book, scene),
                references=references,
                alt=scene,
            )
            parts.append(partial(self._painted, telling, book, wanted))
        do_all(telling.task, parts, pool=self._painters, notifier=self._notifier, patience=2 * self._seconds)

    def _painted(self, telling: Telling, book: Job, wanted: _Wanted) -> Picture | None:
        """One picture, or None and the reason is recorded."""
        job, number, slot = telling.task.job, wanted.number, wanted.slot
        request = ImageRequest(
            id=derived_id(job.id, slot),
            job_id=job.id,
            prompt=wanted.prompt,
            style=book.request["style"],
            references=wanted.references,
            size=self._size,
            alt=wanted.alt,
        )
        try:
            kept = self._images.generate(
                request,
                deadline=time.monotonic() + 2 * self._seconds,
                on_progress=lambda progress: telling.show(str(number), progress),
            )
        except StoryfarmError as error:
            log.info("page.not_painted", job=job.id, page=number, code=error.code)
            telling.failed(str(number), request.id, error, pageNumber=number)
            return None
        picture = next(each for each in kept if each.role == "picture")
        self._ledger.write(lambda tx: records.place(tx, [picture.id], book.id, slot))
        telling.painted(str(number), request.id, picture, pageNumber=number, image=picture.public(""))
        return picture


def _scene(book: Job, number: int) -> str:
    return str((book.result or {})["pages"][number - 1]["scene"])


def _portrait(book: Job) -> str:
    hero = book.request["character"]
    age = f", {hero['age']} years old" if hero["age"] is not None else ""
    traits = ", ".join(hero["personality"])
    return (
        f"Portrait of {hero['name']}{age}, the hero of a picture book{f': {traits}' if traits else ''}. "
        f"{(book.result or {})['look']} One figure, seen from head to toe, plain light background, no text."
    )


def _page_prompt(book: Job, scene: str) -> str:
    hero, look = book.request["character"]["name"], (book.result or {})["look"]
    return (
        f"Illustration of a picture book, without any text or letters. {scene} "
        f"The hero is {hero}, who looks the same on every page. {look}"
    )
