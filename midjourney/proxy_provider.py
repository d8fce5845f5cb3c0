"""MidJourney through a midjourney-proxy as an image provider: a task submitted, and watched to its end."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy.exc import IntegrityError

import metrics
from database import Database
from errors import ProviderError, ProviderTimeout, StoryfarmError
from images import records
from images.editing import ENDINGS, CheckedImage, cut_grid
from images.provider import ImageRequest, OnProgress, Progress, name_of
from images.records import Picture
from images.storage import Storage
from jobs.events import cancel_topic
from jobs.notifier import Notifier, Waiter
from ledger import Ledger
from midjourney import proxy_tasks
from midjourney.command import build_command
from midjourney.provider import PromptForm
from midjourney.proxy_task import ProxyState, ProxyTask
from midjourney.proxy_tasks import TaskRow
from utils import clip, remaining

log = structlog.get_logger()

NAME = "midjourney-proxy"
# What MidJourney needs at most, once the proxy has taken the task.
_IMAGINE_SECONDS = 120.0
# Looks come quickly at first, since some pictures do; a call of the hook comes sooner than the next look.
_LOOKS = (0.5, 1.0, 1.5, 2.0, 3.0)
_FULL_SECONDS = 3.0
# Now and then the address of a finished picture comes a moment later.
_LOOKS_FOR_THE_ADDRESS = 4
_MOST_SUBMITS = 3


class Proxy(Protocol):
    """The doorway: midjourney_proxy.ProxyClient."""

    def imagine(
        self, prompt: str, *, references: Sequence[CheckedImage], state: str, hook: str, deadline: float
    ) -> str: ...
    def fetch(self, task_id: str, *, deadline: float) -> ProxyTask | None: ...
    def find(self, state: str, *, deadline: float) -> ProxyTask | None: ...


def topic(request_id: str) -> str:
    """The topic of one picture: notified when the proxy calls the hook."""
    return f"proxy:{request_id}"


class ProxyProvider:
    """At most `at_once` tasks at a time. `hook` gives the address that the proxy calls for a picture, or "".

    `fetch` gets a picture's bytes, `kept` is called when it was kept.
    """

    def __init__(
        self,
        proxy: Proxy,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        storage: Storage,
        *,
        form: PromptForm,
        at_once: int,
        hook: Callable[[str], str],
        fetch: Callable[[str, float], bytes],
        kept: Callable[[], None],
    ) -> None:
        self._proxy = proxy
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._storage = storage
        self._form = form
        self._places = threading.BoundedSemaphore(at_once)
        self._hook = hook
        self._fetch = fetch
        self._kept = kept

    def generate(
        self, request: ImageRequest, *, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        """See ImageProvider.generate. After a restart the same request finds its task again."""
        started = time.monotonic()
        on_progress(Progress(None, "Waiting for a place at MidJourney."))
        if not self._places.acquire(timeout=remaining(deadline)):
            raise ProviderTimeout("No place at MidJourney became free in time.", code="image_timeout")
        try:
            pictures = self._generate(request, deadline, on_progress)
        except StoryfarmError as error:
            metrics.PROVIDERS.labels(NAME, error.code).observe(time.monotonic() - started)
            raise
        finally:
            self._places.release()
        metrics.PROVIDERS.labels(NAME, "ok").observe(time.monotonic() - started)
        return pictures

    def _generate(
        self, request: ImageRequest, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        with self._notifier.listen(topic(request.id), cancel_topic(request.job_id)) as waiter:
            for _ in range(_MOST_SUBMITS):
                row = self._row(request, deadline)
                task_id = row.task_id or self._submit(request, waiter, deadline, on_progress)
                task = self._await(task_id, waiter, deadline, on_progress)
                if task:
                    return self._keep(request, task, deadline)
                log.warning("proxy.task_forgotten", job=request.job_id)
                self._ledger.write(partial(proxy_tasks.submitted, id=request.id, task_id=None))
        raise ProviderError("The midjourney-proxy forgets its tasks.", code="task_gone")

    def _row(self, request: ImageRequest, deadline: float) -> TaskRow:
        """The picture's row; one that was begun in an earlier life is looked for at the proxy."""
        with self._database.read() as tx:
            known = proxy_tasks.load(tx, request.id)
        if known is None:
            self._ledger.write(partial(proxy_tasks.insert, id=request.id, job_id=request.job_id))
        elif known.task_id is None and (found := self._proxy.find(request.id, deadline=deadline)):
            self._ledger.write(partial(proxy_tasks.submitted, id=request.id, task_id=found.id))
        else:
            return known
        with self._database.read() as tx:
            row = proxy_tasks.load(tx, request.id)
        if row is None:
            raise ProviderError("The picture's task is gone.", code="task_gone", permanent=True)
        return row

    def _submit(self, request: ImageRequest, waiter: Waiter, deadline: float, on_progress: OnProgress) -> str:
        """The task's id. While the proxy's queue is full it waits its turn."""
        command = build_command(
            request.prompt,
            seed=zlib.crc32(request.id.encode()),
            style=request.style,
            signature=self._form.signature,
            limit=self._form.limit,
        )
        references = [reference.image for reference in request.references]
        while True:
            try:
                task_id = self._proxy.imagine(
                    command.prompt,
                    references=references,
                    state=request.id,
                    hook=self._hook(request.id),
                    deadline=deadline,
                )
                break
            except ProviderError as error:
                # The answer was lost, perhaps not the task: then it stands in the proxy's list.
                if error.code == "unreachable" and (found := self._proxy.find(request.id, deadline=deadline)):
                    task_id = found.id
                    break
                if error.code != "queue_full" or remaining(deadline) <= _FULL_SECONDS:
                    raise
            on_progress(Progress(None, "MidJourney's queue is full; waiting."))
            waiter.wait(time.monotonic() + _FULL_SECONDS)
        self._ledger.write(partial(proxy_tasks.submitted, id=request.id, task_id=task_id))
        log.info("proxy.submitted", job=request.job_id)
        return task_id

    def _await(
        self, task_id: str, waiter: Waiter, deadline: float, on_progress: OnProgress
    ) -> ProxyTask | None:
        """The finished task; None if the proxy has forgotten it. Raises what it failed with."""
        until = min(deadline, time.monotonic() + _IMAGINE_SECONDS)
        looks = done_at = 0
        while True:
            task = self._look(task_id, until)
            if task is None:
                return None
            if task.status is ProxyState.DONE and task.image_url:
                return task
            if task.status is ProxyState.DONE and looks - done_at >= _LOOKS_FOR_THE_ADDRESS:
                raise ProviderError(
                    "The midjourney-proxy gave no picture.", code="no_picture", permanent=True
                )
            done_at = done_at if task.status is ProxyState.DONE else looks
            if task.status is ProxyState.FAILED:
                raise ProviderError(
                    f"MidJourney could not paint it: {task.reason}", code="image_failed", permanent=True
                )
            on_progress(_progress(task))
            if not remaining(until):
                raise ProviderTimeout("MidJourney's picture did not come in time.", code="image_timeout")
            waiter.wait(min(until, time.monotonic() + _LOOKS[min(looks, len(_LOOKS) - 1)]))
            looks += 1

    def _look(self, task_id: str, deadline: float) -> ProxyTask | None:
        """A look that fails is no end: the next one may not."""
        for attempt in range(4):
            try:
                return self._proxy.fetch(task_id, deadline=deadline)
            except ProviderError as error:
                if error.permanent or attempt == 3 or remaining(deadline) < 1:
                    raise
                time.sleep(min(0.25 * 2.0**attempt, remaining(deadline)))
        raise AssertionError("unreachable")

    def _keep(self, request: ImageRequest, task: ProxyTask, deadline: float) -> tuple[Picture, ...]:
        content = self._fetch(task.image_url, max(deadline, time.monotonic() + 20.0))
        grid, parts = cut_grid(content)
        kept = [_picture(request, task, grid, "grid", None)]
        kept += [_picture(request, task, part, "picture", number) for number, part in enumerate(parts, 1)]
        for picture, image in zip(kept, (grid, *parts), strict=True):
            self._storage.put(picture.file, image.content)
        try:
            self._ledger.write(lambda tx: records.insert(tx, kept))
        except IntegrityError:  # another process has kept it meanwhile, under the same names
            log.warning("picture.kept_twice", job=request.job_id, provider=NAME)
        self._kept()
        return tuple(kept)


def _progress(task: ProxyTask) -> Progress:
    if task.percent is None or task.status is ProxyState.WAITING:
        return Progress(None, "MidJourney has it in its queue.")
    return Progress(task.percent, "MidJourney is painting.")


def _picture(
    request: ImageRequest, task: ProxyTask, image: CheckedImage, role: str, position: int | None
) -> Picture:
    whole = name_of(request, NAME)
    name = whole if position is None else f"{whole}-{position}"
    return Picture(
        id=name,
        job_id=request.job_id,
        file=f"{name}.{ENDINGS[image.mime]}",
        role=role,
        position=position,
        mime=image.mime,
        width=image.width,
        height=image.height,
        sha256=image.sha256,
        alt=clip(request.alt or request.prompt, 300),
        provider=NAME,
        model="midjourney",
        prompt=request.prompt,
        seed=None,
        source_url=task.image_url.partition("?")[0][:2000],
        created_at=time.time(),
        size_bytes=len(image.content),
        request_id=request.id,
    )
