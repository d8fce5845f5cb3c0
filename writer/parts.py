"""Asks a text model for the next part of a story, and reads along while it is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from errors import ProviderError
from text.asking import Answered, Spent, anew_if_broken, ask_for, raise_if_declined
from text.json_field import FieldReader, read_field
from text.model import Completion, Message, Outcome, TextModel
from utils import clip, one_line, well_formed
from writer import prompts
from writer.outline import Outline, as_lines
from writer.planning import TOKENS_FOR_THOUGHT
from writer.prompts import conversation, wishes
from writer.rounds import Draft, Part, Round, tail, without_end_mark
from writer.setup import Setup

# Tokens for a word: about 1.4 in English, and up to 4 in scripts that tokenizers know less well.
_TOKENS_FOR_A_WORD = 4
_TOKENS_FOR_A_SUMMARY = 800
_MOST_SUMMARY = 2500
# What is kept back while a part is written: it could become a mark such as "The End".
_KEPT_BACK = 32
# A reader sees no faster than this.
_TELLING_SECONDS = 0.08
# A story that somebody brings along is read up to so many characters: its beginning, and more of its end.
_BEGINNING, _ENDING = 12_000, 36_000
MOST_READ = _BEGINNING + _ENDING

# Called with the part as far as it is written.
OnText = Callable[[str], None]


@dataclass(frozen=True)
class Brief:
    """What a story is written from; `instruction` is a wish for its next part alone."""

    setup: Setup
    premise: str
    outline: Outline
    instruction: str = ""


def write_part(
    model: TextModel,
    brief: Brief,
    draft: Draft,
    told: Round,
    *,
    deadline: float,
    on_text: OnText | None = None,
) -> Answered[Part]:
    """The part for the round `told`, streamed if `on_text` is given.

    Raises ContentRefused, ProviderError if nothing came, or ProviderTimeout.
    """
    asked = conversation("part", _lines(brief, draft, told))
    tokens = told.words * _TOKENS_FOR_A_WORD + _TOKENS_FOR_A_SUMMARY + TOKENS_FOR_THOUGHT
    completion = _completion(model, asked, tokens, deadline, on_text)
    raise_if_declined(completion, "story")
    part = _part(completion)
    if not part.text.strip():
        raise ProviderError("The text model's answer held no story.", code="empty_story")
    return Answered(part, completion.model, Spent.on(completion))


def digest(model: TextModel, text: str, outline: Outline, *, deadline: float) -> Answered[Part]:
    """What a story that somebody brings along has told so far, as a part without text."""

    def read(value: dict[str, Any]) -> Part:
        return Part(text="", summary=_summary(value.get("summary")), scenes_told=_number(value))

    whole = text if len(text) <= MOST_READ else f"{text[:_BEGINNING]}\n[...]\n{text[-_ENDING:]}"
    asked = conversation("digest", [("Outline", as_lines(outline)), ("Text", whole)])
    tokens = _TOKENS_FOR_A_SUMMARY + TOKENS_FOR_THOUGHT
    return ask_for(model, asked, prompts.DIGEST, read, what="summary", max_tokens=tokens, deadline=deadline)


def _lines(brief: Brief, draft: Draft, told: Round) -> list[tuple[str, str]]:
    count = len(brief.outline.scenes)
    before = f"scenes 1 to {draft.scenes_told} of {count}" if draft.scenes_told else "nothing"
    return [
        *wishes(brief.setup),
        ("Premise", one_line(brief.premise)),
        ("Outline", as_lines(brief.outline)),
        ("Story so far", one_line(draft.summary)),
        ("Told already", before),
        ("Tell now", _told_now(told, count)),
        ("Words now", f"about {told.words} words"),
        ("The end", "yes" if told.is_last else "no"),
        ("Instruction", one_line(brief.instruction)),
        ("Last words", tail(draft.text)),
    ]


def _told_now(told: Round, count: int) -> str:
    scenes = f"scenes {told.first} to {told.last} of {count}"
    if told.whole >= told.last:
        return scenes
    return f"{scenes}, but do not finish scene {told.last} yet"


def _completion(
    model: TextModel, asked: list[Message], tokens: int, deadline: float, on_text: OnText | None
) -> Completion:
    """The whole answer. A stream that breaks off is asked for anew, once."""
    if on_text is None:
        return model.complete(asked, schema=prompts.PART, max_tokens=tokens, deadline=deadline)

    return anew_if_broken(
        lambda: _read_along(
            model.stream(asked, schema=prompts.PART, max_tokens=tokens, deadline=deadline), on_text
        )
    )


def _read_along(pieces: Generator[str, None, Completion], on_text: OnText) -> Completion:
    """The whole answer; what there is of it is told now and then, since pieces may be single letters."""
    reader, text, told_at = FieldReader("text"), "", 0.0
    try:
        while True:
            text += reader.feed(next(pieces))
            if time.monotonic() - told_at >= _TELLING_SECONDS:
                on_text(shown(text))
                told_at = time.monotonic()
    except StopIteration as end:
        completion: Completion = end.value
        return completion
    finally:
        pieces.close()


def shown(text: str) -> str:
    """What may be shown of a part that is still being written."""
    return without_end_mark(text[:-_KEPT_BACK].rstrip())


def _part(completion: Completion) -> Part:
    """From the object; from what there is of it if it was cut; from prose if the schema was ignored."""
    value = completion.value or {}
    is_cut = completion.outcome is Outcome.CUT
    text = value.get("text")
    if not isinstance(text, str):
        is_object = completion.text.lstrip("` \njson").startswith("{")
        text = read_field(completion.text, "text") if is_object else completion.text
    return Part(
        text=well_formed(text).replace("\0", "").strip(),
        summary=_summary(value.get("summary")),
        scenes_told=_number(value),
        is_cut=is_cut,
    )


def _summary(value: object) -> str:
    return clip(one_line(well_formed(value)), _MOST_SUMMARY) if isinstance(value, str) else ""


def _number(value: dict[str, Any]) -> int | None:
    number = value.get("scenes_told")
    return number if isinstance(number, int) and not isinstance(number, bool) else None
