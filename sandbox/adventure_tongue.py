"""The shape in which every language keeps what the adventure's stand-in needs, in the second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.story_material import Sentences


@dataclass(frozen=True, kw_only=True)
class Words:
    """One language. Braces: {topic}, {choice}, {who}, {place}, {item}, {new} (what comes up), {sign}.

    `signs`: clauses that go on after a comma, each drawn once. `spoken`: for a choice that is no deed.
    `finds`, and the last sentence of the summary `told`, by what comes up: place, item or figure.
    `places`, `items`, `figures` (name and note): by a key that is the same in all languages. In German all
    of them are in the nominative. `choices` have at most twelve words with names of four.
    """

    openings: Sentences
    reactions: Sentences
    spoken: Sentences
    reminders: Sentences
    companions: Sentences
    surroundings: Sentences
    belongings: Sentences
    finds: Mapping[str, Sentences]
    moments: Sentences
    ends: Sentences
    signs: Sentences
    choices: Sentences
    told: Mapping[str, str]
    began: str
    places: Mapping[str, str]
    items: Mapping[str, str]
    figures: Mapping[str, tuple[str, str]]
