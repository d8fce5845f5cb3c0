"""Tasks at a midjourney-proxy: submitted once, and watched to their end, over restarts too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

import metrics
from database import Database
from errors import ProviderError, ProviderTimeout, StoryfarmError
from images.editing import CheckedImage
from images.provider import OnProgress, Progress
from jobs.events import cancel_topic
from jobs.notifier import Notifier, Waiter
from ledger import Ledger
from midjourney import proxy_tasks
from midjourney.proxy_task import ProxyState, ProxyTask
from midjourney.proxy_tasks import TaskRow
from utils import remaining

log = structlog.get_logger()

NAME = "midjourney-proxy"
# The code of what MidJourney itself has given up: nothing is painted.
FAILED = "image_failed"
# Shortest and longest pause between looks, in seconds; in between a share of the time that was waited, so
# that nobody waits much longer than the picture takes. A call of the hook comes sooner than the next look.
_PAUSES = (0.25, 3.0)
_PAUSE_SHARE = 0.08
_FULL_SECONDS = 3.0
# Now and then the address of a finished picture comes a moment later.
_LOOKS_FOR_THE_ADDRESS = 8
_MOST_SUBMITS = 3
# Failures of a submission that may have hidden its success.
_LOST = frozenset({"unreachable", "provider_failed", "bad_answer"})


class Proxy(Protocol):
    """The doorway: midjourney_proxy.ProxyClient. What submits gives the task's id."""

    def imagine(
        self, prompt: str, *, references: Sequence[CheckedImage], state: str, hook: str, deadline: float
    ) -> str: ...
    def change(
        self, task_id: str, action: str, index: int | None, *, state: str, hook: str, deadline: float
    ) -> str: ...
    def blend(
        self, images: Sequence[CheckedImage], dimensions: str, *, state: str, hook: str, deadline: float
    ) -> str: ...
    def describe(self, image: CheckedImage, *, state: str, hook: str, deadline: float) -> str: ...
    def fetch(self, task_id: str, *, deadline: float) -> ProxyTask | None: ...
    def find(self, state: str, *, deadline: float) -> ProxyTask | None: ...


class Submit(Protocol):
    """One of the doorway's submissions, with all that is special about it."""

    def __call__(self, *, state: str, hook: str, deadline: float) -> str: ...


def _has_picture(task: ProxyTask) -> bool:
    return bool(task.image_url)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A task that is wanted. `id` is its request's, `seconds` what it takes at most once it is painted.

    `is_whole` says of a task that has succeeded whether it has what is wanted of it.
    """

    id: str
    job_id: str
    submit: Submit
    seconds: float
    is_whole: Callable[[ProxyTask], bool] = _has_picture


def topic(request_id: str) -> str:
    """The topic of one picture: notified when the proxy calls the hook."""
    return f"proxy:{request_id}"


class TaskRunner:
    """At most `at_once` tasks at a time. `hook` gives the address that the proxy calls for a task, or ""."""

    def __init__(
        self,
        proxy: Proxy,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        *,
        at_once: int,
        hook: Callable[[str], str],
    ) -> None:
        self._proxy = proxy
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._places = threading.BoundedSemaphore(at_once)
        self._hook = hook

    @contextmanager
    def place(self, deadline: float, on_progress: OnProgress) -> Iterator[None]:
        """One of the places, waited for until `deadline`; what is done there is counted."""
        started = time.monotonic()
        on_progress(Progress(None, "Waiting for a place at MidJourney."))
        if not self._places.acquire(timeout=remaining(deadline)):
            raise ProviderTimeout("No place at MidJourney became free in time.", code="image_timeout")
        try:
            yield
        except StoryfarmError as error:
            metrics.PROVIDERS.labels(NAME, error.code).observe(time.monotonic() - started)
            raise
        finally:
            self._places.release()
        metrics.PROVIDERS.labels(NAME, "ok").observe(time.monotonic() - started)

    def run(self, order: Order, *, deadline: float, on_progress: OnProgress) -> ProxyTask:
        """The finished task. After a restart the same order finds its task again; a forgotten one is redone.

        Raises ProviderError, ContentRefused or ProviderTimeout.
        """
        with self._notifier.listen(topic(order.id), cancel_topic(order.job_id)) as waiter:
            for _ in range(_MOST_SUBMITS):
                row = self._row(order, deadline)
                task_id = row.task_id or self._submit(order, waiter, deadline, on_progress)
                task = self._await(task_id, order, waiter, deadline, on_progress)
                if task:
                    return task
                log.warning("proxy.task_forgotten", job=order.job_id)
                self._ledger.write(partial(proxy_tasks.submitted, id=order.id, task_id=None))
        raise ProviderError("The midjourney-proxy forgets its tasks.", code="task_gone")

    def task_of(self, request_id: str) -> str | None:
        """The proxy's id of the task that was submitted for this request."""
        with self._database.read() as tx:
            row = proxy_tasks.load(tx, request_id)
        return row.task_id if row else None

    def _row(self, order: Order, deadline: float) -> TaskRow:
        """The order's row; one that was begun in an earlier life is looked for at the proxy."""
        with self._database.read() as tx:
            known = proxy_tasks.load(tx, order.id)
        if known is None:
            self._ledger.write(partial(proxy_tasks.insert, id=order.id, job_id=order.job_id))
        elif known.task_id is None and (found := self._proxy.find(order.id, deadline=deadline)):
            self._ledger.write(partial(proxy_tasks.submitted, id=order.id, task_id=found.id))
        else:
            return known
        with self._database.read() as tx:
            row = proxy_tasks.load(tx, order.id)
        if row is None:
            raise ProviderError("The picture's task is gone.", code="task_gone", permanent=True)
        return row

    def _submit(self, order: Order, waiter: Waiter, deadline: float, on_progress: OnProgress) -> str:
        """The task's id. While the proxy's queue is full it waits its turn."""
        while True:
            try:
                task_id = order.submit(state=order.id, hook=self._hook(order.id), deadline=deadline)
                break
            except ProviderError as error:
                # The answer was lost, perhaps not the task: then it stands in the proxy's list.
                if error.code in _LOST and (found := self._proxy.find(order.id, deadline=deadline)):
                    task_id = found.id
                    break
                if error.code != "queue_full" or remaining(deadline) <= _FULL_SECONDS:
                    raise
            on_progress(Progress(None, "MidJourney's queue is full; waiting."))
            waiter.wait(time.monotonic() + _FULL_SECONDS)
        self._ledger.write(partial(proxy_tasks.submitted, id=order.id, task_id=task_id))
        log.info("proxy.submitted", job=order.job_id)
        return task_id

    def _await(
        self, task_id: str, order: Order, waiter: Waiter, deadline: float, on_progress: OnProgress
    ) -> ProxyTask | None:
        """The finished task; None if the proxy has forgotten it. Raises what it failed with.

        The order's seconds begin when it is painted, not while it stands in the proxy's own queue.
        """
        looks = done_at = 0
        begun, until = time.monotonic(), deadline
        look = _Look(self._proxy, task_id, order.seconds)
        while True:
            task = look(until)
            if task is None:
                return None
            if task.status is ProxyState.DONE and order.is_whole(task):
                return task
            if task.status is ProxyState.DONE and looks - done_at >= _LOOKS_FOR_THE_ADDRESS:
                raise ProviderError(
                    "The midjourney-proxy gave nothing for it.", code="no_picture", permanent=True
                )
            done_at = done_at if task.status is ProxyState.DONE else looks
            if task.status is ProxyState.FAILED:
                raise ProviderError(
                    f"MidJourney could not paint it: {task.reason}", code=FAILED, permanent=True
                )
            if task.status is not ProxyState.WAITING and until == deadline:
                until = min(deadline, time.monotonic() + order.seconds)
            if not look.is_failing:
                looks += 1
            on_progress(_progress(task))
            if not remaining(until):
                raise ProviderTimeout("MidJourney's picture did not come in time.", code="image_timeout")
            waiter.wait(min(until, time.monotonic() + _pause(time.monotonic() - begun)))


class _Look:
    """Looks how far a task is. A look that fails is no news, unless none succeeds for `seconds`."""

    def __init__(self, proxy: Proxy, task_id: str, seconds: float) -> None:
        self._proxy = proxy
        self._id = task_id
        self._seconds = seconds
        self._last = ProxyTask(
            id=task_id, status=ProxyState.WAITING, state="", percent=None, image_url="", reason=""
        )
        self._failing_since: float | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the last look failed, so that the one before is told again."""
        return self._failing_since is not None

    def __call__(self, deadline: float) -> ProxyTask | None:
        """The task, None if it is unknown. Raises ProviderError, ProviderTimeout."""
        try:
            found = self._proxy.fetch(self._id, deadline=deadline)
        except (ProviderError, ProviderTimeout) as error:
            now = time.monotonic()
            self._failing_since = self._failing_since or now
            is_final = isinstance(error, ProviderError) and error.permanent
            if is_final or now - self._failing_since >= self._seconds or not remaining(deadline):
                raise
            log.info("proxy.look_failed", code=error.code)
            return self._last
        self._failing_since = None
        self._last = found or self._last
        return found


def _pause(waited: float) -> float:
    shortest, longest = _PAUSES
    return min(longest, max(shortest, _PAUSE_SHARE * waited))


def _progress(task: ProxyTask) -> Progress:
    if task.percent is None or task.status is ProxyState.WAITING:
        return Progress(None, "MidJourney has it in its queue.")
    return Progress(task.percent, "MidJourney is painting.")
