"""Tells an address that a job has ended, until it listens: recorded with the job, so no end is forgotten."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, select

from database import Database
from errors import NotFound, StoryfarmError
from jobs import rows
from jobs.periodic import Periodic
from jobs.rows import Job
from jobs.states import MOVES
from ledger import Ledger
from tables import callbacks, jobs
from utils import iso

log = structlog.get_logger()

# Seconds before each further attempt: five minutes for a restart, then up to two days for a bad weekend.
PAUSES = (5.0, 30.0, 300.0, 1800.0, 7200.0, 21600.0, 43200.0, 86400.0)
_POST_SECONDS = 15.0
_LOOK_SECONDS = 5.0
_AT_ONCE = 4
_ENDED = [state for state, moves in MOVES.items() if not moves]


@dataclass(frozen=True)
class Callback:
    """Where a job's end is told, and below which address its pictures are found from there."""

    url: str
    base_url: str


class Post(Protocol):
    def __call__(self, url: str, *, message_id: str, body: bytes, sent_at: datetime, deadline: float) -> None:
        """Post the signed message. Raises StoryfarmError unless the receiver has taken it."""


# The job as `GET /api/jobs/<id>` shows it, with pictures below an address.
Show = Callable[[Job, str], dict[str, Any]]


def insert(tx: Connection, job_id: str, callback: Callback) -> None:
    """Tell `callback` when the job has ended."""
    tx.execute(callbacks.insert(), {**vars(callback), "job_id": job_id, "attempts": 0, "due_at": time.time()})


class Deliverer:
    """Posts what is due, some at once, on threads of its own. `show` makes the message of a job."""

    def __init__(self, database: Database, ledger: Ledger, post: Post, show: Show) -> None:
        self._database = database
        self._ledger = ledger
        self._post = post
        self._show = show
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="callback")
        self._thread = Periodic("callbacks", _LOOK_SECONDS, self.deliver)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """A job has ended: somebody may want to know."""
        self._thread.wake()

    def stop(self) -> None:
        """End after the messages in hand; the rest goes out after the next start."""
        self._thread.stop(seconds=_POST_SECONDS)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def deliver(self) -> None:
        """Post everything that is due now."""
        while due := self._due():
            list(self._pool.map(self._tell, due))

    def _due(self) -> list[Any]:
        with self._database.read() as tx:
            wanted = (
                callbacks.c.outcome.is_(None),
                callbacks.c.due_at <= time.time(),
                jobs.c.state.in_(_ENDED),
            )
            found = tx.execute(
                select(callbacks)
                .join(jobs, jobs.c.id == callbacks.c.job_id)
                .where(*wanted)
                .order_by(callbacks.c.due_at)
                .limit(_AT_ONCE)
            )
            return list(found)

    def _tell(self, callback: Any) -> None:
        if not self._claim(callback):
            return
        sent_at = datetime.now(UTC)
        try:
            with self._database.read() as tx:
                job = rows.load(tx, callback.job_id)
            message = {
                "type": f"job.{job.state}",
                "timestamp": iso(sent_at.timestamp()),
                "data": self._show(job, callback.base_url),
            }
            self._post(
                callback.url,
                message_id=f"msg_{job.id}",
                body=json.dumps(message, ensure_ascii=False).encode(),
                sent_at=sent_at,
                deadline=time.monotonic() + _POST_SECONDS,
            )
        except NotFound:  # removed meanwhile
            return
        except StoryfarmError as error:
            self._failed(callback, error)
        else:
            log.info("callback.delivered", job=callback.job_id, attempt=callback.attempts + 1)
            self._close(callback, "delivered")

    def _claim(self, callback: Any) -> bool:
        """Count the attempt before it is made, and set the time of the next one; False if another has it."""
        pause = _pause_after(callback)
        taken: list[bool] = []
        update = (
            callbacks.update()
            .where(
                callbacks.c.job_id == callback.job_id,
                callbacks.c.attempts == callback.attempts,
                callbacks.c.outcome.is_(None),
            )
            .values(attempts=callback.attempts + 1, due_at=time.time() + _POST_SECONDS + pause)
        )
        self._ledger.write(lambda tx: taken.append(tx.execute(update).rowcount == 1))
        return taken[-1]

    def _again(self, callback: Any) -> None:
        """The attempt is over: the pause begins now."""
        due_at = time.time() + _pause_after(callback)
        update = (
            callbacks.update()
            .where(callbacks.c.job_id == callback.job_id, callbacks.c.attempts == callback.attempts + 1)
            .values(due_at=due_at)
        )
        self._ledger.write(lambda tx: tx.execute(update))

    def _failed(self, callback: Any, error: StoryfarmError) -> None:
        attempt = callback.attempts + 1
        is_last = attempt > len(PAUSES) or getattr(error, "permanent", False)
        log.warning("callback.failed", job=callback.job_id, code=error.code, attempt=attempt, is_last=is_last)
        if is_last:
            self._close(callback, error.code)
        else:
            self._again(callback)

    def _close(self, callback: Any, outcome: str) -> None:
        update = (
            callbacks.update()
            .where(callbacks.c.job_id == callback.job_id, callbacks.c.outcome.is_(None))
            .values(outcome=outcome, due_at=None)
        )
        self._ledger.write(lambda tx: tx.execute(update))


def _pause_after(callback: Any) -> float:
    return PAUSES[min(callback.attempts, len(PAUSES) - 1)]
