"""What a plan allows in a month: text calls, their tokens, pictures, and what all of it costs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_MOST = 10**12


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A calendar month's limits, None where there is none; `cost` in US dollars."""

    name: str
    calls: int | None = None
    tokens: int | None = None
    pictures: int | None = None
    cost: float | None = None

    def public(self) -> dict[str, float | None]:
        """The limits as answers show them."""
        return {"calls": self.calls, "tokens": self.tokens, "pictures": self.pictures, "cost": self.cost}


def read_plans(text: str) -> dict[str, Plan]:
    """plans such as free: calls=100 tokens=500000 pictures=60 cost=2; pro: cost=50"""
    plans: dict[str, Plan] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, colon, amounts = part.partition(":")
        if not colon or not _NAME.fullmatch(name.strip()) or name.strip() in plans:
            raise ValueError
        plans[name.strip()] = Plan(name=name.strip(), **_limits(amounts))
    return plans


def _limits(text: str) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for part in text.split():
        resource, _, amount = part.partition("=")
        if resource not in ("calls", "tokens", "pictures", "cost") or resource in limits:
            raise ValueError
        limits[resource] = float(amount) if resource == "cost" else int(amount)
        if not (math.isfinite(limits[resource]) and 0 <= limits[resource] <= _MOST):
            raise ValueError
    return limits
