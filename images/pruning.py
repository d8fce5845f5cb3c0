"""Makes room: the newest pictures are kept, up to a number and a size; the rows of the others stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, func, select

from database import Database
from errors import StoryfarmError
from images.records import HERO
from images.storage import Storage
from jobs.periodic import Periodic
from ledger import Ledger
from tables import pictures

log = structlog.get_logger()

_LOOK_SECONDS = 600.0
_NEWEST_FIRST = (
    select(
        pictures.c.id,
        pictures.c.file,
        pictures.c.job_id,
        pictures.c.album,
        pictures.c.slot,
        pictures.c.size_bytes,
    )
    .where(pictures.c.expired_at.is_(None))
    .order_by(pictures.c.created_at.desc(), pictures.c.id.desc())
)
_ALL = select(func.count(), func.coalesce(func.sum(pictures.c.size_bytes), 0)).where(
    pictures.c.expired_at.is_(None)
)
_EXPIRE = (
    pictures.update()
    .where(pictures.c.id == bindparam("picture"), pictures.c.expired_at.is_(None))
    .values(expired_at=bindparam("now"))
)

# The ids of jobs and albums at work: their pictures are kept, whatever it takes.
InUse = Callable[[Connection], Collection[str]]


class Pruner:
    """After a picture was kept, `wake` looks whether there are too many. 0 stands for any number."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        storage: Storage,
        *,
        most_files: int,
        most_bytes: int,
        in_use: InUse,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._storage = storage
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._in_use = in_use
        self._thread = Periodic("pruner", _LOOK_SECONDS, self.prune)

    def start(self) -> None:
        if self._most_files or self._most_bytes:
            self._thread.start()

    def stop(self) -> None:
        self._thread.stop()

    def wake(self) -> None:
        self._thread.wake()

    def prune(self) -> int:
        """Remove what is too much now; how many pictures that were."""
        removed = 0
        for picture in self._too_many():
            # The row first: from then on the answer is that it expired, not that it never was.
            self._ledger.write(partial(_expire, picture_id=picture.id))
            try:
                self._storage.delete(picture.file)
            except StoryfarmError as error:
                log.warning("picture.not_removed", file=picture.file, code=error.code)
            removed += 1
        if removed:
            log.info("pictures.expired", pictures=removed)
        return removed

    def _too_many(self) -> list[Any]:
        """The oldest ones beyond the newest N, and beyond the size; nothing that is in use."""
        with self._database.read() as tx:
            count, total = tx.execute(_ALL).one()
            if not self._is_too_much(count, total):
                return []
            kept_for = frozenset(self._in_use(tx))
            found = list(tx.execute(_NEWEST_FIRST))
        too_many = []
        files = size = 0
        kept_albums = set()
        for picture in found:
            files, size = files + 1, size + picture.size_bytes
            # The hero of a book goes with the book's last page: it is needed when one is drawn again.
            is_needed = picture.slot == HERO and picture.album in kept_albums
            is_in_use = is_needed or kept_for & {picture.job_id, picture.album}
            if not self._is_too_much(files, size) or is_in_use:
                kept_albums.add(picture.album)
            else:
                too_many.append(picture)
                files, size = files - 1, size - picture.size_bytes
        return too_many

    def _is_too_much(self, files: int, size: int) -> bool:
        return bool(
            (self._most_files and files > self._most_files) or (self._most_bytes and size > self._most_bytes)
        )


def _expire(tx: Connection, picture_id: str) -> None:
    tx.execute(_EXPIRE, {"picture": picture_id, "now": time.time()})
