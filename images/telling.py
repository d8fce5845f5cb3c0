"""What the painters of a job tell about its pictures while they work, and what of it is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from errors import StoryfarmError
from images.provider import Progress
from images.records import Picture
from jobs.work import Task


class Telling:
    """Several painters of one job at once. `keys` name the pictures that are wanted; others are told of only.

    The job's result has under `kept` an entry for each picture that came to an end: request, picture, and
    error, None if there is none. Its progress has under `shown` how far those are that do not: percent,
    message, preview; those that nobody has begun are `waiting`, if that is given. `count` are the words of
    the progress behind "3 of 7". `changed` is called when something is new.
    """

    def __init__(
        self,
        task: Task,
        keys: Sequence[str],
        *,
        kept: str,
        shown: str,
        count: str,
        waiting: str = "",
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self.task = task
        self._keys = keys
        self._kept = kept
        self._shown = shown
        self._count = count
        self._changed = changed
        self._lock = threading.Lock()
        self._done: dict[str, Any] = dict(task.result.get(kept) or {})
        self._now: dict[str, Any] = {}
        if waiting:
            self._now = {key: _state(None, waiting) for key in keys if self.lacks(key)}
        task.result.setdefault(kept, {})

    def lacks(self, key: str) -> bool:
        """Whether it is still to be painted; what failed before a crash is tried again."""
        entry = self._done.get(key)
        return entry is None or bool(entry["error"])

    def say(self, message: str = "") -> None:
        """How far all of it is, in other words if they are given."""
        with self._lock:
            self._tell(message)

    def begin(self, key: str) -> None:
        with self._lock:
            self._now[key] = _state(None, "The painter begins.")
            self._tell()

    def show(self, key: str, progress: Progress) -> None:
        """How far one picture is. Raises Lost if the job was cancelled."""
        self.task.check()
        preview = progress.preview if progress.preview.startswith("/") else None
        with self._lock:
            self._now[key] = _state(progress.percent, progress.message, preview)
            self._tell()

    def painted(self, key: str, request_id: str, picture: Picture, /, **told: Any) -> None:
        """It is there. `told` is what followers are told of it."""
        with self._lock:
            self._end(key, {"request": request_id, "picture": picture.id, "error": None})
            self.task.say("picture", told)
            self._tell()

    def failed(self, key: str, request_id: str, error: StoryfarmError, /, **told: Any) -> None:
        problem = error.problem()
        with self._lock:
            self._end(key, {"request": request_id, "picture": None, "error": problem})
            self.task.say("problem", told | {name: problem[name] for name in ("code", "title", "detail")})
            self._tell()

    def _end(self, key: str, entry: dict[str, Any]) -> None:
        self._now.pop(key, None)
        if key in self._keys:
            self._done[key] = entry
            self.task.save(**{self._kept: dict(self._done)})

    def _tell(self, message: str = "") -> None:
        good = sum(1 for entry in self._done.values() if not entry["error"])
        self.task.progress(
            min(99, 100 * len(self._done) // len(self._keys)),
            message or f"{good} of {len(self._keys)} {self._count}",
            **{self._shown: dict(self._now)},
        )
        self._changed()


def _state(percent: int | None, message: str, preview: str | None = None) -> dict[str, Any]:
    return {"percent": percent, "message": message, "preview": preview}
