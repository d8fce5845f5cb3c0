"""Waking those who wait: none is missed, and each waits on its own."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.notifier import Notifier, Stopping

SECONDS = 20.0


def soon() -> float:
    return time.monotonic() + SECONDS


def now() -> float:
    return time.monotonic()


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


def test_a_change_between_listening_and_waiting_is_not_missed(notifier: Notifier) -> None:
    with notifier.listen("a") as waiter:
        notifier.notify("a")

        assert waiter.wait(soon())


def test_a_change_wakes_whoever_waits(notifier: Notifier) -> None:
    listening = threading.Event()

    def wait() -> bool:
        with notifier.listen("a") as waiter:
            listening.set()
            return waiter.wait(soon())

    with ThreadPoolExecutor(1) as pool:
        woken = pool.submit(wait)
        assert listening.wait(SECONDS)
        notifier.notify("a")

        assert woken.result(SECONDS)


def test_waiting_ends_at_the_deadline(notifier: Notifier) -> None:
    with notifier.listen("a") as waiter:
        assert not waiter.wait(now())
        assert not waiter.wait(now() + 0.01)


def test_one_change_wakes_once_and_many_changes_at_once_wake_once(notifier: Notifier) -> None:
    with notifier.listen("a") as waiter:
        notifier.notify("a")
        notifier.notify("a")

        assert waiter.wait(soon())
        assert not waiter.wait(now())
        notifier.notify("a")
        assert waiter.wait(soon())


def test_each_waiter_of_a_topic_is_woken_on_its_own(notifier: Notifier) -> None:
    with notifier.listen("a") as one, notifier.listen("a") as other:
        notifier.notify("a")

        assert one.wait(soon())
        assert not one.wait(now())
        assert other.wait(soon())


def test_other_topics_wake_nobody(notifier: Notifier) -> None:
    with notifier.listen("a") as waiter:
        notifier.notify("b")

        assert not waiter.wait(now())


def test_a_change_before_listening_wakes_nobody(notifier: Notifier) -> None:
    notifier.notify("a")
    with notifier.listen("a") as waiter:
        assert not waiter.wait(now())


def test_closing_ends_all_waiting(notifier: Notifier) -> None:
    listening = threading.Barrier(4)

    def wait(topic: str) -> None:
        with notifier.listen(topic) as waiter:
            listening.wait(SECONDS)
            waiter.wait(soon())

    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(wait, topic) for topic in "aab"]
        listening.wait(SECONDS)
        notifier.close()
        for each in waiting:
            with pytest.raises(Stopping):
                each.result(SECONDS)


def test_who_comes_after_the_closing_does_not_wait(notifier: Notifier) -> None:
    notifier.close()
    with notifier.listen("a") as waiter, pytest.raises(Stopping):
        waiter.wait(soon())


def test_who_was_stopped_stays_stopped(notifier: Notifier) -> None:
    with notifier.listen("a") as waiter:
        notifier.close()
        for _ in range(2):
            with pytest.raises(Stopping):
                waiter.wait(soon())


def test_no_topic_is_left_behind(notifier: Notifier) -> None:
    with notifier.listen("a"), notifier.listen("a"), notifier.listen("b"):
        assert set(notifier._waiters) == {"a", "b"}
    with pytest.raises(KeyError), notifier.listen("c"):
        raise KeyError

    assert notifier._waiters == {}


def test_no_wake_up_is_lost_among_many_threads(notifier: Notifier) -> None:
    """Every change of a counter is seen in the end, though each waiter sleeps until it is told."""
    counter = [0]

    def watch() -> int:
        with notifier.listen("counter") as waiter:
            while counter[0] < 500 and waiter.wait(soon()):
                pass
        return counter[0]

    with ThreadPoolExecutor(8) as pool:
        watchers = [pool.submit(watch) for _ in range(8)]
        for _ in range(500):
            counter[0] += 1
            notifier.notify("counter")

        assert [watcher.result(SECONDS) for watcher in watchers] == [500] * 8
