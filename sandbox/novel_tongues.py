"""The languages that the writer's stand-in knows, and how it finds out which one is wanted."""

from __future__ import annotations

import re

from sandbox import novel_english, novel_french, novel_german, novel_spanish
from sandbox import novel_plans_english as english_plans
from sandbox import novel_plans_french as french_plans
from sandbox import novel_plans_german as german_plans
from sandbox import novel_plans_spanish as spanish_plans
from sandbox.novel_tongue import Tongue
from sandbox.story_french import FRENCH
from sandbox.story_german import GERMAN
from sandbox.story_material import ENGLISH
from sandbox.story_spanish import SPANISH
from sandbox.storyteller import material_for

_TONGUES = (
    Tongue(
        name="English",
        material=ENGLISH,
        plans=english_plans.PLANS,
        pools=novel_english.POOLS,
        endings=novel_english.ENDINGS,
    ),
    Tongue(
        name="German",
        material=GERMAN,
        plans=german_plans.PLANS,
        pools=novel_german.POOLS,
        endings=novel_german.ENDINGS,
    ),
    Tongue(
        name="Spanish",
        material=SPANISH,
        plans=spanish_plans.PLANS,
        pools=novel_spanish.POOLS,
        endings=novel_spanish.ENDINGS,
    ),
    Tongue(
        name="French",
        material=FRENCH,
        plans=french_plans.PLANS,
        pools=novel_french.POOLS,
        endings=novel_french.ENDINGS,
    ),
)
# Short words that only one of the languages has, or has far more often than the others.
_SMALL = {
    "English": "the and of to is with she he his her who that it please an",
    "German": "der die das und ist ein eine einen mit nicht ich sie er im den dem bitte wie",
    "Spanish": "el los las y es una con que ella su del por lo mi favor al en quiere",
    "French": "le les et est une des avec qui elle son du dans je ma au aux l d moi vers veut",
}
_THE_SAME = re.compile(r"^the (?:same )?language of\b|^$", re.IGNORECASE)


def tongue_for(language: str, sample: str) -> Tongue:
    """The language by name or code; where it is left to the other fields, that of the `sample`."""
    if not _THE_SAME.match(language.strip()):
        wanted = material_for(language)
        return next(tongue for tongue in _TONGUES if tongue.material is wanted)
    words = re.findall(r"[^\W\d_]+", sample.casefold())
    counted = {name: sum(word in small.split() for word in words) for name, small in _SMALL.items()}
    return max(_TONGUES, key=lambda tongue: counted[tongue.name])
