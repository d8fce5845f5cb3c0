"""Reads the tasks of a midjourney-proxy, whose dialects differ: pure functions over its JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from utils import clip, one_line

_PERCENT = re.compile(r"(\d{1,3})\s*%")
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


@dataclass(frozen=True, kw_only=True)
class ProxyTask:
    """How a task is. `state` is what was submitted with it.

    `percent` is 0-100, or None while nobody can tell. `image_url` is the finished picture's; a preview's is
    not taken for one. `reason` says why it failed.
    """

    id: str
    status: ProxyState
    state: str
    percent: int | None
    image_url: str
    reason: str


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
    )


def _percent(progress: Any) -> int | None:
    """31 for "31%"; None for null, "" and words such as "Waiting to start"."""
    found = _PERCENT.search(str(progress or ""))
    return min(100, int(found[1])) if found else None
