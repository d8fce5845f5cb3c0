"""Telling a job's end: when, how often, and what becomes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from database import Database
from errors import ProviderError
from jobs import callbacks, rows
from jobs.callbacks import PAUSES, Callback, Deliverer
from jobs.rows import Job
from ledger import Ledger
from tables import callbacks as table

TARGET = Callback("https://example.com/done", "https://stories.example.com")


class Receiver:
    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.error: ProviderError | None = None

    def post(self, url: str, *, message_id: str, body: bytes, sent_at: datetime, deadline: float) -> None:
        self.messages.append({"url": url, "id": message_id, "sent_at": sent_at, **json.loads(body)})
        if self.error:
            raise self.error


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def another_process(database: Database, receiver: Receiver) -> Deliverer:
    return Deliverer(
        database, Ledger(database), receiver.post, lambda job, base: {"id": job.id, "pictures": base}
    )


@pytest.fixture
def deliverer(database: Database, receiver: Receiver) -> Iterator[Deliverer]:
    made = another_process(database, receiver)
    yield made
    made.stop()


def record(database: Database, *, is_ended: bool = True) -> Job:
    job = rows.new("test", {})
    with database.write() as tx:
        rows.insert(tx, job)
        callbacks.insert(tx, job.id, TARGET)
        if is_ended:
            rows.cancel(tx, job.id)
    return job


def row_of(database: Database, job: Job) -> Any:
    with database.read() as tx:
        return tx.execute(select(table).where(table.c.job_id == job.id)).one()


def make_due(database: Database) -> None:
    with database.write() as tx:
        tx.execute(update(table).values(due_at=time.time() - 1))


def test_the_end_is_told_with_the_job_as_every_answer_shows_it(
    database: Database, deliverer: Deliverer, receiver: Receiver
) -> None:
    job = record(database)

    deliverer.deliver()

    (message,) = receiver.messages
    assert (message["url"], message["id"]) == (TARGET.url, f"msg_{job.id}")
    assert message["type"] == "job.cancelled"
    assert message["data"] == {"id": job.id, "pictures": "https://stories.example.com"}
    assert row_of(database, job).outcome == "delivered"


def test_nothing_is_told_before_the_end_or_twice(
    database: Database, deliverer: Deliverer, receiver: Receiver
) -> None:
    job = record(database, is_ended=False)
    deliverer.deliver()
    assert receiver.messages == []

    with database.write() as tx:
        rows.cancel(tx, job.id)
    deliverer.deliver()
    make_due(database)
    deliverer.deliver()

    assert len(receiver.messages) == 1


def test_two_processes_tell_an_end_once(database: Database, deliverer: Deliverer, receiver: Receiver) -> None:
    record(database)
    other = another_process(database, receiver)
    (seen,) = other._due()

    deliverer.deliver()
    other._tell(seen)  # it had seen the same, but was slower
    other.stop()

    assert len(receiver.messages) == 1


def test_who_does_not_listen_is_told_again_with_growing_pauses_and_then_given_up(
    database: Database, deliverer: Deliverer, receiver: Receiver
) -> None:
    job = record(database)
    receiver.error = ProviderError("503", code="callback_failed")
    pauses = []

    for number in range(len(PAUSES) + 1):
        before = time.time()
        deliverer.deliver()
        if number < len(PAUSES):
            pauses.append(row_of(database, job).due_at - before)
            make_due(database)
    deliverer.deliver()

    assert len(receiver.messages) == len(PAUSES) + 1
    assert pauses == pytest.approx(PAUSES, abs=2)
    assert row_of(database, job).outcome == "callback_failed"


def test_an_address_that_is_gone_is_not_told_again(
    database: Database, deliverer: Deliverer, receiver: Receiver
) -> None:
    job = record(database)
    receiver.error = ProviderError("410", code="callback_failed", permanent=True)

    deliverer.deliver()
    make_due(database)
    deliverer.deliver()

    assert len(receiver.messages) == 1
    assert row_of(database, job).outcome == "callback_failed"
