"""How many requests may be held at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from prometheus_client import REGISTRY

import metrics
from access.admission import Admission
from errors import Busy


def admission_of(places: int, *, retry_after: int) -> Admission:
    return Admission(
        places, retry_after=retry_after, full="{held} stories are being told already.", gauge=metrics.HELD
    )


def test_as_many_are_held_as_there_are_places() -> None:
    admission = admission_of(2, retry_after=7)

    with admission.hold(), admission.hold():
        assert admission.held == 2
    assert admission.held == 0


def test_one_too_many_is_turned_away_at_once_and_told_when_to_come_back() -> None:
    admission = admission_of(1, retry_after=7)

    with admission.hold(), pytest.raises(Busy) as turned_away, admission.hold():
        pass
    assert turned_away.value.status == 503
    assert turned_away.value.retry_after == 7
    assert turned_away.value.problem()["retry_after"] == 7
    assert turned_away.value.problem()["limit"] == 1
    assert turned_away.value.detail.startswith("1 stories are being told already.")


def test_one_that_was_turned_away_takes_no_place() -> None:
    admission = admission_of(1, retry_after=7)

    with admission.hold():
        for _ in range(3):
            with pytest.raises(Busy), admission.hold():
                pass
        assert admission.held == 1
    with admission.hold():
        assert admission.held == 1


def test_a_place_is_free_again_after_a_failure() -> None:
    admission = admission_of(1, retry_after=7)

    with pytest.raises(ZeroDivisionError), admission.hold():
        raise ZeroDivisionError
    with admission.hold():
        assert admission.held == 1


def test_threads_that_come_at_once_get_no_more_than_the_places() -> None:
    admission = admission_of(5, retry_after=1)
    together, let_go = threading.Barrier(40), threading.Barrier(40)

    def come() -> bool:
        together.wait(10)
        with ExitStack() as stack:
            try:
                stack.enter_context(admission.hold())
            except Busy:
                let_go.wait(10)
                return False
            let_go.wait(10)
            return True

    with ThreadPoolExecutor(40) as pool:
        admitted = [one.result() for one in [pool.submit(come) for _ in range(40)]]
    assert admitted.count(True) == 5
    assert admission.held == 0


def test_the_metric_follows() -> None:
    def held() -> float:
        return REGISTRY.get_sample_value("storyfarm_held_requests") or 0.0

    admission, before = admission_of(3, retry_after=1), held()
    with admission.hold(), admission.hold():
        assert held() == before + 2
    assert held() == before


def test_once_it_is_closed_nobody_gets_in_but_those_inside_may_stay() -> None:
    admission = admission_of(3, retry_after=1)

    with admission.hold():
        assert not admission.is_closed
        admission.close()
        with pytest.raises(Busy, match="restarting"), admission.hold():
            pass
        assert (admission.is_closed, admission.held) == (True, 1)
    assert admission.held == 0
