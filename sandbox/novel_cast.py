"""Who and what a story of the writer is about: heroes, a place, a thing and a topic, from the fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sandbox.novel_message import Ask
from sandbox.novel_tongue import Tongue
from sandbox.story_material import ENGLISH
from sandbox.story_prompt import CREATURES, NOT_NAMES, Reading, read_prompt

MOST_CHARACTERS = 3
_NO_NAMES = NOT_NAMES | {
    *("der", "die", "das", "ein", "eine", "einen", "alte", "junge", "old", "young"),
    *("el", "la", "los", "las", "un", "una", "le", "les", "une", "des"),
}
_TITLES = re.compile(
    r"(?:the|captain|detective|doctor|dr|professor|king|queen|prince|princess|sir|lady|lord|mrs?|miss|uncle|aunt"
    r"|kapitän|doktor|könig|königin|prinz|prinzessin|herr|frau|onkel|tante|capitán|doctora|rey|reina|don|doña"
    r"|capitaine|docteur|roi|reine|madame|monsieur)\.?",
    re.IGNORECASE,
)
# "the keeper", "an inventor", "her daughter": no thing to be found.
_PERSON = re.compile(
    r"(?:er|or|ist|man|woman|eer|ess|boy|girl|king|queen|knight|child|children|thief|son)$", re.IGNORECASE
)
_NAMED = re.compile(r"\b(?:named|called|namens|heißt|llamad[oa]|nommée?|appelée?) ([^\W\d_]{2,20})")
_WORD = re.compile(r"[^\W\d_][\w'’-]{1,19}")


@dataclass(frozen=True)
class Cast:
    """`names`: the hero's first, at least two. `said`: what the writer says of each of them, perhaps nothing.

    `slots`: what the braces of the sentences stand for, each also with a capital letter at its front.
    `place`: the place in English, for pictures.
    """

    names: tuple[str, ...]
    said: dict[str, str]
    slots: dict[str, str]
    place: str


def cast(ask: Ask, tongue: Tongue, known: Sequence[str] = ()) -> Cast:
    """Equal fields give equal casts. `known` are the names in an outline, which come first."""
    about = ask.about or ask.line("Outline")[:400] or ask.line("Text")[:400]
    rng = Random(f"{about}/{tongue.name}")
    reading = read_prompt(about)
    plot = read_prompt(ask.line("Plot") or ask.line("Idea") or ask.line("Premise") or about)
    said = _characters(ask.line("Characters"))
    told_of = list(known) or list(said) or _in_passing(reading, tongue)
    creatures = [tongue.material.nouns[noun][0] for noun in reading.nouns if noun in CREATURES]
    spare = [name for name in rng.sample(tongue.plans.names, 3) if name not in told_of]
    names = tuple([*told_of, *spare[: max(0, 2 - len(told_of))]][:MOST_CHARACTERS])
    if not told_of and creatures:
        said = {names[0]: creatures[0]}
    gender = reading.gender or ("f" if _short(names[0])[-1] in "aeiyà" else "m")
    slots = {
        "hero": _short(names[0]),
        "friend": _short(names[1]),
        "place": _place(reading, tongue, rng),
        "thing": _thing(plot, tongue, names, rng),
        "topic": re.split(r"(?<=[.!?…])\s", plot.topic)[0].rstrip(" .!?…") or "…",
        **ENGLISH.pronouns[gender],
    }
    english = ENGLISH.scenes[reading.scenes[0]] if reading.scenes else reading.place
    capitals = {key.capitalize(): value[:1].upper() + value[1:] for key, value in slots.items()}
    return Cast(names, said, slots | capitals, english or "in a quiet place")


def _characters(text: str) -> dict[str, str]:
    """Names, each with what is said of it: "Mira, a smith; Tom" gives {"Mira": "a smith", "Tom": ""}."""
    found: dict[str, str] = {}
    for chunk in re.split(r"[;\n&]|\.\s|\b(?:and|und|y|et)\b", text[:2000]):
        head, _, rest = re.sub(r"\s*[(:–—]\s*|\s-\s", ", ", chunk, count=1).partition(",")
        if name := _name(head):
            found.setdefault(name, rest.strip(" ,.)"))
            for part in rest.split(","):
                if _WORD.fullmatch(part.strip()) and _name(part):
                    found.setdefault(part.strip(), "")
    return dict(list(found.items())[:MOST_CHARACTERS])


def _name(text: str) -> str:
    """The first words in a row with capital letters that are no articles, at most three."""
    if named := _NAMED.search(text):
        return named[1]
    kept: list[str] = []
    for word in text.split():
        bare = re.sub(r"['’]s$", "", word.strip('.,;:!?()“”„«»"*'))
        if _WORD.fullmatch(bare) and bare[0].isupper() and bare.lower() not in _NO_NAMES:
            kept.append(bare)
        elif kept:
            break
    return " ".join(kept[:3])


def _short(name: str) -> str:
    """ "Mira" for "Mira Voss"; what begins with a title stays as it is."""
    first = name.split(maxsplit=1)[0]
    return name if _TITLES.fullmatch(first) else first


def _in_passing(reading: Reading, tongue: Tongue) -> list[str]:
    """The names in the other fields; an English story may be about "the keeper" instead."""
    if reading.names or tongue.material is not ENGLISH or not reading.phrases:
        return list(reading.names)
    return [f"the {reading.phrases[0]}"]


def _place(reading: Reading, tongue: Tongue, rng: Random) -> str:
    anywhere = rng.choice(tongue.material.places)
    if tongue.material is ENGLISH and reading.place:
        return reading.place
    return tongue.material.scenes[reading.scenes[0]] if reading.scenes else anywhere


def _thing(plot: Reading, tongue: Tongue, names: Sequence[str], rng: Random) -> str:
    """What the plot is about, if it is a thing; in English with its adjectives."""
    anything = rng.choice(tongue.material.things)
    nouns = [tongue.material.nouns[noun][1] for noun in plot.nouns if noun not in CREATURES]
    if tongue.material is ENGLISH:
        nouns = [
            f"the {phrase}"
            for phrase in plot.phrases
            if not _PERSON.search(phrase) and phrase.split()[-1].lower() not in CREATURES
        ]
    return next((noun for noun in nouns if noun not in names), anything)
