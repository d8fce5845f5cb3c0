"""What a writer sets before the story begins: the wishes, in the words of the known clients."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import Any

SHORT, MEDIUM, LONG = 1000, 5000, 10_000
FEWEST_WORDS, MOST_WORDS = 300, 20_000
_LENGTHS = {"short": SHORT, "medium": MEDIUM, "long": LONG}
# "10,000", "10 000 words", "1.5k": a small number alone counts something else, such as chapters.
_NUMBER = re.compile(r"(\d[\d.,' ]*)(k\b|words?\b|w[öo]rter\b|palabras\b|mots\b)?", re.IGNORECASE)
_FEWEST_ALONE = 100


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The wishes for one story, each as free text. `language`: "" for the one that the wishes are in."""

    persona: str
    story_setting: str
    character_input: str
    plot_elements: str
    writing_style: str
    story_tone: str
    narrative_pov: str
    audience_age_group: str
    content_rating: str
    ending_preference: str
    story_length: str = "Medium"
    language: str = ""

    @property
    def words(self) -> int:
        return words_of(self.story_length)

    @classmethod
    def of(cls, given: dict[str, Any]) -> Setup:
        """The setup in a dictionary that may hold more."""
        return cls(**{name: given[name] for name in FIELDS if name in given})

    def as_json(self) -> dict[str, str]:
        return asdict(self)


FIELDS = tuple(each.name for each in fields(Setup))
REQUIRED = FIELDS[:10]


def words_of(length: str) -> int:
    """How many words a length means: "Short", "Long (about 10,000)", "1.5k words". Medium if nobody knows."""
    for found in _NUMBER.finditer(length):
        words = _thousands(found[1]) if (found[2] or "").lower() == "k" else _whole(found[1])
        if found[2] or words >= _FEWEST_ALONE:
            return min(MOST_WORDS, max(FEWEST_WORDS, words))
    said = length.lower()
    return next((words for name, words in _LENGTHS.items() if name in said), MEDIUM)


def _whole(digits: str) -> int:
    return int(re.sub(r"\D", "", digits)[:9])


def _thousands(digits: str) -> int:
    """ "1.5" and "1,5" are one and a half."""
    whole, _, part = re.sub(r"[' ]", "", digits).replace(",", ".").partition(".")
    return _whole(whole) * 1000 + int(re.sub(r"\D", "", part).ljust(3, "0")[:3])


def scenes_for(words: int) -> int:
    """How many scenes an outline for so many words is asked for: 5 to 10."""
    return min(10, max(5, round(words / 1250) + 4))
