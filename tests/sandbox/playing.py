"""What the adventure says to a text model, for the tests of its stand-in."""

from __future__ import annotations

import json
from typing import Any

from sandbox.adventure import play
from sandbox.adventure_message import find_ask

PREMISES = {
    "English": "A young fox named Ember looks for the lost bell of a frozen forest",
    "German": "Ein kleiner Drache sucht den gestohlenen Mond",
    "Spanish": "Una niña llamada Luz busca un barco hundido en el mar",
    "French": "Un chat vole une étoile au château",
}
FACTS = {
    "characters": [{"name": "Orla Quint", "note": "a diver"}],
    "places": ["Pier Nine"],
    "inventory": ["a tin whale"],
}


def said(task: str, language: str = "English", **lines: Any) -> str:
    """The user's message for a task; "Last_turns" stands for "Last turns", and objects become JSON."""
    named = {"Task": task, "Premise": PREMISES[language], "Style": "pixel art", "Language": language}
    named |= {label.replace("_", " "): value for label, value in lines.items()}
    return "\n".join(
        f"{label}: {value if isinstance(value, str) else json.dumps(value)}" for label, value in named.items()
    )


def turned(message: str, *, seed: int = 1, fault: str = "", tricky: bool = False) -> Any:
    """The object that answers the message."""
    ask = find_ask([message], "")
    assert ask is not None
    return play(ask, seed, fault, tricky=tricky)[0]


def played(language: str, turns: int, *, seed: int = 1) -> list[Any]:
    """So many turns, as the flow asks for them: the first of the choices is always taken."""
    told = [turned(said("adventure", language), seed=seed)]
    taken = [""]
    while len(told) < turns:
        before = told[-1]
        taken.append(before["choices"][0])
        last = [f"> {choice}\n{turn['narration']}" for choice, turn in zip(taken, told, strict=False)]
        message = said(
            "turn",
            language,
            Facts=before["facts"],
            Story_so_far=before["summary"],
            Last_turns="\n\n".join(last[-3:]),
            Choice=taken[-1],
        )
        told.append(turned(message, seed=seed))
    return told
