"""Until when models are served."""

from __future__ import annotations

from datetime import date

import pytest

from text.lifespans import end_of, is_gone

NOVEMBER = date(2026, 11, 21)


@pytest.mark.parametrize(
    "model",
    ["text-davinci-003", "gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "o1", "o3-mini", "dall-e-2", "dall-e-3"],
)
def test_models_of_other_days_are_gone(model: str) -> None:
    assert is_gone(model, NOVEMBER)


@pytest.mark.parametrize(
    "model",
    ["gpt-6-luna", "gpt-image-2", "gpt-image-2.5-flare", "gpt-5-mini", "gpt-4o", "my-gpt-4", "gpt-4x", ""],
)
def test_models_that_are_served_or_unknown_are_not_gone(model: str) -> None:
    assert not is_gone(model, NOVEMBER)


@pytest.mark.parametrize(
    ("model", "end"),
    [
        ("gpt-image-1", date(2026, 10, 23)),
        ("gpt-image-1-mini", date(2026, 12, 1)),
        ("gpt-image-1.5", date(2026, 12, 1)),
        ("dall-e-3", date(2026, 5, 12)),
        ("gpt-5", date(2026, 12, 11)),
        ("gpt-5-mini", date(2026, 12, 11)),
        ("gpt-4o", date(2027, 1, 14)),
        ("gpt-4o-mini-2024-07-18", date(2027, 1, 14)),
        ("gpt-4.1-nano", date(2027, 1, 14)),
        ("gemini-2.5-flash", date(2026, 12, 1)),
    ],
)
def test_a_model_is_gone_from_its_last_day_on(model: str, end: date) -> None:
    assert end_of(model) == end
    assert not is_gone(model, date.fromordinal(end.toordinal() - 1))
    assert is_gone(model, end)
    assert is_gone(model, date.fromordinal(end.toordinal() + 1))


@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-50", "gpt-4ox", "gemini-2.55", "gpt-image-2", ""])
def test_a_name_that_only_begins_alike_has_no_announced_end(model: str) -> None:
    assert end_of(model) is None


def test_when_those_of_other_days_went_is_not_known() -> None:
    assert end_of("gpt-4") is None
