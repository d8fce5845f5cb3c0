"""The jobs' edge: what became of a piece of work, what happens to it now, and how to end it."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from database import Database
from errors import InvalidRequest
from jobs import events, rows
from jobs.events import Event
from jobs.notifier import Notifier, Stopping
from jobs.rows import Job
from jobs.states import JobState
from jobs.work import Runner
from utils import ClosingIterable

_TAG = Tag(name="Jobs", description="Every piece of long work is a job.")
_MOST_EVENTS = 1000
# A proxy closes a silent connection after 30 to 60 seconds; a client that is gone is noticed by writing.
_HEARTBEAT_SECONDS = 12.0
# A stream that lasts longer is ended: the client comes back and goes on where it was.
_STREAM_SECONDS = 1800.0
_RETRY_MS = 1000
# The highest number that an event can have.
_HIGHEST = 2**31 - 1


class Streams(Protocol):
    """How many streams may be open at once: access.admission.Admission."""

    is_closed: bool

    def hold(self) -> AbstractContextManager[None]: ...


class JobPath(BaseModel):
    job_id: str = Field(description="The `id` of an answer.", max_length=64)


class After(BaseModel):
    after: int | None = Field(
        default=None,
        ge=0,
        le=_HIGHEST,
        description="Adds `events`: those with a higher number, at most 1,000.",
    )


class LastEvent(BaseModel):
    after: int = Field(
        default=0, ge=0, le=_HIGHEST, description="Where to begin, if no Last-Event-ID says so."
    )


class Listing(BaseModel):
    kind: str = Field(default="", max_length=40, description="Only jobs of this kind, such as story.")
    state: JobState | None = Field(default=None, description="Only jobs in this state.")
    limit: int = Field(default=20, ge=1, le=100, description="How many jobs a page has.")
    cursor: str = Field(default="", max_length=200, description="The `next` of the page before.")


def create_blueprint(
    database: Database,
    runner: Runner,
    notifier: Notifier,
    *,
    streams: Streams,
    show: Callable[[Job, str], dict[str, Any]],
    base_url: Callable[[], str],
    owner: Callable[[], str],
) -> APIBlueprint:
    """`show` gives a job as every answer has it, with pictures below an address; `owner` tells who calls."""
    blueprint = APIBlueprint("jobs", __name__, abp_tags=[_TAG])

    def load(job_id: str) -> Job:
        with database.read() as tx:
            return rows.load_own(tx, job_id, owner())

    @blueprint.get("/api/jobs/<job_id>", summary="What became of a job")
    def job(path: JobPath, query: After) -> Response:
        base = base_url()
        found = load(path.job_id)
        body = show(found, base)
        if query.after is not None:
            with database.read() as tx:
                news = events.after(tx, found.id, query.after, limit=_MOST_EVENTS)
            body["events"] = [_as_json(event, base) for event in news]
        return _fresh(body)

    @blueprint.get("/api/jobs", summary="Your jobs, newest first")
    def listing(query: Listing) -> Response:
        before = _read_cursor(query.cursor)
        with database.read() as tx:
            found = rows.page(
                tx,
                owner(),
                limit=query.limit + 1,
                kind=query.kind,
                state=query.state or "",
                before=before,
            )
        page, base = found[: query.limit], base_url()
        has_more = len(found) > query.limit
        return _fresh(
            {"jobs": [show(job, base) for job in page], "next": _cursor(page[-1]) if has_more else None}
        )

    @blueprint.post("/api/jobs/<job_id>/cancel", summary="End a job")
    def cancel(path: JobPath) -> Response:
        """What was made so far is kept. A job that has ended already stays as it is."""
        found = load(path.job_id)
        if not found.has_ended:
            runner.cancel(found.id)
        return _fresh(show(load(found.id), base_url()))

    @blueprint.get("/api/jobs/<job_id>/events", summary="What happens to a job, live")
    def stream(path: JobPath, query: LastEvent) -> Response:
        """Server-sent events; they end after `done`. `Last-Event-ID` goes on behind that event."""
        after = _last_event_id(query.after)
        found, base = load(path.job_id), base_url()
        if found.has_ended and after >= found.last_event:
            return Response(status=204)  # which tells an EventSource not to come back
        place = ExitStack()
        place.enter_context(streams.hold())
        until = time.monotonic() + _STREAM_SECONDS
        pieces = _follow(
            database,
            notifier,
            Place(found.id, after, base),
            is_over=lambda: streams.is_closed or time.monotonic() > until,
        )
        response = Response(ClosingIterable(pieces, place.close), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
        return response

    return blueprint


@dataclass(frozen=True)
class Place:
    """Where a stream is: behind the event `after` of a job. Our own addresses are told below `base_url`."""

    job_id: str
    after: int
    base_url: str


def _follow(
    database: Database, notifier: Notifier, place: Place, *, is_over: Callable[[], bool]
) -> Iterator[str]:
    after = place.after
    yield f"retry: {_RETRY_MS}\n\n"
    try:
        with notifier.listen(events.topic(place.job_id)) as waiter:
            spoke_at = time.monotonic()
            while not is_over():
                with database.read() as tx:
                    news = events.after(tx, place.job_id, after, limit=_MOST_EVENTS)
                if news:
                    yield "".join(_as_sse(event, place.base_url) for event in news)
                    if news[-1].kind == events.LAST:
                        return
                    after, spoke_at = news[-1].number, time.monotonic()
                    continue
                waiter.wait(spoke_at + _HEARTBEAT_SECONDS)
                if time.monotonic() - spoke_at >= _HEARTBEAT_SECONDS:
                    spoke_at = time.monotonic()
                    yield ": still here\n\n"
    except Stopping:
        return  # the client comes back by itself


def _as_sse(event: Event, base_url: str) -> str:
    data = json.dumps(_absolute(event.data, base_url), ensure_ascii=False)
    return f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n"


def _as_json(event: Event, base_url: str) -> dict[str, Any]:
    return {"number": event.number, "kind": event.kind, "data": _absolute(event.data, base_url)}


def _absolute(data: Any, base_url: str) -> Any:
    """`data` with our own addresses, which are recorded without a host, below `base_url`."""
    if isinstance(data, dict):
        return {
            name: f"{base_url}{value}"
            if name in ("url", "preview") and isinstance(value, str) and value.startswith("/")
            else _absolute(value, base_url)
            for name, value in data.items()
        }
    return [_absolute(item, base_url) for item in data] if isinstance(data, list) else data


def _last_event_id(otherwise: int) -> int:
    given = request.headers.get("Last-Event-ID", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else otherwise


def _cursor(job: Job) -> str:
    return base64.urlsafe_b64encode(json.dumps([job.created_at, job.id]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[float, str] | None:
    if not cursor:
        return None
    try:
        created_at, job_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return float(created_at), str(job_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidRequest(
            "cursor is not one that a page of jobs gave.", code="invalid_field", field="cursor"
        ) from error


def _fresh(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response
