"""The pictures of a set as one ZIP, named after those who are in them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from errors import NotFound
from images.storage import Storage
from utils import plain_name

FILE_NAME = "characters.zip"
_ORIGINALS = "originals/"


def set_zip(status: dict[str, Any], storage: Storage) -> bytes:
    """What a set's status shows: each picture, and in a folder the original where that is another one.

    Raises NotFound while nothing is painted.
    """
    buffer = io.BytesIO()
    taken: set[str] = set()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for kind in ("character", "background"):
            for entry in status[kind]:
                if entry["imageUrl"]:
                    stem = _free(plain_name(entry["name"]) or kind, taken)
                    _add(archive, entry, stem, storage)
    if not taken:
        raise NotFound("This set has no pictures to download yet.")
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, entry: dict[str, Any], stem: str, storage: Storage) -> None:
    shown, original = (entry[key].rpartition("/")[2] for key in ("imageUrl", "originalUrl"))
    archive.writestr(_named(stem, shown), storage.get(shown))
    if original != shown:
        archive.writestr(_ORIGINALS + _named(stem, original), storage.get(original))


def _named(stem: str, file: str) -> str:
    return f"{stem}.{file.rpartition('.')[2]}"


def _free(stem: str, taken: set[str]) -> str:
    """The stem, with a number if another picture has it already; it is taken from now on."""
    free = stem
    number = 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    taken.add(free)
    return free
