"""What runs in exactly one process: who has the lease, and who takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import update

from database import Database
from jobs import leases
from jobs.leases import Duty
from tables import leases as table
from tests.support import wait_until

SECONDS = 0.6


class Process:
    """Counts how often it is at work; never more than one of its kind may be."""

    at_work = threading.Semaphore(1)

    def __init__(self, database: Database) -> None:
        self.begun = 0
        self.faults: list[str] = []
        self.duty = Duty(
            database, "test", seconds=SECONDS, begin=self._begin, end=self._end, note=lambda: "all is well"
        )

    def _begin(self) -> None:
        if not self.at_work.acquire(blocking=False):
            self.faults.append("two at work")
        self.begun += 1

    def _end(self) -> None:
        self.at_work.release()


@pytest.fixture
def start(database: Database) -> Iterator[Callable[[], Process]]:
    started: list[Process] = []

    def begin() -> Process:
        started.append(process := Process(database))
        process.duty.start()
        return process

    yield begin
    for process in started:
        process.duty.stop()
        assert process.faults == []


def test_the_first_takes_it_and_the_others_wait(start: Callable[[], Process]) -> None:
    processes = [start() for _ in range(3)]

    wait_until(lambda: any(process.duty.is_mine for process in processes))
    lease = processes[0].duty.look()

    assert sum(process.begun for process in processes) == 1
    assert lease is not None
    assert lease.is_held


def test_whoever_stops_lets_another_have_it(start: Callable[[], Process]) -> None:
    first = start()
    wait_until(lambda: first.duty.is_mine)
    second = start()

    first.duty.stop()

    wait_until(lambda: second.duty.is_mine)


def test_a_lease_that_was_lost_ends_the_work(start: Callable[[], Process], database: Database) -> None:
    process = start()
    wait_until(lambda: process.duty.is_mine)

    with database.write() as tx:  # it was silent for too long, and another process took over
        tx.execute(update(table).values(owner="another", until=time.time() + 60))

    wait_until(lambda: not process.duty.is_mine)
    with database.write() as tx:
        tx.execute(update(table).values(until=0.0))
    wait_until(lambda: process.begun == 2)


def test_the_others_can_read_what_the_holder_says(start: Callable[[], Process]) -> None:
    start()
    other = start()

    wait_until(lambda: (lease := other.duty.look()) and lease.note == "all is well")


def test_work_that_cannot_be_begun_is_tried_again(database: Database) -> None:
    attempts: list[int] = []

    def begin() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("not yet")

    duty = Duty(database, "test", seconds=SECONDS, begin=begin, end=lambda: None, note=lambda: "")
    duty.start()

    wait_until(lambda: len(attempts) == 2 and duty.is_mine)
    duty.stop()


def test_only_the_holder_can_keep_a_lease(database: Database) -> None:
    with database.write() as tx:
        tx.execute(table.insert().values(name="test", owner="me", until=time.time() + 60, note=""))

        assert leases.take(tx, "test", "me", seconds=60, note="mine")
        assert not leases.take(tx, "test", "you", seconds=60, note="yours")

        tx.execute(update(table).values(until=time.time() - 1))
        assert leases.take(tx, "test", "you", seconds=60, note="yours")
