"""What is known in an adventure: its characters, places and things, never more than a few of each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

MOST = 8
_NAME, _NOTE = 80, 200  # characters


@dataclass(frozen=True)
class Facts:
    """`characters` are names with notes."""

    characters: tuple[tuple[str, str], ...] = ()
    places: tuple[str, ...] = ()
    inventory: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """All that is known, in small letters."""
        return {
            one.casefold() for one in (*(name for name, _ in self.characters), *self.places, *self.inventory)
        }

    def added(self, kind: str, name: str, note: str = "") -> Facts:
        """These facts and a place, an item or a figure; where there is no room, the oldest one goes."""
        if kind == "place":
            return replace(self, places=(*self.places, name)[-MOST:])
        if kind == "item":
            return replace(self, inventory=(*self.inventory, name)[-MOST:])
        return replace(self, characters=(*self.characters, (name, note))[-MOST:])

    def as_json(self) -> dict[str, Any]:
        return {
            "characters": [{"name": name, "note": note} for name, note in self.characters],
            "places": list(self.places),
            "inventory": list(self.inventory),
        }


def read_facts(text: str) -> Facts:
    """From JSON of any shape; what does not fit is left out."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return Facts()
    characters = [one for one in _listed(value.get("characters")) if isinstance(one, dict)]
    named = [(_plain(one.get("name"), _NAME), _plain(one.get("note"), _NOTE)) for one in characters]
    return Facts(
        tuple((name, note) for name, note in named if name)[-MOST:],
        _texts(_listed(value.get("places"))),
        _texts(_listed(value.get("inventory"))),
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(filter(None, (_plain(one, _NAME) for one in values)))[-MOST:]


def _plain(value: Any, most: int) -> str:
    return " ".join(value.split())[:most] if isinstance(value, str) else ""
