"""Calls workers to jobs, with huey: within this process, and over PostgreSQL to others.

huey delivers at most once: a call whose process is killed is gone. So it carries nothing but the job's id,
the job's row says what is to be done, and a sweep calls again (jobs.work).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey import Huey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage, SqliteStorage

from database import patient
from jobs.notifier import Notifier

TOPIC = "bell"
# How long a free worker sleeps at most before it looks by itself.
_LOOK_SECONDS = 2.0
_NAME = "storyfarm"


class Bell:
    """`start` makes `workers` threads, each of which answers one call at a time with `answer(job_id)`."""

    def __init__(self, storage: dict[str, Any], notifier: Notifier) -> None:
        self._notifier = notifier
        self._huey = Huey(_NAME, results=False, serializer=_Json(), **storage)
        self._answer: Callable[[str], None] = _nobody
        self._call = self._huey.task(name="do")(self._do)
        self._consumer: _Consumer | None = None
        notifier.on(TOPIC, lambda _topic: self._huey.storage.wake_one())

    def _do(self, job_id: str) -> None:
        self._answer(job_id)

    def ring(self, job_id: str) -> None:
        """Call somebody to this job; returns at once."""
        self._call(job_id)
        self._notifier.notify_others(TOPIC)

    def waiting(self) -> int:
        """How many calls nobody has answered yet."""
        return int(self._huey.pending_count())

    def start(self, answer: Callable[[str], None], *, workers: int) -> None:
        self._answer = answer
        if workers:
            self._consumer = _Consumer(self._huey, workers=workers, periodic=False, scheduler_interval=60)
            self._consumer.start()

    def stop(self, *, seconds: float) -> None:
        """Take no more calls, and wait for those that are being answered, `seconds` at most."""
        if not self._consumer:
            return
        self._consumer.stop_flag.set()
        self._huey.storage.dismiss()
        deadline = time.monotonic() + seconds
        for _, thread in self._consumer.worker_threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        self._huey.storage.close()


class _Sleeping:
    """Workers without work sleep until somebody rings, instead of looking all the time."""

    blocking = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._bell = threading.Condition()
        self._is_dismissed = False
        super().__init__(*args, **kwargs)

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        super().enqueue(data, priority)  # type: ignore[misc]
        self.wake_one()

    def dequeue(self) -> bytes | None:
        with self._bell:
            if (data := self._take()) is not None:
                return data
            if self._is_dismissed:
                return None
            self._bell.wait(_LOOK_SECONDS)
        return self._take()

    def _take(self) -> bytes | None:
        raise NotImplementedError

    def wake_one(self) -> None:
        with self._bell:
            self._bell.notify()

    def dismiss(self) -> None:
        """Let nobody sleep any more: the workers end."""
        with self._bell:
            self._is_dismissed = True
            self._bell.notify_all()


class _SleepingSqlite(_Sleeping, SqliteStorage):  # type: ignore[misc]
    def _take(self) -> bytes | None:
        data: bytes | None = SqliteStorage.dequeue(self)
        return data


class _SleepingPostgres(_Sleeping, PostgresStorage):  # type: ignore[misc]
    def _take(self) -> bytes | None:
        data: bytes | None = self._dequeue()
        return data


class _Consumer(Consumer):  # type: ignore[misc]
    def _set_signal_handlers(self) -> None:
        """The server's own handlers stay: huey would take the whole process's."""


class _Json(Serializer):  # type: ignore[misc]
    """huey's own form is pickle, which runs whatever somebody has put into the table."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(bytes(data)))


def _nobody(job_id: str) -> None:
    raise RuntimeError(f"Nobody does jobs here yet: {job_id}")


def open_bell(data_dir: Path, database_url: str, notifier: Notifier) -> Bell:
    """A bell beside the database: PostgreSQL's own tables, or a file of its own in `data_dir`."""
    if database_url:
        return Bell(
            {"storage_class": _SleepingPostgres, "dsn": patient(database_url), "create_tables": False},
            notifier,
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    file = str(data_dir / "queue.sqlite3")
    return Bell({"storage_class": _SleepingSqlite, "filename": file}, notifier)
