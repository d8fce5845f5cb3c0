"""Keeps a copy of every picture set elsewhere: by and by, tried again, and the last state wins."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from access.caller import LOCAL
from database import Database
from errors import NotFound, ProviderError, ProviderTimeout
from fairytale.sets import PICTURE, SET
from fairytale.showing import set_status
from jobs import rows

log = structlog.get_logger()

# What a key of the Realtime Database must not hold.
_FORBIDDEN = re.compile(r"[.$#\[\]/%\x00-\x1f\x7f]")
_FOLDER = "pictureSets"
_MOST_WAITING = 1000
_SECONDS = 20.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
# How often it is looked whether a set has ended that was written before its end.
_LOOK_SECONDS = 15.0

# (path, values, deadline=...); raises ProviderError or ProviderTimeout.
Patch = Callable[..., None]


class Mirror:
    """One thread that writes. What changes meanwhile is written once, as it is then; nobody waits for it.

    A failed write is repeated with growing pauses, until the next one supersedes it; what is refused for
    good is left. `base_url` stands before the pictures' addresses.
    """

    def __init__(self, database: Database, patch: Patch, *, base_url: str) -> None:
        self._database = database
        self._patch = patch
        self._base_url = base_url
        self._changed: OrderedDict[str, None] = OrderedDict()
        self._open: set[str] = set()
        self._is_looking = False
        self._wake = threading.Condition()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with the sets that are in work: their last states may have got lost with a process."""
        for job_id in self._in_work():
            self.changed(job_id)
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, once, and end."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        if self._thread:
            self._thread.join(2 * _SECONDS)

    def changed(self, set_id: str) -> None:
        """Something about this set is new. Returns at once."""
        with self._wake:
            self._changed[set_id] = None
            while len(self._changed) > _MOST_WAITING:
                log.warning("mirror.overflow", dropped=self._changed.popitem(last=False)[0])
            self._wake.notify()

    def look(self) -> None:
        """A job may have ended, perhaps cancelled without another word. Returns at once."""
        with self._wake:
            self._is_looking = True
            self._wake.notify()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while (set_id := self._next()) is not None:
            if self._write(set_id):
                pause = _FIRST_PAUSE
                continue
            self.changed(set_id)
            with self._wake:
                if self._is_stopping:
                    return
                self._wake.wait_for(lambda: self._is_stopping, pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _next(self) -> str | None:
        """The set that has waited longest; None when there is nothing left to do."""
        while True:
            with self._wake:
                seconds = _LOOK_SECONDS if self._open else None
                self._wake.wait_for(lambda: self._changed or self._is_stopping or self._is_looking, seconds)
                if self._changed:
                    return self._changed.popitem(last=False)[0]
                if self._is_stopping:
                    return None
                self._is_looking = False
            for set_id in self._ended():
                self.changed(set_id)

    def _ended(self) -> list[str]:
        """Those that have ended since they were written."""
        if not self._open:
            return []
        try:
            with self._database.read() as tx:
                found = {set_id: rows.find(tx, set_id) for set_id in self._open}
        except SQLAlchemyError as error:
            log.warning("mirror.not_read", error=type(error).__name__)
            return []
        return [set_id for set_id, job in found.items() if job is None or job.has_ended]

    def _write(self, set_id: str) -> bool:
        """Whether there is nothing more to do about it."""
        try:
            with self._database.read() as tx:
                job = rows.load(tx, set_id)
                status = set_status(tx, job, self._base_url)
            path = _place(job.owner, str(status["studentTaskId"]))
            self._patch(path, status, deadline=time.monotonic() + _SECONDS)
            (self._open.discard if job.has_ended else self._open.add)(set_id)
        except NotFound:
            self._open.discard(set_id)
            return True
        except (ProviderError, ProviderTimeout) as error:
            is_final = getattr(error, "permanent", False)
            log.warning("mirror.not_written", job=set_id, code=error.code, is_final=is_final)
            if is_final:
                self._open.discard(set_id)
            return is_final
        except SQLAlchemyError as error:
            log.warning("mirror.not_read", job=set_id, error=type(error).__name__)
            return False
        return True

    def _in_work(self) -> list[str]:
        with self._database.read() as tx:
            busy = rows.unfinished(tx)
        sets = [job.id for job in busy if job.kind == SET]
        return sets + [str(job.request["set"]) for job in busy if job.kind == PICTURE]


def _place(owner: str, name: str) -> tuple[str, ...]:
    """Where a set is written. Owners choose its name: with sign-in each has a folder of their own."""
    folders = (_FOLDER,) if owner == LOCAL.owner else (_FOLDER, _key(owner))
    return (*folders, _key(name))


def _key(name: str) -> str:
    """Different names give different keys: "3b.mia" is 3b%2Emia."""
    return _FORBIDDEN.sub(lambda found: f"%{ord(found[0]):02X}", name)


def nobody(_set_id: str) -> None:
    """No mirror is configured."""
