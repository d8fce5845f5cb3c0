"""What the text model answers to the writer flow: JSON for its schemas, or the same as prose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.novel_assistant import answer_turn
from sandbox.novel_message import SCHEMAS, Ask, read_ask, task_of
from sandbox.novel_outline import FEW_SCENES, make_outline, outline_text, refine_outline
from sandbox.novel_part import Manner, digest, write_part
from sandbox.novel_setup import make_ideas, make_premise, make_setup
from sandbox.novel_tongue import Tongue
from sandbox.novel_tongues import tongue_for

Writing = dict[str, Any]


def find_ask(messages: list[str], schema: str) -> Ask | None:
    """The writer flow's question among a user's messages, of which the last one with a task counts."""
    for message in reversed(messages):
        if (task := task_of(message, "")) and schema in ("", SCHEMAS[task]):
            return read_ask(message, task)
    if messages and (task := task_of(messages[-1], schema)):
        return read_ask(messages[-1], task)
    return None


def is_ask(message: str) -> bool:
    """Whether the message is labelled as the writer flow's are."""
    return bool(task_of(message, ""))


def write(ask: Ask, seed: int, kind: str, *, end_marker: bool) -> tuple[Writing, str]:
    """The answer as an object and as prose; `kind` is the fault that spoils it, if any."""
    tongue = tongue_for(ask.line("Language"), _sample(ask))
    if ask.task in ("part", "digest"):
        manner = Manner(
            times=2 if kind == "long" else 1, ends_early=kind == "early_end" and not ask.ends, mark=end_marker
        )
        made = digest(ask, tongue) if ask.task == "digest" else write_part(ask, tongue, seed, manner)
        return made, str(made.get("text") or made["summary"])
    if ask.task in ("outline", "refinement", "outline as text"):
        outline = (refine_outline if ask.task == "refinement" else make_outline)(ask, tongue, seed)
        if kind == "few_scenes":
            outline["scenes"] = outline["scenes"][:FEW_SCENES]
        return outline, outline_text(outline, tongue)
    return _SHORT[ask.task](ask, tongue, seed)


def _setup(ask: Ask, tongue: Tongue, seed: int) -> tuple[Writing, str]:
    made = make_setup(ask, tongue, seed)
    return dict(made), "\n".join(f"{name}: {value}" for name, value in made.items())


def _ideas(ask: Ask, tongue: Tongue, _seed: int) -> tuple[Writing, str]:
    made = make_ideas(ask, tongue)
    return {"ideas": made}, "\n\n".join(
        f"{at}. {one['title']}: {one['idea']}" for at, one in enumerate(made, 1)
    )


def _premise(ask: Ask, tongue: Tongue, seed: int) -> tuple[Writing, str]:
    made = make_premise(ask, tongue, seed)
    return {"premise": made}, made


def _turn(ask: Ask, tongue: Tongue, _seed: int) -> tuple[Writing, str]:
    made = answer_turn(ask, tongue)
    return dict(made), made["reply"]


_SHORT: dict[str, Callable[[Ask, Tongue, int], tuple[Writing, str]]] = {
    "setup": _setup,
    "ideas": _ideas,
    "premise": _premise,
    "assistant": _turn,
}


def _sample(ask: Ask) -> str:
    """The writer's own words, which show the language."""
    return "\n".join([ask.about, ask.line("Text")[:2000], ask.line("Instruction")])
