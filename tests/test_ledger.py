"""One thread writes for all others: in order, together, and without losing anything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from database import Database
from errors import OutOfSpace, StoryfarmError
from ledger import Entry, Ledger
from tables import channels

SECONDS = 20.0


class Impatient(threading.Event):
    """An event on which nobody waits for long: pauses between attempts take no time."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def add(id: int) -> Callable[[Connection], object]:
    return lambda tx: tx.execute(channels.insert(), {"id": id, "last_message_id": 0})


def ids(database: Database) -> list[int]:
    with database.read() as tx:
        return [row.id for row in tx.execute(select(channels.c.id).order_by(channels.c.id))]


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    made = Ledger(database)
    made.start()
    yield made
    made.stop()


@contextmanager
def held_up(ledger: Ledger) -> Iterator[None]:
    """Within the block the ledger is busy, so that what is put gathers; then it writes all of it."""
    begun, go_on = threading.Event(), threading.Event()
    ledger.put(Entry(effects=[begun.set, lambda: go_on.wait(SECONDS)]))
    assert begun.wait(SECONDS)
    try:
        yield
    finally:
        go_on.set()


def test_what_is_written_is_there_when_the_call_returns(ledger: Ledger, database: Database) -> None:
    ledger.write(add(1), add(2))

    assert ids(database) == [1, 2]


def test_what_waits_at_the_same_time_shares_a_transaction(
    ledger: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions: list[int] = []
    write = database.write

    @contextmanager
    def counted() -> Iterator[Connection]:
        transactions.append(1)
        with write() as tx:
            yield tx

    monkeypatch.setattr(database, "write", counted)
    with held_up(ledger):
        for number in range(1, 21):
            ledger.put(Entry(writes=[add(number)]))
    ledger.write()

    assert ids(database) == list(range(1, 21))
    assert len(transactions) == 1


def test_effects_follow_their_writes_in_order(ledger: Ledger, database: Database) -> None:
    seen: list[list[int]] = []
    with held_up(ledger):
        for number in (1, 2):
            ledger.put(Entry(writes=[add(number)], effects=[lambda: seen.append(ids(database))]))
    ledger.write()

    assert seen == [[1, 2], [1, 2]]


def test_a_write_that_fails_is_its_writers_and_nobody_elses(ledger: Ledger, database: Database) -> None:
    ledger.write(add(1))
    with held_up(ledger):
        ledger.put(Entry(writes=[add(2)]))
        failed: list[Exception] = []

        def twice() -> None:
            try:
                ledger.write(add(1))
            except IntegrityError as error:
                failed.append(error)

        thread = threading.Thread(target=twice)
        thread.start()
    thread.join(SECONDS)
    ledger.write(add(3))

    assert len(failed) == 1
    assert ids(database) == [1, 2, 3]


def test_while_the_disk_is_full_nothing_is_lost_and_those_who_wait_are_told(
    ledger: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_stopping", Impatient())
    write, full = database.write, [True]

    @contextmanager
    def filling() -> Iterator[Connection]:
        if full[0]:
            raise OutOfSpace("The disk is full.")
        with write() as tx:
            yield tx

    monkeypatch.setattr(database, "write", filling)
    with pytest.raises(OutOfSpace):
        ledger.write(add(1))
    ledger.put(Entry(writes=[add(2)]))
    full[0] = False
    ledger.write(add(3))

    assert ids(database) == [2, 3]


def test_an_effect_that_fails_ends_nobody_elses_work(ledger: Ledger, database: Database) -> None:
    def broken() -> None:
        raise KeyError("a bug")

    ledger.put(Entry(effects=[broken]))
    ledger.write(add(1))

    assert ids(database) == [1]


def test_stopping_writes_what_was_put(database: Database) -> None:
    ledger = Ledger(database)
    ledger.start()
    for number in range(1, 301):
        ledger.put(Entry(writes=[add(number)]))
    ledger.stop()

    assert len(ids(database)) == 300


def test_before_it_is_started_it_writes_at_once(database: Database) -> None:
    ledger = Ledger(database)
    ledger.put(Entry(writes=[add(1)]))
    ledger.write(add(2))

    assert ids(database) == [1, 2]


def test_what_does_not_fit_is_refused(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger._MOST_ENTRIES", 2)
    with held_up(ledger):
        taken = [ledger.put(Entry()) for _ in range(4)]

    assert taken == [True, True, False, False]


def test_a_database_that_is_stuck_ends_the_wait(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger._WRITE_SECONDS", 0.01)
    with held_up(ledger), pytest.raises(StoryfarmError) as caught:
        ledger.write(add(1))

    assert caught.value.code == "database_stuck"


def test_what_its_writer_has_given_up_is_never_written(
    ledger: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger._WRITE_SECONDS", 0.01)
    with held_up(ledger), pytest.raises(StoryfarmError):
        ledger.write(add(1))
    monkeypatch.undo()
    ledger.write(add(2))

    assert ids(database) == [2]


def test_there_is_no_wait_for_what_does_not_fit(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger._MOST_ENTRIES", 0)
    with pytest.raises(StoryfarmError) as caught:
        ledger.write(add(1))

    assert caught.value.code == "database_stuck"


def test_an_entry_that_can_never_be_written_does_not_hold_up_the_others(
    ledger: Ledger, database: Database
) -> None:
    ledger.write(add(1))
    ledger.put(Entry(writes=[add(1)]))  # its id is taken

    ledger.write(add(2))

    assert ids(database) == [1, 2]


def test_a_bug_in_one_entry_ends_neither_the_thread_nor_the_others(
    ledger: Ledger, database: Database
) -> None:
    def broken(_tx: Connection) -> object:
        raise OverflowError("Python int too large to convert to SQLite INTEGER")

    with held_up(ledger):
        ledger.put(Entry(writes=[broken]))
        ledger.put(Entry(writes=[add(1)]))
    with pytest.raises(OverflowError):
        ledger.write(broken)
    ledger.write(add(2))

    assert ledger.is_alive
    assert ids(database) == [1, 2]
