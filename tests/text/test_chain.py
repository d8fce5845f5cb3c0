"""Several text models as one."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import pytest
from prometheus_client import REGISTRY

from circuit import Circuit
from errors import ContentRefused, InvalidRequest, ProviderError, ProviderTimeout, StoryfarmError
from prices import Prices
from text.chain import TextChain, TextProvider
from text.model import Completion, Message, Outcome, Schema, Usage

MESSAGES: list[Message] = [{"role": "user", "content": "Prompt: a dog"}]
SCHEMA = Schema("story", {"type": "object"})
SECONDS = 100.0


class Model:
    """A TextModel that gives `pieces`, and then `ends`."""

    def __init__(self, name: str, *pieces: str, ends: Exception | None = None, **changes: Any) -> None:
        self.name = name
        self.pieces, self.ends = pieces, ends
        self.changes = changes
        self.asked: list[dict[str, Any]] = []
        self.closed = 0
        self.streams: list[Generator[str, None, Completion]] = []

    def complete(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Completion:
        self._note(messages, schema, max_tokens, deadline)
        if self.ends:
            raise self.ends
        return self._completion()

    def stream(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Generator[str, None, Completion]:
        self._note(messages, schema, max_tokens, deadline)
        self.streams.append(self._stream())  # held here, so that only who closes it ends it
        return self.streams[-1]

    def _stream(self) -> Generator[str, None, Completion]:
        try:
            yield from self.pieces
            if self.ends:
                raise self.ends
        finally:
            self.closed += 1
        return self._completion()

    def _note(self, messages: Any, schema: Any, max_tokens: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        self.asked.append({"messages": messages, "schema": schema, "max_tokens": max_tokens, "seconds": left})

    def _completion(self) -> Completion:
        fields: dict[str, Any] = {"outcome": Outcome.DONE, "model": "teller", "usage": Usage(1000, 500)}
        return Completion(text="".join(self.pieces), provider=self.name, **fields | self.changes)


def chain_of(*models: Model, on_usage: Callable[[Completion], object] = lambda _: None) -> TextChain:
    prices = Prices({"teller": (10.0, 20.0)})
    providers = [TextProvider(model.name, model, Circuit(model.name)) for model in models]
    return TextChain(providers, prices, on_usage=on_usage)


def complete(chain: TextChain, *, seconds: float = SECONDS) -> Completion:
    return chain.complete(MESSAGES, schema=SCHEMA, max_tokens=7, deadline=time.monotonic() + seconds)


def stream(chain: TextChain) -> tuple[list[str], Completion]:
    pieces, whole = [], chain.stream(MESSAGES, schema=SCHEMA, max_tokens=7, deadline=time.monotonic() + 100)
    while True:
        try:
            pieces.append(next(whole))
        except StopIteration as end:
            return pieces, end.value


# In both ways of asking the same holds.
Ask = Callable[[TextChain], Completion]
both = pytest.mark.parametrize("ask", [complete, lambda chain: stream(chain)[1]], ids=["whole", "streamed"])

PASSING = [
    ProviderError("No.", code="bad_request", permanent=True),
    ProviderError("No.", code="bad_key", permanent=True),
    ProviderError("No.", code="no_such_model", permanent=True),
    ProviderError("No.", code="no_credit", permanent=True),
    ProviderError("No.", code="rate_limited"),
    ProviderError("No.", code="provider_failed"),
    ProviderError("No.", code="unreachable"),
    ProviderError("No.", code="bad_answer"),
    ProviderTimeout("Late.", code="story_timeout"),
]
REFUSED = [ContentRefused("No."), ContentRefused("No.", code="content_filtered")]


def name_of(error: StoryfarmError) -> str:
    return error.code


@both
def test_the_first_one_is_asked_and_no_other(ask: Ask) -> None:
    a, b = Model("a", "Once"), Model("b", "Twice")

    assert ask(chain_of(a, b)).text == "Once"
    assert b.asked == []


@both
@pytest.mark.parametrize("error", PASSING, ids=name_of)
def test_whoever_fails_is_passed_over(ask: Ask, error: StoryfarmError) -> None:
    a, b = Model("a", ends=error), Model("b", "Twice")
    completion = ask(chain_of(a, b))

    assert (completion.text, completion.provider) == ("Twice", "b")
    assert (len(a.asked), len(b.asked)) == (1, 1)


@both
@pytest.mark.parametrize("error", REFUSED, ids=name_of)
def test_a_refused_prompt_is_not_taken_elsewhere(ask: Ask, error: StoryfarmError) -> None:
    a, b = Model("a", ends=error), Model("b", "Twice")
    with pytest.raises(ContentRefused) as raised:
        ask(chain_of(a, b))

    assert raised.value is error
    assert b.asked == []


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FILTERED, Outcome.CUT])
def test_an_answer_that_says_no_is_an_answer(outcome: Outcome) -> None:
    b = Model("b", "Twice")

    assert complete(chain_of(Model("a", "No.", outcome=outcome), b)).outcome is outcome
    assert b.asked == []


@both
def test_a_bug_is_not_passed_over(ask: Ask) -> None:
    b = Model("b", "Twice")
    with pytest.raises(KeyError):
        ask(chain_of(Model("a", ends=KeyError("bug")), b))

    assert b.asked == []


@both
def test_all_get_the_same_question(ask: Ask) -> None:
    a, b = Model("a", ends=ProviderError("No.")), Model("b", "Twice")
    ask(chain_of(a, b))

    for model in (a, b):
        (question,) = model.asked
        assert (question["messages"], question["schema"], question["max_tokens"]) == (MESSAGES, SCHEMA, 7)


@both
def test_the_first_one_leaves_time_for_the_others(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    a, b = Model("a", ends=ProviderError("No.")), Model("b", "Twice")
    ask(chain_of(a, b))

    assert a.asked[0]["seconds"] == pytest.approx(60)
    assert b.asked[0]["seconds"] == pytest.approx(100)


@both
def test_the_failure_of_all_tells_what_each_of_them_said(ask: Ask) -> None:
    a = Model("a", ends=ProviderError("No key.", code="bad_key", permanent=True))
    b = Model("b", ends=ProviderTimeout("Late.", code="story_timeout"))
    with pytest.raises(ProviderError) as raised:
        ask(chain_of(a, b))

    assert raised.value.code == "all_failed"
    assert [attempt["provider"] for attempt in raised.value.members["attempts"]] == ["a", "b"]
    assert [attempt["code"] for attempt in raised.value.members["attempts"]] == ["bad_key", "story_timeout"]


@both
@pytest.mark.parametrize("error", PASSING, ids=name_of)
def test_a_single_models_failure_is_told_unchanged(ask: Ask, error: StoryfarmError) -> None:
    with pytest.raises(type(error)) as raised:
        ask(chain_of(Model("a", ends=error)))

    assert raised.value is error
    assert "attempts" not in raised.value.problem()


@both
def test_whoever_fails_again_and_again_is_not_asked_for_a_while(ask: Ask) -> None:
    a, b = Model("a", ends=ProviderError("No.", code="unreachable")), Model("b", "Twice")
    chain = chain_of(a, b)
    for _ in range(5):
        ask(chain)

    assert (len(a.asked), len(b.asked)) == (3, 5)
    assert {name: state["state"] for name, state in chain.states().items()} == {"a": "open", "b": "closed"}

    chain.reset()
    ask(chain)
    assert len(a.asked) == 4


@both
def test_requests_that_are_at_fault_do_not_close_the_door_for_others(ask: Ask) -> None:
    a = Model("a", ends=InvalidRequest("No."))
    chain = chain_of(a, Model("b", "Twice"))
    for _ in range(5):
        ask(chain)

    assert len(a.asked) == 5


@both
def test_what_an_answer_cost_is_known_and_counted(ask: Ask) -> None:
    provider = ask.__name__

    def counted(name: str, **labels: str) -> float:
        labels |= {"provider": provider, "model": "teller"}
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = counted("storyfarm_cost_dollars_total")
    tokens = counted("storyfarm_tokens_total", direction="completion")
    completion = ask(chain_of(Model(provider, "Once")))

    assert completion.cost == pytest.approx(0.02)
    assert counted("storyfarm_cost_dollars_total") - before == pytest.approx(0.02)
    assert counted("storyfarm_tokens_total", direction="completion") - tokens == 500


@both
def test_the_cost_of_an_unknown_model_is_unknown(ask: Ask) -> None:
    assert ask(chain_of(Model("a", "Once", model="other"))).cost is None


@both
def test_without_any_model_that_is_said(ask: Ask) -> None:
    with pytest.raises(ProviderError) as raised:
        ask(chain_of())

    assert raised.value.code == "no_provider"


# What holds for streams


def test_pieces_come_as_they_are_said_and_then_the_whole() -> None:
    pieces, completion = stream(chain_of(Model("a", "Once ", "upon")))

    assert pieces == ["Once ", "upon"]
    assert completion.text == "Once upon"


def test_nothing_is_begun_anew_after_the_first_piece() -> None:
    error = ProviderError("It broke off.", code="stream_broken", permanent=True)
    a, b = Model("a", "Once", ends=error), Model("b", "Twice")
    answer = chain_of(a, b).stream(MESSAGES, max_tokens=7, deadline=time.monotonic() + SECONDS)

    assert next(answer) == "Once"
    with pytest.raises(ProviderError) as raised:
        next(answer)
    assert raised.value is error
    assert b.asked == []


def test_a_stream_that_breaks_off_counts_against_its_provider() -> None:
    chain = chain_of(Model("a", "Once", ends=ProviderError("It broke off.", code="stream_broken")))
    for _ in range(3):
        with pytest.raises(ProviderError):
            stream(chain)

    assert chain.states()["a"] == {
        "state": "open",
        "code": "stream_broken",
        "seconds": pytest.approx(30, abs=5),
    }


def test_a_reader_that_goes_away_closes_the_stream_and_blames_nobody() -> None:
    a, b = Model("a", *["x"] * 9), Model("b", "Twice")
    chain = chain_of(a, b)
    for _ in range(5):
        answer = chain.stream(MESSAGES, max_tokens=7, deadline=time.monotonic() + SECONDS)
        assert next(answer) == "x"
        answer.close()

    assert (a.closed, b.asked) == (5, [])
    assert chain.states()["a"] == {"state": "closed"}


def test_a_stream_that_was_never_read_asks_nobody() -> None:
    a = Model("a", "Once")
    chain_of(a).stream(MESSAGES, max_tokens=7, deadline=time.monotonic() + SECONDS).close()

    assert a.asked == []


def test_a_stream_that_failed_is_closed_before_the_next_one_is_asked() -> None:
    a = Model("a", ends=ProviderError("No."))
    chain = chain_of(a, Model("b", "Twice"))
    answer = chain.stream(MESSAGES, max_tokens=7, deadline=time.monotonic() + SECONDS)
    next(answer)

    assert a.closed == 1
    answer.close()


@both
def test_each_answer_is_counted_once_with_what_it_cost_and_a_failure_is_not(ask: Ask) -> None:
    used: list[Completion] = []
    a, b = Model("a", ends=ProviderError("No.")), Model("b", "Twice")
    answer = ask(chain_of(a, b, on_usage=used.append))

    assert used == [answer]
    assert (used[0].provider, used[0].usage) == ("b", Usage(1000, 500))
    assert used[0].cost == pytest.approx(0.02)
