"""Jobs in the database. Every function works inside the caller's transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from database import jobs
from errors import NotFound
from jobs.states import JobState, check_move
from utils import iso, new_id

# Built once: compiling a statement for each call costs more than running it.
_INSERT = jobs.insert()
_SELECT = select(jobs).where(jobs.c.id == bindparam("job_id"))
_UNFINISHED = (
    select(jobs).where(jobs.c.state.in_([JobState.QUEUED, JobState.RUNNING])).order_by(jobs.c.created_at)
)
_SET_RESULT = (
    jobs.update()
    .where(jobs.c.id == bindparam("job_id"))
    .values(result=bindparam("new_result"), updated_at=bindparam("now"))
)
_SET_PROGRESS = (
    jobs.update()
    .where(jobs.c.id == bindparam("job_id"), jobs.c.state == JobState.RUNNING)
    .values(progress=bindparam("new_progress"), message=bindparam("new_message"), updated_at=bindparam("now"))
)
_FINISH = (
    jobs.update()
    .where(jobs.c.id == bindparam("job_id"), jobs.c.state == bindparam("before"))
    .values(
        state=bindparam("after"),
        progress=bindparam("new_progress"),
        message=bindparam("new_message"),
        result=bindparam("new_result"),
        error=bindparam("new_error"),
        updated_at=bindparam("now"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of long work. `progress` is 0-100, times are epoch seconds, `error` a problem document."""

    id: str
    kind: str
    owner: str
    state: JobState
    progress: int
    message: str
    request: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    created_at: float
    updated_at: float

    def public(self) -> dict[str, Any]:
        """The job as every answer shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "progress": self.progress,
            "message": self.message,
            "result": self.result,
            "error": self.error,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        }


def new(kind: str, request: dict[str, Any], *, owner: str = "local", message: str = "") -> Job:
    """A job that is running at once; it is not recorded yet."""
    now = time.time()
    return Job(
        id=new_id(),
        kind=kind,
        owner=owner,
        state=JobState.RUNNING,
        progress=0,
        message=message,
        request=request,
        result=None,
        error=None,
        created_at=now,
        updated_at=now,
    )


def insert(tx: Connection, job: Job) -> None:
    tx.execute(_INSERT, vars(job))


def load(tx: Connection, job_id: str) -> Job:
    """The job with this id. Raises NotFound."""
    row = tx.execute(_SELECT, {"job_id": job_id}).first()
    if row is None:
        raise NotFound("There is no job with this id.")
    return _job(row._mapping)


def unfinished(tx: Connection) -> list[Job]:
    """The jobs that are queued or running, oldest first."""
    return [_job(row._mapping) for row in tx.execute(_UNFINISHED)]


def save_result(tx: Connection, job_id: str, result: dict[str, Any]) -> None:
    """Keep what the job has so far: paid work is recorded as soon as it is there."""
    tx.execute(_SET_RESULT, {"job_id": job_id, "new_result": result, "now": time.time()})


def save_progress(tx: Connection, job_id: str, progress: int, message: str) -> None:
    """Say how far the job is, 0-100."""
    values = {"job_id": job_id, "new_progress": progress, "new_message": message, "now": time.time()}
    tx.execute(_SET_PROGRESS, values)


def finish(
    tx: Connection,
    job: Job,
    state: JobState,
    *,
    result: dict[str, Any] | None,
    error: dict[str, Any] | None = None,
    message: str | None = None,
) -> bool:
    """Move `job` to its end; False if somebody else has moved it since it was read.

    Raises Conflict for an illegal move, and changes nothing then.
    """
    check_move(job.state, state)
    values = {
        "job_id": job.id,
        "before": job.state,
        "after": state,
        "new_progress": 100 if state is JobState.COMPLETED else job.progress,
        "new_message": f"{state.capitalize()}." if message is None else message,
        "new_result": result,
        "new_error": error,
        "now": time.time(),
    }
    return bool(tx.execute(_FINISH, values).rowcount)


def _job(row: Any) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})
