"""Wakes those who wait for a topic, each on its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from utils import remaining


class Stopping(Exception):
    """The service is stopping: whoever waits leaves its work to the next start."""


class Waiter:
    """One thread's place in front of a topic."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._stopping = False

    def stop(self) -> None:
        self._stopping = True
        self._event.set()

    def wake(self) -> None:
        self._event.set()

    def wait(self, deadline: float) -> bool:
        """Sleep until the topic was notified (True), or until `deadline`, a monotonic time (False).

        Raises Stopping when the notifier is closed.
        """
        woken = self._event.wait(remaining(deadline))
        self._event.clear()
        if self._stopping:
            self._event.set()  # nobody waits here again
            raise Stopping
        return woken


class Notifier:
    """Says *that* something about a topic has changed; *what* has changed stands in the database.

    Each waiter has an event of its own: one shared condition would wake everybody for every picture.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, list[Waiter]] = {}
        self._closed = False

    def notify(self, topic: str) -> int:
        """Wake everybody who waits for `topic`; how many that were."""
        with self._lock:
            waiters = tuple(self._waiters.get(topic, ()))
        for waiter in waiters:
            waiter.wake()
        return len(waiters)

    def close(self) -> None:
        """End all waiting, that of those who are yet to come too."""
        with self._lock:
            self._closed = True
            waiters = [waiter for waiting in self._waiters.values() for waiter in waiting]
        for waiter in waiters:
            waiter.stop()

    @contextmanager
    def listen(self, topic: str) -> Iterator[Waiter]:
        """From here on no change of `topic` is missed: read the row, wait, and read it again."""
        waiter = Waiter()
        with self._lock:
            self._waiters.setdefault(topic, []).append(waiter)
            if self._closed:
                waiter.stop()
        try:
            yield waiter
        finally:
            with self._lock:
                self._waiters[topic].remove(waiter)
                if not self._waiters[topic]:
                    del self._waiters[topic]
