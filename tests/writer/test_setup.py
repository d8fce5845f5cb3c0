"""How many words the length of a story means."""

from __future__ import annotations

import pytest

from writer.setup import FEWEST_WORDS, LONG, MEDIUM, MOST_WORDS, SHORT, words_of


@pytest.mark.parametrize(
    ("length", "words"),
    [
        ("Short", SHORT),
        ("medium-ish", MEDIUM),
        ("Long, 12 chapters", LONG),
        ("Long, in 3 parts", LONG),
        ("Long (about 10,000)", 10_000),
        ("Long (10k)", 10_000),
        ("10k words", 10_000),
        ("1.5k", 1500),
        ("2,25K", 2250),
        ("3000 words", 3000),
        ("3 000 Wörter", 3000),
        ("1.000 palabras", 1000),
        ("7 words", FEWEST_WORDS),
        ("999999999999999", MOST_WORDS),
        ("3 parts, 2500 words", 2500),
        ("5 pages", MEDIUM),
        ("15 minutes to read", MEDIUM),
        ("", MEDIUM),
    ],
)
def test_a_length_means_what_it_says(length: str, words: int) -> None:
    assert words_of(length) == words
