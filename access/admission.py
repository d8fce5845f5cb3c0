"""Limits how many requests are held at once, so that /health stays quick under any load."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import metrics
from errors import Busy


class Admission:
    """`limit` requests may be held; `retry_after` seconds is what those turned away are told."""

    def __init__(self, limit: int, *, retry_after: int) -> None:
        self._limit = limit
        self._retry_after = retry_after
        self._lock = threading.Lock()
        self.held = 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """A place for the time of the block. Raises Busy at once if there is none."""
        with self._lock:
            if self.held >= self._limit:
                raise Busy(
                    f"{self.held} stories are being told already. Please try again in a moment.",
                    retry_after=self._retry_after,
                    limit=self._limit,
                )
            self.held += 1
        metrics.HELD.inc()
        try:
            yield
        finally:
            with self._lock:
                self.held -= 1
            metrics.HELD.dec()
