"""Removes what is old: jobs that ended long ago with all that is theirs, and used up keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from sqlalchemy import Connection

from database import Database
from jobs import rows
from ledger import Ledger, Write

log = structlog.get_logger()

_BATCH = 50


class Retention:
    """`files_of` gives the names of jobs' files, `delete` drops one; `also` is written with each sweep."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        *,
        days: float,
        files_of: Callable[[Connection, Sequence[str]], list[str]],
        delete: Callable[[str], None],
        also: Write,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._days = days
        self._files_of = files_of
        self._delete = delete
        self._also = also

    def sweep(self) -> int:
        """Remove what is old now; how many jobs that were. Jobs that have not ended always stay."""
        self._ledger.write(self._also)
        removed = 0
        while job_ids := self._old():
            with self._database.read() as tx:
                files = self._files_of(tx, job_ids)
            # Files first: a row without its file can be removed again, a file without its row never is.
            for file in files:
                self._delete(file)
            self._ledger.write(partial(rows.delete, job_ids=job_ids))
            removed += len(job_ids)
        if removed:
            log.info("jobs.removed", jobs=removed, older_than_days=self._days)
        return removed

    def _old(self) -> list[str]:
        with self._database.read() as tx:
            return rows.older_than(tx, time.time() - self._days * 86_400, limit=_BATCH)
