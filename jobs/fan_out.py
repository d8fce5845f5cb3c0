"""Does the parts of one job at the same time, on a pool that it shares with others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from jobs import events
from jobs.notifier import Notifier, Stopping
from jobs.work import Task

_LOOK_SECONDS = 3600.0


def do_all(
    task: Task,
    parts: Sequence[Callable[[], object]],
    *,
    pool: ThreadPoolExecutor,
    notifier: Notifier,
    patience: float,
) -> None:
    """Do all `parts`, and raise the first thing that one of them raises.

    When the job is cancelled what was not begun is left. When the service stops, what was begun is paid
    for: it comes home, within `patience` seconds, before Stopping is raised.
    """
    begun: list[Future[Any]] = []
    with notifier.listen(events.cancel_topic(task.job.id)) as waiter:
        try:
            for part in parts:
                begun.append(pool.submit(part))
                begun[-1].add_done_callback(lambda _done: waiter.wake())
            while any(not each.done() for each in begun):
                waiter.wait(time.monotonic() + _LOOK_SECONDS)
                task.check()
        except Stopping:
            for each in begun:
                each.cancel()
            wait([each for each in begun if not each.cancelled()], timeout=patience)
            raise
        finally:
            for each in begun:
                each.cancel()
    for each in begun:
        each.result()
