"""rembg, where somebody has installed it: it frees a figure from any background, even a lively one."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable

import structlog

from images.editing import CheckedImage, check_image

log = structlog.get_logger()

Remove = Callable[[bytes], CheckedImage | None]


def find_remover() -> Remove | None:
    """A function that gives the figure as a PNG, or None where it fails; None if rembg is not there.

    rembg fetches its model, some hundred megabytes, when it is first used.
    """
    if importlib.util.find_spec("rembg") is None:
        return None
    return _remove


def _remove(content: bytes) -> CheckedImage | None:
    try:
        return check_image(bytes(importlib.import_module("rembg").remove(content)))
    except Exception as error:  # noqa: BLE001  (whatever it is: there is another way to cut out)
        log.warning("rembg.failed", error=type(error).__name__)
        return None
