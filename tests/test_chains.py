"""Whom a chain asks next, for how long, and what it says when nobody could do it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

import chains
from chains import Failures, asked_in_turn
from circuit import Circuit
from errors import ProviderError, ProviderTimeout, StoryfarmError


@dataclass(frozen=True)
class Provider:
    name: str
    circuit: Circuit


NOW = 1000.0


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still."""
    monkeypatch.setattr(time, "monotonic", lambda: NOW)


def providers(*names: str) -> list[Provider]:
    return [Provider(name, Circuit(name, clock=lambda: NOW)) for name in names]


def leave_alone(provider: Provider, code: str = "bad_key", *, seconds: float = 600.0) -> None:
    """Let its circuit open for so long."""
    wanted = {"retry_after": seconds} if code == "rate_limited" else {}
    error = ProviderError("No.", code=code, **wanted)  # type: ignore[arg-type]
    with pytest.raises(ProviderError), provider.circuit.call():
        raise error


def asked(links: list[Provider], seconds: float, failures: Failures | None = None) -> list[tuple[str, float]]:
    """(name, seconds that it gets) of all, none of which can do it."""
    failures = failures or Failures("text model")
    found = []
    for link, until in asked_in_turn(links, NOW + seconds, failures):
        found.append((link.name, round(until - NOW, 6)))
        failures.add(link.name, ProviderError("No."))
    return found


def failed(*errors: StoryfarmError) -> StoryfarmError:
    """What a chain says whose providers a, b, c failed like that."""
    failures = Failures("text model")
    for name, error in zip("abc", errors, strict=False):
        failures.add(name, error)
    return failures.error()


def test_all_are_asked_in_their_order() -> None:
    assert [name for name, _ in asked(providers("a", "b", "c"), 100)] == ["a", "b", "c"]


def test_whoever_has_others_behind_it_gets_a_part_of_the_time_and_the_last_one_all() -> None:
    assert asked(providers("a", "b"), 100) == [("a", 60.0), ("b", 100.0)]


def test_a_single_provider_gets_all_the_time() -> None:
    assert asked(providers("a"), 100) == [("a", 100.0)]


def test_those_that_are_left_alone_are_no_others() -> None:
    links = providers("a", "b", "c")
    leave_alone(links[1])
    leave_alone(links[2])

    assert asked(links, 100) == [("a", 100.0)]


def test_one_that_is_left_alone_is_passed_over_and_listed() -> None:
    links = providers("a", "b")
    leave_alone(links[0], "rate_limited", seconds=12)
    failures = Failures("text model")

    assert asked(links, 100, failures) == [("b", 100.0)]
    assert failures.attempts[0]["provider"] == "a"
    assert failures.attempts[0]["code"] == "rate_limited"
    assert "12 s" in failures.attempts[0]["detail"]


def test_nobody_else_is_asked_once_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "remaining", lambda _deadline: 0.0)
    links = providers("a", "b")

    assert asked(links, 100) == []


def test_a_probe_that_comes_too_late_is_left_to_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [NOW]
    a, b = providers("a")[0], Provider("b", Circuit("b", clock=lambda: clock[0]))
    leave_alone(b)
    clock[0] += 600
    monkeypatch.setattr(chains, "remaining", lambda _deadline: 0.0)
    asked([a, b], 100)

    assert b.circuit.admit()


def test_without_anybody_nobody_is_asked_and_that_is_said() -> None:
    failures = Failures("image model")
    assert asked([], 100, failures) == []
    error = failures.error()

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == ("no_provider", True)
    assert "image model" in error.detail


@pytest.mark.parametrize("error", [ProviderError("No.", code="bad_key"), ProviderTimeout("Late.")])
def test_a_single_providers_failure_is_told_unchanged(error: StoryfarmError) -> None:
    assert failed(error) is error


def test_the_failure_of_several_lists_what_each_of_them_said() -> None:
    error = failed(ProviderError("No key.", code="bad_key"), ProviderTimeout("Late.", code="story_timeout"))

    assert isinstance(error, ProviderError)
    assert error.code == "all_failed"
    assert error.problem()["attempts"] == [
        {"provider": "a", "code": "bad_key", "detail": "No key."},
        {"provider": "b", "code": "story_timeout", "detail": "Late."},
    ]
    assert "a: No key. b: Late." in error.detail


def test_a_code_that_all_agree_on_is_the_code_of_the_whole() -> None:
    assert failed(*[ProviderError("No.", code="no_credit")] * 3).code == "no_credit"


@pytest.mark.parametrize(("second", "permanent"), [(True, True), (False, False)])
def test_trying_again_is_hopeless_only_if_it_is_with_all(second: bool, permanent: bool) -> None:
    error = failed(ProviderError("No.", permanent=True), ProviderError("No.", permanent=second))

    assert isinstance(error, ProviderError)
    assert error.permanent == permanent


def test_if_nobody_came_in_time_it_is_a_timeout() -> None:
    error = failed(ProviderTimeout("Late."), ProviderTimeout("Late."))

    assert isinstance(error, ProviderTimeout)
    assert len(error.members["attempts"]) == 2


def test_where_all_are_left_alone_the_answer_says_when_the_first_one_may_be_asked() -> None:
    links = providers("a", "b")
    leave_alone(links[0], "bad_key")
    leave_alone(links[1], "rate_limited", seconds=20)
    failures = Failures("text model")
    assert asked(links, 100, failures) == []
    error = failures.error()

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent, error.retry_after) == ("all_failed", False, 20.0)
    assert [attempt["code"] for attempt in error.members["attempts"]] == ["bad_key", "rate_limited"]


def test_a_single_provider_that_is_left_alone_says_why() -> None:
    links = providers("a")
    leave_alone(links[0], "no_credit")
    failures = Failures("text model")
    asked(links, 100, failures)

    assert failures.error().code == "no_credit"
