"""A task of midjourney-proxy: how it goes on, how it is told, and what can be made of it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.proxy_pictures import Commission

Json = dict[str, Any]

IMAGINE, BLEND, DESCRIBE = "IMAGINE", "BLEND", "DESCRIBE"
UPSCALE, VARIATION, REROLL = "UPSCALE", "VARIATION", "REROLL"
CHANGES = (UPSCALE, VARIATION, REROLL)
GRIDS = (IMAGINE, BLEND, VARIATION, REROLL)  # what they end with is four pictures in one

_BUTTONS = {"upsample": UPSCALE, "variation": VARIATION, "reroll": REROLL}
# "MJ::JOB::upsample::2::<uuid>", "MJ::JOB::reroll::0::<uuid>::SOLO"
_CUSTOM_ID = re.compile(r"MJ::JOB::(?P<name>upsample|variation|reroll)::(?P<index>[0-4])::(?P<job>[\w-]+)")


def _now() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Change:
    """What is to be made of which task. `index` 1-4 names one of its four pictures; REROLL has none."""

    task_id: str
    action: str
    index: int | None = None

    @property
    def description(self) -> str:
        """The proxy's own words for it, such as "/up 1689231405853400 U2"."""
        return f"/up {self.task_id} {self.action[0]}{self.index or ''}"


@dataclass(kw_only=True, eq=False)
class Task:
    """One task. Times in milliseconds since 1970.

    `job` is MidJourney's UUID of it, `seen` what DESCRIBE says when it is done.
    """

    id: str
    action: str
    prompt: str | None
    description: str
    state: str | None
    hook: str
    commission: Commission
    job: str
    seen: str | None = None
    status: str = "NOT_START"
    progress: str | None = None
    image_url: str | None = None
    fail_reason: str | None = None
    submit_time: int = field(default_factory=_now)
    start_time: int | None = None
    finish_time: int | None = None

    @property
    def ended(self) -> bool:
        return self.status in ("SUCCESS", "FAILURE", "MODAL")

    def start(self) -> None:
        self.status, self.start_time = "SUBMITTED", _now()

    def succeed(self) -> None:
        self.status, self.finish_time = "SUCCESS", _now()
        self.prompt = self.seen or self.prompt

    def fail(self, reason: str) -> None:
        self.status, self.progress, self.fail_reason, self.finish_time = "FAILURE", "", reason, _now()

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "action": self.action,
            "status": self.status,
            "prompt": self.prompt,
            "promptEn": self.prompt,
            "description": self.description,
            "state": self.state,
            "submitTime": self.submit_time,
            "startTime": self.start_time,
            "finishTime": self.finish_time,
            "imageUrl": self.image_url,
            "progress": self.progress,
            "failReason": self.fail_reason,
            "properties": {"finalPrompt": self.prompt, "notifyHook": self.hook or None},
            "buttons": self._buttons(),
        }

    def _buttons(self) -> list[Json]:
        if self.status != "SUCCESS" or self.action not in GRIDS:
            return []
        fours = [
            _button(f"MJ::JOB::{name}::{index}::{self.job}", f"{letter}{index}")
            for name, letter in (("upsample", "U"), ("variation", "V"))
            for index in range(1, 5)
        ]
        return [*fours[:4], _button(f"MJ::JOB::reroll::0::{self.job}::SOLO", "🔄"), *fours[4:]]

    def pressed(self, custom_id: str) -> Change | None:
        """The change that this button of the task asks for; None if the task has no such button."""
        found = _CUSTOM_ID.match(custom_id)
        if not found or all(button["customId"] != custom_id for button in self._buttons()):
            return None
        return Change(self.id, _BUTTONS[found["name"]], int(found["index"]) or None)


def _button(custom_id: str, label: str) -> Json:
    return {"customId": custom_id, "emoji": "", "label": label, "type": 2, "style": 2}
