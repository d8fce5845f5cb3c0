"""Read out of a prompt's words who is to be drawn alone, and before what backdrop."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from zlib import crc32

from sandbox.canvas import Colour, darker, lighter
from sandbox.likeness import Likeness
from sandbox.mood import COLOURS, Mood, mood_of, notions_of, words_of
from sandbox.yorkie import BLUE_AND_TAN, Coat

# "on a plain light blue background", "plain background", "isolated on white background", "on a plain grey"
_BACKDROP = re.compile(
    r"\b(?:(?:isolated |standing )?(?:on|against|before|in front of) (?:an? |the )?)?"
    r"(?:white|(?:plain|solid|seamless|flat|simple|empty|pure)"
    r"(?:[ -](?!(?:in|of|the|with|and)\b)[\w-]+){0,3}?)"
    r"[ -](?:background|backdrop)\b"
    r"|\b(?:on|against|before) (?:an? |the )?plain\b(?:,? (?!(?:with|and|in|at)\b)[\w-]+){0,2}",
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
    "big": 0.8,
    "large": 0.8,
    "tall": 0.82,
    "huge": 0.84,
    "giant": 0.84,
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

    `tint` is for other animals than dogs, and `chance` decides about theirs what the words leave open.
    """

    kind: str
    height: float
    coat: Coat
    bow: Colour
    scarf: Colour | None
    crown: bool
    tint: Colour | None
    mood: Mood
    chance: str


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
    said = words_of(text)
    rng = Random(" ".join(said))
    own, worn = _colours(said)
    coat = next((coat for calls, coat in COATS.values() if set(calls.split()) & set(own)), None)
    by_chance = rng.choice([coat for _, coat in COATS.values()])
    bows = [colour for _, colour in COLOURS.values()]
    rng.shuffle(bows)
    clothes = [*worn, *bows]
    return Character(
        kind=_kind(text),
        height=next((_SIZES[word] for word in said if word in _SIZES), rng.uniform(0.68, 0.78)),
        coat=coat or by_chance,
        bow=clothes[0],
        scarf=clothes[1] if len(worn) > 1 or rng.random() < 0.6 else None,
        crown="crown" in notions_of(text),
        tint=coat.steel if coat else next((colour for word in own if (colour := _colour(word))), None),
        mood=mood_of(text, rng),
        chance=text,
    )


def like(character: Character, likenesses: Sequence[Likeness]) -> Character:
    """The character in the pictures' colours, and with the coat that comes nearest to the first one's."""
    if not likenesses:
        return character
    seen = likenesses[0].palette
    colours = [likeness.vivid[0] for likeness in likenesses] + list(likenesses[0].vivid[1:])
    return replace(
        character,
        bow=colours[0],
        scarf=colours[1] if len(colours) > 1 else darker(colours[0], 0.25),
        coat=min((coat for _, coat in COATS.values()), key=lambda coat: _unlike(coat, seen)),
        tint=colours[0],
    )


def _unlike(coat: Coat, seen: Sequence[Colour]) -> float:
    """How far the coat's two main colours are from the nearest ones that were seen, in the RGB cube."""
    return sum(min(math.dist(mine, other[:3]) for other in seen) for mine in (coat.gold, coat.steel))


def _kind(text: str) -> str:
    said = words_of(text)
    animals = [notion for notion in notions_of(text) if notion in _ANIMALS]
    return animals[0] if animals and not _DOGS & set(said) else "dog"


def _colours(said: list[str]) -> tuple[list[str], list[Colour]]:
    """The words without those that colour clothes, and the clothes' colours: "in a red wool hat"."""
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
