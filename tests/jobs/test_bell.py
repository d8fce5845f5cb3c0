"""Calls to workers: every call is answered once, at once, and none is pickled."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from database import Database, PostgresDatabase
from jobs.bell import Bell, open_bell
from jobs.notifier import Notifier
from tests.support import wait_until


@pytest.fixture
def url(database: Database) -> str:
    return database.url if isinstance(database, PostgresDatabase) else ""


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


@pytest.fixture
def bell(url: str, tmp_path: Path, notifier: Notifier) -> Iterator[Bell]:
    made = open_bell(tmp_path, url, notifier)
    yield made
    made.stop(seconds=5)
    made.close()


def test_every_call_is_answered_once(bell: Bell) -> None:
    answered: Counter[str] = Counter()
    bell.start(lambda job_id: answered.update([job_id]), workers=4)

    for number in range(50):
        bell.ring(f"job {number}")

    wait_until(lambda: len(answered) == 50)
    assert set(answered.values()) == {1}


def test_calls_wait_for_somebody_to_answer(bell: Bell) -> None:
    answered: list[str] = []
    bell.ring("early")

    bell.start(answered.append, workers=1)

    wait_until(lambda: answered == ["early"])


def test_a_worker_that_breaks_goes_on_answering(bell: Bell) -> None:
    answered: list[str] = []

    def answer(job_id: str) -> None:
        answered.append(job_id)
        if job_id == "bad":
            raise RuntimeError("a bug")

    bell.start(answer, workers=1)
    bell.ring("bad")
    bell.ring("good")

    wait_until(lambda: answered == ["bad", "good"])


def test_another_process_is_woken_by_the_notifier(
    bell: Bell, notifier: Notifier, url: str, tmp_path: Path
) -> None:
    caller = open_bell(tmp_path, url, Notifier(tell_others=notifier.wake))
    answered: list[str] = []
    woken = threading.Event()

    def answer(job_id: str) -> None:
        answered.append(job_id)
        woken.set()

    bell.start(answer, workers=1)
    caller.ring("from afar")

    # Without the call a worker looks every two seconds.
    assert woken.wait(20)
    assert answered == ["from afar"]
    caller.close()


def test_a_stopped_bell_leaves_calls_for_the_next_start(bell: Bell, url: str, tmp_path: Path) -> None:
    bell.start(lambda _job_id: None, workers=2)
    bell.stop(seconds=5)
    bell.ring("later")

    answered: list[str] = []
    after_restart = open_bell(tmp_path, url, Notifier())
    after_restart.start(answered.append, workers=1)

    wait_until(lambda: answered == ["later"])
    after_restart.stop(seconds=5)
    after_restart.close()


def test_calls_are_json_and_hold_nothing_but_the_id(bell: Bell, url: str, tmp_path: Path) -> None:
    bell.ring("the-job")

    if url:
        with psycopg.connect(url) as server:
            data = server.execute("SELECT data FROM huey_task").fetchall()
    else:
        with closing(sqlite3.connect(tmp_path / "queue.sqlite3")) as file:
            data = file.execute("SELECT data FROM task").fetchall()

    assert ["the-job"] in json.loads(bytes(data[0][0]))
