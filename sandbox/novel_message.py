"""Read what the writer flow asks for: labelled lines, an outline, and which scenes are to be told."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

SCHEMAS = {
    "setup": "story_setup",
    "ideas": "story_ideas",
    "premise": "story_premise",
    "outline": "story_outline",
    "refinement": "story_outline",
    "part": "story_part",
    "digest": "story_digest",
    "assistant": "assistant_turn",
    "outline as text": "",
}
MOST_SCENES, USUAL_SCENES = 40, 8
_LABELS = (
    "Task",
    "Phase",
    "Title",
    "Said before",
    "Idea",
    "Author",
    "Setting",
    "Characters",
    "Plot",
    "Style",
    "Tone",
    "Narration",
    "Audience",
    "Rating",
    "Ending",
    "Language",
    "Length",
    "Premise",
    "Outline",
    "Instruction",
    "Scene",
    "Scenes",
    "Story so far",
    "Last words",
    "Told already",
    "Tell now",
    "Words now",
    "The end",
    "Text",
)
_LINE = re.compile(rf"^({'|'.join(_LABELS)}):[ \t]*", re.MULTILINE)
_TASK = re.compile(rf"^Task: *({'|'.join(sorted(SCHEMAS, key=len, reverse=True))})\b.*$", re.MULTILINE)
_OTHER = re.compile(r"^(?:Prompt|Pages): ", re.MULTILINE)
# "3. The Letter: Mira finds it", "**Scene 3** - The Letter", as models number scenes in a text.
_NUMBERED = re.compile(
    r"^[#*\s-]*(?:Scene|Szene|Escena|Scène)?\s*(\d{1,2})[.:)*\s—–-]+(?=\S)(.+)$", re.MULTILINE
)


@dataclass(frozen=True)
class Ask:
    """One message: its task (a key of SCHEMAS) and its labelled lines, which may be missing."""

    task: str
    lines: dict[str, str]

    def line(self, label: str) -> str:
        return self.lines.get(label, "")

    def number(self, label: str, otherwise: int) -> int:
        found = re.search(r"\d[\d,]*", self.line(label))
        return int(found[0].replace(",", "")[:6]) if found else otherwise

    @property
    def schema(self) -> str:
        """The schema's name that goes with the task, empty where prose is wanted."""
        return SCHEMAS[self.task]

    @property
    def scenes(self) -> int:
        """How many scenes an outline shall have."""
        return min(MOST_SCENES, max(1, self.number("Scenes", USUAL_SCENES)))

    @property
    def about(self) -> str:
        """All that the writer has said about the story."""
        labels = ("Idea", "Setting", "Characters", "Plot", "Premise")
        return ". ".join(filter(None, (self.line(label).rstrip(" .") for label in labels)))

    @property
    def ends(self) -> bool:
        return self.line("The end").lower().startswith("yes")


@dataclass(frozen=True)
class Outline:
    """What an outline says, however it came; a scene is a mapping with at least title and description."""

    title: str
    characters: list[dict[str, Any]]
    scenes: list[dict[str, Any]]


def task_of(message: str, schema: str) -> str:
    """The task of a message by its first line with one, else by the schema; empty if it is none of these."""
    found, other = _TASK.search(message), _OTHER.search(message)
    if found and (
        schema == SCHEMAS[found[1]] or (not schema and not (other and other.start() < found.start()))
    ):
        return found[1]
    return next((task for task, name in SCHEMAS.items() if schema and name == schema), "")


def read_ask(message: str, task: str) -> Ask:
    """Of a line that comes twice the last one counts; all that stands behind `Text:` is the text."""
    lines: dict[str, str] = {}
    marks = list(_LINE.finditer(message))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        if mark[1] == "Text":
            lines["Text"] = message[mark.end() :].strip()
            break
        lines[mark[1]] = message[mark.end() : following.start() if following else None].strip()
    return Ask(task, lines)


def read_outline(text: str) -> Outline:
    """From JSON (an object, or a list of scenes), or from a text with numbered lines; may be empty."""
    start = re.search(r"[{\[]", text)
    try:
        value = json.JSONDecoder().raw_decode(text[start.start() :])[0] if start else None
    except ValueError:
        value = None
    if isinstance(value, list):
        value = {"scenes": value}
    if not isinstance(value, dict):
        return _from_text(text)
    return Outline(
        str(value.get("title") or ""),
        [one for one in _objects(value.get("characters")) if one.get("name")],
        [
            {
                **scene,
                "title": str(scene.get("title") or ""),
                "description": str(scene.get("description") or ""),
            }
            for scene in _objects(value.get("scenes"))
        ],
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _from_text(text: str) -> Outline:
    scenes = []
    for match in _NUMBERED.finditer(text):
        title, _, description = re.sub(r"\s+[—–-]\s+", ": ", match[2].strip("* ")).partition(": ")
        scenes.append({"title": title.strip('* "“”„«»'), "description": description.strip()})
    first = text.strip().split("\n", 1)[0].strip("#* ")
    return Outline(first[:120], [], scenes[:MOST_SCENES])


def span(text: str) -> tuple[int, int, int]:
    """ "scenes 4 to 5 of 8" as (4, 5, 8); zeros for what is not said."""
    scenes, _, total = text.partition(" of ")
    named = [int(number) for number in re.findall(r"\d{1,3}", scenes)]
    all_of_them = re.search(r"\d{1,3}", total)
    return min(named, default=0), max(named, default=0), int(all_of_them[0]) if all_of_them else 0
