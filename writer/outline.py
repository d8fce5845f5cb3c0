"""Outlines: from models, from clients and as text, all read into one shape."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from utils import clip, is_well_formed, one_line, well_formed

MOST_SCENES = 40
FEWEST_WANTED = 5
_MOST_TEXT = 40_000
_MOST_CHARACTERS = 12
_LONGEST_TITLE = 120
_NUMBERED = re.compile(r"(?m)^(?:#+ ?)?(?:scene ?)?(\d{1,2})[.):] ", re.IGNORECASE)


def _plain(limit: int) -> BeforeValidator:
    def check(value: object) -> object:
        """A missing text is an empty one; too long ones name the limit."""
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ValueError("It must be text.")
        if not is_well_formed(value):
            raise ValueError("The text holds half of a character (a lone surrogate).")
        if len(value) > limit:
            raise ValueError(f"It has {len(value):,} characters; at most {limit:,} are taken.")
        return value.replace("\0", "").strip()

    return BeforeValidator(check)


Line = Annotated[str, _plain(300)]
Paragraph = Annotated[str, _plain(4000)]


class Scene(BaseModel):
    """One scene. A title or a description there must be; `scene_number` counts from 1."""

    model_config = ConfigDict(frozen=True)

    scene_number: int = Field(default=0, ge=0, le=MOST_SCENES)
    title: Line = ""
    description: Paragraph = ""
    image_prompt: Paragraph = ""
    audio_narration: Paragraph = ""
    character_descriptions: list[Paragraph] = Field(default_factory=list, max_length=20)
    key_events: list[Paragraph] = Field(default_factory=list, max_length=30)

    @field_validator("character_descriptions", "key_events", mode="before")
    @classmethod
    def one_is_a_list(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value or []

    @model_validator(mode="after")
    def check_something(self) -> Scene:
        if not (self.title or self.description):
            raise ValueError("A scene needs a title or a description.")
        return self


class Character(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: Line
    description: Paragraph = ""


class Outline(BaseModel):
    """A story in scenes, numbered from 1 in their order."""

    model_config = ConfigDict(frozen=True)

    title: Line = ""
    characters: list[Character] = Field(default_factory=list, max_length=_MOST_CHARACTERS)
    scenes: list[Scene]

    @field_validator("scenes", mode="after")
    @classmethod
    def number(cls, scenes: list[Scene]) -> list[Scene]:
        if not 1 <= len(scenes) <= MOST_SCENES:
            raise ValueError(f"An outline has 1 to {MOST_SCENES} scenes; this one has {len(scenes)}.")
        return [scene.model_copy(update={"scene_number": at}) for at, scene in enumerate(scenes, 1)]


def given_outline(value: object) -> object:
    """What a client may send for an outline, as Outline takes it: an object, a list of scenes, or a text."""
    if isinstance(value, list):
        return {"scenes": value}
    return outline_of(value).model_dump() if isinstance(value, str) else value


def outline_of(text: str) -> Outline:
    """The outline in a text: JSON, numbered scenes, or paragraphs. Raises ValueError for an empty one."""
    if not is_well_formed(text):
        raise ValueError("The text holds half of a character (a lone surrogate).")
    if len(text) > _MOST_TEXT:
        raise ValueError(f"It has {len(text):,} characters; at most {_MOST_TEXT:,} are taken.")
    if text.lstrip().startswith(("{", "[")):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return Outline.model_validate({"scenes": value} if isinstance(value, list) else value)
    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())
    pieces = _NUMBERED.split(lines)[2::2] or lines.split("\n\n")
    scenes = [_scene_in(piece) for piece in pieces if piece.strip()]
    return Outline(scenes=scenes)


def _scene_in(piece: str) -> Scene:
    """The first line is the title; of a long one its beginning, and all of it belongs to the description."""
    first, _, rest = piece.strip().partition("\n")
    told = rest if len(first) <= _LONGEST_TITLE else f"{first}\n{rest}"
    return Scene(title=clip(one_line(first), _LONGEST_TITLE), description=clip(told.strip(), 4000))


def read_outline(value: dict[str, Any]) -> Outline:
    """A model's outline. Raises ValueError if it has too few scenes."""
    outline = tamed(value)
    if len(outline.scenes) < FEWEST_WANTED:
        raise ValueError(f"it has {len(outline.scenes)} scenes")
    return outline


def tamed(value: dict[str, Any]) -> Outline:
    """A model's outline; its texts may be longer than a client's, and hold halves of characters."""

    def tame(part: Any) -> Any:
        if isinstance(part, str):
            return clip(well_formed(part), 3900)
        if isinstance(part, list):
            return [tame(item) for item in part[:MOST_SCENES]]
        return {name: tame(item) for name, item in part.items()} if isinstance(part, dict) else part

    return Outline.model_validate(tame(value))


def as_lines(outline: Outline) -> str:
    """The outline as a model reads it, a line for each scene."""
    people = "".join(f"{each.name}: {one_line(each.description)}\n" for each in outline.characters)
    scenes = "\n".join(_line(scene) for scene in outline.scenes)
    return f"\n{people}{scenes}"


def _line(scene: Scene) -> str:
    events = f" ({'; '.join(map(one_line, scene.key_events))})" if scene.key_events else ""
    title = one_line(scene.title) or f"Scene {scene.scene_number}"
    return f"{scene.scene_number}. {title} — {one_line(scene.description)}{events}"


def as_text(outline: Outline) -> str:
    """The outline for people."""
    return "\n\n".join(
        f"{scene.scene_number}. {scene.title}\n{scene.description}".strip() for scene in outline.scenes
    )
