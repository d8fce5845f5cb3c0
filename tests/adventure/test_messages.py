"""What players send is read strictly, and answered in words."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adventure.messages import read, read_text
from errors import InvalidRequest


@pytest.mark.parametrize(
    "message",
    [
        {"start": {"premise": "A lighthouse"}},
        {"choice": " Climb  "},
        {"undo": True},
        {"branch": {"turn": 3}},
        {"retry": "image"},
        {"save": {"name": "Before the storm"}},
        {"load": {"name": "Before the storm"}},
        {"choice": "Wait", "something": "else"},
    ],
)
def test_each_message_is_taken(message: dict[str, Any]) -> None:
    said = read_text(json.dumps(message))
    assert len(said.model_fields_set) == 1


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("nonsense", "not_json", "not JSON"),
        ("[" * 100_000, "not_json", "not JSON"),
        ("[]", "unknown_message", "start, choice, undo"),
        ("7", "unknown_message", "JSON object"),
        ('{"dance": true}', "unknown_message", "start, choice, undo"),
        ('{"choice": "a", "undo": true}', "invalid_field", "exactly one"),
        ('{"choice": ""}', "invalid_field", "choice: it must not be empty"),
        ('{"choice": 7}', "invalid_field", "choice: it must be text"),
        ('{"choice": "\\ud800"}', "invalid_field", "lone surrogate"),
        ('{"undo": false}', "invalid_field", "undo"),
        ('{"save": null}', "invalid_field", "exactly one"),
        ('{"choice": null}', "invalid_field", "exactly one"),
        ('{"branch": {"turn": 0}}', "invalid_field", "branch.turn"),
        ('{"retry": "everything"}', "invalid_field", "retry"),
        ('{"start": {}}', "invalid_field", "start.premise"),
        (json.dumps({"choice": "x" * 501}), "invalid_field", "at most 500"),
        (json.dumps({"start": {"premise": "x" * 2001}}), "invalid_field", "at most 2,000"),
        (json.dumps({"save": {"name": "x" * 61}}), "invalid_field", "at most 60"),
    ],
)
def test_what_is_no_message_is_refused_in_words(text: str, code: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_text(text)
    assert refused.value.code == code
    assert said in refused.value.detail


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["start", "choice", "undo", "branch", "retry", "save", "load", "x"])


@given(st.dictionaries(NAMES, JSON, max_size=2) | JSON)
def test_whatever_comes_it_is_a_message_or_refused(value: Any) -> None:
    with suppress(InvalidRequest):
        assert len(read(value).model_fields_set) == 1
