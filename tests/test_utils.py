"""The small functions that many parts use."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import clip, iso, new_id, one_line, plain_name, remaining

FAMILY = "👩\u200d👩\u200d👧"


@settings(deadline=None)
@given(st.text())
def test_a_line_has_no_control_or_direction_characters_and_no_doubled_space(text: str) -> None:
    line = one_line(text)

    assert not [char for char in line if unicodedata.category(char) in ("Cc", "Zl", "Zp")]
    assert not set(line) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert line == line.strip()
    assert not re.search(r"\s\s", line)


@settings(deadline=None)
@given(st.text())
def test_a_line_stays_as_it_is_when_made_one_line_again(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[a-z0-9,.!?äöü🐶]+", fullmatch=True)))
def test_ordinary_words_keep_their_order_on_one_line(words: list[str]) -> None:
    assert one_line("\r\n\t ".join(words)) == " ".join(words)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb", "a b"),
        ("a\u2028b\u2029c", "a b c"),
        ("a\x00b", "a b"),
        ("/imag\u200bine", "/imagine"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u061cabc", "abc"),
        (f"\ufeff{FAMILY} ", FAMILY),
        ("", ""),
    ],
)
def test_lines_of_odd_texts(text: str, line: str) -> None:
    assert one_line(text) == line


@settings(deadline=None)
@given(st.text(), st.integers(1, 200))
def test_a_clipped_text_fits_and_begins_as_the_text_does(text: str, limit: int) -> None:
    clipped = clip(text, limit)

    assert len(clipped) <= limit
    if len(text) <= limit:
        assert clipped == text
    else:
        assert clipped.endswith("…")
        assert text.startswith(clipped[:-1])


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=31), st.integers(10, 30))
def test_a_text_without_spaces_fills_the_limit(text: str, limit: int) -> None:
    assert len(clip(text, limit)) == limit


@pytest.mark.parametrize(
    ("limit", "clipped"),
    [
        (19, "The dog barks at me"),
        (18, "The dog barks at…"),
        (13, "The dog bark…"),
        (11, "The dog…"),
        (9, "The dog…"),
        (5, "The…"),
        (4, "The…"),
        (3, "Th…"),
        (1, "…"),
    ],
)
def test_a_text_is_cut_at_a_space_where_one_is_near(limit: int, clipped: str) -> None:
    assert clip("The dog barks at me", limit) == clipped


def test_no_space_is_left_in_front_of_the_ellipsis() -> None:
    assert clip("Once  upon a time", 7) == "Once…"


def test_a_moment_is_written_in_utc_with_milliseconds() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_794_205_529.25) == "2026-11-09T06:25:29.250Z"


def test_an_id_has_32_hexadecimal_digits_and_is_never_the_same() -> None:
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)


def test_what_remains_of_a_deadline_is_never_below_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)

    assert remaining(102.5) == 2.5
    assert remaining(100.0) == 0.0
    assert remaining(99.0) == 0.0


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Old Bär", "old-bar"), ("../x.y", "x-y"), (" A  B ", "a-b"), ("Ёж 👾", ""), ("", "")],
)
def test_a_plain_name_has_letters_digits_and_hyphens_only(name: str, plain: str) -> None:
    assert plain_name(name) == plain
