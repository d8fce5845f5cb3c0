"""Read what the adventure asks for: labelled lines with the player's words among them."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCHEMAS = {"adventure": "adventure_turn", "turn": "adventure_turn", "choices": "adventure_choices"}
_LABELS = (
    "Task",
    "Premise",
    "Style",
    "Language",
    "Audience",
    "Facts",
    "Story so far",
    "Last turns",
    "Choice",
    "Told",
)
_LINE = re.compile(rf"^({'|'.join(_LABELS)}):[ \t]*", re.MULTILINE)
_TASK = re.compile(r"^(?:Task|Prompt|Pages):(.*)$", re.MULTILINE)
_MOST = 20_000  # characters of a line that are read


@dataclass(frozen=True)
class Ask:
    """One message: its task (a key of SCHEMAS) and its labelled lines, which may be missing."""

    task: str
    lines: dict[str, str]

    def line(self, label: str) -> str:
        return self.lines.get(label, "")[:_MOST]

    @property
    def so_far(self) -> str:
        """The story so far, empty for "nothing yet"."""
        text = " ".join(self.line("Story so far").split())
        return "" if re.fullmatch(r"\W*(?:nothing|none)?(?: yet)?\W*", text, re.IGNORECASE) else text

    @property
    def begins(self) -> bool:
        """Whether this is the first turn."""
        return self.task == "adventure" or not (self.line("Choice") or self.line("Last turns") or self.so_far)

    @property
    def chosen(self) -> list[str]:
        """What the player did, the latest last."""
        before = re.findall(r"^> *(.+)$", self.line("Last turns"), re.MULTILINE)
        return [*before, *filter(None, [self.line("Choice")])]


def find_ask(messages: list[str], schema: str) -> Ask | None:
    """The adventure's question among a user's messages, of which the last one with a task counts."""
    for message in reversed(messages):
        if (task := _task_of(message)) and schema in ("", SCHEMAS[task]):
            return _read(message, task)
    task = next((task for task, name in reversed(SCHEMAS.items()) if schema and name == schema), "")
    return _read(messages[-1], task) if messages and task else None


def is_ask(message: str) -> bool:
    """Whether the message is labelled as the adventure's are."""
    return bool(_task_of(message))


def _task_of(message: str) -> str:
    """Only the first line with a task counts, for the player's words may look like another."""
    found = _TASK.search(message)
    task = found[1].strip() if found and found[0].startswith("Task") else ""
    return task if task in SCHEMAS else ""


def _read(message: str, task: str) -> Ask:
    """Of a line that comes twice the first one counts, for the player's words stand at the end.

    Only a message for choices has a line `Told`, and all that follows belongs to it.
    """
    marks: dict[str, re.Match[str]] = {}
    for mark in _LINE.finditer(message):
        if "Told" not in marks and (mark[1] != "Told" or task == "choices"):
            marks.setdefault(mark[1], mark)
    ends = [*(mark.start() for mark in marks.values()), len(message)][1:]
    return Ask(
        task,
        {
            label: message[mark.end() : end].strip()
            for (label, mark), end in zip(marks.items(), ends, strict=False)
        },
    )
