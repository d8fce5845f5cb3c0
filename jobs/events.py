"""What happens to a job, as numbered rows: live streams replay them, and pollers read the same ones.

Kinds: state {state, attempt}, progress {progress, message, ...}, text {part, offset, text}, picture
{images}, problem {part, code, detail ...}, done {state}, which is always the last.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from tables import events

_INSERT = events.insert()
_AFTER = (
    select(events.c.number, events.c.kind, events.c.data)
    .where(events.c.job_id == bindparam("job_id"), events.c.number > bindparam("after"))
    .order_by(events.c.number)
    .limit(bindparam("most"))
)
LAST = "done"


@dataclass(frozen=True)
class Event:
    """`number` counts from 1 within its job; 0 if it is not recorded yet."""

    kind: str
    data: dict[str, Any]
    number: int = 0


def topic(job_id: str) -> str:
    """The notifier's topic for a job's events."""
    return f"job:{job_id}"


def cancel_topic(job_id: str) -> str:
    """The topic for those who wait for something that the job needs: the job may have been cancelled."""
    return f"cancel:{job_id}"


def insert(tx: Connection, job_id: str, first: int, news: Sequence[Event]) -> None:
    """Append `news`, the first of them with the number `first`."""
    now = time.time()
    values = [
        {"job_id": job_id, "number": number, "kind": event.kind, "data": event.data, "created_at": now}
        for number, event in enumerate(news, first)
    ]
    if values:
        tx.execute(_INSERT, values)


def last(tx: Connection, job_id: str, kind: str) -> dict[str, Any] | None:
    """What the job's newest event of this kind says."""
    newest = (
        select(events.c.data)
        .where(events.c.job_id == job_id, events.c.kind == kind)
        .order_by(events.c.number.desc())
        .limit(1)
    )
    return tx.execute(newest).scalar_one_or_none()


def after(tx: Connection, job_id: str, number: int, *, limit: int) -> list[Event]:
    """The job's events behind `number`, in their order, at most `limit`."""
    rows = tx.execute(_AFTER, {"job_id": job_id, "after": number, "most": limit})
    return [Event(row.kind, row.data, row.number) for row in rows]
