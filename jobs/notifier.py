"""Wakes those who wait for a topic, each on its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from utils import remaining


class Stopping(Exception):
    """The service is stopping: whoever waits leaves its work to the next start."""


class Waiter:
    """One thread's place in front of some topics. It wakes at least every `tick` seconds."""

    def __init__(self, tick: float) -> None:
        self._event = threading.Event()
        self._tick = tick
        self._stopping = False

    def stop(self) -> None:
        self._stopping = True
        self._event.set()

    def wake(self) -> None:
        self._event.set()

    def wait(self, deadline: float) -> bool:
        """Sleep until it is worth looking again (True), or until `deadline`, a monotonic time (False).

        Raises Stopping when the notifier is closed.
        """
        tick_at = time.monotonic() + self._tick
        woken = self._event.wait(remaining(min(deadline, tick_at)))
        self._event.clear()
        if self._stopping:
            self._event.set()  # nobody waits here again
            raise Stopping
        return woken or tick_at < deadline


class Notifier:
    """Says *that* something about a topic has changed; *what* has changed stands in the database.

    Each waiter has an event of its own: one shared condition would wake everybody for every picture.
    `tell_others` passes a topic on to other processes. News of theirs may get lost, so every waiter looks
    again after `tick` seconds by itself.
    """

    def __init__(self, *, tick: float = 5.0, tell_others: Callable[[str], object] | None = None) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, list[Waiter]] = {}
        self._closed = False
        self._tick = tick
        self._handlers: dict[str, Callable[[str], None]] = {}
        self.tell_others = tell_others

    def notify(self, topic: str) -> int:
        """Wake everybody who waits for `topic`; how many that were in this process."""
        self.notify_others(topic)
        return self.wake(topic)

    def notify_others(self, topic: str) -> None:
        """Wake those who wait for `topic` in other processes."""
        if self.tell_others:
            self.tell_others(topic)

    def wake(self, topic: str) -> int:
        """Wake those in this process who wait for `topic`; how many they were."""
        with self._lock:
            waiters = tuple(self._waiters.get(topic, ()))
        for waiter in waiters:
            waiter.wake()
        if handler := self._handlers.get(topic.partition(":")[0]):
            handler(topic)
        return len(waiters)

    def on(self, name: str, handler: Callable[[str], None]) -> None:
        """Call `handler` with each topic that is `name`, or begins with `name` and a colon.

        It must return at once.
        """
        self._handlers[name] = handler

    def wake_all(self) -> None:
        """News may have been lost: everybody had better look."""
        for waiter in self._all():
            waiter.wake()

    def close(self) -> None:
        """End all waiting, that of those who are yet to come too."""
        self._closed = True
        for waiter in self._all():
            waiter.stop()

    @contextmanager
    def listen(self, *topics: str) -> Iterator[Waiter]:
        """From here on no change of these topics is missed: read the row, wait, and read it again."""
        waiter = Waiter(self._tick)
        with self._lock:
            for topic in topics:
                self._waiters.setdefault(topic, []).append(waiter)
            if self._closed:
                waiter.stop()
        try:
            yield waiter
        finally:
            with self._lock:
                for topic in topics:
                    self._waiters[topic].remove(waiter)
                    if not self._waiters[topic]:
                        del self._waiters[topic]

    def _all(self) -> list[Waiter]:
        with self._lock:
            return [waiter for waiting in self._waiters.values() for waiter in waiting]
