"""What the writer's calls take. The names of the fields are those that existing clients send."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, field_validator

from utils import is_well_formed, one_line
from writer.outline import MOST_SCENES, Character, Outline, Scene, given_outline
from writer.setup import FIELDS, Setup

MOST_TEXT = 400_000
MOST_DATA = 1_500_000
_LONGEST = 2000
_SIDES = (256, 3072)


def _text(limit: int, *, is_required: bool = True) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            value = ", ".join(value)  # some clients send a list of characters
        if value is None or isinstance(value, str):
            text = (value or "").replace("\0", "").strip()
        else:
            raise ValueError("It must be text.")
        if is_required and not one_line(text):
            raise ValueError("It must not be empty.")
        if len(text) > limit:
            raise ValueError(f"It has {len(text):,} characters; at most {limit:,} are taken.")
        if not is_well_formed(text):
            raise ValueError("The text holds half of a character (a lone surrogate).")
        return text

    return BeforeValidator(check)


Text = Annotated[str, _text(_LONGEST)]
MaybeText = Annotated[str, _text(_LONGEST, is_required=False)]
Instruction = Annotated[
    str, _text(_LONGEST, is_required=False), Field(description="A wish for this answer alone.")
]
GivenOutline = Annotated[Outline, BeforeValidator(given_outline)]


class SetupBody(BaseModel):
    """The wishes for a story, 1 to 2,000 characters each. Fields that are not known are ignored."""

    persona: Text
    story_setting: Text
    character_input: Text
    plot_elements: Text
    writing_style: Text
    story_tone: Text
    narrative_pov: Text
    audience_age_group: Text
    content_rating: Text
    ending_preference: Text
    story_length: MaybeText = "Medium"
    language: Annotated[str, _text(60, is_required=False)] = ""

    def setup(self) -> Setup:
        given = {name: getattr(self, name) for name in FIELDS}
        return Setup(**given | {"story_length": self.story_length or "Medium"})


class IdeaBody(BaseModel):
    idea: Text = Field(description="A rough idea, 1 to 2,000 characters.")
    language: Annotated[str, _text(60, is_required=False)] = ""


class PremiseBody(SetupBody):
    instruction: Instruction = ""
    premise: MaybeText = Field(default="", description="One to change by the instruction.")

    @property
    def before(self) -> str:
        """Clients may send all that they have: without an instruction the premise is found anew."""
        return self.premise if self.instruction else ""


class OutlineBody(SetupBody):
    premise: Text
    instruction: Instruction = ""
    use_structured: bool = Field(default=True, description="Scenes with fields; false gives a text.")


class RefineBody(SetupBody):
    premise: MaybeText = ""
    outline: GivenOutline
    instruction: Text = Field(description="What is to change.")
    scene_number: int | None = Field(default=None, ge=1, le=MOST_SCENES, description="The scene to change.")


class StartBody(SetupBody):
    premise: Text
    outline: GivenOutline
    instruction: Instruction = ""


class ContinueBody(StartBody):
    story_text: Annotated[str, _text(MOST_TEXT)] = Field(
        validation_alias=AliasChoices("story_text", "story", "current_story"),
        description="The story so far, 1 to 400,000 characters.",
    )
    summary: Annotated[str, _text(4000, is_required=False)] = ""
    scenes_told: int | None = Field(default=None, ge=0, le=MOST_SCENES)


class FullBody(SetupBody):
    premise: MaybeText = ""
    outline: GivenOutline | None = None
    callback_url: str = Field(default="", description="Where the finished job is posted, signed.")

    @field_validator("outline", mode="before")
    @classmethod
    def none_is_none(cls, value: object) -> object:
        return value or None


class ImagesBody(BaseModel):
    scenes: list[Scene] = Field(min_length=1, max_length=MOST_SCENES)
    characters: list[Character] = Field(default_factory=list, max_length=12)
    provider: str = Field(default="", max_length=40, description="The image model that is asked first.")
    width: int | None = Field(default=None, ge=_SIDES[0], le=_SIDES[1], multiple_of=16)
    height: int | None = Field(default=None, ge=_SIDES[0], le=_SIDES[1], multiple_of=16)
    style: Annotated[str, _text(200, is_required=False)] = ""

    @field_validator("provider", mode="before")
    @classmethod
    def check_provider(cls, value: object) -> object:
        return value or ""


class AgainBody(BaseModel):
    task_id: Annotated[str, _text(64)] = Field(description="The task that drew the scene.")
    scene_number: int = Field(ge=1, le=MOST_SCENES)
    image_prompt: MaybeText = Field(default="", description="Another prompt; the scene's own if empty.")


Action = Literal[
    "setup", "ideas", "premise", "outline", "refine", "start", "continue", "full", "images", "scene"
]


class EstimateBody(BaseModel):
    action: Action
    story_length: MaybeText = "Medium"
    scenes: int | None = Field(default=None, ge=1, le=MOST_SCENES, description="Scenes to draw.")


def _data(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("data must be an object.")
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, RecursionError) as error:
        raise ValueError(
            "data holds text that is no Unicode, no number (NaN), or is nested too deeply."
        ) from error
    if size > MOST_DATA:
        raise ValueError(f"data has {size:,} bytes; at most {MOST_DATA:,} are taken.")
    return value


Data = Annotated[dict[str, Any], BeforeValidator(_data)]


class ProjectBody(BaseModel):
    title: Annotated[str, _text(200)]
    data: Data


class ChangedProject(ProjectBody):
    version: int = Field(ge=1, le=2**31 - 2, description="The version that was changed.")


class ExportScene(BaseModel):
    title: Annotated[str, _text(300, is_required=False)] = ""
    image_url: Annotated[str | None, _text(_LONGEST, is_required=False)] = ""


Format = Literal["md", "txt", "html", "pdf", "epub"]


class ExportBody(BaseModel):
    format: Format
    title: Annotated[str, _text(200)]
    author: Annotated[str, _text(200, is_required=False)] = ""
    language: Annotated[str, _text(60, is_required=False)] = ""
    story: Annotated[str, _text(2_000_000)]
    scenes: list[ExportScene] = Field(default_factory=list, max_length=60)
    cover_url: Annotated[str | None, _text(_LONGEST, is_required=False)] = ""


class ExportQuery(BaseModel):
    format: Format = "epub"


class TaskPath(BaseModel):
    task_id: str = Field(max_length=64)


class ProjectPath(BaseModel):
    project_id: str = Field(max_length=64)
