"""The writer's jobs as answers show them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from images import records
from jobs.rows import Job
from jobs.states import JobState
from utils import iso
from writer.illustrating import KIND as IMAGES
from writer.illustrating import shot_of
from writer.rounds import count_words
from writer.works import FULL

# What the states are called by the clients of this flow.
_STATUS = {
    JobState.QUEUED: "pending",
    JobState.RUNNING: "processing",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}
# What the result holds for our own use.
_OWN = frozenset({"draft", "shots"})


def status_of(job: Job) -> str:
    return _STATUS[job.state]


def text_result(job: Job) -> dict[str, Any] | None:
    """What there is of a text job; of a full story as far as it is written."""
    result = job.result
    if not result:
        return None
    shown = {name: value for name, value in result.items() if name not in _OWN}
    if job.kind == FULL:
        draft = result.get("draft") or {}
        story = draft.get("text", "")
        shown |= {"story": story, "iterations": draft.get("rounds", 0), "words": count_words(story)}
        shown["is_complete"] = bool(result.get("is_complete"))
    return shown


def images_result(tx: Connection, job: Job, base_url: str) -> dict[str, Any]:
    """The scenes that have been drawn, or have failed, in their order."""
    kept = {picture.id: picture for picture in records.of_job(tx, job.id)}
    shots = (job.result or {}).get("shots") or {}
    results = []
    for scene in job.request["scenes"]:
        if shot := shots.get(str(scene["scene_number"])):
            picture = kept.get(shot["picture"] or "")
            there = picture if picture and not picture.expired_at else None
            error = shot["error"] or (None if there else {"detail": "The picture is not kept any more."})
            results.append(shot_of(scene, there, error, base_url))
    return {"results": results}


def shown_result(tx: Connection, job: Job, base_url: str) -> dict[str, Any] | None:
    return images_result(tx, job, base_url) if job.kind == IMAGES else text_result(job)


def answer(tx: Connection, job: Job, base_url: str, *, cached: bool = False) -> dict[str, Any]:
    """A finished job as the answer to the call that wanted it."""
    result = shown_result(tx, job, base_url) or {}
    is_good = job.state is JobState.COMPLETED
    return {**result, "success": is_good, "task_id": job.id, "cached": cached}


def task_status(tx: Connection, job: Job, base_url: str) -> dict[str, Any]:
    """The task as the known clients poll it."""
    return {
        "task_id": job.id,
        "status": status_of(job),
        "progress": job.progress,
        "message": job.message,
        "result": shown_result(tx, job, base_url) if job.has_ended or job.kind == IMAGES else None,
        "error": _error(job),
        "created_at": iso(job.created_at),
        "updated_at": iso(job.updated_at),
    }


def task_result(tx: Connection, job: Job, base_url: str) -> dict[str, Any]:
    """What a task that has ended has made; one that failed may have a part of it."""
    return {**answer(tx, job, base_url), "error": _error(job)}


def _error(job: Job) -> str | None:
    if job.state is JobState.CANCELLED:
        return "The task was cancelled."
    return job.error["detail"] if job.error else None
