"""Plan the scenes of a story in three acts, change them as told, and write them down as a text."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.novel_cast import Cast, cast
from sandbox.novel_message import Ask, read_outline
from sandbox.novel_setup import looks
from sandbox.novel_tongue import Tongue

FEW_SCENES = 3
_LONGEST_WISH = 160
_SEEN = (
    "stands at an open door with a lantern",
    "bends over an unfolded letter",
    "walks alone along a narrow path",
    "whispers with a companion at a table",
    "looks back over one shoulder",
    "climbs a steep stair towards the light",
    "kneels beside something half buried",
    "runs through the rain",
    "faces somebody across a long room",
    "sits on a wall and watches the horizon",
    "holds a small key up to the lamp",
    "waves from far away",
)
_LIGHTS = ("morning light", "golden evening light", "moonlight", "lamplight", "soft mist", "stormy sky")


def make_outline(ask: Ask, tongue: Tongue, seed: int) -> dict[str, Any]:
    """Title, characters and as many scenes as are asked for."""
    plans, who = tongue.plans, cast(ask, tongue)
    rng = Random(f"outline/{sorted(ask.lines.items())}/{seed}")
    acts = _acts(ask.scenes)
    titles, deeds = _dealt(plans.titles, acts, rng), _dealt(plans.deeds, acts, rng)
    hero, seen = _capital(who.names[0]), rng.sample(_SEEN, len(_SEEN))
    described = looks(who, tongue)
    scenes = [
        {
            "title": _filled(titles[at], who) + ("" if titles.index(titles[at]) == at else f" {at + 1}"),
            "description": _filled(deeds[at], who),
            "image_prompt": f"{hero} {seen[at % len(seen)]} {who.place}, {rng.choice(_LIGHTS)}",
            "audio_narration": _filled(rng.choice(plans.narrations), who),
            "character_descriptions": [
                f"{name}: {look}" for name, look in list(described.items())[: 1 + at % 2]
            ],
            "key_events": [_filled(event, who) for event in rng.sample(plans.events[act], 2)],
        }
        for at, act in enumerate(acts)
    ]
    return {
        "title": _filled(rng.choice(plans.book_titles), who),
        "characters": [{"name": name, "description": look} for name, look in described.items()],
        "scenes": scenes,
    }


def refine_outline(ask: Ask, tongue: Tongue, seed: int) -> dict[str, Any]:
    """The given outline with the wish in the scene that is named, or in each; a new one if none is given."""
    given, made = read_outline(ask.line("Outline")), make_outline(ask, tongue, seed)
    wish = " ".join(ask.line("Instruction").split()).rstrip(" .!")
    wish = wish if len(wish) <= _LONGEST_WISH else wish[:_LONGEST_WISH].rsplit(" ", 1)[0] + "…"
    spare = made["scenes"]
    scenes = [
        {key: scene.get(key) or spare[at % len(spare)][key] for key in spare[0]}
        for at, scene in enumerate(given.scenes or spare)
    ]
    only = ask.number("Scene", 0)
    for at, scene in enumerate(scenes, start=1):
        if only in (0, at):
            touch = tongue.plans.touched[(at + seed) % len(tongue.plans.touched)].format(instruction=wish)
            scene["description"] = f"{str(scene['description']).strip()} {touch}".strip()
            scene["key_events"] = [*scene["key_events"], touch]
    people = [
        {"name": str(one["name"]), "description": str(one.get("description") or one["name"])}
        for one in given.characters
    ]
    return {
        "title": given.title or made["title"],
        "characters": people or made["characters"],
        "scenes": scenes,
    }


def outline_text(outline: dict[str, Any], tongue: Tongue) -> str:
    """The outline as prose: its title, three acts, and a numbered line for each scene."""
    lines, scenes = [outline["title"], ""], outline["scenes"]
    before = -1
    for at, (scene, act) in enumerate(zip(scenes, _acts(len(scenes)), strict=True), start=1):
        if act != before:
            lines += [*([""] if before >= 0 else []), f"{tongue.plans.act} {act + 1}"]
        lines.append(f"{at}. {scene['title']}: {scene['description']}")
        before = act
    return "\n".join(lines)


def _acts(scenes: int) -> list[int]:
    """The act (0 to 2) of each scene; the middle one is the longest."""
    outer = max(1, scenes // 4) if scenes > 2 else 0
    return [0 if at < outer else 2 if at >= scenes - outer else 1 for at in range(scenes)]


def _dealt(acts: tuple[tuple[str, ...], ...], wanted: list[int], rng: Random) -> list[str]:
    """For each scene one of its act's texts: the first and the last of a story stay where they belong."""
    decks = [list(act) for act in acts]
    middle = decks[1]
    rng.shuffle(middle)
    dealt: list[str] = []
    counts = [0, 0, 0]
    for act in wanted:
        last = act == 2 and len(dealt) == len(wanted) - 1
        deck = decks[act]
        dealt.append(deck[-1] if last else deck[counts[act] % len(deck)])
        counts[act] += 1
    return dealt


def _filled(template: str, who: Cast) -> str:
    return _capital(template.format_map(who.slots))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
