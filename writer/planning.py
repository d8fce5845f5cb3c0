"""What comes before the story itself: setup, ideas, premise and outline, asked of a text model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, field_validator

from errors import ProviderError
from text.asking import Answered, Spent, ask_for, raise_if_declined
from text.model import TextModel
from utils import clip, one_line, well_formed
from writer import prompts
from writer.outline import Outline, read_outline, tamed
from writer.prompts import conversation, given_wishes, wishes
from writer.setup import REQUIRED, Setup, scenes_for

# The limit includes hidden reasoning: too small a one gives an empty answer.
TOKENS_FOR_THOUGHT = 6000
_TOKENS_FOR_A_SCENE = 700
_IDEAS = 3
_MOST_PREMISE_WORDS = 60
_OF_SETUP = (*REQUIRED, "story_length")
_TEXTS = TypeAdapter(dict[str, str])


class Idea(BaseModel):
    model_config = ConfigDict(frozen=True)

    title: str
    idea: str

    @field_validator("title", "idea")
    @classmethod
    def check(cls, value: str) -> str:
        if not (text := one_line(well_formed(value))):
            raise ValueError("empty")
        return clip(text, 1900)


_IDEA_LIST = TypeAdapter(list[Idea])


def make_setup(
    model: TextModel, idea: str, language: str, given: Mapping[str, str], *, deadline: float
) -> Answered[dict[str, str]]:
    """All fields of a setup, made from an idea; what is `given` of them stays."""

    def read(value: dict[str, Any]) -> dict[str, str]:
        said = _TEXTS.validate_python({name: value.get(name) or "" for name in _OF_SETUP})
        if missing := [name for name in REQUIRED if not one_line(said[name]) and name not in given]:
            raise ValueError(f"{missing[0]} is missing or empty")
        return {name: clip(one_line(well_formed(text)), 2000) for name, text in said.items()} | dict(given)

    known = given_wishes({"language": language, **given})
    asked = conversation("setup", [("Idea", one_line(idea)), *known])
    return ask_for(model, asked, prompts.SETUP, read, what="setup", **_limits(2000, deadline))


def better_ideas(model: TextModel, idea: str, language: str, *, deadline: float) -> Answered[list[Idea]]:
    """Three ideas that are better than the one that was given."""

    def read(value: dict[str, Any]) -> list[Idea]:
        ideas = _IDEA_LIST.validate_python(value.get("ideas"))
        if len(ideas) < _IDEAS:
            raise ValueError(f"it has {len(ideas)} ideas")
        return ideas[:_IDEAS]

    asked = conversation("ideas", [("Idea", one_line(idea)), ("Language", one_line(language))])
    return ask_for(model, asked, prompts.IDEAS, read, what="ideas", **_limits(1200, deadline))


def make_premise(
    model: TextModel, setup: Setup, *, before: str = "", instruction: str = "", deadline: float
) -> Answered[str]:
    """One or two sentences; with `before`, that premise changed by the instruction."""

    def read(value: dict[str, Any]) -> str:
        said = value.get("premise")
        if not isinstance(said, str) or not one_line(said):
            raise ValueError("premise is missing or empty")
        words = len(said.split())
        if words > _MOST_PREMISE_WORDS:
            raise ValueError(f"the premise has {words} words, not 20 to 40")
        return one_line(well_formed(said))

    lines = [*wishes(setup), ("Premise", one_line(before)), ("Instruction", one_line(instruction))]
    asked = conversation("premise", lines)
    return ask_for(model, asked, prompts.PREMISE, read, what="premise", **_limits(400, deadline))


def make_outline(
    model: TextModel, setup: Setup, premise: str, *, instruction: str = "", deadline: float
) -> Answered[Outline]:
    """5 to 10 scenes in three acts."""
    asked = conversation("outline", _outline_lines(setup, premise, instruction))
    limits = _limits(scenes_for(setup.words) * _TOKENS_FOR_A_SCENE, deadline)
    return ask_for(model, asked, prompts.OUTLINE, read_outline, what="outline", **limits)


def outline_as_text(
    model: TextModel, setup: Setup, premise: str, *, instruction: str = "", deadline: float
) -> Answered[str]:
    """The same as plain text."""
    asked = conversation("outline as text", _outline_lines(setup, premise, instruction))
    limits = _limits(scenes_for(setup.words) * _TOKENS_FOR_A_SCENE, deadline)
    completion = model.complete(asked, **limits)
    raise_if_declined(completion, "outline")
    if not (text := well_formed(completion.text).strip()):
        raise ProviderError("The text model's answer held no outline.", code="no_outline")
    return Answered(text, completion.model, Spent.on(completion))


def refine_outline(
    model: TextModel,
    setup: Setup,
    outline: Outline,
    *,
    premise: str,
    instruction: str,
    scene: int | None,
    deadline: float,
) -> Answered[Outline]:
    """The outline, changed as it was told; with `scene` only that one."""

    def read(value: dict[str, Any]) -> Outline:
        changed = tamed(value)
        if scene is None:
            return changed
        if len(changed.scenes) != len(outline.scenes):
            raise ValueError(f"it has {len(changed.scenes)} scenes, not {len(outline.scenes)}")
        kept = list(outline.scenes)
        kept[scene - 1] = changed.scenes[scene - 1]
        return outline.model_copy(update={"scenes": kept})

    lines = [
        *wishes(setup),
        ("Premise", one_line(premise)),
        ("Outline", outline.model_dump_json()),
        ("Scene", str(scene) if scene else ""),
        ("Instruction", one_line(instruction)),
    ]
    limits = _limits((len(outline.scenes) + 2) * _TOKENS_FOR_A_SCENE, deadline)
    asked = conversation("refinement", lines)
    return ask_for(model, asked, prompts.OUTLINE, read, what="outline", **limits)


def _outline_lines(setup: Setup, premise: str, instruction: str) -> list[tuple[str, str]]:
    return [
        *wishes(setup),
        ("Premise", one_line(premise)),
        ("Scenes", str(scenes_for(setup.words))),
        ("Instruction", one_line(instruction)),
    ]


def _limits(tokens: int, deadline: float) -> dict[str, Any]:
    return {"max_tokens": tokens + TOKENS_FOR_THOUGHT, "deadline": deadline}
