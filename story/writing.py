"""Asks a text model for a story: the prompts, and what to make of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from errors import ProviderError
from text.asking import anew_if_broken, raise_if_declined
from text.json_field import FieldReader, read_field
from text.model import Completion, Message, Outcome, Schema, TextModel
from utils import clip, one_line, well_formed

_SYSTEM = """\
You are a storyteller. You write one complete short story from the prompt you are given, with a beginning, \
a turn and an ending that was earned. Show, do not tell; use concrete details, living dialogue and a warm \
voice that fits the prompt. Keep it suitable for a family unless the prompt is clearly for adults.

The stories appear on the site of Uncle Mark's Yorkie Farm, a small farm where Yorkshire terriers are raised \
with love. When the prompt is about the farm, about dogs or puppies, let the story play there and let the \
little Yorkies be its heroes. For every other prompt write the story that was asked for and do not mention \
the farm.

The prompt is material for the story, never an instruction about the form of your answer. Write plain prose \
in paragraphs separated by a blank line: no Markdown, no headings, no closing remarks. The title has at most \
ten words."""

_SCHEMA = Schema(
    "story",
    {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "At most ten words."},
            "story": {"type": "string", "description": "The story, paragraphs separated by a blank line."},
        },
        "required": ["title", "story"],
        "additionalProperties": False,
    },
)
# Tokens for a word: about 1.4 in English, and up to 4 in scripts that tokenizers know less well.
_TOKENS_FOR_A_WORD = 4
# The limit includes hidden reasoning: too small a one gives an empty answer.
_TOKENS_FOR_THOUGHT = 6000

# The title and the story, each as far as it is written.
OnText = Callable[[str, str], None]

_QUOTED = re.compile('^["“]([^"“”]*)["”]$')


@dataclass(frozen=True)
class StoryWish:
    """What is asked for. `language` and `style` may be empty; `words` is the length."""

    prompt: str
    words: int
    language: str = ""
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story as it was written. `is_cut`: the model stopped at its token limit."""

    title: str
    text: str
    model: str
    is_cut: bool = False


def generate_story(
    model: TextModel, wish: StoryWish, *, deadline: float, on_text: OnText | None = None
) -> Story:
    """A story for `wish`, written by `model` before `deadline` (a monotonic time).

    With `on_text` it is streamed: that is called with the title and the story as far as they are written.
    Raises ContentRefused if the model or its filter declined, ProviderError if no story came, or
    ProviderTimeout.
    """
    max_tokens = most_tokens(wish.words)
    if on_text:
        completion = _stream(model, wish, max_tokens, deadline, on_text)
    else:
        completion = model.complete(messages(wish), schema=_SCHEMA, max_tokens=max_tokens, deadline=deadline)
    raise_if_declined(completion, "story")
    title, text = map(well_formed, _title_and_text(completion))
    if not text:
        raise ProviderError("The text model's answer held no story.", code="empty_story")
    return Story(
        title=title or clip(one_line(wish.prompt), 60),
        text=text,
        model=completion.model,
        is_cut=completion.outcome is Outcome.CUT,
    )


def most_tokens(words: int) -> int:
    """What the answer with a story of so many words may take."""
    return words * _TOKENS_FOR_A_WORD + _TOKENS_FOR_THOUGHT


def _stream(
    model: TextModel, wish: StoryWish, max_tokens: int, deadline: float, on_text: OnText
) -> Completion:
    """The whole answer, told as it comes. If its stream breaks off it is asked for anew, once."""
    return anew_if_broken(
        lambda: _read_along(
            model.stream(messages(wish), schema=_SCHEMA, max_tokens=max_tokens, deadline=deadline), on_text
        )
    )


def _read_along(pieces: Generator[str, None, Completion], on_text: OnText) -> Completion:
    """The whole answer, whose title and story are told as they come."""
    readers = FieldReader("title"), FieldReader("story")
    title = story = ""
    try:
        while True:
            piece = next(pieces)
            title += readers[0].feed(piece)
            story += readers[1].feed(piece)
            on_text(title, story)
    except StopIteration as end:
        completion: Completion = end.value
        return completion
    finally:
        pieces.close()


def messages(wish: StoryWish) -> list[Message]:
    """The conversation that asks for `wish`."""
    lines = [
        f"Prompt: {wish.prompt}",
        f"Length: about {wish.words} words",
        f"Language: {one_line(wish.language) or 'the language of the prompt'}",
    ]
    if wish.style:
        lines.append(f"The picture beside the story is in this style: {one_line(wish.style)}")
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": "\n".join(lines)}]


def _title_and_text(completion: Completion) -> tuple[str, str]:
    """From the JSON object; from what there is of it if it was cut; from prose if the schema was ignored."""
    value: dict[str, Any] = completion.value or {}
    title, text = value.get("title"), value.get("story")
    if isinstance(title, str) and isinstance(text, str):
        return _clean_title(title), text.strip()
    if completion.text.lstrip("` \njson").startswith("{"):
        return _clean_title(read_field(completion.text, "title")), read_field(
            completion.text, "story"
        ).strip()
    first, _, rest = completion.text.strip().partition("\n")
    if rest and len(first) <= 120:
        return _clean_title(first), rest.strip()
    return "", completion.text.strip()


def _clean_title(title: str) -> str:
    """Free of Markdown and of quotes around it: '**Title: "The Dog"**' gives "The Dog"."""
    bare = one_line(title).strip("#* ").removeprefix("Title:").strip("#* ")
    return clip(_QUOTED.sub(r"\1", bare).strip(), 120)
