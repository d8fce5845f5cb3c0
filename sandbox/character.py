"""Read out of a prompt's words who is to be drawn alone, and before what backdrop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from zlib import crc32

from sandbox.canvas import Colour, lighter
from sandbox.mood import COLOURS, Mood, mood_of, notions_of, words_of
from sandbox.yorkie import BLUE_AND_TAN, Coat

# "on a plain light blue background", "plain background", "isolated on white background", "on a plain grey"
_BACKDROP = re.compile(
    r"\b(?:(?:isolated |standing )?(?:on|against|before|in front of) (?:an? |the )?)?"
    r"(?:plain|solid|seamless|flat|simple|empty|pure|white)\b"
    r"(?:[ -][\w-]+){0,3}?[ -](?:background|backdrop)\b"
    r"|\b(?:on|against|before) (?:an? |the )?plain\b(?:,? (?!with\b|and\b|in\b)[\w-]+){0,2}",
    re.IGNORECASE,
)
_DOGS = frozenset(("dog", "dogs", "puppy", "pup", "yorkie", "yorkies", "terrier", "yorkshire")) | frozenset(
    ("hund", "perro", "chien", "собака", "🐶", "🐕")
)
_ANIMALS = ("chicken", "sheep", "cow", "pig", "cat", "duck")
_CLOTHES = frozenset(
    ("bow", "ribbon", "scarf", "neckerchief", "bandana", "collar", "hat", "cap")
) | frozenset(
    ("cape", "coat", "jacket", "dress", "shirt", "sweater", "jumper", "boots", "overalls", "apron", "vest")
)
_SIZES = {
    "tiny": 0.58,
    "small": 0.64,
    "little": 0.64,
    "young": 0.66,
    "baby": 0.58,
    "big": 0.86,
    "large": 0.86,
    "tall": 0.88,
    "old": 0.8,
    "huge": 0.9,
    "giant": 0.9,
}
_PALE: tuple[Colour, ...] = ((214, 236, 226), (208, 226, 244), (228, 220, 244), (248, 230, 232))
_GREYS: dict[str, Colour] = {
    "white": (255, 255, 255),
    "black": (22, 22, 28),
    "grey": (188, 190, 196),
    "gray": (188, 190, 196),
    "beige": (240, 228, 204),
    "cream": (250, 242, 222),
    "brown": (134, 96, 70),
}
_PALER = ("light", "pale", "soft", "pastel")

# The colours of coats, with the words that call for them; the first ones are seen most often.
COATS: dict[str, tuple[str, Coat]] = {
    "blue and tan": ("blue steel", BLUE_AND_TAN),
    "golden": (
        "golden gold blond blonde honey yellow cream",
        Coat((222, 164, 90), (244, 204, 134), (255, 236, 200), (234, 188, 116), (190, 134, 70)),
    ),
    "chocolate": (
        "brown chocolate cocoa hazel chestnut",
        Coat((176, 114, 70), (208, 150, 98), (242, 212, 176), (128, 84, 62), (78, 50, 42)),
    ),
    "silver": (
        "grey gray silver",
        Coat((176, 174, 184), (208, 208, 216), (242, 242, 246), (152, 160, 178), (100, 108, 130)),
    ),
    "red": (
        "red ginger orange fox rust auburn copper",
        Coat((196, 104, 58), (226, 144, 88), (252, 220, 186), (190, 98, 60), (136, 62, 44)),
    ),
    "black": (
        "black dark raven",
        Coat((126, 90, 66), (158, 118, 86), (216, 184, 150), (72, 70, 84), (38, 36, 50)),
    ),
    "snow": (
        "white snowy snow",
        Coat((222, 212, 204), (240, 234, 228), (255, 252, 246), (232, 228, 228), (190, 186, 194)),
    ),
}


@dataclass(frozen=True)
class Character:
    """One figure: a "dog" or another animal, its height (1 fills the picture), and what it wears.

    `tint` is the colour that other animals than dogs are to have.
    """

    kind: str
    height: float
    coat: Coat
    bow: Colour
    scarf: Colour | None
    crown: bool
    tint: Colour | None
    mood: Mood


@lru_cache(maxsize=32)
def backdrop_of(prompt: str) -> Colour | None:
    """The colour of the plain backdrop that the prompt asks for; None if it asks for none."""
    found = _BACKDROP.search(prompt)
    if not found:
        return None
    said = words_of(found[0])
    named = next((colour for word in said if (colour := _colour(word))), None)
    if named is None:
        return _PALE[crc32(prompt.encode()) % len(_PALE)]
    return lighter(named, 0.6) if any(word in _PALER for word in said) else named


@lru_cache(maxsize=32)
def character_of(prompt: str) -> Character:
    """Who is meant. What the words leave open follows from the prompt, the same in all of its pictures."""
    text = _BACKDROP.sub(" ", prompt)
    chance = Random(" ".join(words_of(text)))
    own, worn = _colour_words(words_of(text))
    coat = next((coat for calls, coat in COATS.values() if set(calls.split()) & set(own)), None)
    by_chance = chance.choice([coat for _, coat in COATS.values()])
    bows = [colour for _, colour in COLOURS.values()]
    chance.shuffle(bows)
    clothes = [*worn, *bows]
    return Character(
        kind=_kind(text),
        height=next((_SIZES[word] for word in words_of(text) if word in _SIZES), chance.uniform(0.68, 0.82)),
        coat=coat or by_chance,
        bow=clothes[0],
        scarf=clothes[1] if len(worn) > 1 or chance.random() < 0.6 else None,
        crown="crown" in notions_of(text),
        tint=next((colour for word in own if (colour := _colour(word))), None),
        mood=mood_of(text, chance),
    )


def _kind(text: str) -> str:
    said = words_of(text)
    animals = [notion for notion in notions_of(text) if notion in _ANIMALS]
    return animals[0] if animals and not _DOGS & set(said) else "dog"


def _colour_words(said: list[str]) -> tuple[list[str], list[Colour]]:
    """The words of colours that are the figure's own, and the colours of its clothes: "a red wool hat"."""
    own, worn = [], []
    for place, word in enumerate(said):
        colour = _colour(word)
        if colour and _CLOTHES & set(said[place + 1 : place + 3]):
            worn.append(colour)
        else:
            own.append(word)
    return own, worn


def _colour(word: str) -> Colour | None:
    if word in _GREYS:
        return _GREYS[word]
    return next((colour for calls, colour in COLOURS.values() if word in calls.split()), None)
