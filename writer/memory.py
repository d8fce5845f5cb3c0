"""What is known about a story whose text a client brings back: found by the text's fingerprint."""

from __future__ import annotations

import hashlib
import time
from functools import partial

from sqlalchemy import Connection, delete, select, text

from database import Database
from ledger import Ledger
from tables import drafts
from writer.rounds import Draft

_COLUMNS = ("owner", "fingerprint", "summary", "scenes_told", "rounds", "has_ending", "created_at")
# Both databases speak this SQL; SQLAlchemy has a construct of its own for each.
_KEEP = text(
    f"INSERT INTO drafts ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "  # noqa: S608
    "ON CONFLICT (owner, fingerprint) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])
)


def fingerprint(story: str) -> str:
    """The same for texts that differ in their white space only."""
    return hashlib.sha256(" ".join(story.split()).encode()).hexdigest()


class Memories:
    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def find(self, owner: str, story: str) -> Draft | None:
        """The draft whose text is `story`, as far as anybody knows how it stands."""
        wanted = (drafts.c.owner == owner, drafts.c.fingerprint == fingerprint(story))
        with self._database.read() as tx:
            row = tx.execute(select(drafts).where(*wanted)).first()
        if row is None:
            return None
        return Draft(
            text=story,
            summary=row.summary,
            scenes_told=row.scenes_told,
            rounds=row.rounds,
            has_ending=bool(row.has_ending),
        )

    def keep(self, owner: str, draft: Draft) -> None:
        self._ledger.write(partial(_keep, owner=owner, draft=draft))


def _keep(tx: Connection, owner: str, draft: Draft) -> None:
    values = {
        "owner": owner,
        "fingerprint": fingerprint(draft.text),
        "summary": draft.summary,
        "scenes_told": draft.scenes_told,
        "rounds": draft.rounds,
        "has_ending": int(draft.has_ending),
        "created_at": time.time(),
    }
    tx.execute(_KEEP, values)


def forget_old(tx: Connection, before: float) -> None:
    """Drop what is older than `before` (epoch seconds)."""
    tx.execute(delete(drafts).where(drafts.c.created_at < before))
