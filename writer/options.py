"""What the setup offers to choose from: kept in options.json, which can be edited. Any other text will do."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from writer.setup import REQUIRED, Setup

_FILE = Path(__file__).with_name("options.json")


class _Field(BaseModel):
    name: str
    label: str
    help: str
    values: list[str]


class _Length(BaseModel):
    id: str
    label: str
    words: int


class _Template(BaseModel):
    id: str
    label: str
    setup: dict[str, str]


class _Options(BaseModel):
    fields: list[_Field]
    lengths: list[_Length]
    templates: list[_Template]


@lru_cache(maxsize=1)
def options() -> dict[str, Any]:
    """As JSON: fields, lengths and templates. Raises ValueError for a file that does not fit the setup."""
    read = _Options.model_validate(json.loads(_FILE.read_text("utf-8")))
    if tuple(field.name for field in read.fields) != REQUIRED:
        raise ValueError(f"options.json must have the fields {', '.join(REQUIRED)}, in this order.")
    for template in read.templates:
        Setup.of(template.setup)
    shown = read.model_dump()
    shown["fields"] = [{**field, "required": True} for field in shown["fields"]]
    return shown
