"""Reading one field out of JSON that is still being written."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from text.json_field import FieldReader, read_field

# JSON cannot carry a lone surrogate as text, so none is drawn here; escaped ones have tests of their own.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("story") | TEXTS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """Objects with the field "story" in any place among others; some of those hold one of the same name."""
    others = draw(st.dictionaries(TEXTS.filter(lambda key: key != "story"), VALUES, max_size=4))
    items = [*others.items()]
    items.insert(draw(st.integers(0, len(items))), ("story", draw(TEXTS)))
    return dict(items)


def cut(text: str, places: list[int]) -> list[str]:
    """`text` in pieces, cut at `places` (each taken modulo its length)."""
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in itertools.pairwise(ends)]


@settings(deadline=None)
@given(objects(), st.lists(st.integers(0, 5000)), st.booleans(), st.sampled_from([None, 2]))
def test_the_pieces_join_to_the_value_wherever_the_document_is_cut(
    document: dict[str, Any], places: list[int], ascii_only: bool, indent: int | None
) -> None:
    reader = FieldReader("story")
    written = json.dumps(document, ensure_ascii=ascii_only, indent=indent)

    assert "".join(reader.feed(piece) for piece in cut(written, places)) == document["story"]
    assert reader.done


@settings(deadline=None)
@given(objects(), st.booleans())
def test_every_beginning_of_the_document_gives_a_beginning_of_the_value(
    document: dict[str, Any], ascii_only: bool
) -> None:
    written, found = json.dumps(document, ensure_ascii=ascii_only), ""
    reader = FieldReader("story")
    for char in written:
        found += reader.feed(char)
        assert document["story"].startswith(found)


@settings(deadline=None)
@given(st.dictionaries(TEXTS.filter(lambda key: key != "story"), VALUES, max_size=4))
def test_a_field_of_that_name_deeper_inside_does_not_count(document: dict[str, Any]) -> None:
    assert read_field(json.dumps(document), "story") == ""


@settings(deadline=None)
@given(st.text(), st.lists(st.integers(0, 5000)))
def test_any_text_at_all_is_read_without_an_error(text: str, places: list[int]) -> None:
    reader = FieldReader("story")

    assert "".join(reader.feed(piece) for piece in cut(text, places)) == read_field(text, "story")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r"Once\nupon", "Once\nupon"),
        (r"\t\r\b\f\"\\\/", '\t\r\b\f"\\/'),
        (r"caf\u00e9", "café"),
        (r"\ud83d\udc36", "🐶"),
        (r"\uD83D\uDC36 barks", "🐶 barks"),
        (r"\ud83d", "\ufffd"),
        (r"\ud83d barks", "\ufffd barks"),
        (r"\ud83d\n", "\ufffd\n"),
        (r"\ud83d\u0041", "\ufffdA"),
        (r"\udc36", "\ufffd"),
        (r"\ud83d\ud83d\udc36", "\ufffd🐶"),
        (r"\uzzzz!", "\ufffd!"),
    ],
)
def test_escapes_are_decoded_and_half_a_character_becomes_the_replacement_mark(
    written: str, value: str
) -> None:
    reader = FieldReader("story")

    assert "".join(reader.feed(char) for char in f'{{"story": "{written}"}}') == value


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ('{"title": "A", "story": "Once\\nupon', "Once\nupon"),
        ('{"story": "Once\\', "Once"),
        ('{"story": "Once\\u00e', "Once"),
        ('{"story": "Once \\ud83d', "Once "),
        ('{"story": "', ""),
        ('{"story"', ""),
        ('```json\n{"story": "Once"}\n```', "Once"),
        ('{"a": "story", "story": "yes"}', "yes"),
        ('{"a": {"story": "no"}, "story": "yes"}', "yes"),
        ('{"a": ["story", {"story": "no"}], "story": "yes"}', "yes"),
        ('{"a": "{\\"story\\": \\"no\\"}", "story": "yes"}', "yes"),
        ('{"story": null, "title": "no"}', ""),
        ('{"story": {"story": "no"}}', ""),
        ('{"story": ["no"]}', ""),
        ('{"story": 3}', ""),
        ("", ""),
        ("Once upon a time", ""),
    ],
)
def test_documents_that_are_cut_wrapped_or_nested(document: str, value: str) -> None:
    assert read_field(document, "story") == value


def test_nothing_behind_the_end_of_the_value_is_read() -> None:
    reader = FieldReader("story")

    assert reader.feed('{"story": "Once", "title": "A"') == "Once"
    assert reader.feed(', "story": "Twice"}') == ""
