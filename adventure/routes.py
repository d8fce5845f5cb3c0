"""The adventure without a socket: lists, the history, streams of what is told, and files."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Literal

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from access.admission import Admission
from access.idempotency import read_key
from adventure import rows as adventures
from adventure.editions import manuscript, way_of
from adventure.feed import Feed
from adventure.machine import State
from adventure.messages import read
from adventure.showing import history, nothing
from adventure.socket import Stage, check_session, read_after
from adventure.works import topic
from errors import NotFound
from jobs.notifier import Stopping
from manuscripts.export import WritePdf, export
from utils import ClosingIterable

_TAG = Tag(
    name="Adventure", description="An interactive story, turn by turn; the socket is /ws/adventure/<session>."
)
_HEARTBEAT_SECONDS = 12.0
_STREAM_SECONDS = 1800.0


class SessionPath(BaseModel):
    session: str = Field(max_length=64, description="8 to 64 letters, digits, hyphens and underscores.")


class ExportQuery(BaseModel):
    format: Literal["md", "txt", "html", "pdf", "epub"] = "epub"


def create_blueprint(
    stage: Stage, *, streams: Admission, write_pdf: WritePdf, is_sample: bool
) -> APIBlueprint:
    blueprint = APIBlueprint("adventure", __name__, abp_tags=[_TAG])

    def stream(
        session: str, feed: Feed, place: ExitStack, *, is_whole_turn: bool, only: int | None = None
    ) -> Response:
        pieces = _follow(stage, session, feed, streams, is_whole_turn=is_whole_turn, only=only)
        response = Response(ClosingIterable(pieces, place.close), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
        return response

    def own(session: str) -> str:
        check_session(session)
        stage.game.check_owner(session, stage.caller())
        return session

    @blueprint.get("/api/adventures", summary="Your adventures, the last played first")
    def listing() -> Response:
        with stage.database.read() as tx:
            return jsonify(adventures=adventures.listed(tx, stage.caller().owner))

    @blueprint.get("/api/adventure/<session>", summary="An adventure as far as it is told")
    def show(path: SessionPath) -> Response:
        session = own(path.session)
        with stage.database.read() as tx:
            found = adventures.find(tx, session)
            told = history(tx, found, stage.base_url()) if found else nothing(session)
        response = jsonify(told)
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.delete("/api/adventure/<session>", summary="Delete an adventure")
    def remove(path: SessionPath) -> tuple[str, int]:
        """What is being told of it ends."""
        stage.game.remove(own(path.session), stage.caller())
        return "", 204

    @blueprint.post("/api/adventure/<session>/choice", summary="Play one turn over a stream")
    def choose(path: SessionPath) -> Response:
        """Takes any message of the socket's, and streams what is told until the turn is over.

        The same Idempotency-Key streams the turn that it has begun.
        """
        session = own(path.session)
        said, caller = read(request.get_json()), stage.caller()
        asked = {"path": request.path, **said.model_dump(exclude_none=True)}
        key = read_key(request.headers.get("Idempotency-Key"), caller.owner, asked)
        with ExitStack() as place:
            place.enter_context(streams.hold())  # who finds no place has begun nothing
            known = stage.game.turn_of(caller, key) if key else None
            after = _now_in(stage, session) if known is None else _begin_of(stage, session, known)
            if known is None:
                stage.game.do(session, caller, said, key=key)
            feed = stage.feed(session, after)
            return stream(session, feed, place.pop_all(), is_whole_turn=True, only=known)

    @blueprint.get("/api/adventure/<session>/events", summary="What is told, live")
    def events(path: SessionPath) -> Response:
        session = own(path.session)
        with ExitStack() as place:
            place.enter_context(streams.hold())
            feed = stage.feed(session, read_after())
            return stream(session, feed, place.pop_all(), is_whole_turn=False)

    @blueprint.get("/api/adventure/<session>/export", summary="An adventure as a file")
    def export_it(path: SessionPath, query: ExportQuery) -> Response:
        with stage.database.read() as tx:
            found = adventures.load(tx, own(path.session), stage.caller().owner)
            told, kept = way_of(tx, found)
        book = manuscript(found, told, kept, stage.storage, base_url=stage.base_url(), is_sample=is_sample)
        made = export(book, query.format, write_pdf)
        response = Response(made.content, content_type=made.mime)
        response.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint


def _now_in(stage: Stage, session: str) -> int:
    """How many events there are."""
    with stage.database.read() as tx:
        found = adventures.find(tx, session)
    return found.seq if found else 0


def _begin_of(stage: Stage, session: str, turn: int) -> int | None:
    """The place before a turn; None if that was long ago."""
    with stage.database.read() as tx:
        begin = adventures.begin_of(tx, session, turn)
    return begin - 1 if begin else None


def _follow(
    stage: Stage, session: str, feed: Feed, streams: Admission, *, is_whole_turn: bool, only: int | None
) -> Iterator[str]:
    """With `is_whole_turn` it ends when the turn is told, and its picture is there or failed.

    With `only` it tells that turn again, and nothing that came later.
    """
    until = spoke_at = time.monotonic()
    until += _STREAM_SECONDS
    yield "retry: 1000\n\n"
    try:
        with stage.notifier.listen(topic(session)) as waiter:
            while not streams.is_closed and time.monotonic() < until:
                news = feed.news()
                for message in news:
                    if only is not None and message["turn"] != only and message["type"] != "history":
                        return
                    spoke_at = time.monotonic()
                    yield _as_sse(message)
                if news:
                    continue
                if is_whole_turn and feed.state in (State.CHOOSING, State.WAITING):
                    return
                waiter.wait(spoke_at + _HEARTBEAT_SECONDS)
                if time.monotonic() - spoke_at >= _HEARTBEAT_SECONDS:
                    spoke_at = time.monotonic()
                    yield ": still here\n\n"
    except (Stopping, NotFound):
        return  # the client comes back by itself


def _as_sse(message: dict[str, Any]) -> str:
    return f"id: {message['seq']}\ndata: {json.dumps(message, ensure_ascii=False)}\n\n"
