"""What the text model answers to the adventure: JSON for its schemas, or only the narration as prose."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox import adventure_english, adventure_french, adventure_german, adventure_spanish
from sandbox.adventure_message import Ask
from sandbox.adventure_prose import Teller, narrate, offer, sum_up
from sandbox.adventure_scene import set_scene
from sandbox.clipping import clipped
from sandbox.novel_cast import Cast
from sandbox.novel_tongue import Tongue
from sandbox.novel_tongues import tongue_for
from sandbox.tricky import sprinkled

Turn = dict[str, Any]
_WORDS = {
    "English": adventure_english.WORDS,
    "German": adventure_german.WORDS,
    "Spanish": adventure_spanish.WORDS,
    "French": adventure_french.WORDS,
}
_TITLE_WORDS = 8
_CHOICES_LEFT = {"one_choice": 1, "no_choices": 0}


def play(ask: Ask, seed: int, kind: str, *, tricky: bool) -> tuple[Turn, str]:
    """The answer as an object and as prose; `kind` is the fault that spoils it, if any.

    `tricky`: the narration is full of characters that are hard to send in pieces.
    """
    tongue = tongue_for(ask.line("Language"), f"{ask.line('Premise')}\n{ask.line('Choice')}")
    words, rng = _WORDS[tongue.name], Random(f"{sorted(ask.lines.items())}/{seed}")
    scene = set_scene(ask, tongue, words, rng)
    teller = Teller(words, scene.slots, rng, ask.line("Last turns"))
    chooser = Teller(words, scene.afterwards, rng, ask.line("Last turns"))
    told = {} if ask.task == "choices" else {"narration": narrate(ask, words, scene, teller, rng)}
    choices = offer(ask, words, chooser, rng)[: _CHOICES_LEFT.get(kind)]
    if tricky and told:
        told["narration"] = sprinkled(told["narration"], rng)
    turn = {
        "image_prompt": scene.image_prompt,
        **told,
        "choices": choices,
        "summary": sum_up(ask, words, scene),
        "facts": scene.facts.as_json(),
        "title": _title(ask.line("Premise"), scene.who, tongue),
    }
    numbered = "\n".join(f"{at}. {choice}" for at, choice in enumerate(choices, 1))
    return turn, str(turn.get("narration", numbered))


def _title(premise: str, who: Cast, tongue: Tongue) -> str:
    """The same in all turns of an adventure."""
    form = Random(f"title/{premise!r}").choice(tongue.plans.book_titles)
    return clipped(form.format_map(who.slots), _TITLE_WORDS)
