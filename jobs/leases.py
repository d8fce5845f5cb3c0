"""What must run in exactly one process: whoever holds the lease runs it, until it lapses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, bindparam, or_, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from database import Database
from errors import StoryfarmError
from tables import leases
from utils import new_id

log = structlog.get_logger()

_SELECT = select(leases).where(leases.c.name == bindparam("lease"))
_TAKE = (
    leases.update()
    .where(
        leases.c.name == bindparam("lease"),
        or_(leases.c.owner == bindparam("me"), leases.c.until < bindparam("now")),
    )
    .values(owner=bindparam("me"), until=bindparam("new_until"), note=bindparam("new_note"))
)
_RELEASE = (
    leases.update()
    .where(leases.c.name == bindparam("lease"), leases.c.owner == bindparam("me"))
    .values(until=0.0, note="")
)


@dataclass(frozen=True)
class Lease:
    """Who holds it, until when (epoch seconds), and what they say about it."""

    owner: str
    until: float
    note: str

    @property
    def is_held(self) -> bool:
        return self.until >= time.time()


def take(tx: Connection, name: str, me: str, *, seconds: float, note: str) -> bool:
    """Take or keep the lease for `seconds`; False if somebody else holds it."""
    now = time.time()
    values = {"lease": name, "me": me, "now": now, "new_until": now + seconds, "new_note": note}
    return bool(tx.execute(_TAKE, values).rowcount)


def load(tx: Connection, name: str) -> Lease | None:
    row = tx.execute(_SELECT, {"lease": name}).first()
    return Lease(row.owner, row.until, row.note) if row else None


class Duty:
    """Runs something as long as this process holds the lease `name`.

    `begin` and `end` are called on a thread of the duty's own. The lease lasts `seconds` and is renewed
    three times as often. Whoever cannot renew it in time ends the work before another may begin it, unless
    the database keeps it waiting for longer than that. `note` is what the others may read.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        seconds: float,
        begin: Callable[[], None],
        end: Callable[[], None],
        note: Callable[[], str],
    ) -> None:
        self._database = database
        self._name = name
        self._me = new_id()
        self._seconds = seconds
        self._begin = begin
        self._end = end
        self._note = note
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_mine = False

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"duty-{self._name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the work and let another process have it."""
        self._stopping.set()
        if self._thread:
            self._thread.join(20)

    def look(self) -> Lease | None:
        """Who holds the lease now, this process or another."""
        with self._database.read() as tx:
            return load(tx, self._name)

    def _run(self) -> None:
        held_until = 0.0
        while not self._stopping.is_set():
            asked = time.monotonic()
            try:
                held = self._take()
            except (SQLAlchemyError, StoryfarmError) as error:
                log.warning("duty.unsure", duty=self._name, error=type(error).__name__)
                held = self.is_mine and asked < held_until
            else:
                held_until = asked + self._seconds * 2 / 3
            if held and not self.is_mine:
                self._take_up()
            elif self.is_mine and not held:
                log.warning("duty.lost", duty=self._name)
                self._let_go()
            self._stopping.wait(self._seconds / 3)
        if self.is_mine:
            self._let_go()
            self._release()

    def _take_up(self) -> None:
        log.info("duty.taken", duty=self._name)
        self.is_mine = True
        try:
            self._begin()
        except Exception:  # whatever it was, somebody must be able to try again
            log.exception("duty.not_begun", duty=self._name)
            self._let_go()

    def _let_go(self) -> None:
        self.is_mine = False
        try:
            self._end()
        except Exception:
            log.exception("duty.not_ended", duty=self._name)

    def _take(self) -> bool:
        with self._database.write() as tx:
            if take(tx, self._name, self._me, seconds=self._seconds, note=self._note()):
                return True
            if load(tx, self._name):
                return False
        try:
            with self._database.write() as tx:
                row = {
                    "name": self._name,
                    "owner": self._me,
                    "until": time.time() + self._seconds,
                    "note": "",
                }
                tx.execute(leases.insert(), row)
        except IntegrityError:  # another was faster
            return False
        return True

    def _release(self) -> None:
        try:
            with self._database.write() as tx:
                tx.execute(_RELEASE, {"lease": self._name, "me": self._me})
        except (SQLAlchemyError, StoryfarmError) as error:
            log.info("duty.not_released", duty=self._name, error=type(error).__name__)
