"""Write the next part of a long story, and sum up what has been told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.clipping import clipped, latest
from sandbox.novel_cast import cast
from sandbox.novel_message import Ask, Outline, read_outline, span
from sandbox.novel_prose import Composer
from sandbox.novel_tongue import Tongue
from sandbox.plans import split_sentences
from sandbox.storyteller import count_words

MOST_WORDS, FEWEST_WORDS, USUAL_WORDS = 5000, 20, 900
SUMMARY_WORDS = 150
END_MARKS = ("THE END", "THE END", "[END]")  # the usual one twice as often
_SCENE_WORDS = 30  # a scene with fewer would be no more than its title
_WORDS_OF_AN_EVENT = 24
_ENDINGS = {
    "tragic": r"trag|traurig|triste|sad\b",
    "cliffhanger": r"cliff|offen|abiert|ouvert",
    "twist": r"twist|wend|giro|rebond",
    "happy": r"happy|glück|feliz|heureu",
}


@dataclass(frozen=True)
class Manner:
    """How a part goes wrong: it is so many times as long, or ends early; `mark`: a last part has a mark."""

    times: int = 1
    ends_early: bool = False
    mark: bool = False


def write_part(ask: Ask, tongue: Tongue, seed: int, manner: Manner) -> dict[str, Any]:
    """Text, summary and scenes_told. A last part ends with the line that says that it is a sample."""
    outline, before = read_outline(ask.line("Outline")), ask.line("Last words")
    (first, last, _), told = span(ask.line("Tell now")), span(ask.line("Told already"))[1]
    scenes = outline.scenes[max(0, first - 1) : last] if first else []
    words = min(MOST_WORDS, max(FEWEST_WORDS, ask.number("Words now", USUAL_WORDS))) * manner.times
    rng = Random(f"part/{sorted(ask.lines.items())}/{seed}")
    who = cast(ask, tongue, _names(outline))
    composer = Composer(tongue, who.slots, rng, split_sentences(" ".join(before.split())))
    ending = _ending(ask, tongue, composer, words) if ask.ends or manner.ends_early else []
    if ask.ends:
        ending.append(tongue.material.sample)
    paragraphs = _scenes(composer, scenes, words - _count(ending), begins=not before and not told) + ending
    if manner.ends_early or (ask.ends and manner.mark):
        paragraphs.append(rng.choice(END_MARKS))
    news = " ".join(_told(scene, tongue) for scene in scenes) or clipped(paragraphs[0], 30)
    return {
        "text": "\n\n".join(paragraphs),
        "summary": latest(f"{_so_far(ask)} {news}", SUMMARY_WORDS),
        "scenes_told": last or told,
    }


def digest(ask: Ask, tongue: Tongue) -> dict[str, Any]:
    """Summary and scenes_told of the text, the latter guessed from its length."""
    text, outline = ask.line("Text"), read_outline(ask.line("Outline"))
    sentences = [
        one for paragraph in re.split(r"\s*\n\s*", text) for one in split_sentences(paragraph) if one
    ]
    words = count_words(text)
    ends = [clipped(one, 50) for one in (sentences[:1] + sentences[1:][-1:])]
    parts = [form.replace("{sentence}", one) for form, one in zip(tongue.plans.digest, ends, strict=False)]
    slots = cast(ask, tongue, _names(outline)).slots
    names = [slots[who] for who in ("hero", "friend") if slots[who].lower() in text.lower()]
    parts += [", ".join(names) + "."] if names else []
    scenes = len(outline.scenes)
    whole = max(1, ask.number("Length", 5000))
    told = min(scenes, max(1, round(words * scenes / whole))) if scenes and words else 0
    return {"summary": clipped(" ".join(parts), SUMMARY_WORDS), "scenes_told": told}


def _scenes(composer: Composer, scenes: list[dict[str, Any]], words: int, *, begins: bool) -> list[str]:
    """The scenes in paragraphs, all about as long; where there is no room for all, the first of them."""
    scenes = scenes[: max(1, words // _SCENE_WORDS)] or [{}]
    paragraphs: list[str] = []
    for at, scene in enumerate(scenes, start=1):
        room = words * at // len(scenes) - _count(paragraphs)
        opening = [composer.sentence("begin", most=room // 2)] if begins and at == 1 and room > 50 else []
        if scene:
            opening.append(composer.sentence("opening", _titled(scene), most=room // 2 - _count(opening)))
        if _count(opening) > room:
            opening = []
        closing = [composer.sentence("closing", most=25)] if room > 120 and at < len(scenes) else []
        body = composer.paragraphs(room - _count(opening) - _count(closing))
        first, *others = body or [""]
        # A scene's first words and its first paragraph stand together, as do its last ones.
        told = [" ".join(filter(None, [*opening, first])), *others]
        told[-1] = " ".join([told[-1], *closing])
        paragraphs += filter(None, told)
    return paragraphs


def _ending(ask: Ask, tongue: Tongue, composer: Composer, words: int) -> list[str]:
    """One paragraph: the first sentence of the ending wished for, and as many more as a quarter holds."""
    wish = ask.line("Ending").lower()
    kind = next((kind for kind, calls in _ENDINGS.items() if re.search(calls, wish)), "")
    first, *more = [composer.fill(one) for one in tongue.endings.get(kind) or tongue.endings[""]]
    told = [first]
    for one in more:
        if _count([*told, one]) <= words // 4:
            told.append(one)
    return [" ".join(told)]


def _count(texts: list[str]) -> int:
    return sum(map(count_words, texts))


def _titled(scene: dict[str, Any]) -> dict[str, str]:
    title = clipped(scene["title"] or scene["description"], 12).rstrip(".") or "…"
    event = clipped(scene["description"] or scene["title"], _WORDS_OF_AN_EVENT)
    return {"title": title, "event": event if event[-1:] in ".!?…" else f"{event}."}


def _told(scene: dict[str, Any], tongue: Tongue) -> str:
    return tongue.plans.told.format_map(_titled(scene))


def _so_far(ask: Ask) -> str:
    text = " ".join(ask.line("Story so far").split())
    return "" if re.fullmatch(r"\W*(?:nothing|none)?(?: yet)?\W*", text, re.IGNORECASE) else text


def _names(outline: Outline) -> list[str]:
    return [" ".join(str(one["name"]).split())[:40] for one in outline.characters][:3]
