"""A turn read along while it is written: what players see is always the beginning of what stays."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adventure.telling import Told, tell_turn
from errors import ContentRefused, ProviderError
from text.model import Completion, Message, Outcome, Schema, Usage

SETUP = {"premise": "A lighthouse", "style": "", "language": "", "audience": ""}
REST: dict[str, Any] = {
    "choices": ["Climb the stairs", "Wait", "Climb the stairs", " "],
    "summary": "You came in.",
    "facts": {"characters": [{"name": "Mira", "note": "tall"}], "places": ["tower"], "inventory": []},
    "title": "The Light",
}
TRICKY = st.text(
    alphabet=st.sampled_from('ab "\\\n\t/{}[]:,“”é…Жя😀👩\u200d🚀\u0301\ud83d'), min_size=1, max_size=200
)


class Answer:
    """One answer of the model, in pieces; an exception instead of its end is raised."""

    def __init__(
        self, text: str, *, size: int = 7, outcome: Outcome = Outcome.DONE, error: Exception | None = None
    ) -> None:
        self.pieces = [text[at : at + size] for at in range(0, len(text), size)]
        self.text = text
        self.outcome = outcome
        self.error = error

    def completion(self) -> Completion:
        try:
            value = json.loads(self.text)
        except ValueError:
            value = None
        value = value if isinstance(value, dict) else None
        return Completion(
            text=self.text, outcome=self.outcome, provider="p", model="m", usage=Usage(1, 1), value=value
        )


class Model:
    """Gives its answers one after the other, whole or as a stream."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def complete(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Completion:
        self.asked.append(schema.name if schema else "")
        return self._answers.pop(0).completion()

    def stream(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Generator[str, None, Completion]:
        self.asked.append(schema.name if schema else "")
        answer = self._answers.pop(0)
        yield from answer.pieces
        if answer.error:
            raise answer.error
        return answer.completion()


def turn(narration: str, **changes: Any) -> str:
    return json.dumps({"image_prompt": "A tower at night", "narration": narration, **REST, **changes})


class Player:
    """What one player is told."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.pictures: list[str] = []

    def play(self, model: Model) -> Told:
        return tell_turn(
            model,
            SETUP,
            [],
            "",
            deadline=float("inf"),
            on_text=self.shown.append,
            on_picture=self.pictures.append,
        )


@given(narration=TRICKY, size=st.integers(1, 64), ascii_only=st.booleans())
def test_every_text_that_is_shown_is_the_beginning_of_the_final_one(
    narration: str, size: int, ascii_only: bool
) -> None:
    document = {"image_prompt": "A tower", "narration": narration, **REST}
    text = json.dumps(document, ensure_ascii=ascii_only or "\ud83d" in narration)
    model = Model(Answer(text, size=size), Answer(turn("Again.")))
    player = Player()
    told = player.play(model)
    assert all(told.narration.startswith(shown) for shown in player.shown)
    if narration.strip():
        expected = json.loads(text)["narration"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert told.narration == expected.strip()
        assert player.shown[-1] == told.narration


def test_the_picture_is_ordered_before_the_narration_is_told() -> None:
    model, order = Model(Answer(turn("You come in."), size=3)), []
    tell_turn(
        model,
        SETUP,
        [],
        "",
        deadline=float("inf"),
        on_text=lambda text: order.append("text"),
        on_picture=order.append,
    )
    assert order[0] == "A tower at night"
    assert order.count("A tower at night") == 1
    assert "text" in order


def test_a_turn_without_a_prompt_for_its_picture_is_painted_by_its_first_words() -> None:
    player = Player()
    whole = json.dumps({"image_prompt": " ", "narration": "You come in.\n\nIt is dark.", **REST})
    told = player.play(Model(Answer(whole)))
    assert player.pictures == [told.rest.image_prompt] == ["You come in."]


def test_choices_are_several_and_different() -> None:
    told = Player().play(Model(Answer(turn("You come in."))))
    assert told.rest.choices == ["Climb the stairs", "Wait"]


def test_a_server_that_ignores_the_schema_tells_prose_and_is_asked_for_the_rest() -> None:
    rest = json.dumps({"image_prompt": "Stairs", **REST})
    model, player = Model(Answer("You come in.\n\nIt is {dark}.", size=4), Answer(rest)), Player()
    told = player.play(model)
    assert told.narration == "You come in.\n\nIt is {dark}."
    assert model.asked == ["adventure_turn", "adventure_choices"]
    assert player.pictures == ["Stairs"]
    assert all(told.narration.startswith(shown) for shown in player.shown)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("```json\n", "\n```"),
        ("```\n", "```"),
        ("[", "]"),
        ("Sure! Here is your turn:\n", ""),
        ("Sure! Here is your turn:\n\n```json\n", "\n```\nHave fun!"),
        ("Here you are: ", ""),
        ("Sure!\nHere is your turn:\n```JSON\n", "\n```"),
        ('<think>The player said {"go"}. "narration": so?</think>\n', ""),
        ("\n<think>\nFirst.\n</think>\n\n```json\n", "\n```"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7, 500])
def test_what_stands_around_the_object_is_not_told(before: str, behind: str, size: int) -> None:
    player = Player()
    told = player.play(Model(Answer(f"{before}{turn('You come in.')}{behind}", size=size)))
    assert told.narration == "You come in."
    assert not any("`" in shown or "{" in shown or "Sure" in shown for shown in player.shown)
    assert told.rest.choices == ["Climb the stairs", "Wait"]


def test_thoughts_before_prose_are_not_told() -> None:
    rest = json.dumps({"image_prompt": "Stairs", **REST})
    player = Player()
    told = player.play(Model(Answer("<think>Hm.</think>You come in.", size=3), Answer(rest)))
    assert told.narration == "You come in."
    assert not any("Hm" in shown for shown in player.shown)


@pytest.mark.parametrize("wrong", [{"choices": []}, {"choices": ["One"]}, {"choices": "none"}])
def test_choices_that_are_missing_are_asked_for_apart(wrong: dict[str, Any]) -> None:
    rest = json.dumps({"image_prompt": "Stairs", **REST})
    model = Model(Answer(turn("You come in.", **wrong)), Answer(rest))
    told = Player().play(model)
    assert len(told.rest.choices) == 2
    assert model.asked == ["adventure_turn", "adventure_choices"]


def test_an_answer_without_a_narration_is_asked_for_again() -> None:
    model = Model(Answer(json.dumps({"story": "x"})), Answer(turn("You come in.")))
    assert Player().play(model).narration == "You come in."


def test_two_answers_without_a_narration_are_a_failure() -> None:
    with pytest.raises(ProviderError) as failure:
        Player().play(Model(Answer("{}"), Answer("{}")))
    assert failure.value.code == "empty_story"


def test_a_stream_that_stops_in_the_middle_of_an_escape_keeps_what_was_shown() -> None:
    whole = turn("You come in and see a light that moves up the stairs. 😀 Then")
    cut = whole[: whole.index("\\u") + 8]
    broken = Answer(cut, size=5, error=ProviderError("broken", code="stream_broken"))
    model = Model(broken, Answer(json.dumps({"image_prompt": "Stairs", **REST})))
    player = Player()
    told = player.play(model)
    assert told.narration == "You come in and see a light that moves up the stairs."
    assert told.narration == player.shown[-1]
    assert player.pictures == ["A tower at night"]


def test_a_stream_that_stops_before_much_was_shown_is_a_failure() -> None:
    broken = Answer(turn("You")[:60], error=ProviderError("broken", code="stream_broken"))
    with pytest.raises(ProviderError):
        Player().play(Model(broken))


def test_an_answer_at_its_token_limit_keeps_its_text_and_is_asked_for_the_rest() -> None:
    whole = turn("You come in and see a light that moves up the stairs, slowly.")
    cut = Answer(whole[: whole.index("slowly") + 3], outcome=Outcome.CUT)
    told = Player().play(Model(cut, Answer(json.dumps({"image_prompt": "Stairs", **REST}))))
    assert told.narration == "You come in and see a light that moves up the stairs, slo"


def test_a_refusal_is_told_as_one() -> None:
    with pytest.raises(ContentRefused):
        Player().play(Model(Answer("", outcome=Outcome.REFUSED)))


def test_memory_stays_within_bounds() -> None:
    facts = {"characters": [], "places": [f"place {n}" for n in range(90)], "inventory": []}
    told = Player().play(Model(Answer(turn("You come in.", facts=facts, summary="x " * 5000))))
    assert len(told.rest.facts.places) == 20
    assert told.rest.facts.places[-1] == "place 89"
    assert len(told.rest.summary) <= 1500
