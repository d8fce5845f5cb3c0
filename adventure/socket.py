"""The adventure's WebSocket: the socket only reads what is told; turns run on as jobs without it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from flask import Blueprint, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

from access.admission import Admission
from access.caller import Caller
from adventure.feed import Feed
from adventure.game import Game
from adventure.line import NORMAL, NOT_SIGNED_IN, POLICY, RESTARTING, Line
from adventure.messages import read_text
from adventure.showing import fault
from adventure.works import topic
from database import Database
from errors import Busy, InvalidRequest, StoryfarmError, Unauthorized
from images.storage import Storage
from jobs.notifier import Notifier, Stopping, Waiter

SESSION_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
# A player who does nothing for so long may come back.
_IDLE_SECONDS = 7200.0
_TICK_SECONDS = 30.0
# So often the pace may be broken before the line is closed.
_MOST_WARNINGS = 20
_HIGHEST = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What sockets and streams need to let somebody play."""

    game: Game
    database: Database
    storage: Storage
    notifier: Notifier
    caller: Callable[[], Caller]
    base_url: Callable[[], str]

    def feed(self, session: str, after: int | None) -> Feed:
        return Feed(
            self.database,
            self.storage,
            session,
            owner=self.caller().owner,
            after=after,
            base_url=self.base_url(),
            heal=self.game.heal,
        )


def create_blueprint(stage: Stage, *, places: Admission) -> Blueprint:
    """`places` bounds how many sockets are open at once."""
    blueprint = Blueprint("adventure-socket", __name__)
    sock = Sock()

    @blueprint.before_app_request
    def without_compression() -> None:
        """It would cost each idle player a quarter of a megabyte."""
        if request.path.startswith("/ws/"):
            request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)

    @sock.route("/ws/adventure/<session>", bp=blueprint)  # type: ignore[untyped-decorator]
    def play(server: Server, session: str) -> None:
        with stage.notifier.listen(topic(session)) as waiter:
            line = Line(server, waiter.wake)
            try:
                caller = stage.caller()
                check_session(session)
                stage.game.check_owner(session, caller)
                with places.hold():
                    table = _Table(stage, line, session, caller, stage.feed(session, read_after()))
                    table.serve(waiter, places)
            except Stopping:
                line.close(RESTARTING, "The service is restarting.")
            except Unauthorized as error:
                line.close(NOT_SIGNED_IN, error.detail[:100])
            except StoryfarmError as error:
                line.send(fault(session, 0, error))
                line.close(RESTARTING if isinstance(error, Busy) else POLICY, error.detail[:100])

    return blueprint


class _Table:
    """One player at one socket."""

    def __init__(self, stage: Stage, line: Line, session: str, caller: Caller, feed: Feed) -> None:
        self._stage = stage
        self._line = line
        self._session = session
        self._caller = caller
        self._feed = feed
        self._warnings = 0

    def serve(self, waiter: Waiter, places: Admission) -> None:
        """Until the line ends; what was said before that counts, even if nobody is told."""
        try:
            self._talk(waiter, places)
        finally:
            while not self._line.is_flooded and (said := self._line.take()) is not None:
                with suppress(ConnectionClosed):
                    self._hear(said)

    def _talk(self, waiter: Waiter, places: Admission) -> None:
        while self._line.is_open:
            if places.is_closed:
                raise Stopping
            if self._line.is_flooded or self._warnings > _MOST_WARNINGS:
                self._line.close(POLICY, "Too many messages.")
                return
            if time.monotonic() - self._line.heard_at > _IDLE_SECONDS:
                self._line.close(NORMAL, "Nothing was played for two hours.")
                return
            for message in self._feed.news():
                self._line.send(message)
            said = self._line.take()
            if said is not None:
                self._hear(said)
            elif not self._feed.has_more:
                waiter.wait(time.monotonic() + _TICK_SECONDS)

    def _hear(self, said: str | bytes) -> None:
        try:
            if not self._line.may_speak():
                self._warnings += 1
                raise InvalidRequest("Slower, please: 5 messages a second at most.", code="rate_limited")
            self._stage.game.do(self._session, self._caller, read_text(said))
        except StoryfarmError as error:
            self._line.send(fault(self._session, self._feed.seq, error))


def check_session(session: str) -> None:
    """Raises InvalidRequest."""
    if not SESSION_ID.fullmatch(session):
        raise InvalidRequest(
            "An adventure's id has 8 to 64 letters, digits, hyphens and underscores.",
            code="invalid_field",
            field="session",
        )


def read_after() -> int | None:
    """The `after` of the address, None if there is none, or no number."""
    given = request.args.get("after", "") or request.headers.get("Last-Event-ID", "")
    is_number = given.isascii() and given.isdigit() and len(given) < 11
    return min(int(given), _HIGHEST) if is_number else None
