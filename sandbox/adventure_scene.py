"""Who and what a turn of an adventure is about: what was known, what comes up now, and where it happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from sandbox.adventure_english import WORDS as ENGLISH
from sandbox.adventure_facts import MOST, Facts, read_facts
from sandbox.adventure_message import Ask
from sandbox.adventure_tongue import Words
from sandbox.clipping import clipped
from sandbox.novel_cast import Cast, cast
from sandbox.novel_message import Ask as WriterAsk
from sandbox.novel_tongue import Tongue
from sandbox.story_prompt import CREATURES, NOUN_CALLS, Reading, read_prompt

_WORDS_OF_A_NAME = 7
_LIGHTS = ("in the evening light", "at dawn", "under a starry night sky", "on a sunny day", "in the mist")
_CALLS = {word: noun for noun, calls in NOUN_CALLS.items() for word in calls.split()}
_ARTICLES = ("the ", "a ", "an ")


@dataclass(frozen=True)
class News:
    """What a turn adds to the facts: a place, an item or a figure; `kind` is empty for nothing.

    `said`: how sentences call it; `key`: which of the language's own it is.
    """

    kind: str = ""
    key: str = ""
    name: str = ""
    note: str = ""
    said: str = ""


@dataclass(frozen=True)
class Scene:
    """`facts` are with the news. `slots` are for the sentences; what is missing has none."""

    who: Cast
    facts: Facts
    news: News
    slots: dict[str, str]
    image_prompt: str

    @property
    def afterwards(self) -> dict[str, str]:
        """The slots once the news is known: it is called by its name, and may be whom one turns to."""
        named = {"new": self.news.name} if self.news.kind else {}
        met = {"who": self.news.name} if self.news.kind == "figure" else {}
        return met | self.slots | named


def set_scene(ask: Ask, tongue: Tongue, words: Words, rng: Random) -> Scene:
    """The facts of the message and something new, which a narration that is told already names itself."""
    premise = ask.line("Premise")
    who, reading = cast(WriterAsk("premise", {"Premise": premise}), tongue), read_prompt(premise)
    known = read_facts(ask.line("Facts"))
    if not known.places:
        known = _begun(known, reading, tongue, words, rng)
    told = ask.line("Told")
    news = _found(told, known, words) if told else _news(ask, known, words, rng)
    facts = known.added(news.kind, news.name, news.note) if news.kind else known
    near = told or ask.line("Choice")
    place = _near(facts.places if news.kind == "place" and told else known.places, near)
    heroes = {name.casefold() for name in _names(reading)}
    companions = [name for name, _ in known.characters if name.casefold() not in heroes]
    slots = {
        "topic": reading.topic.rstrip(" .") or "…",
        "place": place,
        "who": _near(companions, near),
        "item": _near(known.inventory, near),
        "new": news.said,
    }
    whole = ("topic", "new")
    filled = {
        key: value if key in whole else clipped(value, _WORDS_OF_A_NAME)
        for key, value in slots.items()
        if value
    }
    seen = _english_place(news.name if news.kind == "place" else place, reading, tongue, words)
    return Scene(who, facts, news, filled, _image(_hero(reading, tongue), seen, news, rng))


def _begun(known: Facts, reading: Reading, tongue: Tongue, words: Words, rng: Random) -> Facts:
    """The premise's names, its place and a first thing to carry."""
    characters = known.characters or tuple((name, reading.topic) for name in _names(reading))
    called = reading.place.partition(" ")[2] if tongue.name == "English" else ""
    key = reading.scenes[0] if reading.scenes else rng.choice(list(words.places))
    inventory = known.inventory or (words.items[rng.choice(list(words.items))],)
    return Facts(characters, (called or words.places[key],), inventory)


def _news(ask: Ask, known: Facts, words: Words, rng: Random) -> News:
    """Something that is not known yet; a figure at the beginning, later what there is room for."""
    told = " ".join(ask.line(label) for label in ("Last turns", "Story so far"))
    fresh = [one for one in _all(words) if one.name.casefold() not in known.names]
    room = {"figure": len(known.characters), "place": len(known.places), "item": len(known.inventory)}
    kinds = ["figure"] if ask.begins else [kind for kind, count in room.items() if count < MOST] or list(room)
    kind = rng.choice(kinds)
    fitting = [one for one in fresh if one.kind == kind]
    return rng.choice([one for one in fitting if one.name not in told] or fitting or _all(words))


def _found(told: str, known: Facts, words: Words) -> News:
    """What a narration names that is not known yet: something of ours, else a name."""
    said = told.casefold()
    fresh = [one for one in _all(words) if one.said.casefold() in said]
    if unknown := [one for one in fresh if one.name.casefold() not in known.names]:
        return unknown[0]
    names = [name for name in read_prompt(told).names if name.casefold() not in known.names]
    note = next((line.strip() for line in told.split(".") if names and names[0] in line), "")
    return News("figure", "", names[0], clipped(note, 20), names[0]) if names else News()


def _all(words: Words) -> list[News]:
    return [
        *(News("figure", key, name, note, f"{name}, {note}") for key, (name, note) in words.figures.items()),
        *(News("item", key, item, "", item) for key, item in words.items.items()),
        *(News("place", key, place, "", place) for key, place in words.places.items()),
    ]


def _near(names: Iterable[str], text: str) -> str:
    """The one that the text speaks of, else the latest."""
    known, said = list(names), text.casefold()
    return next((name for name in known if name.casefold() in said), known[-1] if known else "")


def _names(reading: Reading) -> list[str]:
    """Without nouns, which have capitals in German."""
    return [name for name in reading.names if name.casefold() not in _CALLS]


def _hero(reading: Reading, tongue: Tongue) -> str:
    """In English: "Mira", "Ferdinand the dragon", "a fox", "the young keeper"."""
    nouns = [*reading.nouns, *(_CALLS.get(name.casefold(), "") for name in reading.names)]
    creature = next((noun for noun in nouns if noun in CREATURES), "")
    if names := _names(reading):
        return f"{names[0]} the {creature}" if creature else names[0]
    if creature:
        return f"{'an' if creature[0] in 'aeio' else 'a'} {creature}"
    return f"the {reading.phrases[0]}" if tongue.name == "English" and reading.phrases else "the hero"


def _english_place(place: str, reading: Reading, tongue: Tongue, words: Words) -> str:
    """The place in English; one that is not ours is told in the premise's instead."""
    keys = [key for key, name in words.places.items() if name == place]
    if not keys and tongue.name == "English":
        return place
    keys += reading.scenes
    return ENGLISH.places[keys[0]] if keys else "a quiet place"


def _image(hero: str, place: str, news: News, rng: Random) -> str:
    """One sentence with the hero, what comes up if it is one of ours, the place, and the light."""
    article = "" if place.lower().startswith(_ARTICLES) or place[:1].isupper() else "the "
    deeds = {
        "place": "arrives",
        "item": f"holds {ENGLISH.items.get(news.key, 'something')} and looks around",
        "figure": f"meets {ENGLISH.figures.get(news.key, ('', 'somebody'))[1]}",
    }
    text = f"{hero} {deeds.get(news.kind, 'stands')} at {article}{place}, {rng.choice(_LIGHTS)}."
    return text[:1].upper() + text[1:]
