"""A thread that does something now and then, whatever goes wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from errors import StoryfarmError

log = structlog.get_logger()


class Periodic:
    """Calls `action` at once, then every `seconds`, and sooner when it is woken."""

    def __init__(self, name: str, seconds: float, action: Callable[[], object]) -> None:
        self._name = name
        self._seconds = seconds
        self._action = action
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, *, seconds: float = 10.0) -> None:
        """End after the call that is under way, or after `seconds`."""
        self._stopping = True
        self._wake.set()
        if self._thread:
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._action()
            except (SQLAlchemyError, StoryfarmError) as error:
                log.error("periodic.failed", periodic=self._name, error=type(error).__name__)
            except Exception:  # a bug now must not end what is to be done later
                log.exception("periodic.broke", periodic=self._name)
            self._wake.wait(self._seconds)
            self._wake.clear()
