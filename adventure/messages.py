"""What players send: exactly one of seven things, each read and checked."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from errors import InvalidRequest
from utils import is_well_formed, one_line

MAX_BYTES = 16 * 1024


def _text(limit: int, *, is_required: bool = True) -> BeforeValidator:
    def check(value: object) -> object:
        if value is None and not is_required:
            return ""
        if not isinstance(value, str):
            raise ValueError("It must be text.")
        if not is_well_formed(value):
            raise ValueError("The text holds half of a character (a lone surrogate).")
        text = value.replace("\0", "").strip()
        if is_required and not one_line(text):
            raise ValueError("It must not be empty.")
        if len(text) > limit:
            raise ValueError(f"It has {len(text):,} characters; at most {limit:,} are taken.")
        return text

    return BeforeValidator(check)


Wish = Annotated[str, _text(200, is_required=False)]


class Start(BaseModel):
    """What the adventure is about."""

    premise: Annotated[str, _text(2000)]
    style: Wish = ""
    language: Wish = ""
    audience: Wish = ""


class Branch(BaseModel):
    turn: int = Field(ge=1, le=1_000_000)


class Slot(BaseModel):
    name: Annotated[str, _text(60)]


class Said(BaseModel):
    """One message of a player's: exactly one of its members is there."""

    start: Start | None = None
    choice: Annotated[str, _text(500)] | None = None
    undo: Literal[True] | None = None
    branch: Branch | None = None
    retry: Literal["narration", "image"] | None = None
    save: Slot | None = None
    load: Slot | None = None

    @model_validator(mode="after")
    def check_one(self) -> Said:
        given = [name for name in self.model_fields_set if getattr(self, name) is not None]
        if len(given) != 1 or len(self.model_fields_set) != 1:
            raise ValueError(f"Send exactly one of {', '.join(type(self).model_fields)}.")
        return self


_NAMES = frozenset(Said.model_fields)


def read_text(text: str | bytes) -> Said:
    """A message as it came over a socket. Raises InvalidRequest with the codes not_json and as below."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The message is not JSON.", code="not_json") from error
    return read(value)


def read(value: Any) -> Said:
    """Raises InvalidRequest with the code unknown_message or invalid_field."""
    if not isinstance(value, dict) or not _NAMES & set(value):
        raise InvalidRequest(
            f"A message is a JSON object with one of {', '.join(Said.model_fields)}.", code="unknown_message"
        )
    given = {name: value[name] for name in value if name in _NAMES}
    try:
        return Said.model_validate(given)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"]) or "message"
        said = str(fault["msg"]).removeprefix("Value error, ")
        if said.startswith("It "):
            said = f"it {said[3:]}"
        raise InvalidRequest(f"{field}: {said}", code="invalid_field", field=field) from error
