"""One thread that writes to the database for all others: what waits at the same time shares a transaction."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from database import Database
from errors import StoryfarmError

log = structlog.get_logger()

Write = Callable[[Connection], object]

_BATCH = 200
_MOST_ENTRIES = 100_000
_IDLE_SECONDS = 30.0
# Writing takes milliseconds; this ends the wait for a database that is stuck.
_WRITE_SECONDS = 60.0


@dataclass(eq=False)
class Entry:
    """What is written in a transaction, and what is done once that is committed."""

    writes: list[Write] = field(default_factory=list)
    effects: list[Callable[[], object]] = field(default_factory=list)


class _Awaited(Entry):
    """An entry whose writer waits for it: it is not tried again, its failure is the writer's."""

    def __init__(self, writes: Sequence[Write]) -> None:
        super().__init__(list(writes))
        self.done = threading.Event()
        self.error: BaseException | None = None
        self._lock = threading.Lock()
        self._is_begun = self._is_given_up = False

    def begin(self) -> bool:
        """It is being written now; False if its writer has given up, so that it must not be written."""
        with self._lock:
            self._is_begun = not self._is_given_up
            return self._is_begun

    def give_up(self) -> bool:
        """The writer waits no longer; False if it is just being written, so that waiting is worth it."""
        with self._lock:
            self._is_given_up = not self._is_begun
            return self._is_given_up

    def end(self, error: BaseException | None = None) -> None:
        self.error = error
        self.done.set()


class Ledger:
    """Takes entries from any thread and writes them in their order.

    A transaction lets go of the interpreter's lock several times, so many threads that write for themselves
    fight for it: one took 0.7 ms instead of 0.09 with 200 requests held. While the database fails (a full
    disk, say) entries that nobody waits for are tried again, so none is lost. `idle` is called about
    twice a minute. Until it is started, everything is written at once on the caller's thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.idle: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs, if it was started."""
        return self._thread is None or self._thread.is_alive()

    def stop(self) -> None:
        """Write what has been put so far, and end; gives up on a database that fails."""
        self._stopping.set()
        self._entries.put(None)
        if self._thread:
            self._thread.join(10)
            self._thread = None

    def write(self, *writes: Write) -> None:
        """Write all of it in one transaction, and return when it is committed; raises what went wrong.

        What could not be begun in time is never written: its writer has told somebody that it failed.
        """
        entry = _Awaited(writes)
        taken = self.put(entry)
        is_done = taken and (
            entry.done.wait(_WRITE_SECONDS) or (not entry.give_up() and entry.done.wait(_WRITE_SECONDS))
        )
        if not is_done:
            raise StoryfarmError("The database does not take anything at the moment.", code="database_stuck")
        if entry.error:
            raise entry.error

    def put(self, entry: Entry) -> bool:
        """Write it by and by, behind all that was put before; False if there is no room for it."""
        if self._entries.qsize() >= _MOST_ENTRIES:
            log.error("ledger.overflow")
            return False
        if self._thread is None:
            self._write_all([entry])
        else:
            self._entries.put(entry)
        return True

    def _run(self) -> None:
        idle_at = time.monotonic() + _IDLE_SECONDS
        while not self._stopping.is_set() or self._entries.qsize():
            if batch := self._next_batch(idle_at):
                self._write_all(batch)
            if time.monotonic() >= idle_at:
                idle_at = time.monotonic() + _IDLE_SECONDS
                self.idle()

    def _next_batch(self, until: float) -> list[Entry]:
        batch: list[Entry] = []
        try:
            entry = self._entries.get(timeout=max(0.0, until - time.monotonic()))
            while entry is not None:
                batch.append(entry)
                if len(batch) == _BATCH:
                    break
                entry = self._entries.get_nowait()
        except queue.Empty:
            pass
        return batch

    def _write_all(self, batch: list[Entry]) -> None:
        try:
            self._write(batch)
        except Exception:  # noqa: BLE001  (whatever it is: the thread writes for everybody)
            for entry in batch:  # one of them is at fault, or the database is: each for itself
                self._write_alone(entry)
        else:
            for entry in batch:
                self._finish(entry)

    def _write_alone(self, entry: Entry) -> None:
        pause = 0.5
        while True:
            try:
                self._write([entry])
            except Exception as error:
                if isinstance(entry, _Awaited):
                    entry.end(error)
                    return
                if self._stopping.is_set():
                    return
                if not isinstance(error, SQLAlchemyError | StoryfarmError) or isinstance(
                    error, IntegrityError | DataError | ProgrammingError
                ):
                    # It would be the same the next time, and everybody waits behind it.
                    log.error("ledger.refused", error=type(error).__name__, exc_info=error)
                    return
                log.error("ledger.database_failed", error=type(error).__name__, pause_s=pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, 30.0)
            else:
                self._finish(entry)
                return

    def _write(self, batch: list[Entry]) -> None:
        wanted = [entry for entry in batch if not isinstance(entry, _Awaited) or entry.begin()]
        if any(entry.writes for entry in wanted):
            with self._database.write() as tx:
                for entry in wanted:
                    for write in entry.writes:
                        write(tx)

    def _finish(self, entry: Entry) -> None:
        if isinstance(entry, _Awaited):
            entry.end()
        for effect in entry.effects:
            try:
                effect()
            except Exception:  # the thread writes for everybody: one bug must not end it
                log.exception("ledger.effect_failed")
