"""Asks a text model for a turn: the narration is passed on as it comes, the whole is checked at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adventure.prompts import CHOICES, TURN, choices_messages, turn_messages
from errors import ContentRefused, ProviderError, StoryfarmError
from text.asking import ask_for, raise_if_declined
from text.json_field import FieldReader, read_field
from text.json_object import THINK, object_in, without_thoughts
from text.model import Completion, Message, Outcome, TextModel
from utils import clip, one_line, well_formed

# The limit includes hidden reasoning: too small a one gives an empty answer.
_TOKENS = 8000
_MOST_NARRATION = 8000
_FEWEST, _MOST = 2, 4
_MOST_FACTS = 20
# A turn that breaks off later than this is kept as far as it was told.
_ENOUGH = 40


class _Character(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str = ""
    note: str = ""


class Facts(BaseModel):
    """What must stay true; too long a list keeps its newest entries."""

    model_config = ConfigDict(frozen=True)

    characters: list[_Character] = Field(default_factory=list)
    places: list[str] = Field(default_factory=list)
    inventory: list[str] = Field(default_factory=list)

    @field_validator("characters", "places", "inventory")
    @classmethod
    def bound(cls, value: list[Any]) -> list[Any]:
        return value[-_MOST_FACTS:]


class Rest(BaseModel):
    """What belongs to a turn beside its narration."""

    model_config = ConfigDict(frozen=True)

    image_prompt: str
    choices: list[str]
    summary: str = ""
    facts: Facts = Field(default_factory=Facts)
    title: str = ""

    @field_validator("image_prompt", "summary", "title")
    @classmethod
    def check_text(cls, value: str) -> str:
        return clip(one_line(well_formed(value)), 1500)

    @field_validator("choices")
    @classmethod
    def check_choices(cls, value: list[str]) -> list[str]:
        said = [clip(one_line(well_formed(text)), 300) for text in value]
        several = list(dict.fromkeys(text for text in said if text))[:_MOST]
        if len(several) < _FEWEST:
            raise ValueError(f"it has {len(several)} choices")
        return several


_PROSE = -1
_OBJECT = re.compile(r'\{\s*["}]')
# Announcements and fences before an object are no longer than this.
_LONGEST_BEFORE = 100


@dataclass(frozen=True)
class Told:
    """A turn as it was told. It begins with whatever was shown of it while it was written."""

    narration: str
    rest: Rest

    def as_json(self) -> dict[str, Any]:
        return {"narration": self.narration, **self.rest.model_dump()}


# Called with the narration as far as it is written.
OnText = Callable[[str], None]
# Called once with the picture's prompt, as soon as that is complete.
OnPicture = Callable[[str], None]


def tell_turn(
    model: TextModel,
    setup: dict[str, str],
    past: Sequence[dict[str, Any]],
    choice: str,
    *,
    deadline: float,
    on_text: OnText,
    on_picture: OnPicture,
) -> Told:
    """The turn that follows from `choice`.

    An answer without a narration is asked for again, once; what else is missing is asked for apart. Raises
    ContentRefused if the model declined, ProviderError if nothing was told, ProviderTimeout.
    """
    asked = turn_messages(setup, past, choice)
    narrator = _Narrator(on_text, on_picture)
    value = narrator.tell(model, asked, deadline)
    if not narrator.narration:
        value = narrator.tell(model, [*asked, _AGAIN], deadline)
    if not narrator.narration:
        raise ProviderError("The text model told nothing.", code="empty_story")
    rest = _read_rest(value)
    if rest is None:
        told = choices_messages(setup, past, choice, narrator.narration)
        answer = ask_for(
            model, told, CHOICES, Rest.model_validate, what="choices", max_tokens=_TOKENS, deadline=deadline
        )
        rest = answer.value
    if not rest.image_prompt:
        rest = rest.model_copy(update={"image_prompt": _first_words(narrator.narration)})
    narrator.picture(rest.image_prompt)
    return Told(narrator.narration, rest)


_AGAIN: Message = {
    "role": "user",
    "content": 'That does not fit. Answer with the whole turn again, as one JSON object with "image_prompt", '
    '"narration", "choices", "summary", "facts" and "title".',
}


class _Narrator:
    """Reads along: an object's fields, or plain prose where a server ignores the schema."""

    def __init__(self, on_text: OnText, on_picture: OnPicture) -> None:
        self._on_text = on_text
        self._on_picture = on_picture
        self._has_picture = False
        self.narration = ""

    def tell(self, model: TextModel, asked: Sequence[Message], deadline: float) -> dict[str, Any] | None:
        """The whole object, None if there is none; `narration` is what was told."""
        reading = _Reading()
        try:
            completion = self._read_along(model, asked, deadline, reading)
        except ContentRefused:
            raise
        except StoryfarmError:
            # What was shown stays true: it is kept, and what belongs to it is asked for apart.
            if len(self.narration) < _ENOUGH:
                raise
            return None
        raise_if_declined(completion, "turn")
        value = completion.value or object_in(completion.text)
        whole = value.get("narration") if value else None
        if not isinstance(whole, str):
            text = completion.text
            whole = read_field(text, "narration") if reading.is_object else without_thoughts(text)
        self._show(whole)
        return value if completion.outcome is Outcome.DONE else None

    def picture(self, prompt: str) -> None:
        """The picture's prompt is complete."""
        if not self._has_picture and (said := clip(one_line(well_formed(prompt)), 1500)):
            self._has_picture = True
            self._on_picture(said)

    def _read_along(
        self, model: TextModel, asked: Sequence[Message], deadline: float, reading: _Reading
    ) -> Completion:
        pieces: Generator[str, None, Completion] = model.stream(
            asked, schema=TURN, max_tokens=_TOKENS, deadline=deadline
        )
        try:
            while True:
                reading.feed(next(pieces))
                # Text first: to order a picture takes several milliseconds.
                self._show(reading.narration)
                if reading.prompt_is_whole:
                    self.picture(reading.prompt)
        except StopIteration as end:
            completion: Completion = end.value
            return completion
        finally:
            pieces.close()

    def _show(self, text: str) -> None:
        told = cleaned(text)
        if told != self.narration and told.startswith(self.narration):
            self.narration = told
            self._on_text(told)


def cleaned(text: str) -> str:
    """A narration as players see it. Of a beginning it gives a beginning."""
    return well_formed(text).replace("\0", "").strip()[:_MOST_NARRATION].rstrip()


class _Reading:
    """What there is of an answer so far."""

    def __init__(self) -> None:
        self._picture = FieldReader("image_prompt")
        self._narration = FieldReader("narration")
        self._start = ""
        self._is_prose: bool | None = None
        self.prompt = ""
        self.narration = ""

    @property
    def is_object(self) -> bool:
        return self._is_prose is False

    @property
    def prompt_is_whole(self) -> bool:
        return self._picture.done

    def feed(self, piece: str) -> None:
        if self._is_prose is None:
            self._start += piece
            begin = object_begin(self._start)
            if begin is None:
                return
            self._is_prose = begin == _PROSE
            piece = without_thoughts(self._start) if self._is_prose else self._start[begin:]
        if self._is_prose:
            self.narration += piece
        else:
            self.prompt += self._picture.feed(piece)
            self.narration += self._narration.feed(piece)


def object_begin(start: str) -> int | None:
    """Where the object is in an answer that begins so; _PROSE if there is none, None while that is open.

    Before it there may be thoughts in <think>, lines such as "Here is your turn:", a fence and a bracket.
    """
    body = without_thoughts(start).lstrip()
    if not body or THINK.startswith(body):
        return None
    if found := _OBJECT.search(body, 0, _LONGEST_BEFORE):
        return len(start) - len(body) + found.start()
    return None if len(body) < _LONGEST_BEFORE else _PROSE


def _first_words(narration: str) -> str:
    """What to paint where the model has not said it."""
    return clip(one_line(narration.split("\n\n", maxsplit=1)[0]), 300)


def _read_rest(value: dict[str, Any] | None) -> Rest | None:
    try:
        return Rest.model_validate(value) if value else None
    except ValidationError:
        return None
