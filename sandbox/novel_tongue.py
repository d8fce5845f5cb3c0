"""The shape in which every language keeps what the writer's stand-in needs to plan and to compose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.story_material import Material, Sentences

KINDS = ("scenery", "action", "talk", "thought")


@dataclass(frozen=True, kw_only=True)
class Plans:
    """What setups, premises and outlines are made of; the braces name what the writer's fields give.

    `titles`, `deeds` (a scene's description), `events`: one tuple for each of the three acts. `ideas`: title
    and idea. `touched`: how a refinement shows in a scene, with {instruction}. `told`: a sentence of the
    summary. `digest`: how a summary of a text begins and goes on. `replies`: the assistant's, by action.
    """

    names: Sentences
    looks: Sentences
    settings: Sentences
    plots: Sentences
    ideas: tuple[tuple[str, str], ...]
    premises: Sentences
    book_titles: Sentences
    titles: tuple[Sentences, Sentences, Sentences]
    deeds: tuple[Sentences, Sentences, Sentences]
    events: tuple[Sentences, Sentences, Sentences]
    narrations: Sentences
    touched: Sentences
    told: str
    digest: tuple[str, str]
    act: str
    replies: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """One language: its `name` in English, the sample stories' material, plans, and a composing grammar.

    `pools`: fragments by name, which may name other pools and slots in braces. Whole sentences are in KINDS,
    `short`, `begin` (the story's first sentence), `opening` and `closing` of a scene ({title}, {event}).
    `endings`: the last sentences by a word of the wish, "" for any other.
    """

    name: str
    material: Material
    plans: Plans
    pools: Mapping[str, Sentences]
    endings: Mapping[str, Sentences]
