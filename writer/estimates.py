"""What a call will take, before it is made: calls, tokens and pictures, from the lengths alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from writer.rounds import rounds_for
from writer.setup import scenes_for

# Tokens for a word of prose, and what the prompts of each task hold besides: as measured in English.
_FOR_A_WORD = 1.5
_PROMPT = 900
_ROUND_PROMPT = 2600
_SUMMARY = 250
_SCENE = 350


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Prompt and completion tokens are priced differently."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    pictures: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            pictures=self.pictures + other.pictures,
        )


def short_call(words: int = 150) -> Estimate:
    """A setup, three ideas, or a premise."""
    return Estimate(calls=1, prompt_tokens=_PROMPT, completion_tokens=round(words * _FOR_A_WORD))


def outline_call(words: int, scenes: int = 0) -> Estimate:
    """An outline for so many words, or of so many scenes."""
    tokens = (scenes or scenes_for(words)) * _SCENE
    return Estimate(calls=1, prompt_tokens=_PROMPT, completion_tokens=tokens)


def digest_call(characters: int) -> Estimate:
    """A summary of a story that somebody brings along."""
    return Estimate(calls=1, prompt_tokens=_PROMPT + of_characters(characters), completion_tokens=_SUMMARY)


def of_characters(count: int) -> int:
    """Tokens of a caller's text, rather too many than too few."""
    return count // 3


def one_round(words: int) -> Estimate:
    """A part of so many words, with its summary."""
    tokens = round(words * _FOR_A_WORD) + _SUMMARY
    return Estimate(calls=1, prompt_tokens=_ROUND_PROMPT, completion_tokens=tokens)


def next_part(words: int) -> Estimate:
    """One part of a story that will have `words` words."""
    return one_round(round(words / max(2, rounds_for(words))))


def whole_story(words: int, *, has_premise: bool = False, has_outline: bool = False) -> Estimate:
    rounds = max(2, rounds_for(words))
    total = Estimate()
    if not has_premise:
        total += short_call()
    if not has_outline:
        total += outline_call(words)
    for _ in range(rounds):
        total += one_round(round(words / rounds))
    return total


def pictures(scenes: int, portraits: int = 0) -> Estimate:
    return Estimate(pictures=scenes + portraits)


def with_request(needed: Estimate, asked: dict[str, Any]) -> Estimate:
    """The estimate with the caller's own words in each of its prompts; of a long story only its end."""
    if not needed.calls:
        return needed
    given = {**asked, "story_text": ""}
    tokens = of_characters(len(json.dumps(given, ensure_ascii=False)))
    return needed + Estimate(prompt_tokens=needed.calls * tokens)
