"""Pictures that people bring along: checked, encoded anew, and kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, delete, select

from database import Database
from errors import Busy, InvalidRequest, NotFound, ProviderError, TooLarge
from images.editing import ENDINGS, CheckedImage, check_image, cleaned
from images.storage import Storage
from ledger import Ledger
from tables import uploads
from utils import new_id

MAX_BYTES = 10_000_000
MAX_PIXELS = 40_000_000
_BATCH = 100
_AT_ONCE = 2
_HAND_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A kept picture; `file` is its name in the storage and under /uploads/."""

    file: str
    owner: str
    mime: str
    width: int
    height: int
    size_bytes: int
    created_at: float

    @property
    def path(self) -> str:
        return f"/uploads/{self.file}"


class Uploads:
    def __init__(self, database: Database, ledger: Ledger, storage: Storage) -> None:
        self._database = database
        self._ledger = ledger
        self._storage = storage
        # A picture of 40 megapixels takes half a gigabyte while it is encoded anew.
        self._hands = threading.BoundedSemaphore(_AT_ONCE)

    def keep(self, content: bytes, *, owner: str, field: str = "file") -> Upload:
        """Keep a picture from outside. Raises Busy, or InvalidRequest or TooLarge, which name `field`."""
        with self._hand():
            image = taken(content, field)
        upload = Upload(
            file=f"{new_id()}.{ENDINGS[image.mime]}",
            owner=owner,
            mime=image.mime,
            width=image.width,
            height=image.height,
            size_bytes=len(image.content),
            created_at=time.time(),
        )
        self._storage.put(upload.file, image.content)
        self._ledger.write(lambda tx: tx.execute(uploads.insert(), vars(upload)))
        return upload

    def find(self, file: str, owner: str | None = None) -> Upload:
        """The upload that was kept as `file`; with `owner`, only if it is theirs. Raises NotFound."""
        with self._database.read() as tx:
            row = tx.execute(select(uploads).where(uploads.c.file == file)).first()
        if row is None or owner not in (None, row.owner):
            raise NotFound("There is no such upload; it may have been too old to be kept.")
        return Upload(**row._mapping)

    def content(self, file: str, owner: str | None = None) -> bytes:
        """The bytes of `find(file, owner)`. Raises NotFound or ProviderError."""
        return self._storage.get(self.find(file, owner).file)

    def read(self, file: str) -> CheckedImage:
        """The picture that was kept as `file`. Raises Busy, NotFound or ProviderError."""
        content = self.content(file)
        with self._hand():
            return check_image(content)

    @contextmanager
    def _hand(self) -> Iterator[None]:
        if not self._hands.acquire(timeout=_HAND_SECONDS):
            raise Busy("Too many pictures are being read right now. Please try again in a moment.")
        try:
            yield
        finally:
            self._hands.release()

    def forget_old(self, days: float) -> int:
        """Remove uploads that are older than `days`; how many that were. Books have copies of theirs."""
        removed = 0
        while files := self._older_than(time.time() - days * 86_400):
            for file in files:
                self._storage.delete(file)
            self._ledger.write(partial(_forget, files=files))
            removed += len(files)
        return removed

    def _older_than(self, moment: float) -> list[str]:
        with self._database.read() as tx:
            old = select(uploads.c.file).where(uploads.c.created_at < moment).limit(_BATCH)
            return list(tx.execute(old).scalars())


def _forget(tx: Connection, files: list[str]) -> None:
    tx.execute(delete(uploads).where(uploads.c.file.in_(files)))


def taken(content: bytes, field: str) -> CheckedImage:
    """A picture from outside, encoded anew so that nothing but its pixels is left of it.

    Raises InvalidRequest for what is no PNG, JPEG or WebP, TooLarge for over 10 MB or 40 megapixels.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge(
            f"{field} has {len(content) / 1e6:.1f} MB; at most {MAX_BYTES // 1_000_000} MB are taken.",
            field=field,
            limit=MAX_BYTES,
        )
    try:
        return cleaned(content, most_pixels=MAX_PIXELS)
    except ProviderError as error:
        if error.code == "picture_too_large":
            raise TooLarge(f"{field}: {error.detail}", field=field, limit=MAX_PIXELS) from error
        raise InvalidRequest(
            f"{field} must be a whole picture: a PNG, a JPEG or a WebP.", code="not_a_picture", field=field
        ) from error
