"""Whose a picture's file is. Every function works inside the caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from images.attempts import BEGUN
from tables import attempts, jobs, pictures
from utils import derived_id

_OWNER = (
    select(jobs.c.owner)
    .join(pictures, pictures.c.job_id == jobs.c.id)
    .where(pictures.c.file == bindparam("name"))
)
_DRAWN_NOW = (
    select(attempts.c.request_id, attempts.c.provider)
    .join(jobs, jobs.c.id == attempts.c.job_id)
    .where(jobs.c.owner == bindparam("whose"), attempts.c.state == BEGUN, jobs.c.lease.is_not(None))
)


def belongs_to(tx: Connection, file: str, owner: str) -> bool:
    """Whether `file`, a picture or an unfinished state of one, was made by a job of this owner's."""
    known = tx.execute(_OWNER, {"name": file}).scalar_one_or_none()
    return known == owner if known else _is_drawn_for(tx, file, owner)


def _is_drawn_for(tx: Connection, file: str, owner: str) -> bool:
    """An unfinished picture has no row yet: its name follows from its call, as in images.provider.name_of."""
    stem = file.rpartition(".")[0].rpartition("-")[0]
    calls = tx.execute(_DRAWN_NOW, {"whose": owner})
    return any(derived_id(call.request_id, call.provider) == stem for call in calls)
