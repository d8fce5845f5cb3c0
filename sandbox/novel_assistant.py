"""Read what a writer tells the assistant, by keywords in English, German, Spanish and French."""

from __future__ import annotations

import re

from sandbox.novel_message import Ask
from sandbox.novel_tongue import Tongue

_CHANGE = (
    r"\b(?:change|refine|rewrite|revise|edit|improve|rework|adjust|add|remove|änder|überarbeit|verbesser"
    r"|umschreib|cambi|modific|reescrib|mejor|chang|modifi|réécri|amélior)"
)
# "Make scene 3 funnier" changes it, but "make an outline" does not.
_MAKE = r"\b(?:make|let|mach|lass|haz|fais|rend)"
_OUTLINE = r"outline|gliederung|szenen\b|esquema|plan de l|plan\b|scenes\b|escenas\b|scènes\b|scénario"
_SCENE = (
    r"(?:scene|szene|escena|scène|chapter|kapitel|capítulo|chapitre)\s*(?:no\.?|number|nr\.?|n[úu]mero)?\s*\d"
)
# The first that fits counts.
_ACTIONS: tuple[tuple[str, str], ...] = (
    (
        "refine_outline",
        rf"{_CHANGE}.*(?:{_SCENE}|outline|gliederung|esquema|plan\b)|{_MAKE}.*{_SCENE}"
        rf"|{_MAKE}\w* (?:the|die) (?:outline|gliederung)|{_SCENE}.*(?:{_CHANGE}|{_MAKE})",
    ),
    ("export", r"export|download|herunterladen|descarg|télécharg|\b(?:pdf|epub)\b|als buch|as a book"),
    (
        "continue_writing",
        r"continue|go on|carry on|keep (?:going|writing)|next part|write more|weiter|fortsetz"
        r"|contin[uú]|sigue|siguiente|poursui|la suite",
    ),
    ("generate_premise", r"premise|prämisse|premisa|prémisse"),
    ("generate_outline", _OUTLINE),
    (
        "start_writing",
        r"\b(?:start|begin|write|anfang|fang|beginn|schreib|empie|comien|escrib|commenc|écri|raconte)",
    ),
)


def answer_turn(ask: Ask, tongue: Tongue) -> dict[str, str]:
    """The action that the words call for, the words themselves as its instruction, and a sentence back."""
    text = ask.line("Text") or ask.line("Instruction")
    said = text[:2000].lower()
    action = next((action for action, calls in _ACTIONS if re.search(calls, said, re.DOTALL)), "none")
    return {"action": action, "instruction": text, "reply": tongue.plans.replies[action]}
