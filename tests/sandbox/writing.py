"""What the writer flow says to a text model, for the tests of its stand-in."""

from __future__ import annotations

import json
from typing import Any

from sandbox.novel import find_ask, write

STORIES = {
    "English": {
        "Setting": "A lighthouse on a stormy coast, 1890",
        "Characters": "Mira Voss, the keeper's daughter; Tom, a silent sailor",
        "Plot": "A stolen lens turns up in the wrong tower",
    },
    "German": {
        "Setting": "Ein Leuchtturm am Meer",
        "Characters": "Mira, die Tochter des Wärters; Anton, ein Seemann",
        "Plot": "Eine gestohlene Linse taucht im falschen Turm auf",
    },
    "Spanish": {
        "Setting": "Un faro junto al mar",
        "Characters": "Mira, la hija del farero; Antonio, un marinero",
        "Plot": "Una lente robada aparece en la torre que no es",
    },
    "French": {
        "Setting": "Un phare au bord de la mer",
        "Characters": "Mira, la fille du gardien ; Paul, un marin",
        "Plot": "Une lentille volée reparaît dans la mauvaise tour",
    },
}
THE_SAME = "the language of the other fields"


def said(task: str, language: str = "English", **lines: str) -> str:
    """The user's message for a task; "Tell_now" stands for "Tell now"."""
    named = {"Task": task, **STORIES[language], "Language": THE_SAME}
    named |= {label.replace("_", " "): value for label, value in lines.items()}
    return "\n".join(f"{label}: {value}" for label, value in named.items())


def made(message: str, *, schema: str = "", seed: int = 1, fault: str = "", mark: bool = False) -> Any:
    """The object that answers the message."""
    ask = find_ask([message], schema)
    assert ask is not None
    return write(ask, seed, fault, end_marker=mark)[0]


def outlined(language: str = "English", scenes: int = 8, **lines: str) -> Any:
    return made(said("outline", language, Scenes=str(scenes), **lines))


def parts(language: str, *, count: int, words: int, scenes: int = 10, mark: bool = False) -> list[Any]:
    """All parts of a story that is written as the flow does it."""
    outline = json.dumps(outlined(language, scenes))
    written: list[Any] = []
    for at in range(count):
        before: dict[str, Any] = written[-1] if written else {"text": "", "summary": "nothing"}
        first, last = at * scenes // count + 1, max(at * scenes // count + 1, (at + 1) * scenes // count)
        message = said(
            "part",
            language,
            Ending="Happy",
            Outline=outline,
            Story_so_far=before["summary"],
            Last_words=before["text"][-1200:],
            Told_already=f"scenes 1 to {before['scenes_told']} of {scenes}" if written else "nothing",
            Tell_now=f"scenes {first} to {last} of {scenes}",
            Words_now=f"about {words} words",
            The_end="yes" if at == count - 1 else "no",
        )
        written.append(made(message, mark=mark))
    return written
