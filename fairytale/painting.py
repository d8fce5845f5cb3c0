"""The work on picture sets: the main character first, then all others; and one picture changed afterwards."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError

from database import Database
from errors import NotFound, ProviderError, StoryfarmError
from fairytale.sets import Figure, figures_of, image_id, prompt_of
from images import records
from images.cutting import cut_out, is_clear, soften
from images.editing import ENDINGS, CheckedImage, check_image
from images.failures import all_failed
from images.provider import ImageProvider, ImageRequest, OnProgress, Progress, Reference
from images.records import Picture
from images.storage import Storage
from images.uploads import Uploads
from jobs import rows
from jobs.fan_out import do_all
from jobs.notifier import Notifier
from jobs.rows import Job
from jobs.work import Task
from ledger import Ledger

log = structlog.get_logger()

CHOSEN, CUTOUT, SOFTENED = "chosen", "cutout", "softened"
_WAITING = {"percent": None, "message": "Waiting.", "preview": None}

# The painters for a set: those that are usual, or one that is asked first.
Painters = Callable[[str], ImageProvider]


@dataclass(frozen=True)
class _Place:
    """Where a picture is put: by the work of `job`, into `slot` of a set."""

    job: Job
    picture_set: Job
    slot: str


class SetPainter:
    """The works of sets and of single pictures.

    `pool` is shared with other flows. `changed` is called with a set's id when something about it is new.
    `remove` frees a figure from any background, where such a thing is installed.
    """

    def __init__(
        self,
        painters: Painters,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        *,
        storage: Storage,
        uploads: Uploads,
        pool: ThreadPoolExecutor,
        size: str,
        seconds: float,
        changed: Callable[[str], object],
        remove: Callable[[bytes], CheckedImage | None] | None = None,
    ) -> None:
        self._changed = changed
        self._remove = remove
        self._painters = painters
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._storage = storage
        self._uploads = uploads
        self._pool = pool
        self._size = size
        self._seconds = seconds

    def paint_set(self, task: Task) -> None:
        """Paint what the set lacks. If the main character fails, the others are painted without it."""
        job = task.job
        telling = _Telling(task, lambda: self._changed(job.id))
        figures = figures_of(job)
        main = next((figure for figure in figures if figure.is_main), None)
        hero = self._hero(telling, main) if main else None
        references = (Reference(main.name, hero),) if main and hero else ()
        others = [figure for figure in figures if figure is not main and telling.lacks(figure)]
        parts = [partial(self._paint, telling, figure, references) for figure in others]
        do_all(task, parts, pool=self._pool, notifier=self._notifier, patience=2 * self._seconds)
        errors = [entry["error"] for entry in task.result["entries"].values() if entry["error"]]
        if len(errors) == len(figures):
            self._changed(job.id)
            raise all_failed(errors)
        task.complete()
        self._changed(job.id)

    def change_picture(self, task: Task) -> None:
        """Paint one picture again, choose another of its four, or vary it; older versions stay."""
        request = task.job.request
        with self._database.read() as tx:
            picture_set = rows.load(tx, request["set"])
            album = records.of_album(tx, picture_set.id)
        figure = next(each for each in figures_of(picture_set) if each.key == request["key"])
        slot = image_id(picture_set, figure)
        index = request["index"]
        if request["action"] == "upscale":
            chosen = self._choose(task, picture_set, slot, quarter_of(album, slot, index))
        else:
            references = self._references(picture_set, figure, album, index)
            asked = self._request(task.job, picture_set, figure, references, request["prompt"])
            kept = self._painters(picture_set.request["provider"]).generate(
                asked, deadline=time.monotonic() + 2 * self._seconds, on_progress=_progress_of(task)
            )
            chosen = self._place(picture_set, slot, kept)
        self._finish(picture_set, figure, slot, chosen)
        task.complete()
        self._changed(picture_set.id)

    def _hero(self, telling: _Telling, main: Figure) -> CheckedImage | None:
        """The main character's picture, painted after the sketch if there is one."""
        job = telling.task.job
        if telling.lacks(main):
            sketch = self._sketch(job)
            self._paint(telling, main, (Reference(main.name, sketch),) if sketch else ())
        with self._database.read() as tx:
            chosen = newest(records.of_album(tx, job.id), image_id(job, main))
        return self._load(chosen) if chosen else None

    def _sketch(self, job: Job) -> CheckedImage | None:
        if not job.request["sketch"]:
            return None
        try:
            return self._uploads.read(job.request["sketch"])
        except (NotFound, ProviderError) as error:
            log.warning("sketch.gone", job=job.id, code=error.code)
            return None

    def _paint(self, telling: _Telling, figure: Figure, references: tuple[Reference, ...]) -> None:
        """One picture, or the reason why there is none is recorded."""
        job = telling.task.job
        asked = self._request(job, job, figure, references, "")
        telling.begin(figure)
        try:
            kept = self._painters(job.request["provider"]).generate(
                asked,
                deadline=time.monotonic() + 2 * self._seconds,
                on_progress=lambda progress: telling.show(figure, progress),
            )
            slot = image_id(job, figure)
            chosen = self._place(job, slot, kept)
            self._finish(job, figure, slot, chosen)
        except StoryfarmError as error:
            log.info("figure.not_painted", job=job.id, figure=figure.key, code=error.code)
            telling.failed(figure, asked.id, error)
        else:
            telling.painted(figure, asked.id, chosen)

    def _request(
        self, job: Job, picture_set: Job, figure: Figure, references: tuple[Reference, ...], prompt: str
    ) -> ImageRequest:
        return ImageRequest(
            id=uuid.uuid5(uuid.UUID(job.id), figure.key).hex,
            job_id=job.id,
            prompt=prompt_of(picture_set.request, figure, prompt),
            style=picture_set.request["style"],
            references=references,
            size=self._size,
            background="clear" if figure.is_character else "",
            alt=f"{figure.name}: {prompt or figure.prompt}",
        )

    def _references(
        self, picture_set: Job, figure: Figure, album: tuple[Picture, ...], index: int | None
    ) -> tuple[Reference, ...]:
        """What a picture that is painted again has to look like: itself (varied), or the main character."""
        if index is not None:
            image = self._load(quarter_of(album, image_id(picture_set, figure), index))
            return (Reference(figure.name, image),) if image else ()
        if figure.is_main:
            sketch = self._sketch(picture_set)
            return (Reference(figure.name, sketch),) if sketch else ()
        main = next((each for each in figures_of(picture_set) if each.is_main), None)
        chosen = newest(album, image_id(picture_set, main)) if main else None
        image = self._load(chosen) if chosen else None
        return (Reference(main.name, image),) if main and image else ()

    def _load(self, picture: Picture) -> CheckedImage | None:
        try:
            return check_image(self._storage.get(picture.file))
        except StoryfarmError as error:
            log.warning("reference.unreadable", file=picture.file, code=error.code)
            return None

    def _place(self, picture_set: Job, slot: str, kept: tuple[Picture, ...]) -> Picture:
        """Say where the pictures belong, and which of them counts: the first of four."""
        ids = [picture.id for picture in kept]
        self._ledger.write(lambda tx: records.place(tx, ids, picture_set.id, slot))
        return next(picture for picture in kept if picture.role == "picture")

    def _choose(self, task: Task, picture_set: Job, slot: str, quarter: Picture) -> Picture:
        """Since MidJourney's model 5 a quadrant is what its U button gives: it is copied, and counts."""
        image = self._load(quarter)
        if image is None:
            raise NotFound("This picture was removed to make room for newer ones.")
        place = _Place(task.job, picture_set, slot)
        return self._keep(place, quarter, image, CHOSEN)

    def _finish(self, picture_set: Job, figure: Figure, slot: str, chosen: Picture) -> None:
        """Cut characters out, and soften backgrounds where that is wanted; the original stays."""
        wants_cutting = figure.is_character
        if not (wants_cutting or picture_set.request["blur"]):
            return
        image = self._load(chosen)
        if image is None or (wants_cutting and is_clear(image.content)):
            return
        changed = self._freed(image.content) if wants_cutting else soften(image.content)
        if changed:
            role = CUTOUT if wants_cutting else SOFTENED
            self._keep(_Place(picture_set, picture_set, slot), chosen, changed, role)

    def _freed(self, content: bytes) -> CheckedImage | None:
        return (self._remove and self._remove(content)) or cut_out(content)

    def _keep(self, place: _Place, source: Picture, image: CheckedImage, role: str) -> Picture:
        """A picture that was made from another one. Its name follows from that, so it is made once."""
        name = uuid.uuid5(uuid.UUID(place.job.id), f"{source.id}/{role}").hex
        picture = replace(
            source,
            id=name,
            job_id=place.picture_set.id,
            file=f"{name}.{ENDINGS[image.mime]}",
            role=role,
            position=None,
            mime=image.mime,
            width=image.width,
            height=image.height,
            sha256=image.sha256,
            source_url=source.id,
            created_at=time.time(),
            size_bytes=len(image.content),
            request_id=None,
            album=place.picture_set.id,
            slot=place.slot,
        )
        self._storage.put(picture.file, image.content)
        try:
            self._ledger.write(lambda tx: records.insert(tx, [picture]))
        except IntegrityError:  # made before a crash
            log.info("picture.known", picture=name)
        return picture


def newest(album: tuple[Picture, ...], slot: str) -> Picture | None:
    """The picture that counts: the newest that was chosen or painted, and is still there."""
    there = [picture for picture in versions(album, slot) if not picture.expired_at]
    return there[-1] if there else None


def versions(album: tuple[Picture, ...], slot: str) -> list[Picture]:
    """What counted in turn, oldest first: of four that were painted at once the first."""
    return [
        picture
        for picture in album
        if picture.slot == slot
        and (picture.role == CHOSEN or (picture.role == "picture" and picture.position in (None, 1)))
    ]


def four_of(album: tuple[Picture, ...], slot: str) -> list[Picture]:
    """The pictures that were painted at once, the last time; one or four."""
    painted = [picture for picture in album if picture.slot == slot and picture.role == "picture"]
    last = painted[-1].request_id if painted else None
    return [picture for picture in painted if picture.request_id == last and not picture.expired_at]


def quarter_of(album: tuple[Picture, ...], slot: str, index: int) -> Picture:
    """Picture `index` (1-4) of those that were painted at once. Raises NotFound."""
    four = four_of(album, slot)
    found = next((picture for picture in four if (picture.position or 1) == index), None)
    if found is None:
        raise NotFound(f"There is no picture {index}; there are {len(four)}.")
    return found


def _progress_of(task: Task) -> OnProgress:
    def show(progress: Progress) -> None:
        task.check()
        task.progress(progress.percent or 0, progress.message)

    return show


class _Telling:
    """What the painters of one set tell about it, and what of it is recorded."""

    def __init__(self, task: Task, changed: Callable[[], object]) -> None:
        self.task = task
        self._changed = changed
        self._lock = threading.Lock()
        self._figures = figures_of(task.job)
        self._done: dict[str, Any] = dict(task.result.get("entries") or {})
        self._now: dict[str, dict[str, Any]] = {
            figure.key: dict(_WAITING) for figure in self._figures if self.lacks(figure)
        }
        task.result.setdefault("entries", {})

    def lacks(self, figure: Figure) -> bool:
        """Whether it is still to be painted; what failed before a crash is tried again."""
        entry = self._done.get(figure.key)
        return entry is None or bool(entry["error"])

    def begin(self, figure: Figure) -> None:
        with self._lock:
            self._now[figure.key] = {**_WAITING, "message": "The painter begins."}
            self._tell()

    def show(self, figure: Figure, progress: Progress) -> None:
        """How far a picture is. Raises Lost if the job was cancelled."""
        self.task.check()
        with self._lock:
            preview = progress.preview if progress.preview.startswith("/") else None
            self._now[figure.key] = {
                "percent": progress.percent,
                "message": progress.message,
                "preview": preview,
            }
            self._tell()

    def painted(self, figure: Figure, request_id: str, picture: Picture) -> None:
        with self._lock:
            self._end(figure, request_id, None)
            self.task.say("picture", {"key": figure.key, "image": picture.public("")})
            self._tell()

    def failed(self, figure: Figure, request_id: str, error: StoryfarmError) -> None:
        problem = error.problem()
        with self._lock:
            self._end(figure, request_id, problem)
            told = {name: problem[name] for name in ("code", "title", "detail")}
            self.task.say("problem", {"key": figure.key, **told})
            self._tell()

    def _end(self, figure: Figure, request_id: str, error: dict[str, Any] | None) -> None:
        self._now.pop(figure.key, None)
        self._done[figure.key] = {"request": request_id, "error": error}
        self.task.save(entries=dict(self._done))

    def _tell(self) -> None:
        message = f"{len(self._done)} of {len(self._figures)} pictures are done."
        percent = min(99, 100 * len(self._done) // len(self._figures))
        self.task.progress(percent, message, entries=dict(self._now))
        self._changed()
