"""The circuit breaker: who is down is left alone, and tried again by a single call."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from structlog.testing import capture_logs

from circuit import Circuit
from errors import ContentRefused, InvalidRequest, OutOfSpace, ProviderError, ProviderTimeout, StoryfarmError

LONGEST = 600.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit("openai", clock=clock)


def down(code: str = "unreachable", **details: Any) -> ProviderError:
    return ProviderError("It is down.", code=code, **details)


def call(circuit: Circuit, error: BaseException | None = None) -> bool:
    """Whether a call was admitted; it then ends with `error`."""
    if not circuit.admit():
        return False
    if error is None:
        with circuit.call():
            return True
    with pytest.raises(type(error)) as raised, circuit.call():
        raise error
    assert raised.value is error
    return True


def opened(circuit: Circuit, *, failures: int = 3) -> Circuit:
    for _ in range(failures):
        assert call(circuit, down())
    return circuit


def state(circuit: Circuit) -> str:
    found: str = circuit.state()["state"]
    return found


def test_calls_pass_while_it_is_closed(circuit: Circuit) -> None:
    assert [call(circuit) for _ in range(5)] == [True] * 5
    assert circuit.state() == {"state": "closed"}
    assert circuit.seconds_left() == 0


def test_three_failures_in_a_row_open_it(circuit: Circuit) -> None:
    opened(circuit, failures=2)
    assert state(circuit) == "closed"

    call(circuit, down("provider_failed"))

    assert circuit.state() == {"state": "open", "code": "provider_failed", "seconds": 30.0}
    assert circuit.seconds_left() == 30
    assert not circuit.admit()


def test_a_timeout_is_a_failure_too(circuit: Circuit) -> None:
    for _ in range(3):
        call(circuit, ProviderTimeout("Too late.", code="story_timeout"))

    assert circuit.state()["code"] == "story_timeout"


def test_a_good_answer_in_between_begins_the_count_anew(circuit: Circuit) -> None:
    opened(circuit, failures=2)
    call(circuit)
    opened(circuit, failures=2)

    assert state(circuit) == "closed"


def test_after_its_pause_one_probe_passes_and_no_other_call(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 29.9
    assert not circuit.admit()
    clock.now += 0.1

    assert state(circuit) == "half-open"
    assert circuit.seconds_left() == 0
    assert [circuit.admit() for _ in range(4)] == [True, False, False, False]


def test_a_good_probe_closes_it(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 30
    assert call(circuit)

    assert circuit.state() == {"state": "closed"}
    assert circuit.admit()
    assert circuit.admit()


def test_a_refused_probe_closes_it_since_somebody_answered(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 30
    call(circuit, ContentRefused("No."))

    assert state(circuit) == "closed"


def test_pauses_grow_with_each_probe_that_fails_up_to_ten_minutes(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    pauses = []
    for _ in range(7):
        pauses.append(circuit.seconds_left())
        clock.now += circuit.seconds_left()
        assert call(circuit, down())

    assert pauses == [30, 60, 120, 240, 480, 600, 600]


def test_pauses_are_short_again_after_a_good_answer(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 30
    call(circuit, down())
    clock.now += 60
    call(circuit)
    opened(circuit)

    assert circuit.seconds_left() == 30


def test_calls_that_fail_together_are_one_failure_and_not_growing_pauses(circuit: Circuit) -> None:
    calls = [circuit.call() for _ in range(12)]
    for each in calls:
        assert circuit.admit()
        each.__enter__()
    for each in calls:
        error = down()
        assert not each.__exit__(type(error), error, None)

    assert circuit.seconds_left() == 30


@pytest.mark.parametrize("error", [down(), down("bad_request"), KeyboardInterrupt()], ids=repr)
def test_a_call_from_before_does_not_let_a_second_probe_pass(
    circuit: Circuit, clock: Clock, error: BaseException
) -> None:
    assert circuit.admit()
    early = circuit.call()
    early.__enter__()
    opened(circuit)
    clock.now += 30
    assert circuit.admit()
    early.__exit__(type(error), error, None)

    assert state(circuit) == "half-open"
    assert not circuit.admit()


def test_a_probe_that_was_overtaken_does_not_let_a_second_one_pass(circuit: Circuit, clock: Clock) -> None:
    early, slow = circuit.call(), circuit.call()
    early.__enter__()
    opened(circuit)
    clock.now += 30
    assert circuit.admit()
    slow.__enter__()
    early.__exit__(None, None, None)
    assert state(circuit) == "closed"
    opened(circuit)
    clock.now += 30
    assert circuit.admit()
    error = down()
    slow.__exit__(type(error), error, None)

    assert state(circuit) == "half-open"
    assert not circuit.admit()


@pytest.mark.parametrize("code", ["bad_key", "no_such_model", "no_credit"])
def test_what_people_have_to_mend_opens_it_at_once_for_long_and_is_said_loudly(
    circuit: Circuit, code: str
) -> None:
    with capture_logs() as logs:
        call(circuit, down(code, permanent=True))

    assert circuit.state() == {"state": "open", "code": code, "seconds": LONGEST}
    (said,) = logs
    assert (said["event"], said["log_level"], said["provider"]) == ("circuit.open", "error", "openai")
    assert said["advice"] == "It is down."


def test_other_failures_are_warned_of_once_it_opens(circuit: Circuit) -> None:
    with capture_logs() as logs:
        opened(circuit)

    assert [(each["event"], each["log_level"]) for each in logs] == [("circuit.open", "warning")]


def test_closing_it_is_said_once(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 30
    with capture_logs() as logs:
        call(circuit)
        call(circuit)

    assert [each["event"] for each in logs] == ["circuit.closed"]


@pytest.mark.parametrize(
    "error",
    [
        down("bad_request", permanent=True),
        down("picture_too_large", permanent=True),
        down("storage_failed"),
        InvalidRequest("No."),
        ContentRefused("No."),
        OutOfSpace("Full."),
        StoryfarmError("The database does not take anything.", code="database_stuck"),
    ],
    ids=lambda error: error.code,
)
def test_what_is_not_the_providers_fault_does_not_count(circuit: Circuit, error: StoryfarmError) -> None:
    for _ in range(10):
        assert call(circuit, error)

    assert state(circuit) == "closed"


def test_a_request_that_was_at_fault_neither_clears_nor_adds_to_the_count(circuit: Circuit) -> None:
    opened(circuit, failures=2)
    call(circuit, down("bad_request"))
    assert state(circuit) == "closed"
    call(circuit, down())

    assert state(circuit) == "open"


def test_a_probe_that_was_at_fault_itself_leaves_the_probing_to_the_next_call(
    circuit: Circuit, clock: Clock
) -> None:
    opened(circuit)
    clock.now += 30
    call(circuit, down("bad_request"))

    assert state(circuit) == "half-open"
    assert circuit.admit()


@pytest.mark.parametrize(("wanted", "pause"), [(7.5, 7.5), (None, 30.0), (0.0, 30.0), (9999.0, LONGEST)])
def test_a_provider_that_asks_for_fewer_calls_is_left_alone_as_long_as_it_says(
    circuit: Circuit, wanted: float | None, pause: float
) -> None:
    call(circuit, down("rate_limited", retry_after=wanted))

    assert circuit.state() == {"state": "open", "code": "rate_limited", "seconds": pause}


def test_a_short_pause_does_not_replace_a_long_one(circuit: Circuit) -> None:
    calls = [circuit.call(), circuit.call()]
    for each in calls:
        each.__enter__()
    for each, error in zip(calls, [down("bad_key"), down("rate_limited", retry_after=1.0)], strict=True):
        each.__exit__(type(error), error, None)

    assert circuit.seconds_left() == LONGEST


@pytest.mark.parametrize("gone", [GeneratorExit(), KeyboardInterrupt(), ValueError("a bug")], ids=repr)
def test_a_caller_that_goes_away_teaches_nothing_and_frees_the_probe(
    circuit: Circuit, clock: Clock, gone: BaseException
) -> None:
    opened(circuit)
    clock.now += 30
    assert call(circuit, gone)

    assert state(circuit) == "half-open"
    assert circuit.admit()


def test_a_call_that_was_not_made_frees_the_probe(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 30
    assert circuit.admit()
    assert not circuit.admit()
    circuit.release()

    assert circuit.admit()


def test_a_probe_that_never_reports_back_does_not_keep_it_shut(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 30
    assert circuit.admit()
    clock.now += 299
    assert not circuit.admit()
    clock.now += 1

    assert circuit.admit()


def test_resetting_closes_it_and_forgets(circuit: Circuit) -> None:
    opened(circuit)
    circuit.reset()
    assert circuit.admit()
    opened(circuit, failures=2)

    assert state(circuit) == "closed"


def test_of_many_threads_one_is_the_probe(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 30
    together, admitted = threading.Barrier(16), []

    def ask() -> None:
        together.wait(10)
        admitted.append(circuit.admit())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(admitted) == [False] * 15 + [True]


FAILURES = st.sampled_from(
    [down(), down("bad_key"), down("bad_request"), down("rate_limited", retry_after=5.0), ProviderTimeout("")]
)
ENDS = FAILURES | st.sampled_from([None, ContentRefused(""), GeneratorExit(), KeyboardInterrupt()])


class Calls(RuleBasedStateMachine):
    """Calls that begin and end in any order, while time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.circuit = Circuit("openai", clock=self.clock)
        self.under_way: list[Any] = []
        self.probes: list[Any] = []

    @rule()
    def begin(self) -> None:
        before = state(self.circuit)
        if not self.circuit.admit():
            assert before != "closed"
            return
        assert before != "open"
        each = self.circuit.call()
        each.__enter__()
        self.under_way.append(each)
        if before == "half-open":
            self.probes.append(each)

    @rule(place=st.integers(0, 99), error=ENDS)
    def end(self, place: int, error: BaseException | None) -> None:
        if self.under_way:
            each = self.under_way.pop(place % len(self.under_way))
            if each in self.probes:
                self.probes.remove(each)
            each.__exit__(type(error) if error else None, error, None)
            if state(self.circuit) == "closed":  # from then on the probe is a call like any other
                self.probes.clear()

    @rule(seconds=st.sampled_from([0.1, 5.0, 29.0, 31.0]))
    def wait(self, seconds: float) -> None:
        # A probe has 300 s to report back; what happens then has a test of its own.
        if not self.probes:
            self.clock.now += seconds

    @invariant()
    def at_most_one_call_passes_while_it_is_half_open(self) -> None:
        assert len(self.probes) <= 1

    @invariant()
    def no_pause_is_longer_than_ten_minutes(self) -> None:
        assert 0 <= self.circuit.seconds_left() <= LONGEST + 1e-6  # what is lost in rounding


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
