"""Follows an adventure: what its players are told, from any point on, for sockets and streams alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from adventure import rows as adventures
from adventure.machine import State
from adventure.rows import Adventure, Event
from adventure.showing import history, message, nothing, with_picture
from database import Database
from errors import NotFound
from images.storage import Storage

_AT_ONCE = 200
# How often it is looked whether a turn's job is still there.
_HEAL_SECONDS = 10.0


class Feed:
    """One reader's place in an adventure. `seq` is what it has been told; None tells the history first."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        session: str,
        *,
        owner: str,
        after: int | None,
        base_url: str,
        heal: Callable[[str], None],
    ) -> None:
        self._database = database
        self._storage = storage
        self._session = session
        self._base_url = base_url
        self._heal = heal
        self._healed_at = time.monotonic()
        self._owner = owner
        self._after = after
        self._album = ""
        self.state = State.WAITING
        self.has_more = False

    @property
    def seq(self) -> int:
        return self._after or 0

    def news(self) -> list[dict[str, Any]]:
        """The messages since the last call; an empty list if there are none. Raises NotFound.

        With `has_more` there were too many for one call.
        """
        if time.monotonic() - self._healed_at >= _HEAL_SECONDS:
            self._healed_at = time.monotonic()
            self._heal(self._session)
        with self._database.read() as tx:
            found = adventures.find(tx, self._session)
            told = self._told(tx, found) if found else self._of_nothing()
        # A connection is not held while files are fetched.
        shown = (with_picture(each, self._storage) for each in told)
        return [each for each in shown if each]

    def _told(self, tx: Connection, found: Adventure) -> list[dict[str, Any]]:
        if found.owner != self._owner:
            raise NotFound("There is no adventure with this id.")
        if self._album not in ("", found.album):  # it was deleted, and another one was begun
            self._after = None
        self.state, self._album = found.state, found.album
        told, events = self._from_here(tx, found)
        self.has_more = len(events) == _AT_ONCE
        last_history = max((event.seq for event in events if event.type == "history"), default=0)
        for event in events:
            self._after = event.seq
            if event.type != "history" or event.seq == last_history:
                told.append(message(tx, found, event, self._base_url))
        return told

    def _from_here(self, tx: Connection, found: Adventure) -> tuple[list[dict[str, Any]], list[Event]]:
        """The history, if it has to be told, and the events behind it or behind the last one."""
        after = self._after
        if after is not None and after <= found.seq:
            events = adventures.events_after(tx, found.id, after, limit=_AT_ONCE)
            if after == found.seq or (events and events[-1].seq - after == len(events)):
                return [], events
        whole = history(tx, found, self._base_url)
        self._after = int(whole["seq"])
        return [whole], adventures.events_after(tx, found.id, self._after, limit=_AT_ONCE)

    def _of_nothing(self) -> list[dict[str, Any]]:
        """Told once: there is none yet, or it was deleted."""
        if self._after == 0 and not self._album:
            return []
        self._after, self._album, self.state = 0, "", State.WAITING
        return [nothing(self._session)]
