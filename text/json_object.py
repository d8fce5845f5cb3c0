"""Finds the JSON object in what a model has said."""

from __future__ import annotations

import json
from typing import Any

THINK, _THOUGHT = "<think>", "</think>"


def without_thoughts(text: str) -> str:
    """`text` without the thoughts that some models begin with; "" while these go on."""
    bare = text.lstrip()
    return bare.partition(_THOUGHT)[2] if bare.startswith(THINK) else text


def object_in(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; some servers ignore the schema, or wrap the object in a code fence."""
    text = without_thoughts(text)
    try:
        value = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
