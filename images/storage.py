"""Keeps the bytes of pictures: on the local disk, or in an object store."""

from __future__ import annotations

import re
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from errors import NotFound, OutOfSpace, ProviderError

# Our own names: an id of 32 hexadecimal digits, perhaps a number, and one of three endings.
_NAME = re.compile(r"[0-9a-f]{32}(-[1-4])?\.(png|jpg|webp)")
_FULL_DISK = ("No space left on device", "os error 28", "quota exceeded")


class Storage:
    """Pictures by file name. Names from a request are checked and never opened as a path."""

    def __init__(self, store: ObjectStore, place: str) -> None:
        self._store = store
        self.place = place

    def put(self, name: str, content: bytes) -> None:
        """Keep `content`; it is there whole or not at all. Raises OutOfSpace or ProviderError."""
        try:
            obstore.put(self._store, name, content)
        except (BaseError, OSError) as error:
            if any(sign in str(error) for sign in _FULL_DISK):
                raise OutOfSpace("The picture could not be kept: the storage is full.") from error
            raise ProviderError("The picture could not be kept.", code="storage_failed") from error

    def get(self, name: str) -> bytes:
        """The bytes kept under `name`. Raises NotFound."""
        if not _NAME.fullmatch(name):
            raise NotFound("There is no such picture.")
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError as error:
            raise NotFound("There is no such picture.") from error
        except BaseError as error:
            raise ProviderError("The picture could not be read.", code="storage_failed") from error

    def check(self) -> None:
        """Write, read and delete a small file; raises ProviderError or OutOfSpace."""
        name = "0" * 32 + ".png"
        self.put(name, b"storyfarm")
        if self.get(name) != b"storyfarm":
            raise ProviderError("The storage gives back other bytes than it took.", code="storage_failed")
        obstore.delete(self._store, name)


def open_storage(url: str, data_dir: Path) -> Storage:
    """The object store at `url`, or the folder `images` in `data_dir` if there is none.

    Object stores read their keys from their usual variables (AWS_ACCESS_KEY_ID, ...). Raises ProviderError
    for a URL that is none of theirs.
    """
    if url:
        try:
            return Storage(from_url(url), url)
        except (BaseError, ValueError) as error:
            raise ProviderError(
                "STORAGE_URL is not the address of an object store.", code="storage_failed", permanent=True
            ) from error
    folder = (data_dir / "images").resolve()
    return Storage(LocalStore(folder, mkdir=True), str(folder))
