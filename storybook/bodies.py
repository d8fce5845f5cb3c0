"""What the storybook's calls take. The names of the fields are those that existing clients send."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from storybook.planning import MOST_PAGES
from utils import is_well_formed, one_line

MAX_PROMPT = 2000
_MOST_TRAITS = 12


class Texts(BaseModel):
    """Fields that are not known are ignored, as older clients send some."""

    @field_validator("*", mode="before")
    @classmethod
    def check_text(cls, value: object) -> object:
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and not is_well_formed(text) for text in texts):
            raise ValueError("The text holds half of a character (a lone surrogate).")
        return value


class CharacterBody(Texts):
    name: str = Field(description="What the hero is called, 1 to 60 characters.")
    age: int | None = Field(default=None, ge=0, le=120)
    personality: list[str] = Field(default_factory=list, max_length=_MOST_TRAITS)
    interests: list[str] = Field(default_factory=list, max_length=_MOST_TRAITS)
    imageUrl: str = Field(
        default="", description="A picture of the hero: an upload, a data URL, or an https address."
    )

    @field_validator("name")
    @classmethod
    def check_name(cls, value: str) -> str:
        if not 1 <= len(name := one_line(value)) <= 60:
            raise ValueError("character.name must have 1 to 60 characters.")
        return name

    @field_validator("age", mode="before")
    @classmethod
    def check_age(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("personality", "interests", mode="before")
    @classmethod
    def split(cls, value: object) -> object:
        """Some clients send "brave, curious"."""
        if value is None:
            return []
        return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("personality", "interests")
    @classmethod
    def check_traits(cls, value: list[str]) -> list[str]:
        traits = [one_line(trait) for trait in value]
        if any(len(trait) > 60 for trait in traits):
            raise ValueError("Each trait has at most 60 characters.")
        return [trait for trait in traits if trait]

    @field_validator("imageUrl", mode="before")
    @classmethod
    def no_picture(cls, value: object) -> object:
        return "" if value is None else value


class GenerateBook(Texts):
    character: CharacterBody
    prompt: str = Field(description=f"What the book is about, 1 to {MAX_PROMPT:,} characters.")
    generateIllustrations: bool = Field(default=True, description="Whether the pages are illustrated.")
    pages: int = Field(default=6, ge=1, le=MOST_PAGES, description="How many pages the book has.")
    style: str = Field(default="", max_length=200, description="Style of the pictures, in your own words.")
    language: str = Field(default="", max_length=50, description="Language; the prompt's own if empty.")
    callback_url: str = Field(default="", description="Where the finished job is posted, signed.")

    @field_validator("prompt")
    @classmethod
    def check_prompt(cls, value: str) -> str:
        if not one_line(value):
            raise ValueError("prompt is required.")
        if len(value.strip()) > MAX_PROMPT:
            raise ValueError(
                f"prompt has {len(value.strip()):,} characters; at most {MAX_PROMPT:,} are taken."
            )
        return value.strip()

    @field_validator("style", "language", "callback_url", mode="before")
    @classmethod
    def empty(cls, value: object) -> object:
        return "" if value is None else value


class DrawAgain(Texts):
    model_config = ConfigDict(extra="ignore")

    description: str = Field(default="", max_length=1000, description="Another scene; the plan's if empty.")


class BookPath(BaseModel):
    book_id: str = Field(max_length=64)


class PagePath(BookPath):
    page: int = Field(ge=1, le=MOST_PAGES)


class IllustrationPath(BaseModel):
    job_id: str = Field(max_length=64)


class Include(BaseModel):
    include: str = Field(default="", max_length=40, description="b64 fills b64_json.")
