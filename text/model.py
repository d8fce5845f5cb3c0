"""What the flows ask of any text model, and what they get."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

# {"role": ..., "content": ...}; the content is text, or a list of parts with texts and pictures.
Message = Mapping[str, Any]


class Outcome(StrEnum):
    """How an answer ended. A 200 has four ends, not one."""

    DONE = "done"
    CUT = "cut"  # the token limit was reached
    REFUSED = "refused"  # the model declined
    FILTERED = "filtered"  # the provider's content filter stepped in


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counts them, hidden reasoning included; 0 where it does not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens
        )


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A model's answer. With a schema, `value` is the parsed JSON object, or None if it was none.

    `cost` is in US dollars, None where the price is not known.
    """

    text: str
    outcome: Outcome
    provider: str
    model: str
    usage: Usage = field(default_factory=Usage)
    value: dict[str, Any] | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Schema:
    """A JSON Schema by name, in OpenAI's strict form: every property required, none beyond them."""

    name: str
    schema: Mapping[str, Any]


class TextModel(Protocol):
    def complete(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Completion:
        """The whole answer by `deadline` (a monotonic time). Raises ProviderError or ProviderTimeout."""

    def stream(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Generator[str, None, Completion]:
        """The answer's pieces as they come; the generator returns the whole.

        Raises like `complete`, and ContentRefused for a refusal. After the first piece nothing is tried
        again; an end without the provider's word that it is one is a ProviderError.
        """
