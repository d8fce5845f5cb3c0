"""Topics between processes: passed on, after a broken connection too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from jobs.notifier import Notifier
from postgres_relay import PostgresRelay
from tests.support import wait_until

Start = Callable[[], Notifier]


@pytest.fixture
def start(postgres_url: str) -> Iterator[Start]:
    """`start()` is another process's notifier."""
    relays = []

    def begin() -> Notifier:
        notifier = Notifier(tick=60.0)
        relay = PostgresRelay(postgres_url, notifier)
        relay.start()
        relays.append(relay)
        return notifier

    yield begin
    for relay in relays:
        relay.stop()


def connections(url: str, query: str) -> list[int]:
    """The process ids of the server's connections that have just run `query`."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE %s AND pid <> %s",
            (query, connection.info.backend_pid),
        )
        return [pid for (pid,) in found]


def await_listeners(url: str, count: int) -> None:
    wait_until(lambda: len(connections(url, "LISTEN%")) == count)


def test_whoever_waits_in_another_process_is_woken(start: Start, postgres_url: str) -> None:
    here, there = start(), start()
    await_listeners(postgres_url, 2)

    with there.listen("job:1") as waiter, there.listen("job:2") as other:
        woken = []
        for _ in range(3):  # a relay that has just connected wakes everybody, once
            here.notify("job:1")
            assert waiter.wait(time.monotonic() + 10)
            woken.append(other.wait(time.monotonic() + 0.05))

        assert False in woken


def test_many_topics_all_arrive(start: Start, postgres_url: str) -> None:
    here, there = start(), start()
    await_listeners(postgres_url, 2)
    heard: set[str] = set()
    there.on("job", heard.add)

    for number in range(1000):
        here.notify(f"job:{number}")

    wait_until(lambda: len(heard) == 1000)


def test_one_s_own_topics_do_not_come_back(start: Start, postgres_url: str) -> None:
    here, there = start(), start()
    await_listeners(postgres_url, 2)
    came_back: list[str] = []
    here.on("job", came_back.append)
    heard: list[str] = []
    there.on("job", heard.append)

    here.notify_others("job:1")
    wait_until(lambda: heard)
    there.notify_others("job:2")
    wait_until(lambda: came_back)

    assert came_back == ["job:2"]


def test_after_a_broken_connection_everybody_looks_and_hears_again(start: Start, postgres_url: str) -> None:
    here, there = start(), start()
    await_listeners(postgres_url, 2)

    with there.listen("job:1") as waiter:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            for pid in connections(postgres_url, "LISTEN%"):
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        assert waiter.wait(time.monotonic() + 10)  # something may have been said meanwhile

        await_listeners(postgres_url, 2)
        here.notify("job:1")
        assert waiter.wait(time.monotonic() + 10)
