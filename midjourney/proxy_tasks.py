"""Tasks at the midjourney-proxy in the database: written before they are submitted."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tables import proxy_tasks


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """A picture that is wanted of the proxy. `id` is its request's, `task_id` the proxy's own.

    Without a `task_id` it is not known whether the task was taken. `submitted_at` is when it was. `counted`:
    it is in its owner's usage.
    """

    id: str
    job_id: str
    task_id: str | None
    created_at: float
    submitted_at: float | None
    counted: bool = False


def load(tx: Connection, id: str) -> TaskRow | None:
    row = tx.execute(select(proxy_tasks).where(proxy_tasks.c.id == id)).first()
    return TaskRow(**row._mapping) if row else None


def insert(tx: Connection, id: str, job_id: str) -> None:
    """Record the intent."""
    values = {"id": id, "job_id": job_id, "task_id": None, "created_at": time.time(), "submitted_at": None}
    tx.execute(proxy_tasks.insert(), values)


def submitted(tx: Connection, id: str, task_id: str | None) -> None:
    """The proxy has taken it; with None it has forgotten it again."""
    now = time.time() if task_id else None
    tx.execute(proxy_tasks.update().where(proxy_tasks.c.id == id).values(task_id=task_id, submitted_at=now))


def count(tx: Connection, id: str) -> bool:
    """Whether it has to be counted: it was taken, and nobody has counted it before."""
    is_it = (proxy_tasks.c.id == id, proxy_tasks.c.task_id.is_not(None), proxy_tasks.c.counted.is_(False))
    return bool(tx.execute(proxy_tasks.update().where(*is_it).values(counted=True)).rowcount)
