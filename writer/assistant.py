"""The assistant: what somebody wants who talks to it, and which steps that takes as the work stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from text.asking import Answered, ask_for
from text.model import Schema, TextModel
from utils import clip, one_line, well_formed
from writer.prompts import ASSISTANT, conversation
from writer.setup import REQUIRED

ACTIONS = (
    "generate_premise",
    "generate_outline",
    "start_writing",
    "continue_writing",
    "refine_outline",
    "export",
)
NONE = "none"
FILL_SETUP = "fill_setup"
# What must be there before an action can be done, by the member of the state that holds it.
_NEEDS = {
    "generate_premise": ("setup",),
    "generate_outline": ("setup", "premise"),
    "refine_outline": ("setup", "premise", "outline"),
    "start_writing": ("setup", "premise", "outline"),
    "continue_writing": ("setup", "premise", "outline", "story"),
    "export": (),
}
_MADE_BY = {
    "setup": FILL_SETUP,
    "premise": "generate_premise",
    "outline": "generate_outline",
    "story": "start_writing",
}
_SCENE = re.compile(r"(?:scene|szene|escena|scène|сцен\w*)\s*(\d{1,2})", re.IGNORECASE)
_TOKENS = 6500
_LONGEST = 2000


@dataclass(frozen=True)
class Choice:
    """One of ACTIONS, or NONE; what was said about it; and what is answered to that."""

    action: str
    instruction: str
    reply: str

    @property
    def scene(self) -> int | None:
        """The scene that the instruction names."""
        found = _SCENE.search(self.instruction)
        return int(found[1]) if found else None


_REPLIES = {
    "generate_premise": "Here is a premise.",
    "generate_outline": "Here is an outline.",
    "start_writing": "This is how the story begins.",
    "continue_writing": "This is how it goes on.",
    "refine_outline": "I have changed the outline.",
    "export": "Choose a format, and the story is yours.",
}


def plain_choice(said: str) -> Choice | None:
    """The choice of who says the name of an action and nothing else, for which no model is needed."""
    name = re.sub(r"[\s_-]+", "_", one_line(said).lower().strip(" .!"))
    return Choice(name, "", _REPLIES[name]) if name in ACTIONS else None


def choose(
    model: TextModel, said: str, known: Sequence[tuple[str, str]], *, deadline: float
) -> Answered[Choice]:
    """What the model makes of what somebody says who has written what is `known`: lines of a message."""

    def read(value: dict[str, Any]) -> Choice:
        action = value.get("action")
        if action not in (*ACTIONS, NONE):
            raise ValueError(f"the action is not one of {', '.join((*ACTIONS, NONE))}")
        instruction, reply = (str(value.get(name) or "") for name in ("instruction", "reply"))
        told = clip(one_line(well_formed(instruction)), _LONGEST) or clip(one_line(said), _LONGEST)
        return Choice(action, told, clip(well_formed(reply).strip(), 1000) or _REPLIES.get(action, ""))

    asked = conversation("assistant", [*known, ("Text", clip(one_line(said), _LONGEST))])
    schema: Schema = ASSISTANT
    return ask_for(model, asked, schema, read, what="answer", max_tokens=_TOKENS, deadline=deadline)


def steps(action: str, state: dict[str, Any]) -> list[str]:
    """The actions to take, in their order: what the action needs and is not there is made first."""
    wanted: list[str] = []
    for need in _NEEDS.get(action, ()):
        if not _has(state, need):
            wanted.append(_MADE_BY[need])
    return wanted if action in wanted or action == NONE else [*wanted, action]


def _has(state: dict[str, Any], member: str) -> bool:
    value = state.get(member)
    if member == "setup":
        return isinstance(value, dict) and all(one_line(str(value.get(name) or "")) for name in REQUIRED)
    if member == "outline" and isinstance(value, dict):
        return bool(value.get("scenes"))
    return bool(value)
