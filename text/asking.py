"""Asks a text model for an object of a certain shape, and once more if the first answer has another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from errors import ContentRefused, ProviderError
from text.json_object import object_in
from text.model import Completion, Message, Outcome, Schema, TextModel, Usage

T = TypeVar("T")

# An answer that is of no use is asked for once more.
MOST_CALLS = 2

# What an object says, or ValueError with what is wrong with it: "it has 3 scenes".
Read = Callable[[dict[str, Any]], T]


@dataclass(frozen=True)
class Spent:
    """What answers have taken: `calls`, tokens, and US dollars, None where a price is not known."""

    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float | None = 0.0

    def __add__(self, other: Spent) -> Spent:
        known = self.cost is not None and other.cost is not None
        cost = (self.cost or 0.0) + (other.cost or 0.0) if known else None
        return Spent(self.calls + other.calls, self.usage + other.usage, cost)

    @classmethod
    def on(cls, completion: Completion) -> Spent:
        return cls(1, completion.usage, completion.cost)


@dataclass(frozen=True)
class Answered(Generic[T]):
    value: T
    model: str
    spent: Spent


def ask_for(
    model: TextModel,
    asked: Sequence[Message],
    schema: Schema,
    read: Read[T],
    *,
    what: str,
    max_tokens: int,
    deadline: float,
) -> Answered[T]:
    """What `read` makes of the model's object; `what` is what it is called in errors, such as "outline".

    Raises ContentRefused if the model or its filter declined, ProviderError if both answers were of no use,
    ProviderTimeout.
    """
    completion = model.complete(asked, schema=schema, max_tokens=max_tokens, deadline=deadline)
    spent = Spent.on(completion)
    value, fault = _read(completion, read, what)
    if value is None:
        again = [*asked, {"role": "assistant", "content": completion.text}, _correction(fault, schema)]
        completion = model.complete(again, schema=schema, max_tokens=max_tokens, deadline=deadline)
        spent += Spent.on(completion)
        value, fault = _read(completion, read, what)
    if value is None:
        raise ProviderError(f"The text model gave no {what} that could be used: {fault}.", code=f"no_{what}")
    return Answered(value, completion.model, spent)


def anew_if_broken(read: Callable[[], T]) -> T:
    """What `read` makes of a stream; of another one, once, if the first breaks off."""
    try:
        return read()
    except ProviderError as error:
        if error.code != "stream_broken":
            raise
    return read()


def raise_if_declined(completion: Completion, what: str) -> None:
    """Raises ContentRefused if the model declined to write `what`, or its filter stepped in."""
    if completion.outcome is Outcome.REFUSED:
        raise ContentRefused(f"The text model declined to write this {what}. Try other words.")
    if completion.outcome is Outcome.FILTERED:
        raise ContentRefused(
            f"The provider's content filter stopped the {what}. Try other words.", code="content_filtered"
        )


def _read(completion: Completion, read: Read[T], what: str) -> tuple[T | None, str]:
    """(what was read, "") or (None, what is wrong with it)."""
    raise_if_declined(completion, what)
    value = completion.value or object_in(completion.text)
    if value is None:
        return None, "it was no JSON object"
    try:
        return read(value), ""
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        return None, f"{place or 'the object'} is missing, empty or of the wrong type"
    except ValueError as error:
        return None, str(error)


def _correction(fault: str, schema: Schema) -> Message:
    names = ", ".join(f'"{name}"' for name in schema.schema["properties"])
    said = f"That does not fit: {fault}. Answer with the whole again, as one JSON object with {names}."
    return {"role": "user", "content": said}
