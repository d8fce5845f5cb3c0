"""The work on picture sets: the main character first, then all others; and one picture changed afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import structlog
from sqlalchemy.exc import IntegrityError

from database import Database
from errors import NotFound, ProviderError, StoryfarmError
from fairytale.albums import CHOSEN, CUTOUT, SOFTENED, four_of, newest, quarter_of
from fairytale.by_proxy import ByProxy
from fairytale.sets import Figure, figures_of, image_id, prompt_of
from images import records
from images.cutting import cut_out, is_clear, soften
from images.editing import CheckedImage
from images.failures import all_failed
from images.provider import (
    REROLL,
    VARIATION,
    Action,
    ImageProvider,
    ImageRequest,
    OnProgress,
    Progress,
    Reference,
)
from images.records import UPSCALED, Picture, kept_as
from images.references import load_image
from images.storage import Storage
from images.telling import Telling
from images.uploads import Uploads
from jobs import rows
from jobs.fan_out import do_all
from jobs.notifier import Notifier
from jobs.rows import Job
from jobs.work import Task
from ledger import Ledger
from utils import derived_id

log = structlog.get_logger()

_COPIED = "The midjourney-proxy could not upscale it, so the picture was taken as it is."
_PAINTED = "The midjourney-proxy could not do it, so it was painted anew."

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
    `remove` frees a figure from any background, where such a thing is installed. `proxy` is the
    midjourney-proxy, where there is one.
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
        proxy: ImageProvider | None = None,
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
        self._by_proxy = ByProxy(proxy, ledger, seconds=2 * seconds)

    def paint_set(self, task: Task) -> None:
        """Paint what the set lacks. If the main character fails, the others are painted without it."""
        job = task.job
        figures = figures_of(job)
        telling = Telling(
            task,
            [figure.key for figure in figures],
            kept="entries",
            shown="entries",
            count="pictures are done.",
            waiting="Waiting.",
            changed=lambda: self._changed(job.id),
        )
        main = next((figure for figure in figures if figure.is_main), None)
        hero = self._hero(telling, main) if main else None
        references = (Reference(main.name, hero),) if main and hero else ()
        others = [figure for figure in figures if figure is not main and telling.lacks(figure.key)]
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
            known = records.of_album(tx, picture_set.id)
        # What this job itself has painted before a crash is what it is asked for, not what it changes.
        album = tuple(each for each in known if each.job_id != task.job.id)
        figure = next(each for each in figures_of(picture_set) if each.key == request["key"])
        slot = image_id(picture_set, figure)
        if request["action"] == "upscale":
            quarter = quarter_of(album, slot, request["index"])
            chosen = self._by_proxy.upscale(task.job, quarter, CHOSEN, on_progress=_progress_of(task))
            note = _COPIED if self._by_proxy.has_painted(quarter) and not chosen else ""
            chosen = chosen or self._choose(task, picture_set, slot, quarter)
        else:
            kept, note = self._changed_by_proxy(task, picture_set, figure, album)
            kept = kept or self._painted_again(task, picture_set, figure, album)
            chosen = self._place(picture_set, slot, kept)
        self._finish(picture_set, figure, slot, chosen)
        task.complete(message=note)
        self._changed(picture_set.id)

    def _changed_by_proxy(
        self, task: Task, picture_set: Job, figure: Figure, album: tuple[Picture, ...]
    ) -> tuple[tuple[Picture, ...], str]:
        """A variation or a reroll of the proxy's own grid; else (), and what there is to say about that."""
        request = task.job.request
        if request["action"] == "variation":
            source = quarter_of(album, image_id(picture_set, figure), request["index"])
            action = Action(name=VARIATION, index=source.position)
        elif grid := self._same_again(picture_set, figure, album, request["prompt"]):
            source, action = grid, Action(name=REROLL)
        else:
            return (), ""
        kept = self._by_proxy.change(task.job, source, action, on_progress=_progress_of(task))
        return kept, _PAINTED if self._by_proxy.has_painted(source) and not kept else ""

    def _same_again(
        self, picture_set: Job, figure: Figure, album: tuple[Picture, ...], prompt: str
    ) -> Picture | None:
        """One of the last four, if what is wanted now is what they were painted for."""
        four = four_of(album, image_id(picture_set, figure))
        wanted = prompt_of(picture_set.request, figure, prompt)
        if not four or four[0].prompt != wanted:
            return None
        main = self._main(picture_set, album)
        is_outdated = not figure.is_main and main is not None and main.created_at > four[0].created_at
        return None if is_outdated else four[0]

    def _painted_again(
        self, task: Task, picture_set: Job, figure: Figure, album: tuple[Picture, ...]
    ) -> tuple[Picture, ...]:
        request = task.job.request
        references = self._references(picture_set, figure, album, request["index"])
        asked = self._request(task.job, picture_set, figure, references, request["prompt"])
        return self._painters(picture_set.request["provider"]).generate(
            asked, deadline=time.monotonic() + 2 * self._seconds, on_progress=_progress_of(task)
        )

    def _hero(self, telling: Telling, main: Figure) -> CheckedImage | None:
        """The main character's picture, painted after the sketch if there is one."""
        job = telling.task.job
        if telling.lacks(main.key):
            sketch = self._sketch(job)
            self._paint(telling, main, (Reference(main.name, sketch),) if sketch else ())
        with self._database.read() as tx:
            chosen = newest(records.of_album(tx, job.id), image_id(job, main))
        return load_image(self._storage, chosen) if chosen else None

    def _sketch(self, job: Job) -> CheckedImage | None:
        if not job.request["sketch"]:
            return None
        try:
            return self._uploads.read(job.request["sketch"])
        except (NotFound, ProviderError) as error:
            log.warning("sketch.gone", job=job.id, code=error.code)
            return None

    def _paint(self, telling: Telling, figure: Figure, references: tuple[Reference, ...]) -> None:
        """One picture, or the reason why there is none is recorded."""
        job = telling.task.job
        asked = self._request(job, job, figure, references, "")
        telling.begin(figure.key)
        try:
            kept = self._painters(job.request["provider"]).generate(
                asked,
                deadline=time.monotonic() + 2 * self._seconds,
                on_progress=lambda progress: telling.show(figure.key, progress),
            )
            slot = image_id(job, figure)
            chosen = self._place(job, slot, kept)
            if figure.is_main:  # everyone else is painted after it
                chosen = self._upscaled(telling, figure, chosen) or chosen
            self._finish(job, figure, slot, chosen)
        except StoryfarmError as error:
            log.info("figure.not_painted", job=job.id, figure=figure.key, code=error.code)
            telling.failed(figure.key, asked.id, error, key=figure.key)
        else:
            telling.painted(figure.key, asked.id, chosen, key=figure.key, image=chosen.public(""))

    def _upscaled(self, telling: Telling, figure: Figure, quarter: Picture) -> Picture | None:
        return self._by_proxy.upscale(
            telling.task.job,
            quarter,
            UPSCALED,
            on_progress=lambda progress: telling.show(figure.key, progress),
        )

    def _request(
        self, job: Job, picture_set: Job, figure: Figure, references: tuple[Reference, ...], prompt: str
    ) -> ImageRequest:
        return ImageRequest(
            id=derived_id(job.id, figure.key),
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
            image = load_image(self._storage, quarter_of(album, image_id(picture_set, figure), index))
            return (Reference(figure.name, image),) if image else ()
        if figure.is_main:
            sketch = self._sketch(picture_set)
            return (Reference(figure.name, sketch),) if sketch else ()
        main = next((each for each in figures_of(picture_set) if each.is_main), None)
        chosen = self._main(picture_set, album)
        image = load_image(self._storage, chosen) if chosen else None
        return (Reference(main.name, image),) if main and image else ()

    def _main(self, picture_set: Job, album: tuple[Picture, ...]) -> Picture | None:
        """The main character's picture that counts."""
        main = next((each for each in figures_of(picture_set) if each.is_main), None)
        return newest(album, image_id(picture_set, main)) if main else None

    def _place(self, picture_set: Job, slot: str, kept: tuple[Picture, ...]) -> Picture:
        """Say where the pictures belong, and which of them counts: the first of four."""
        ids = [picture.id for picture in kept]
        self._ledger.write(lambda tx: records.place(tx, ids, picture_set.id, slot))
        first = next(picture for picture in kept if picture.role == "picture")
        return replace(first, album=picture_set.id, slot=slot)

    def _choose(self, task: Task, picture_set: Job, slot: str, quarter: Picture) -> Picture:
        """A copy, which counts from now on: since MidJourney's model 5 it is what its U button gives."""
        image = load_image(self._storage, quarter)
        if image is None:
            raise NotFound("This picture was removed to make room for newer ones.")
        place = _Place(task.job, picture_set, slot)
        return self._keep(place, quarter, image, CHOSEN)

    def _finish(self, picture_set: Job, figure: Figure, slot: str, chosen: Picture) -> None:
        """Cut characters out, and soften backgrounds where that is wanted; the original stays."""
        wants_cutting = figure.is_character
        if not (wants_cutting or picture_set.request["blur"]):
            return
        image = load_image(self._storage, chosen)
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
        name = derived_id(place.job.id, f"{source.id}/{role}")
        picture = replace(
            source,
            **kept_as(name, image),
            job_id=place.picture_set.id,
            role=role,
            position=None,
            source_url=source.id,
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


def _progress_of(task: Task) -> OnProgress:
    def show(progress: Progress) -> None:
        task.check()
        task.progress(progress.percent or 0, progress.message)

    return show
