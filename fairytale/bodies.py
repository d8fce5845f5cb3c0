"""What the calls for picture sets take. The names of the fields are those that existing clients send."""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator, model_validator

from fairytale.options import words_of
from utils import is_well_formed, one_line

_MOST_PICTURES = 30
_MOST_OPTIONS = 20


class Texts(BaseModel):
    """Fields that are not known are ignored, as older clients send some."""

    @field_validator("*", mode="before")
    @classmethod
    def check_text(cls, value: object) -> object:
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and not is_well_formed(text) for text in texts):
            raise ValueError("The text holds half of a character (a lone surrogate).")
        return value


class FigureBody(Texts):
    name: str = Field(description="1 to 60 characters.")
    prompt: str = Field(description="What it looks like, 1 to 1,000 characters.")
    main: bool = Field(default=False, description="The main character; the first one if nobody is marked.")

    @field_validator("name", "prompt")
    @classmethod
    def check_length(cls, value: str) -> str:
        if not (text := one_line(value)):
            raise ValueError("It must not be empty.")
        return text

    @model_validator(mode="after")
    def check_limits(self) -> FigureBody:
        if len(self.name) > 60:
            raise ValueError(f"name has {len(self.name)} characters; at most 60 are taken.")
        if len(self.prompt) > 1000:
            raise ValueError(f"prompt has {len(self.prompt):,} characters; at most 1,000 are taken.")
        return self


class GenerateSet(Texts):
    studentTaskId: str = Field(description="Your name for the set, 1 to 100 characters.")
    fairytaleId: str = Field(default="", max_length=100)
    characters: list[FigureBody] = Field(default_factory=list)
    backgrounds: list[FigureBody] = Field(default_factory=list)
    optionIds: list[str] = Field(default_factory=list, max_length=_MOST_OPTIONS)
    sketchImage: str = Field(
        default="", description="An upload, or a data URL: what the main character is after."
    )
    style: str = Field(default="", max_length=200)
    provider: str = Field(default="", max_length=40, description="The image model that is asked first.")
    blur: bool = Field(default=False, description="Whether the backgrounds are softened.")
    callback_url: str = Field(default="", description="Where the finished job is posted, signed.")

    @field_validator("studentTaskId", mode="before")
    @classmethod
    def check_id(cls, value: object) -> object:
        text = one_line(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not 1 <= len(text) <= 100:
            raise ValueError("studentTaskId must have 1 to 100 characters.")
        if any(part in ("", ".", "..") for part in text.split("/")):
            raise ValueError("studentTaskId stands in addresses: between slashes there must be a name.")
        return text

    @field_validator("fairytaleId", "sketchImage", "style", "provider", "callback_url", mode="before")
    @classmethod
    def empty(cls, value: object) -> object:
        return "" if value is None else str(value) if isinstance(value, int) else value

    @field_validator("optionIds")
    @classmethod
    def check_options(cls, value: list[str]) -> list[str]:
        try:
            words_of(value)
        except KeyError as error:
            raise ValueError(f"There is no option {one_line(str(error.args[0]))[:60]}.") from error
        return value

    @model_validator(mode="after")
    def check_number(self) -> GenerateSet:
        number = len(self.characters) + len(self.backgrounds)
        if not 1 <= number <= _MOST_PICTURES:
            raise ValueError(
                f"characters and backgrounds are {number} pictures together; 1 to {_MOST_PICTURES} are taken."
            )
        if sum(figure.main for figure in self.characters) > 1:
            raise ValueError("characters: only one of them can be main.")
        return self


class Regenerate(Texts):
    imageId: str = Field(max_length=64)
    prompt: str = Field(default="", max_length=1000, description="Another prompt; its own if empty.")


class Choose(Texts):
    imageId: str = Field(max_length=64)
    index: int = Field(ge=1, le=4, description="Which of the four, 1 to 4.")


class SetPath(BaseModel):
    student_task_id: str = Field(max_length=100)
