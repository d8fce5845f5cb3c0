"""Hears the Discord channel in exactly one process, and knows in every process how that goes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from database import Database
from discord_listener import DiscordListener
from jobs.leases import Duty
from jobs.notifier import Notifier
from midjourney.captures import Captures
from midjourney.channel import Mark

_LEASE = "listener"
_MARK_TOPIC = "mark"
_LOOK_SECONDS = 0.25
_REMEMBERED_SECONDS = 1.0


class Listening:
    """Keeps a listener at work while this process holds the lease, for `seconds` at a time.

    It is the channel too: what is to be said goes to the process that hears.
    """

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        captures: Captures,
        start_listener: Callable[[], DiscordListener],
        *,
        seconds: float,
    ) -> None:
        self._notifier = notifier
        self._captures = captures
        self._start_listener = start_listener
        self._listener: DiscordListener | None = None
        self._duty = Duty(
            database, _LEASE, seconds=seconds, begin=self._begin, end=self._end, note=self._note
        )
        self._known: tuple[float, dict[str, Any]] = (0.0, {})
        notifier.on(_MARK_TOPIC, self._mark_for_other)

    def start(self) -> None:
        self._duty.start()

    def stop(self) -> None:
        """Hear no more, and let another process take over."""
        self._duty.stop()

    def deaf(self) -> str:
        """Why the channel cannot be heard at all, for people; "" if it can, or if nobody knows."""
        return str(self.state().get("fault", ""))

    def await_caught_up(self, seconds: float) -> bool:
        """Whether everything that was said has been heard, in whichever process, within `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if self._duty.is_mine:
                if self._captures.caught_up.wait(max(0.0, min(left, _LOOK_SECONDS))):
                    return True
            elif self.state(fresh=True).get("caught_up"):
                return True
            if left <= 0:
                return False
            if not self._duty.is_mine:
                time.sleep(min(left, _LOOK_SECONDS))

    def state(self, *, fresh: bool = False) -> dict[str, Any]:
        """The listener's state, fault, restarts and whether it is caught up, as of a second ago at most."""
        if self._duty.is_mine:
            return self._own_state()
        known_at, known = self._known
        if fresh or time.monotonic() - known_at > _REMEMBERED_SECONDS:
            known = self._state_of_other()
            self._known = time.monotonic(), known
        return known

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None:
        """See midjourney.channel.Channel."""
        if self._listener:
            self._listener.mark(channel_id, message_id, mark)
        else:
            self._notifier.notify_others(f"{_MARK_TOPIC}:{channel_id}:{message_id}:{mark.name}")

    def reply(self, channel_id: int, message_id: int, text: str) -> None:
        """See midjourney.channel.Channel. Only whoever hears has something to reply to."""
        if self._listener:
            self._listener.reply(channel_id, message_id, text)

    def _mark_for_other(self, topic: str) -> None:
        _, channel_id, message_id, name = topic.split(":")
        if self._listener:
            self._listener.mark(int(channel_id), int(message_id), Mark[name])

    def _begin(self) -> None:
        self._captures.start_hearing()
        self._listener = self._start_listener()

    def _end(self) -> None:
        listener, self._listener = self._listener, None
        if listener:
            listener.stop()
        self._captures.stop_hearing()

    def _own_state(self) -> dict[str, Any]:
        listener = self._listener
        return {
            "state": listener.state if listener else "connecting",
            "fault": listener.fault if listener else "",
            "restarts": listener.restarts if listener else 0,
            "caught_up": self._captures.caught_up.is_set(),
            "here": True,
        }

    def _state_of_other(self) -> dict[str, Any]:
        try:
            lease = self._duty.look()
        except SQLAlchemyError:
            return {"state": "unknown", "here": False}
        if lease is None or not lease.is_held:
            return {"state": "vacant", "here": False}
        try:
            said = json.loads(lease.note)
        except ValueError:  # just taken
            said = {"state": "connecting"}
        return {**said, "here": False}

    def _note(self) -> str:
        return json.dumps(self._own_state()) if self._duty.is_mine else ""
