"""The assistant's edge: POST /agui speaks AG-UI (https://docs.ag-ui.com), as CopilotKit's front ends do."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from ag_ui.core import (
    BaseEvent,
    CustomEvent,
    RunAgentInput,
    RunErrorEvent,
    RunFinishedEvent,
    RunStartedEvent,
    StateDeltaEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)
from ag_ui.encoder import EventEncoder
from flask import Blueprint, Response, request
from pydantic import ValidationError

from access.admission import Admission
from access.caller import Caller
from access.desk import read_order
from access.paid_answers import key_of
from errors import Conflict, InvalidRequest, RecordedFailure, StoryfarmError
from jobs import events, rows
from jobs.notifier import Notifier, Stopping
from jobs.rows import Job
from jobs.states import JobState
from utils import ClosingIterable, one_line
from writer import estimates, works
from writer.assistant import FILL_SETUP, NONE, Choice, plain_choice, steps
from writer.assistant_requests import request_for, talk_request
from writer.estimates import Estimate, with_request
from writer.intake import Intake

_HEARTBEAT_SECONDS = 12.0
# How often the growing story is told; each time it is all of it.
_STORY_SECONDS = 1.0
_MOST_EVENTS = 1000
_LONGEST_RUN = 1800.0
# The work of each step, and which members of the state its result replaces.
_KINDS = {
    FILL_SETUP: (works.SETUP, ("setup",)),
    "generate_premise": (works.PREMISE, ("premise",)),
    "generate_outline": (works.OUTLINE, ("outline",)),
    "refine_outline": (works.REFINEMENT, ("outline",)),
    "start_writing": (works.START, ("story", "summary", "scenes_told", "is_complete")),
    "continue_writing": (works.CONTINUATION, ("summary", "scenes_told", "is_complete")),
}


def create_blueprint(intake: Intake, notifier: Notifier, *, streams: Admission) -> Blueprint:
    blueprint = Blueprint("agui", __name__)

    @blueprint.post("/agui")
    def run() -> Response:
        """One turn of the conversation, as a stream of events. Its jobs go on if the caller goes away."""
        asked = _read_input(request.get_data())
        place = ExitStack()
        place.enter_context(streams.hold())
        caller = intake.caller()
        turn = _Turn(intake, notifier, asked, _talk(asked), caller)
        encoder = EventEncoder()
        pieces = (":\n\n" if event is None else encoder.encode(event) for event in turn.run())
        response = Response(ClosingIterable(pieces, place.close), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
        return response

    return blueprint


def _read_input(body: bytes) -> RunAgentInput:
    try:
        return RunAgentInput.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "body"
        raise InvalidRequest(
            f"{place}: {fault['msg']}. The body is a RunAgentInput of AG-UI.",
            code="invalid_field",
            field=place,
        ) from error


class _Turn:
    """One run: what is wanted, the steps that it takes, and the state as it changes. None is a heartbeat."""

    def __init__(
        self, intake: Intake, notifier: Notifier, asked: RunAgentInput, talk: list[str], caller: Caller
    ) -> None:
        self._intake = intake
        self._notifier = notifier
        self._asked = asked
        *self._before, self._said = talk
        self._caller = caller
        self._state: dict[str, Any] = dict(asked.state) if isinstance(asked.state, dict) else {}
        self._until = time.monotonic() + _LONGEST_RUN
        self._count = 0

    def run(self) -> Iterator[BaseEvent | None]:
        ids = {"thread_id": self._asked.thread_id, "run_id": self._asked.run_id}
        yield RunStartedEvent(**ids)
        try:
            yield from self._answer()
        except StoryfarmError as error:
            problem = error.problem()
            yield RunErrorEvent(message=problem["detail"], code=problem["code"])
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(str(part) for part in fault["loc"])
            said = str(fault["msg"]).removeprefix("Value error, ")
            yield RunErrorEvent(message=f"{place}: {said}", code="invalid_field")
        except Stopping:
            yield RunErrorEvent(message="The service is restarting. Ask again in a moment.", code="busy")
        else:
            yield RunFinishedEvent(**ids)

    def _answer(self) -> Iterator[BaseEvent | None]:
        choice = plain_choice(self._said)
        if choice is None:
            request = talk_request(self._said, self._before, self._state)
            job = yield from self._done(works.ASSISTANT, request, estimates.short_call(100))
            result = job.result or {}
            choice = Choice(result["action"], result["instruction"], result["reply"])
        wanted = steps(choice.action, self._state)
        for step in wanted:
            yield from self._step(step, choice)
        if choice.action == "export" and not self._state.get("story"):
            choice = replace(choice, reply="There is no story to export yet. Shall I start writing?")
        yield from self._say(choice.reply if choice.action != NONE or choice.reply else "How can I help?")

    def _step(self, step: str, choice: Choice) -> Iterator[BaseEvent | None]:
        self._count += 1
        call_id = f"{self._asked.run_id}-{self._count}"
        yield StepStartedEvent(step_name=step)
        yield ToolCallStartEvent(tool_call_id=call_id, tool_call_name=step)
        yield ToolCallArgsEvent(
            tool_call_id=call_id, delta=json.dumps({"instruction": choice.instruction}, ensure_ascii=False)
        )
        yield ToolCallEndEvent(tool_call_id=call_id)
        result: dict[str, Any] = {}
        if step in _KINDS:
            kind, members = _KINDS[step]
            request, needed = request_for(step, self._state, choice, self._said)
            job = yield from self._done(kind, request, needed)
            result = dict(job.result or {})
            if step == "continue_writing":
                yield self._change("story", f"{self._state['story']}\n\n{result['continuation']}".strip())
            for member in members:
                yield self._change(member, result[member])
        yield self._change("phase", _PHASES[step])
        told = {name: value for name, value in result.items() if name in ("premise", "is_complete", "usage")}
        yield ToolCallResultEvent(
            message_id=f"{call_id}-result",
            tool_call_id=call_id,
            content=json.dumps({"success": True, **told}, ensure_ascii=False),
        )
        yield StepFinishedEvent(step_name=step)

    def _done(
        self, kind: str, request: dict[str, Any], needed: Estimate
    ) -> Generator[BaseEvent | None, None, Job]:
        """Generator: the job when it is done. The same run asked again finds the job that it began."""
        run = {"thread": self._asked.thread_id, "run": self._asked.run_id}
        key = f"agui-{key_of(**run, kind=kind, request=request)}"
        order = read_order(
            {"Idempotency-Key": key},
            {"kind": kind, **request},
            caller=self._caller,
            amount=self._intake.price(with_request(needed, request)),
        )
        job = works.new_job(kind, request, self._caller, timeout=self._intake.settings.longest)
        job = self._intake.desk.queue(job, order)
        yield CustomEvent(name="job", value={"id": job.id, "kind": kind})
        ended = yield from self._followed(job)
        if ended.state is JobState.CANCELLED:
            raise Conflict("It was cancelled.", code="cancelled")
        if ended.error:
            raise RecordedFailure(ended.error)
        return ended

    def _followed(self, job: Job) -> Generator[BaseEvent | None, None, Job]:
        """Tells the story as it grows; returns the job when it has ended."""
        after, spoke_at, told_at = 0, time.monotonic(), 0.0
        before = str(self._state.get("story") or "") if job.kind == works.CONTINUATION else ""
        text = ""
        with self._notifier.listen(events.topic(job.id)) as waiter:
            while time.monotonic() < self._until:
                with self._intake.database.read() as tx:
                    news = events.after(tx, job.id, after, limit=_MOST_EVENTS)
                for event in news:
                    after = event.number
                    if event.kind == "text" and event.data["part"] in ("story", "continuation"):
                        text = text[: event.data["offset"]] + event.data["text"]
                    if event.kind == events.LAST:
                        with self._intake.database.read() as tx:
                            return rows.load(tx, job.id)
                if text and time.monotonic() - told_at >= _STORY_SECONDS:
                    told_at = spoke_at = time.monotonic()
                    yield _delta("story", f"{before}\n\n{text}".strip())
                if not news:
                    waiter.wait(min(self._until, spoke_at + _HEARTBEAT_SECONDS))
                if time.monotonic() - spoke_at >= _HEARTBEAT_SECONDS:
                    spoke_at = time.monotonic()
                    yield None
        raise Conflict("This takes too long to wait for; the job goes on.", code="job_timeout", id=job.id)

    def _say(self, text: str) -> Iterator[BaseEvent]:
        message = f"{self._asked.run_id}-answer"
        yield TextMessageStartEvent(message_id=message, role="assistant")
        yield TextMessageContentEvent(message_id=message, delta=text)
        yield TextMessageEndEvent(message_id=message)

    def _change(self, member: str, value: Any) -> StateDeltaEvent:
        self._state[member] = value
        return _delta(member, value)


_PHASES = {
    FILL_SETUP: "setup",
    "generate_premise": "premise",
    "generate_outline": "outline",
    "refine_outline": "outline",
    "start_writing": "writing",
    "continue_writing": "writing",
    "export": "export",
}


def _delta(member: str, value: Any) -> StateDeltaEvent:
    """JSON Patch's "add" replaces what is there already (RFC 6902)."""
    return StateDeltaEvent(delta=[{"op": "add", "path": f"/{member}", "value": value}])


def _talk(asked: RunAgentInput) -> list[str]:
    """What was said in turn, the person's last words at the end. Raises InvalidRequest if there are none."""
    said = [(message.role, _words_in(message)) for message in asked.messages]
    turns = [(role, words) for role, words in said if role in ("user", "assistant") and words]
    while turns and turns[-1][0] != "user":
        turns.pop()
    if not turns:
        raise InvalidRequest(
            "messages: there is no message of the user's.", code="invalid_field", field="messages"
        )
    return [words for _, words in turns]


def _words_in(message: Any) -> str:
    content = getattr(message, "content", None) or ""
    parts = [content] if isinstance(content, str) else [getattr(part, "text", "") for part in content]
    return one_line(" ".join(str(part) for part in parts))
