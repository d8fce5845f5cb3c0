"""Jobs in the database. Every function works inside the caller's transaction.

Whoever works on a job holds its lease, a secret of this one claim, and names it in every write: a process
that was taken for dead and comes back changes nothing any more.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Update, and_, bindparam, func, or_, select, tuple_

from errors import NotFound
from jobs import events
from jobs.events import Event
from jobs.states import MOVES, JobState
from tables import is_one_of, jobs
from utils import iso, new_id

# How often a job is started whose process dies each time, without any of its work done.
MOST_ATTEMPTS = 3
_BEGUN = "Begun."
_UNKNOWN = "There is no job with this id."
# SQLite takes 32,766 values in a statement.
_AT_ONCE = 1000

# Built once: compiling a statement for each call costs more than running it.
_INSERT = jobs.insert()
_SELECT = select(jobs).where(jobs.c.id == bindparam("job_id"))
_LEASE = select(jobs.c.lease).where(jobs.c.id == bindparam("job_id"))
_IS_LEFT = or_(
    jobs.c.state == JobState.QUEUED,
    and_(jobs.c.state == JobState.RUNNING, jobs.c.lease_until < bindparam("now")),
)
_CLAIM = (
    jobs.update()
    .where(jobs.c.id == bindparam("job_id"), jobs.c.attempts < MOST_ATTEMPTS, _IS_LEFT)
    .values(
        state=JobState.RUNNING,
        message=_BEGUN,
        lease=bindparam("new_lease"),
        lease_until=bindparam("new_until"),
        attempts=jobs.c.attempts + 1,
        updated_at=bindparam("now"),
        last_event=jobs.c.last_event + 1,
    )
    .returning(*jobs.c)
)
_EXTEND = (
    jobs.update()
    .where(jobs.c.id.in_(bindparam("job_ids", expanding=True)))
    .where(jobs.c.lease.in_(bindparam("held", expanding=True)))
    .values(lease_until=bindparam("new_until"))
    .returning(jobs.c.id)
)
_RING = (
    jobs.update()
    .where(_IS_LEFT, or_(jobs.c.rung_at < bindparam("rung_before"), jobs.c.rung_at < jobs.c.lease_until))
    .values(rung_at=bindparam("now"))
    .returning(jobs.c.id)
)
_EXHAUSTED = select(jobs).where(jobs.c.attempts >= MOST_ATTEMPTS, _IS_LEFT)
_QUEUED = select(func.count()).select_from(jobs).where(jobs.c.state == JobState.QUEUED)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of long work. `progress` is 0-100, times are epoch seconds, `error` a problem document.

    `lease` is held by whoever works on it until `lease_until`. `attempts` says how often it was begun,
    counted anew when it gets on; `rung_at` when somebody was last called to do it; `last_event` is the number
    of its newest event.
    """

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
    lease: str | None
    lease_until: float | None
    attempts: int
    rung_at: float
    last_event: int

    @property
    def has_ended(self) -> bool:
        return not MOVES[self.state]

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
    """A job that waits for somebody to do it; it is not recorded yet."""
    now = time.time()
    return Job(
        id=new_id(),
        kind=kind,
        owner=owner,
        state=JobState.QUEUED,
        progress=0,
        message=message,
        request=request,
        result=None,
        error=None,
        created_at=now,
        updated_at=now,
        lease=None,
        lease_until=None,
        attempts=0,
        rung_at=now,
        last_event=1,
    )


def named(job: Job, job_id: str) -> Job:
    """A new job under an id of one's own, so that it is not made twice."""
    return replace(job, id=job_id)


def claimed(job: Job, *, lease_seconds: float) -> Job:
    """A new job that whoever makes it begins at once."""
    until = time.time() + lease_seconds
    begun = {"state": JobState.RUNNING, "message": _BEGUN, "attempts": 1}
    return replace(job, **begun, lease=new_id(), lease_until=until)  # type: ignore[arg-type]


def insert(tx: Connection, job: Job) -> None:
    """Record a new job and its first event."""
    tx.execute(_INSERT, vars(job))
    events.insert(tx, job.id, job.last_event, [state_event(job)])


def load(tx: Connection, job_id: str) -> Job:
    """The job with this id. Raises NotFound."""
    if job := find(tx, job_id):
        return job
    raise NotFound(_UNKNOWN)


def lock(tx: Connection, job_id: str) -> None:
    """Let nobody else change the job, or decide by it with this lock, until the transaction ends."""
    tx.execute(select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())


def find(tx: Connection, job_id: str) -> Job | None:
    """The job with this id, None if there is none."""
    row = tx.execute(_SELECT, {"job_id": job_id}).first()
    return _job(row._mapping) if row else None


def load_own(tx: Connection, job_id: str, owner: str) -> Job:
    """The owner's job with this id. Raises NotFound for another's as if there were none."""
    job = load(tx, job_id)
    if job.owner != owner:
        raise NotFound(_UNKNOWN)
    return job


def page(
    tx: Connection,
    owner: str,
    *,
    limit: int,
    kind: str = "",
    state: str = "",
    before: tuple[float, str] | None = None,
) -> list[Job]:
    """The owner's jobs, newest first; `before`: only those behind this (created_at, id)."""
    wanted = [jobs.c.owner == owner]
    if kind:
        wanted.append(jobs.c.kind == kind)
    if state:
        wanted.append(jobs.c.state == state)
    if before:
        wanted.append(tuple_(jobs.c.created_at, jobs.c.id) < before)
    newest = select(jobs).where(*wanted).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
    return [_job(row._mapping) for row in tx.execute(newest)]


def count_queued(tx: Connection) -> int:
    return int(tx.execute(_QUEUED).scalar_one())


def claim(tx: Connection, job_id: str, *, lease_seconds: float) -> Job | None:
    """Take the job if it waits, or if whoever had it is gone; None if it is not to be had."""
    now = time.time()
    values = {"job_id": job_id, "now": now, "new_lease": new_id(), "new_until": now + lease_seconds}
    row = tx.execute(_CLAIM, values).first()
    if row is None:
        return None
    job = _job(row._mapping)
    events.insert(tx, job.id, job.last_event, [state_event(job)])
    return job


def holds(tx: Connection, job_id: str, lease: str) -> bool:
    return tx.execute(_LEASE, {"job_id": job_id}).scalar_one_or_none() == lease


def extend(tx: Connection, leases: Mapping[str, str], *, lease_seconds: float) -> set[str]:
    """Say that the work goes on; `leases` by the jobs' ids. Gives the ids whose lease is still held."""
    ids = list(leases)
    held: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        values = {"job_ids": some, "held": [leases[job_id] for job_id in some]}
        extended = tx.execute(_EXTEND, {**values, "new_until": time.time() + lease_seconds})
        held.update(row.id for row in extended)
    return held


def record(tx: Connection, job_id: str, lease: str, news: Sequence[Event] = (), **changes: Any) -> bool:
    """Set columns and append events; False, and nothing changed, if the lease is not held any more."""
    return _change(tx, job_id, news, changes, lease=lease)


def end(
    tx: Connection, job_id: str, lease: str, state: JobState, news: Sequence[Event] = (), **changes: Any
) -> bool:
    """Move the job to its end, `done` being its last event; False if the lease is not held any more."""
    changes = {"message": f"{state.capitalize()}.", **changes, "state": state, "lease": None}
    return _change(tx, job_id, [*news, done_event(state)], changes, lease=lease)


def give_back(tx: Connection, job: Job) -> bool:
    """Let go of a claimed job that is not done, so that somebody else does it. The attempt does not count."""
    waiting = replace(job, state=JobState.QUEUED)
    changes = {
        "state": JobState.QUEUED,
        "lease": None,
        "lease_until": None,
        "attempts": job.attempts - 1,
        "rung_at": 0.0,
    }
    return _change(tx, job.id, [state_event(waiting)], changes, lease=job.lease or "")


def cancel(tx: Connection, job_id: str) -> bool:
    """End a job that has not ended; whoever works on it loses its lease. False if it has ended."""
    state = JobState.CANCELLED
    changes = {"state": state, "lease": None, "message": "Cancelled."}
    return _change(tx, job_id, [done_event(state)], changes)


def give_up(tx: Connection, job: Job, error: dict[str, Any]) -> bool:
    """Fail a job that nobody works on."""
    changes = {"state": JobState.FAILED, "lease": None, "message": "Failed.", "error": error}
    return _change(tx, job.id, [done_event(JobState.FAILED)], changes)


def ring(tx: Connection, *, not_since: float) -> list[str]:
    """The jobs that wait, or whose worker is gone, and for which nobody was called since then.

    A lease that lapsed is news: for that job somebody is called at once.
    """
    rows = tx.execute(_RING, {"rung_before": not_since, "now": time.time()})
    return [row.id for row in rows]


def exhausted(tx: Connection) -> list[Job]:
    """The jobs that were begun too often."""
    return [_job(row._mapping) for row in tx.execute(_EXHAUSTED, {"now": time.time()})]


def unfinished(tx: Connection, kind: str = "", **request: str) -> list[Job]:
    """The jobs that have not ended, of this kind if one is given, with these members of their requests."""
    busy = [state for state, moves in MOVES.items() if moves]
    found = select(jobs).where(is_one_of(jobs.c.state, busy))
    if kind:
        found = found.where(jobs.c.kind == kind)
    for name, value in request.items():
        found = found.where(jobs.c.request[name].as_string() == value)
    return [_job(row._mapping) for row in tx.execute(found)]


def older_than(tx: Connection, moment: float, *, limit: int) -> list[str]:
    """Jobs that ended before `moment`, oldest first."""
    ended = [state for state, moves in MOVES.items() if not moves]
    old = select(jobs.c.id).where(jobs.c.state.in_(ended), jobs.c.updated_at < moment)
    return [row.id for row in tx.execute(old.order_by(jobs.c.updated_at).limit(limit))]


def delete(tx: Connection, job_ids: Sequence[str]) -> None:
    """Remove jobs with everything that belongs to them in the database."""
    tx.execute(jobs.delete().where(jobs.c.id.in_(job_ids)))


def state_event(job: Job) -> Event:
    return Event("state", {"state": job.state, "attempt": job.attempts})


def done_event(state: JobState) -> Event:
    return Event("done", {"state": state})


def _change(
    tx: Connection,
    job_id: str,
    news: Sequence[Event],
    changes: dict[str, Any],
    *,
    lease: str | None = None,
) -> bool:
    statement = _update(tuple(changes), changes.get("state"), lease is not None)
    values = {
        "job_id": job_id,
        "now": time.time(),
        "count": len(news),
        **{f"new_{name}": value for name, value in changes.items()},
    }
    if lease is not None:
        values["held"] = lease
    row = tx.execute(statement, values).first()
    if row is None:
        return False
    events.insert(tx, job_id, row.last_event - len(news) + 1, news)
    return True


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...], after: JobState | None, fenced: bool) -> Update:
    """An update of the columns `names`; with `after`, only from states that may go there."""
    statement = jobs.update().where(jobs.c.id == bindparam("job_id"))
    if fenced:
        statement = statement.where(jobs.c.lease == bindparam("held"))
    if after is not None:
        statement = statement.where(
            is_one_of(jobs.c.state, [state for state in MOVES if after in MOVES[state]])
        )
    columns = {name: bindparam(f"new_{name}", type_=jobs.c[name].type) for name in names}
    return statement.values(
        **columns, updated_at=bindparam("now"), last_event=jobs.c.last_event + bindparam("count")
    ).returning(jobs.c.last_event)


def _job(row: Any) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})
