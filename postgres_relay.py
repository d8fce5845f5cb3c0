"""Passes the notifier's topics between processes, over PostgreSQL's LISTEN and NOTIFY."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

import psycopg
import structlog

from database import patient
from jobs.notifier import Notifier

log = structlog.get_logger()

_CHANNEL = "storyfarm"
_MOST_WAITING = 10_000
_BATCH = 200
_LOOK_SECONDS = 1.0
_LONGEST_PAUSE = 5.0


class PostgresRelay:
    """One connection that listens and one that tells, each on a thread, each made anew when it breaks.

    LISTEN does not work through a pooler in transaction mode: `url` must lead to the server itself.
    """

    def __init__(self, url: str, notifier: Notifier) -> None:
        self._url = url
        self._notifier = notifier
        self._topics: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._own_pid = 0
        self._threads = [
            threading.Thread(target=self._keep_up, args=(work,), name=f"relay-{name}", daemon=True)
            for name, work in (("tell", self._tell_others), ("hear", self._hear_others))
        ]
        notifier.tell_others = self.tell

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Pass on what was said so far, and end, within some seconds."""
        self._notifier.tell_others = None
        self._stopping.set()
        self._topics.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5)

    def tell(self, topic: str) -> None:
        """Let the other processes know. News that do not fit are dropped: waiters look by themselves."""
        if self._topics.qsize() < _MOST_WAITING:
            self._topics.put(topic)

    def _keep_up(self, work: Callable[[psycopg.Connection], None]) -> None:
        pause = 0.1
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                with psycopg.connect(patient(self._url), autocommit=True) as connection:
                    work(connection)
            except psycopg.Error as error:
                log.warning("relay.broke", error=type(error).__name__)
            pause = 0.1 if time.monotonic() - started > 30 else min(pause * 2, _LONGEST_PAUSE)
            self._stopping.wait(pause)

    def _tell_others(self, connection: psycopg.Connection) -> None:
        self._own_pid = connection.info.backend_pid
        while (topic := self._topics.get()) is not None:
            topics = {topic}
            while len(topics) < _BATCH and self._topics.qsize():
                if (more := self._topics.get()) is None:
                    self._topics.put(None)
                    break
                topics.add(more)
            connection.execute(
                "SELECT pg_notify(%s, topic) FROM unnest(%s::text[]) AS topic", (_CHANNEL, list(topics))
            )
        connection.execute(f"NOTIFY {_CHANNEL}")  # our own hearing thread looks up, and ends

    def _hear_others(self, connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {_CHANNEL}")
        self._notifier.wake_all()  # something may have been said while nobody listened
        while not self._stopping.is_set():
            for heard in connection.notifies(timeout=_LOOK_SECONDS):
                if heard.pid != self._own_pid:
                    self._notifier.wake(heard.payload)
                if self._stopping.is_set():
                    break
