"""What we say and show in the Discord channel."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

HINT = (
    "This `/imagine` was sent as plain text, so MidJourney did not see it. Type `/imagine`, wait for the "
    "menu to show MidJourney's command, choose it, and paste the prompt into its `prompt` field."
)


class Mark(Enum):
    """The reaction on a command's message, by what became of it."""

    WAITING = "⏳"
    DONE = "✅"
    TIMED_OUT = "⌛"
    FAILED = "❌"


class Channel(Protocol):
    """What can be said back in the channel; both calls return at once and may come to nothing."""

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None: ...

    def reply(self, channel_id: int, message_id: int, text: str) -> None: ...


class Silent:
    """A channel in which nothing is said."""

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None:
        pass

    def reply(self, channel_id: int, message_id: int, text: str) -> None:
        pass
