"""Answers that were paid for once and are given again: a request's key, and the job that has its answer."""

from __future__ import annotations

import hashlib
import json
import time
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, func, select, text

from database import Database
from jobs import rows
from jobs.rows import Job
from jobs.states import JobState
from ledger import Entry, Ledger
from tables import answer_counts, answers, jobs

# Both databases speak this SQL; SQLAlchemy has a construct of its own for each.
_KEEP = text(
    "INSERT INTO answers (owner, key, job_id, created_at) VALUES (:owner, :key, :job_id, :created_at) "
    "ON CONFLICT (owner, key) DO UPDATE SET job_id = excluded.job_id, created_at = excluded.created_at"
)
_COUNT = text(
    "INSERT INTO answer_counts (owner, hits, misses) VALUES (:owner, :hits, :misses) "
    "ON CONFLICT (owner) DO UPDATE SET hits = answer_counts.hits + excluded.hits, "
    "misses = answer_counts.misses + excluded.misses"
)


def key_of(**parts: Any) -> str:
    """The key of a request, made of everything that changes its answer."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


class PaidAnswers:
    """Kept for `seconds`, and no more than the `most` newest ones. Nobody is given another owner's."""

    def __init__(self, database: Database, ledger: Ledger, *, seconds: float, most: int) -> None:
        self._database = database
        self._ledger = ledger
        self._seconds = seconds
        self._most = most

    def find(self, owner: str, key: str) -> Job | None:
        """The completed job that has the answer; a hit or a miss is counted."""
        wanted = (
            select(answers.c.job_id)
            .join(jobs, jobs.c.id == answers.c.job_id)
            .where(answers.c.owner == owner, answers.c.key == key, jobs.c.state == JobState.COMPLETED)
            .where(answers.c.created_at > time.time() - self._seconds)
        )
        with self._database.read() as tx:
            job_id = tx.execute(wanted).scalar_one_or_none()
            job = rows.load(tx, job_id) if job_id else None
        count = partial(_count, owner=owner, hits=1 if job else 0, misses=0 if job else 1)
        self._ledger.put(Entry(writes=[count]))
        return job

    def keep(self, owner: str, key: str, job_id: str) -> None:
        """From now on the job's answer is the one for this key, once it is completed."""
        values = {"owner": owner, "key": key, "job_id": job_id, "created_at": time.time()}
        self._ledger.write(lambda tx: tx.execute(_KEEP, values))

    def clear(self, owner: str) -> int:
        """Forget the owner's answers; how many that were."""
        cleared: list[int] = []
        forget = delete(answers).where(answers.c.owner == owner)
        self._ledger.write(lambda tx: cleared.append(tx.execute(forget).rowcount))
        return cleared[-1]

    def stats(self, owner: str) -> dict[str, Any]:
        """Entries, hits and misses of one owner, and the limits."""
        mine = select(func.count(), func.min(answers.c.created_at)).where(answers.c.owner == owner)
        with self._database.read() as tx:
            entries, oldest = tx.execute(mine).one()
            counts = tx.execute(select(answer_counts).where(answer_counts.c.owner == owner)).first()
        hits, misses = (counts.hits, counts.misses) if counts else (0, 0)
        asked = hits + misses
        return {
            "entries": entries,
            "hits": hits,
            "misses": misses,
            "hit_rate": round(hits / asked, 3) if asked else 0.0,
            "oldest_seconds": round(time.time() - oldest) if oldest else None,
            "max_age_seconds": round(self._seconds),
            "max_entries": self._most,
        }

    def forget_old(self, tx: Connection) -> None:
        """Drop what is too old, and the oldest of what is too many."""
        tx.execute(delete(answers).where(answers.c.created_at < time.time() - self._seconds))
        newest = select(answers.c.created_at).order_by(answers.c.created_at.desc())
        last = tx.execute(newest.offset(self._most - 1).limit(1)).scalar_one_or_none()
        if last is not None:
            tx.execute(delete(answers).where(answers.c.created_at < last))


def _count(tx: Connection, owner: str, hits: int, misses: int) -> None:
    tx.execute(_COUNT, {"owner": owner, "hits": hits, "misses": misses})
