"""On whose account something is done, and what is spent on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

from sqlalchemy import Connection

from access import quotas
from access.amounts import NOTHING, Amount
from jobs.periodic import Periodic
from jobs.rows import Job
from ledger import Entry, Ledger
from utils import new_id

_FLUSH_SECONDS = 1.0
_MOST_PENDING = 5000
# The job that is worked on, None outside of any.
_account: ContextVar[Job | None] = ContextVar("account", default=None)


class Meter:
    """Counts what is spent on a job, wherever within its work that happens.

    With `is_exact` each thing is written at once, before what is recorded after it: where there are plans,
    a crash must not make anything free. Without, all that was spent within a second is written together,
    which keeps it off the path of a hundred requests a second.
    """

    def __init__(self, ledger: Ledger, *, is_exact: bool) -> None:
        self._ledger = ledger
        self._is_exact = is_exact
        self._lock = threading.Lock()
        self._pending: dict[str, tuple[str, Amount]] = {}
        self._thread = Periodic("meter", _FLUSH_SECONDS, self.flush)

    def start(self) -> None:
        if not self._is_exact:
            self._thread.start()

    def stop(self) -> None:
        """Write what is pending, and end; call it before the ledger stops."""
        self._thread.stop()
        self._put_pending()

    @contextmanager
    def on_account_of(self, job: Job) -> Iterator[None]:
        """What is spent within the block is the job's, on other threads too if they carry the context."""
        before = _account.set(job)
        try:
            yield
        finally:
            _account.reset(before)

    @property
    def job(self) -> Job | None:
        """On whose account this is done."""
        return _account.get()

    def spent(self, amount: Amount) -> None:
        """Count it, by and by. Outside of jobs nobody pays."""
        if not (job := self.job):
            return
        if self._is_exact:
            self._ledger.put(Entry(writes=[partial(quotas.spend, job_id=job.id, amount=amount)]))
        else:
            self._note(new_id(), job.id, amount)

    def count(self, tx: Connection, job_id: str, amount: Amount, *, key: str) -> None:
        """Count it with what is written in this transaction; `key` is the same if that is tried again."""
        if self._is_exact:
            quotas.spend(tx, job_id, amount)
        else:
            self._note(key, job_id, amount)

    def flush(self) -> None:
        """Return when all that was spent so far is written."""
        self._put_pending()
        self._ledger.write()

    def _note(self, key: str, job_id: str, amount: Amount) -> None:
        with self._lock:
            self._pending[key] = (job_id, amount)
            is_full = len(self._pending) >= _MOST_PENDING
        if is_full:
            self._put_pending()

    def _put_pending(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, {}
        amounts: dict[str, Amount] = {}
        for job_id, amount in pending.values():
            amounts[job_id] = amounts.get(job_id, NOTHING) + amount
        if amounts:
            self._ledger.put(Entry(writes=[partial(quotas.spend_all, amounts=amounts)]))
