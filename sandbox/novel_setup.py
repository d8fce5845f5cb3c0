"""Make a setup, three ideas or a premise of what the writer has in mind."""

from __future__ import annotations

import re
from random import Random

from sandbox.novel_cast import Cast, cast
from sandbox.novel_message import Ask
from sandbox.novel_tongue import Tongue

# Words of an idea in English, German, Spanish and French, and the values that suit it.
_KINDS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        r"robot|space|planet|mars\b|alien|galax|weltraum|espac|rakete|rocket|android|zukunft|futur",
        {
            "persona": "Award-Winning Science Fiction Author",
            "writing_style": "Narrative",
            "story_tone": "Adventurous",
            "ending_preference": "Open-ended",
        },
    ),
    (
        r"dete[ck]ti|murder|myster|stolen|thie[fv]|mord|dieb|asesin|robo\b|ladr|meurtre|vole|crim",
        {
            "persona": "Mystery Novelist",
            "writing_style": "Journalistic",
            "story_tone": "Suspenseful",
            "ending_preference": "Twist",
        },
    ),
    (
        r"dragon|drache|magi|wizard|witch|zauber|hexe|elf\b|elves|castle|schloss|unicorn|bruj|château|sorci",
        {
            "persona": "Fantasy World Builder",
            "writing_style": "Narrative",
            "story_tone": "Whimsical",
            "ending_preference": "Happy",
        },
    ),
    (
        r"loves?\b|liebe|amor|amour|wedding|hochzeit|boda|mariage|kiss",
        {
            "persona": "Romantic Poet",
            "writing_style": "Poetic",
            "story_tone": "Romantic",
            "ending_preference": "Bittersweet",
        },
    ),
    (
        r"war\b|krieg|guerra|guerre|kings?\b|könig|rey\b|roi\b|empire|century|1[5-9]\d\d|histor",
        {
            "persona": "Historical Fiction Author",
            "writing_style": "Formal",
            "story_tone": "Melancholic",
            "ending_preference": "Bittersweet",
        },
    ),
    (
        r"dogs?\b|pupp|yorkie|cats?\b|kitten|bears?\b|bunn|rabbit|hunde?\b|katze|perr|gat[oa]|chien|chats?\b|farm|"
        r"child|kind(?:er)?\b|niñ|enfant",
        {
            "persona": "Children's Book Author",
            "writing_style": "Humorous",
            "story_tone": "Uplifting",
            "audience_age_group": "Children (5-12)",
            "content_rating": "G",
            "ending_preference": "Happy",
        },
    ),
)
_OTHERWISE = {
    "persona": "Magical Realism Author",
    "writing_style": "Narrative",
    "story_tone": "Mysterious",
    "audience_age_group": "All Ages",
    "content_rating": "PG",
    "ending_preference": "Open-ended",
}
_NARRATIONS = ("First Person", "Third Person Limited", "Third Person Omniscient")


def make_setup(ask: Ask, tongue: Tongue, seed: int) -> dict[str, str]:
    """All eleven fields as texts; those to choose from have one of the values that are offered."""
    idea, plans, who = ask.about, tongue.plans, cast(ask, tongue)
    rng = Random(f"setup/{idea}/{seed}")
    suited = next((values for calls, values in _KINDS if re.search(rf"\b(?:{calls})", idea.lower())), {})
    return {
        **_OTHERWISE,
        **suited,
        "story_setting": _filled(rng.choice(plans.settings), who),
        "character_input": "; ".join(f"{name}, {look}" for name, look in looks(who, tongue).items()),
        "plot_elements": _filled(rng.choice(plans.plots), who),
        "narrative_pov": rng.choice(_NARRATIONS),
        "story_length": "Medium",
    }


def make_ideas(ask: Ask, tongue: Tongue) -> list[dict[str, str]]:
    """Three ways to tell it, each with a short title."""
    who = cast(ask, tongue)
    return [
        {"title": _filled(title, who)[:120], "idea": _filled(idea, who)} for title, idea in tongue.plans.ideas
    ]


def make_premise(ask: Ask, tongue: Tongue, seed: int) -> str:
    """One or two sentences, 20 to 40 words."""
    who = cast(ask, tongue)
    return _filled(Random(f"premise/{ask.lines}/{seed}").choice(tongue.plans.premises), who)


def looks(who: Cast, tongue: Tongue) -> dict[str, str]:
    """What each of the cast looks like: the writer's own words, else words of ours."""
    chosen = Random(f"looks/{who.names}").sample(tongue.plans.looks, len(who.names))
    return {name: who.said.get(name) or look for name, look in zip(who.names, chosen, strict=True)}


def _filled(template: str, who: Cast) -> str:
    text = template.format_map(who.slots)
    return text[:1].upper() + text[1:]
