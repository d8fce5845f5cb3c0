"""What the writer's text jobs do. Each looks at what is there already and does the next missing piece."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from access.caller import Caller
from errors import ProviderError
from jobs import rows
from jobs.rows import Job
from jobs.states import JobState
from jobs.work import Task, Work
from text.asking import Answered, Spent
from text.model import TextModel, Usage
from utils import derived_id
from writer.assistant import choose
from writer.memory import Memories
from writer.outline import Outline, outline_of
from writer.parts import Brief, digest, write_part
from writer.planning import (
    better_ideas,
    make_outline,
    make_premise,
    make_setup,
    outline_as_text,
    refine_outline,
)
from writer.rounds import (
    Draft,
    as_json,
    count_words,
    from_json,
    grown,
    is_complete,
    next_round,
    rounds_for,
    tail,
)
from writer.setup import Setup

SETUP, IDEAS, PREMISE = "writer-setup", "writer-ideas", "writer-premise"
OUTLINE, REFINEMENT = "writer-outline", "writer-refinement"
START, CONTINUATION, FULL = "writer-start", "writer-continue", "writer-full"
ASSISTANT = "writer-assistant"
TEXT_KINDS = (SETUP, IDEAS, PREMISE, OUTLINE, REFINEMENT, START, CONTINUATION, FULL, ASSISTANT)

# How much of a full story's progress is over when its outline stands.
_PLAN_SHARE = 6
# The count of words that are being written goes up in such steps.
_WORDS_TOLD = 25

# Raises QuotaExceeded if the job's owner cannot pay for one more round of so many words.
Afford = Callable[[Job, int], None]


def new_job(kind: str, request: dict[str, Any], caller: Caller, *, timeout: float) -> Job:
    """A text job that is not recorded yet; each call of the model may take `timeout` seconds."""
    wanted = {**request, "timeout": timeout, "plan": caller.plan}
    return rows.new(kind, wanted, owner=caller.owner, message="Waiting in line.")


def resumed(job: Job, caller: Caller) -> Job:
    """The job that goes on where a full story has stopped: it is the same whoever asks. Not recorded yet."""
    fresh = new_job(FULL, job.request, caller, timeout=job.request["timeout"])
    return replace(rows.named(fresh, _next_id(job)), result=job.result)


def last_resumed(tx: Connection, job: Job) -> Job:
    """The job that has gone on with a full story last; itself if none has."""
    while following := rows.find(tx, _next_id(job)):
        job = following
    return job


def _next_id(job: Job) -> str:
    return derived_id(job.id, "resumed")


class Writing:
    """The works. `afford` is asked before every further round of a full story.

    `answered` is told of each job that has the answer to what may be asked again.
    """

    def __init__(
        self, text: TextModel, memories: Memories, *, afford: Afford, answered: Callable[[Job], None]
    ) -> None:
        self._text = text
        self._memories = memories
        self._afford = afford
        self._answered = answered

    def works(self) -> dict[str, Work]:
        """The work of each kind of job."""
        return {
            SETUP: partial(self._once, self._setup),
            IDEAS: partial(self._once, self._ideas),
            PREMISE: partial(self._once, self._premise),
            OUTLINE: partial(self._once, self._outline),
            REFINEMENT: partial(self._once, self._refinement),
            START: partial(self._once, self._start),
            CONTINUATION: partial(self._once, self._continuation),
            ASSISTANT: partial(self._once, self._assistant),
            FULL: self._full,
        }

    def _once(self, write: Callable[[Task], dict[str, Any]], task: Task) -> Job:
        """One answer of the model, or two, recorded as the job's result."""
        if "usage" not in task.result:
            task.progress(5, "Thinking it over.")
            task.save(**write(task))
        self._answered(task.job)
        task.complete()
        return replace(task.job, state=JobState.COMPLETED, result=task.result)

    def _setup(self, task: Task) -> dict[str, Any]:
        request = task.job.request
        made = make_setup(
            self._text,
            request["idea"],
            request["language"],
            request.get("given") or {},
            deadline=_deadline(task),
        )
        return {"setup": made.value} | _taken(made)

    def _ideas(self, task: Task) -> dict[str, Any]:
        request = task.job.request
        made = better_ideas(self._text, request["idea"], request["language"], deadline=_deadline(task))
        return {"ideas": [idea.model_dump() for idea in made.value]} | _taken(made)

    def _premise(self, task: Task) -> dict[str, Any]:
        request = task.job.request
        made = make_premise(
            self._text,
            _setup(task),
            before=request["premise"],
            instruction=request["instruction"],
            deadline=_deadline(task),
        )
        task.text("premise", made.value, is_whole=True)
        return {"premise": made.value} | _taken(made)

    def _outline(self, task: Task) -> dict[str, Any]:
        request = task.job.request
        wish: dict[str, Any] = {"instruction": request["instruction"], "deadline": _deadline(task)}
        if not request["use_structured"]:
            said = outline_as_text(self._text, _setup(task), request["premise"], **wish)
            task.text("outline", said.value, is_whole=True)
            return {"outline": said.value, "is_structured": False} | _taken(said)
        made = make_outline(self._text, _setup(task), request["premise"], **wish)
        return {"outline": made.value.model_dump(), "is_structured": True} | _taken(made)

    def _refinement(self, task: Task) -> dict[str, Any]:
        request = task.job.request
        made = refine_outline(
            self._text,
            _setup(task),
            Outline.model_validate(request["outline"]),
            premise=request["premise"],
            instruction=request["instruction"],
            scene=request["scene_number"],
            deadline=_deadline(task),
        )
        return {"outline": made.value.model_dump()} | _taken(made)

    def _assistant(self, task: Task) -> dict[str, Any]:
        request = task.job.request
        known = [(label, said) for label, said in request["known"]]
        made = choose(self._text, request["text"], known, deadline=_deadline(task))
        return dict(vars(made.value)) | _taken(made)

    def _start(self, task: Task) -> dict[str, Any]:
        request = task.job.request
        brief = _brief(request, request["premise"], request["outline"])
        draft, spent = self._round(task, brief, Draft(), part="story")
        said = {"story": draft.text, "premise": brief.premise, "outline": request["outline"], "iterations": 1}
        return said | self._state(task, brief, draft) | spent

    def _continuation(self, task: Task) -> dict[str, Any]:
        """The next part of a story that the caller has, whose state is known, given, or read out of it."""
        request = task.job.request
        brief = _brief(request, request["premise"], request["outline"])
        before, spent = self._known_draft(task, brief)
        if is_complete(before, brief.outline, brief.setup.words):
            return {"continuation": ""} | self._state(task, brief, before) | _used(spent)
        draft, told = self._round(task, brief, before, part="continuation", spent=spent)
        added = draft.text[len(before.text) :].strip()
        return {"continuation": added} | self._state(task, brief, draft) | told

    def _known_draft(self, task: Task, brief: Brief) -> tuple[Draft, Spent]:
        request = task.job.request
        text, scenes = request["story_text"], len(brief.outline.scenes)
        if known := self._memories.find(task.job.owner, text):
            return replace(known, text=text, scenes_told=min(known.scenes_told, scenes)), Spent()
        if request["summary"]:
            told = min(request["scenes_told"] or 0, scenes)
            return Draft(text=text, summary=request["summary"], scenes_told=told, rounds=1), Spent()
        if tail(text) == text.strip():  # the model sees all of it anyway
            return Draft(text=text, rounds=1), Spent()
        read = digest(self._text, text, brief.outline, deadline=_deadline(task))
        told = min(max(0, read.value.scenes_told or 0), scenes)
        return Draft(text=text, summary=read.value.summary, scenes_told=told, rounds=1), read.spent

    def _full(self, task: Task) -> Job:
        """Premise and outline where they are missing, then round after round; each is recorded at once."""
        self._plan(task)
        brief = _brief(task.job.request, task.result["premise"], task.result["outline"])
        draft = from_json(task.result["draft"]) if "draft" in task.result else Draft()
        most = draft.rounds + 2 * rounds_for(brief.setup.words) + 6
        if draft.text:
            task.text("story", draft.text)
        while not is_complete(draft, brief.outline, brief.setup.words):
            if draft.rounds >= most:
                raise ProviderError(f"The text model came to no end in {most} rounds.", code="no_end")
            told = next_round(draft, brief.outline, brief.setup.words)
            self._afford(task.job, told.words)
            self._tell(task, brief, draft)
            draft, spent = self._round(task, brief, draft, part="story", spent=_spent_in(task.result))
            task.save(draft=as_json(draft), **spent)
            task.text("story", draft.text, is_whole=True)
        task.save(**self._state(task, brief, draft))
        self._answered(task.job)
        task.complete()
        return replace(task.job, state=JobState.COMPLETED, result=task.result)

    def _plan(self, task: Task) -> None:
        request = task.job.request
        if "premise" not in task.result:
            if request["premise"]:
                task.save(premise=request["premise"])
            else:
                task.progress(1, "Finding the premise.")
                made = make_premise(self._text, _setup(task), deadline=_deadline(task))
                task.save(premise=made.value, **_taken(made, _spent_in(task.result)))
        task.text("premise", task.result["premise"], is_whole=True)
        if "outline" not in task.result:
            if request["outline"]:
                task.save(outline=request["outline"])
            else:
                task.progress(3, "Making the outline.")
                deadline = _deadline(task)
                drawn = make_outline(self._text, _setup(task), task.result["premise"], deadline=deadline)
                outline = drawn.value.model_dump()
                task.save(outline=outline, **_taken(drawn, _spent_in(task.result)))

    def _round(
        self, task: Task, brief: Brief, draft: Draft, *, part: str, spent: Spent | None = None
    ) -> tuple[Draft, dict[str, Any]]:
        """The draft with its next part, and what that has taken. Told as it is written to who looks on."""
        told = next_round(draft, brief.outline, brief.setup.words)
        before = f"{draft.text}\n\n" if draft.text and part == "story" else ""

        def show(text: str) -> None:
            task.text(part, before + text)
            words = count_words(text)
            self._tell(task, brief, draft, words - words % _WORDS_TOLD)

        written = write_part(
            self._text,
            brief,
            draft,
            told,
            deadline=_deadline(task),
            on_text=show if task.is_watched else None,
        )
        return grown(draft, told, written.value), _taken(written, spent or Spent())

    def _tell(self, task: Task, brief: Brief, draft: Draft, more: int = 0) -> None:
        words, wanted = draft.words + more, brief.setup.words
        rounds = draft.rounds + rounds_for(wanted - draft.words)
        share = _PLAN_SHARE + round((99 - _PLAN_SHARE) * min(1.0, words / wanted))
        message = f"Round {draft.rounds + 1} of about {rounds}, {draft.words:,} words so far."
        task.progress(min(99, share), message, round=draft.rounds + 1, rounds=rounds, words=draft.words)

    def _state(self, task: Task, brief: Brief, draft: Draft) -> dict[str, Any]:
        """How the story stands, which is remembered for whoever brings its text back."""
        self._memories.keep(task.job.owner, draft)
        return {
            "is_complete": is_complete(draft, brief.outline, brief.setup.words),
            "summary": draft.summary,
            "scenes_told": draft.scenes_told,
        }


def _deadline(task: Task) -> float:
    return time.monotonic() + float(task.job.request["timeout"])


def _setup(task: Task) -> Setup:
    return Setup.of(task.job.request["setup"])


def _brief(request: dict[str, Any], premise: str, outline: Any) -> Brief:
    """An outline may have come as text."""
    read = outline_of(outline) if isinstance(outline, str) else Outline.model_validate(outline)
    return Brief(Setup.of(request["setup"]), premise, read, request.get("instruction") or "")


def _spent_in(result: dict[str, Any]) -> Spent:
    used = result.get("usage")
    if not used:
        return Spent()
    return Spent(used["calls"], Usage(used["prompt_tokens"], used["completion_tokens"]), used["cost"])


def _taken(answered: Answered[Any], before: Spent | None = None) -> dict[str, Any]:
    return {"model": answered.model} | _used((before or Spent()) + answered.spent)


def _used(spent: Spent) -> dict[str, Any]:
    usage = spent.usage
    return {
        "usage": {
            "calls": spent.calls,
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "tokens": usage.prompt_tokens + usage.completion_tokens,
            "cost": None if spent.cost is None else round(spent.cost, 6),
        }
    }
