"""Until when models are served, as far as their makers have said: names in settings often outlive them."""

from __future__ import annotations

from datetime import date

# As announced by November 2026: https://developers.openai.com/api/docs/deprecations,
# https://ai.google.dev/gemini-api/docs/deprecations. None: gone, whenever that was.
_ENDS: dict[str, date | None] = {
    "text-davinci-003": None,
    "gpt-3.5-turbo": None,
    "gpt-4": None,
    "gpt-4-turbo": None,
    "o1": None,
    "o3-mini": None,
    "dall-e-2": date(2026, 5, 12),
    "dall-e-3": date(2026, 5, 12),
    "gpt-image-1": date(2026, 10, 23),
    "gpt-image-1-mini": date(2026, 12, 1),
    "gpt-image-1.5": date(2026, 12, 1),
}
# Whole families, by how their names begin.
_FAMILIES = {
    "gpt-5": date(2026, 12, 11),
    "gpt-4o": date(2027, 1, 14),
    "gpt-4.1": date(2027, 1, 14),
    "gemini-2.5": date(2026, 12, 1),
}


def is_gone(model: str, today: date) -> bool:
    """Whether the model is known to be served no more."""
    if model in _ENDS:
        end = _ENDS[model]
        return end is None or end <= today
    end = end_of(model)
    return end is not None and end <= today


def end_of(model: str) -> date | None:
    """The announced last day of a model, None if there is none that we know."""
    if model in _ENDS:
        return _ENDS[model]
    family = next((name for name in _FAMILIES if model == name or model.startswith(f"{name}-")), None)
    return _FAMILIES[family] if family else None
