"""MidJourney through a midjourney-proxy as an image provider: grids, what is made of them, and prompts."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from errors import ProviderError, StoryfarmError
from images import records
from images.editing import CheckedImage, check_image, cut_grid
from images.provider import BLEND, UPSCALE, Action, ImageRequest, OnProgress, name_of
from images.records import UPSCALED, Picture, kept_as
from images.storage import Storage
from jobs.notifier import Stopping
from ledger import Ledger, Write
from midjourney import proxy_tasks
from midjourney.command import build_command
from midjourney.provider import PromptForm
from midjourney.proxy_running import FAILED, NAME, Order, Proxy, Submit, TaskRunner
from midjourney.proxy_task import ProxyTask
from utils import clip, remaining

log = structlog.get_logger()

# What MidJourney needs at most, once it is at it.
_SECONDS = 120.0
_FETCH_SECONDS, _FETCH_PAUSE, _MOST_FETCHES = 20.0, 1.0, 3

T = TypeVar("T")


class ProxyProvider:
    """`tasks` carries them out; `fetch` gets a picture's bytes, `kept` is called when one was kept.

    `count` is written with what counts as a picture, and gets the ids of its job and its request.
    """

    def __init__(
        self,
        proxy: Proxy,
        tasks: TaskRunner,
        ledger: Ledger,
        storage: Storage,
        *,
        form: PromptForm,
        fetch: Callable[[str, float], bytes],
        kept: Callable[[], None],
        count: Callable[[Connection, str, str], object] = lambda _tx, _job_id, _id: None,
    ) -> None:
        self._proxy = proxy
        self._tasks = tasks
        self._ledger = ledger
        self._storage = storage
        self._form = form
        self._fetch = fetch
        self._kept = kept
        self._count = count

    def generate(
        self, request: ImageRequest, *, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        """See ImageProvider.generate. After a restart the same request finds its task again.

        The request's `action` gives a grid like any other, or a single picture if it is UPSCALE. Raises
        ProviderError with the code source_gone if the proxy does not know what is to be changed (any more).
        """
        action = request.action
        is_upscale = action is not None and action.name == UPSCALE
        order = Order(
            id=request.id,
            job_id=request.job_id,
            submit=self._submission(request, action) if action else self._painting(request),
            seconds=_SECONDS,
        )
        with self._tasks.place(deadline, on_progress), self._counted(request, is_upscale):
            task = self._tasks.run(order, deadline=deadline, on_progress=on_progress)
            if is_upscale:  # there is a quarter to take in its place, so nobody waits any longer
                image = self._read(check_image, task.image_url, deadline)
                return self._keep(request, task, [(image, UPSCALED, None)])
            until = max(deadline, time.monotonic() + _FETCH_SECONDS)
            grid, parts = self._read(cut_grid, task.image_url, until)
            fours = [(part, "picture", number) for number, part in enumerate(parts, 1)]
            return self._keep(request, task, [(grid, "grid", None), *fours])

    def describe(
        self, request_id: str, job_id: str, image: CheckedImage, *, deadline: float, on_progress: OnProgress
    ) -> tuple[str, ...]:
        """Prompts that would give this picture. Asked again for the same request it goes on."""
        submit = partial(self._proxy.describe, image)
        order = Order(
            id=request_id,
            job_id=job_id,
            submit=submit,
            seconds=_SECONDS,
            is_whole=lambda task: bool(task.prompts),
        )
        with self._tasks.place(deadline, on_progress):
            return self._tasks.run(order, deadline=deadline, on_progress=on_progress).prompts

    @contextmanager
    def _counted(self, request: ImageRequest, is_upscale: bool) -> Iterator[None]:
        """What the proxy has taken counts once, even if nobody waits for it any longer, unless it failed.

        An upscale only makes one of the four larger. A job that goes on elsewhere counts there.
        """
        try:
            yield
        except Stopping:
            raise
        except BaseException as error:
            has_failed = isinstance(error, ProviderError) and error.code == FAILED
            if not (has_failed or is_upscale):
                self._count_lost(request)
            raise

    def _count_lost(self, request: ImageRequest) -> None:
        """What goes wrong here must not hide why nobody waits."""
        try:
            self._ledger.write(lambda tx: self._count_once(tx, request))
        except StoryfarmError as error:
            log.error("picture.not_counted", job=request.job_id, code=error.code)

    def _count_once(self, tx: Connection, request: ImageRequest) -> None:
        if proxy_tasks.count(tx, request.id):
            self._count(tx, request.job_id, request.id)

    def _read(self, read: Callable[[bytes], T], url: str, deadline: float) -> T:
        """The picture, which is paid for: it is fetched again if what came is none."""
        for _ in range(_MOST_FETCHES - 1):
            try:
                return read(self._fetch(url, deadline))
            except ProviderError as error:
                if error.permanent or remaining(deadline) < 2 * _FETCH_PAUSE:
                    raise
                log.info("proxy.fetched_again", code=error.code)
            time.sleep(_FETCH_PAUSE)
        return read(self._fetch(url, deadline))

    def _painting(self, request: ImageRequest) -> Submit:
        command = build_command(
            request.prompt,
            seed=zlib.crc32(request.id.encode()),
            style=request.style,
            signature=self._form.signature,
            limit=self._form.limit,
        )
        return partial(self._proxy.imagine, command.prompt, references=_images(request))

    def _submission(self, request: ImageRequest, action: Action) -> Submit:
        if action.name == BLEND:
            return partial(self._proxy.blend, _images(request), action.form)
        return partial(self._change, action)

    def _change(self, action: Action, *, state: str, hook: str, deadline: float) -> str:
        source = self._tasks.task_of(action.of)
        if source is None:
            raise _source_gone()
        try:
            return self._proxy.change(
                source, action.name, action.index, state=state, hook=hook, deadline=deadline
            )
        except ProviderError as error:
            if error.code == "task_gone":
                raise _source_gone() from error
            raise

    def _keep(
        self, request: ImageRequest, task: ProxyTask, made: list[tuple[CheckedImage, str, int | None]]
    ) -> tuple[Picture, ...]:
        """Each picture of `made` with its role and its position is kept."""
        kept = [_picture(request, task, image, role, position) for image, role, position in made]
        for picture, (image, _, _) in zip(kept, made, strict=True):
            self._storage.put(picture.file, image.content)
        writes: list[Write] = [lambda tx: records.insert(tx, kept)]
        if kept[0].role != UPSCALED:
            writes.append(lambda tx: self._count_once(tx, request))
        try:
            self._ledger.write(*writes)
        except IntegrityError:  # another process has kept it meanwhile, under the same names
            log.warning("picture.kept_twice", job=request.job_id, provider=NAME)
        self._kept()
        return tuple(kept)


def _images(request: ImageRequest) -> list[CheckedImage]:
    return [reference.image for reference in request.references]


def _source_gone() -> ProviderError:
    return ProviderError(
        "The midjourney-proxy does not know the picture's task any more.", code="source_gone", permanent=True
    )


def _picture(
    request: ImageRequest, task: ProxyTask, image: CheckedImage, role: str, position: int | None
) -> Picture:
    whole = name_of(request, NAME)
    name = whole if position is None else f"{whole}-{position}"
    return Picture(
        **kept_as(name, image),
        job_id=request.job_id,
        role=role,
        position=position,
        alt=clip(request.alt or request.prompt, 300),
        provider=NAME,
        model="midjourney",
        prompt=request.prompt,
        seed=None,
        source_url=task.image_url.partition("?")[0][:2000],
        request_id=request.id,
    )
