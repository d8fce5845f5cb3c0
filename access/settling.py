"""Frees what jobs have reserved and did not use, once they have ended."""

from __future__ import annotations

import structlog

from access import quotas
from database import Database
from jobs.periodic import Periodic
from ledger import Ledger

log = structlog.get_logger()

# For what a dead process has left, and for pictures that come late or never.
_LOOK_SECONDS = 30.0


class Settler:
    """A thread that looks when it is woken, and now and then."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._thread = Periodic("settler", _LOOK_SECONDS, self.settle)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """A job has ended. Returns at once."""
        self._thread.wake()

    def stop(self) -> None:
        self._thread.stop()

    def settle(self) -> None:
        """Free all that is left over now."""
        while self._is_needed() and self._settled():
            pass

    def _is_needed(self) -> bool:
        with self._database.read() as tx:
            return quotas.is_left_over(tx)

    def _settled(self) -> int:
        """How many jobs' holds were freed; those that another process has in hand are not."""
        freed: list[int] = []
        self._ledger.write(lambda tx: freed.append(quotas.settle(tx)))
        log.debug("holds.settled", jobs=freed[-1])
        return freed[-1]
