"""Limits how many requests are held at once, so that /health stays quick under any load."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from errors import Busy


class Admission:
    """`limit` requests may be held; `retry_after` seconds is what those turned away are told.

    `full` says what there is too much of: "{held} stories are being told already."
    """

    def __init__(self, limit: int, *, retry_after: int, full: str, gauge: Gauge) -> None:
        self._limit = limit
        self._retry_after = retry_after
        self._full = full
        self._gauge = gauge
        self._lock = threading.Lock()
        self.is_closed = False
        self.held = 0

    def close(self) -> None:
        """Give out no more places; those who hold one may look at `is_closed`."""
        self.is_closed = True

    @contextmanager
    def hold(self) -> Iterator[None]:
        """A place for the time of the block. Raises Busy at once if there is none."""
        with self._lock:
            if self.is_closed:
                raise Busy("The service is restarting. Please try again in a moment.")
            if self.held >= self._limit:
                raise Busy(
                    f"{self._full.format(held=self.held)} Please try again in a moment.",
                    retry_after=self._retry_after,
                    limit=self._limit,
                )
            self.held += 1
        self._gauge.inc()
        try:
            yield
        finally:
            with self._lock:
                self.held -= 1
            self._gauge.dec()
