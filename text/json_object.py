"""Finds the JSON object in what a model has said."""

from __future__ import annotations

import json
from typing import Any


def object_in(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; some servers ignore the schema, or wrap the object in a code fence."""
    try:
        value = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
