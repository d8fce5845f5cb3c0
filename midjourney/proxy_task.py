"""Reads the tasks of a midjourney-proxy, whose dialects differ: pure functions over its JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from utils import clip, one_line

_PERCENT = re.compile(r"(\d{1,3})\s*%")
# What stands before each of a description's prompts: "1️⃣ " or "1. ".
_NUMBER = re.compile(r"^\d(?:\ufe0f?\u20e3|[.)])\s*")
_MOST_PROMPTS = 8
_MOST_BUTTONS = 40
_ADVICE = "The midjourney-proxy gave no reason."


class ProxyState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


# What the dialects say; anything else is taken for running, since its end will be told.
_STATES = {
    "NOT_START": ProxyState.WAITING,
    "SUBMITTED": ProxyState.WAITING,
    "IN_PROGRESS": ProxyState.RUNNING,
    "SUCCESS": ProxyState.DONE,
    "FAILURE": ProxyState.FAILED,
    "CANCEL": ProxyState.FAILED,
    "MODAL": ProxyState.FAILED,
}


# What buttons do, by the names in their ids: MJ::JOB::upsample::2::<uuid>, MJ::JOB::reroll::0::<uuid>::SOLO.
_BUTTONS = {"UPSCALE": "upsample", "VARIATION": "variation", "REROLL": "reroll"}


@dataclass(frozen=True, kw_only=True)
class ProxyTask:
    """How a task is. `state` is what was submitted with it.

    `percent` is 0-100, or None while nobody can tell. `image_url` is the finished picture's; a preview's is
    not taken for one. `reason` says why it failed. `prompts` are a finished description's. `buttons` are the
    ids of those that can be pressed, where the dialect has any.
    """

    id: str
    status: ProxyState
    state: str
    percent: int | None
    image_url: str
    reason: str
    prompts: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()


def read_task(body: Any) -> ProxyTask:
    """A task as GET /task/{id}/fetch and the notify hook tell it; strange fields count as missing."""
    fields: Mapping[str, Any] = body if isinstance(body, dict) else {}
    said = str(fields.get("status") or "")
    status = _STATES.get(said, ProxyState.RUNNING)
    image_url = str(fields.get("imageUrl") or "") if status is ProxyState.DONE else ""
    reason = one_line(str(fields.get("failReason") or ""))
    if said == "MODAL":
        reason = "MidJourney wants a dialogue that cannot be held here."
    return ProxyTask(
        id=str(fields.get("id") or ""),
        status=status,
        state=str(fields.get("state") or ""),
        percent=100 if status is ProxyState.DONE else _percent(fields.get("progress")),
        image_url=image_url,
        reason=clip(reason or _ADVICE, 300) if status is ProxyState.FAILED else "",
        prompts=_prompts(fields.get("prompt")) if status is ProxyState.DONE else (),
        buttons=_button_ids(fields.get("buttons")),
    )


def button_of(task: ProxyTask, action: str, index: int | None) -> str | None:
    """The id of the button that does this with the task's picture `index`; None if there is none."""
    beginning = f"MJ::JOB::{_BUTTONS[action]}::{index or 0}::"
    return next((each for each in task.buttons if each.startswith(beginning)), None)


def _button_ids(buttons: Any) -> tuple[str, ...]:
    listed = buttons[:_MOST_BUTTONS] if isinstance(buttons, list) else []
    ids = (each.get("customId") for each in listed if isinstance(each, dict))
    return tuple(each for each in ids if isinstance(each, str) and each)


def _prompts(text: Any) -> tuple[str, ...]:
    """The lines of a description, without their numbers."""
    lines = (one_line(line) for line in str(text or "").splitlines())
    bare = (clip(_NUMBER.sub("", line, count=1), 1000) for line in lines)
    return tuple(each for each in bare if each)[:_MOST_PROMPTS]


def _percent(progress: Any) -> int | None:
    """31 for "31%"; None for null, "" and words such as "Waiting to start"."""
    found = _PERCENT.search(str(progress or ""))
    return min(100, int(found[1])) if found else None
