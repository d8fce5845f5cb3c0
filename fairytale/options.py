"""What a class may choose from: groups of options, each with the words that it adds to the prompt.

They stand in options.json, which may be edited: a group has `group`, `label` and `options`, and each of those
`id`, `label` and `words`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

_FILE = Path(__file__).parent / "options.json"


class Option(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    label: str
    words: str


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    label: str
    options: tuple[Option, ...]


@lru_cache(maxsize=1)
def groups() -> tuple[Group, ...]:
    """All groups, in their order. Raises ValidationError if the file is not as it should be."""
    return TypeAdapter(tuple[Group, ...]).validate_json(_FILE.read_text(encoding="utf-8"))


def words_of(ids: Sequence[str]) -> tuple[str, ...]:
    """What these options add to the prompt. Raises KeyError with the first id that is none."""
    known = {option.id: option.words for group in groups() for option in group.options}
    return tuple(known[each] for each in ids)
