"""Bounds how often something wrong may be tried, in this process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from errors import TooManyAttempts


class Guesses:
    """At most `limit` wrong attempts within `seconds`; `clock` is monotonic."""

    def __init__(
        self, limit: int, *, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        # The times of the last wrong ones.
        self._wrong: deque[float] = deque(maxlen=limit)

    def check(self) -> None:
        """Raises TooManyAttempts while there were too many."""
        with self._lock:
            if len(self._wrong) < (self._wrong.maxlen or 0):
                return
            wait = self._wrong[0] + self._seconds - self._clock()
        if wait > 0:
            raise TooManyAttempts(
                f"Too many wrong attempts to sign in. Try again in {round(wait) or 1} seconds.",
                retry_after=round(wait) or 1,
            )

    def count_wrong(self) -> None:
        with self._lock:
            self._wrong.append(self._clock())
