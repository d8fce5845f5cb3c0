"""Pictures that others are painted after."""

from __future__ import annotations

import structlog

from errors import StoryfarmError
from images.editing import CheckedImage, check_image
from images.records import Picture
from images.storage import Storage

log = structlog.get_logger()


def newest(pictures: tuple[Picture, ...], slot: str) -> Picture | None:
    """The picture that counts for a slot: the last one that is still there."""
    there = [picture for picture in pictures if picture.slot == slot and not picture.expired_at]
    return there[-1] if there else None


def load_image(storage: Storage, picture: Picture) -> CheckedImage | None:
    """The picture's bytes; None if they are gone, which is logged."""
    try:
        return check_image(storage.get(picture.file))
    except StoryfarmError as error:
        log.warning("reference.unreadable", file=picture.file, code=error.code)
        return None
