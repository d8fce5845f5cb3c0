"""Switches of the sandbox: habits that last, faults that happen a few times, and a record of the calls."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How the sandbox behaves until told otherwise. Times in seconds.

    `image_pixels`: width of MidJourney's grid. `picture_pixels`: the longest side that an image model's
    picture has, however large it was asked for. `jitter` 0-1: a picture comes after a random part of its
    time, so that answers come out of order. `rewrite`: echoes are changed as MidJourney changes them.
    `plain`: flat colours instead of drawings, for load tests. `webhook_limit`: posts in two seconds, 0 for
    any number. `person`: whether somebody pastes the commands. `story_seed`: equal requests give equal
    stories, plans and pictures. `proxy_at_once`, `proxy_queue`: how many tasks midjourney-proxy carries out
    at the same time, and how many more may wait. `firebase_open`: the database asks nobody for a token.
    `end_marker`: the last part of a long story ends with "THE END", sometimes with "[END]".
    `tricky`: an adventure's narration is full of characters that are hard to send in pieces: quotes,
    backslashes, line breaks, emoji, Cyrillic, combining marks. `escape`: JSON that a text model writes has
    \\uXXXX for all characters beyond ASCII, surrogate pairs for emoji. `chunk_characters` 1-64: how many
    characters of the content each event of a streamed text brings, None for a word. `chunk_bytes`, 1 or
    more: the events are in plain UTF-8 and go out in writes of at most so many bytes, cut within characters
    and lines; None for one write an event.
    """

    story_seconds: float = 1.5
    image_seconds: float = 4.0
    image_pixels: int = 2048
    picture_pixels: int = 1024
    jitter: float = 0.0
    previews: int = 4
    duplicates: bool = False
    rewrite: bool = False
    plain: bool = False
    person: bool = True
    webhook_limit: int = 0
    story_seed: int | None = None
    proxy_at_once: int = 12
    proxy_queue: int = 10
    firebase_open: bool = False
    end_marker: bool = False
    tricky: bool = False
    escape: bool = False
    chunk_characters: int | None = None
    chunk_bytes: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a size of chunks that cannot be."""
        for name, most in (("chunk_characters", 64), ("chunk_bytes", 1_000_000)):
            size = getattr(self, name)
            if size is not None and (type(size) is not int or not 1 <= size <= most):
                raise ValueError(f"{name} must be a whole number from 1 to {most:,}, or null.")

    def changed(self, changes: dict[str, Any]) -> Habits:
        """These habits with `changes`; raises ValueError for an unknown name or a wrong size."""
        names = {item.name for item in fields(self)}
        if unknown := set(changes) - names:
            raise ValueError(f"There is no habit {sorted(unknown)[0]}; there are {', '.join(sorted(names))}.")
        return replace(self, **changes)


@dataclass
class Fault:
    """Something that goes wrong at `target`, the next `times` times.

    Targets and kinds, with `details` as the kind's own values in brackets:
    - chat, azure.chat, gemini.chat, huggingface.chat, compatible.chat: status {status, type, code,
      retry_after}, html {status}, hang {seconds}, drop, refusal, length, content_filter, prose (no schema is
      kept to), wrong_shape (JSON of another shape), few_pages (a plan with a page too few), few_scenes
      (an outline with three scenes), long (a part twice as long as asked for), early_end (a part that ends
      the story, with an end marker, though more is to come), one_choice and no_choices (an adventure's
      turn with one choice or none), error_in_stream, cut_stream (half of the content), cut_in_escape
      (the content is JSON in ASCII and stops within a \\u escape of what is told; no end of the stream)
    - images, edits, azure.images, azure.edits, gemini.images: status, html, hang and drop as above, refusal
      (400 moderation_blocked), empty (an empty b64_json), no_data (an empty list), not_a_picture, bomb (a
      small PNG that declares {pixels} in width and height), truncated (half of the picture), url (an
      address instead of b64_json), error_in_stream, cut_stream
    - webhook: status, lost
    - cdn: status, huge, not_a_picture, truncated, hang
    - identify: intent
    - proxy.submit, proxy.change (a change looks for its own faults first): status, html, hang as above,
      code {code, description}, drop (the task is begun), late {seconds} (the task is begun, its answer waits)
    - proxy.task, or one action's tasks as in proxy.imagine and proxy.upscale; taken when a task is submitted:
      failure {reason}, stuck, no_progress (null to the end), words (progress in words only), preview_only
      (it succeeds with an empty imageUrl), modal (it ends with the status MODAL)
    - proxy.fetch (lists of tasks too): status, html, hang, empty (no body)
    - proxy.hook, taken when a task with a hook is submitted: duplicate, out_of_order (the first change is
      told after the last one), none
    - proxy.picture: status, html, hang, not_a_picture, truncated
    - firebase: status {status}, html, hang, drop (what was asked for is done)
    - midjourney: silent, stopped, error, single, cut, no_seed, plain_text, operator_picture,
      operator_failed, twice
    """

    target: str
    kind: str
    times: int = 1
    details: dict[str, Any] = field(default_factory=dict)


class Control:
    """What is switched on, and what has been received. Lives on the sandbox's event loop."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.calls: Counter[str] = Counter()
        self.received: deque[dict[str, Any]] = deque(maxlen=2000)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)
        del self._faults[:-100]

    def clear(self) -> None:
        self._faults.clear()

    def fault(self, target: str) -> Fault | None:
        """The next fault at `target`, used up once by this call."""
        for fault in self._faults:
            if fault.target == target and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def record(self, target: str, **details: Any) -> None:
        """Count a call that has arrived, and keep what it said for a while."""
        self.calls[target] += 1
        self.note(target, at=time.time(), **details)

    def note(self, target: str, *, at: float, **details: Any) -> None:
        """Keep something that is no call for a while, with its own time.

        chat_first (with the house's name before it as in targets): the first character of what is told
        (narration, text or story; prose at once) of a streamed answer is being written to the socket;
        `at` is time.monotonic().
        """
        self.received.append({"target": target, "at": at, **details})
