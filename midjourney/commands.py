"""Commands to MidJourney in the database, their states and legal moves.

Every function works inside the caller's transaction. A command is recorded before it is posted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Update, and_, bindparam, or_, select

from tables import channels, commands, is_one_of, jobs


class CommandState(StrEnum):
    POSTING = "posting"  # recorded; nobody knows yet whether Discord has it
    WAITING = "waiting"  # in the channel, for somebody to run it
    PAINTING = "painting"
    CAPTURED = "captured"  # the picture's URL is known, its bytes are not kept yet
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


OPEN = (CommandState.POSTING, CommandState.WAITING, CommandState.PAINTING)
MOVES: dict[CommandState, frozenset[CommandState]] = {
    CommandState.POSTING: frozenset({*CommandState} - {CommandState.POSTING, CommandState.DONE}),
    CommandState.WAITING: frozenset(
        {CommandState.PAINTING, CommandState.CAPTURED, CommandState.FAILED, CommandState.EXPIRED}
    ),
    CommandState.PAINTING: frozenset(
        {CommandState.PAINTING, CommandState.CAPTURED, CommandState.FAILED, CommandState.EXPIRED}
    ),
    CommandState.CAPTURED: frozenset({CommandState.DONE, CommandState.FAILED}),
    CommandState.DONE: frozenset(),
    CommandState.FAILED: frozenset(),
    CommandState.EXPIRED: frozenset(),
}
_CLOSED = frozenset(state for state, after in MOVES.items() if not after)


@dataclass(frozen=True, kw_only=True)
class CommandRecord:
    """A command as it stands. Times in epoch seconds; ids are Discord's, `painting_id` is MidJourney's."""

    id: str
    job_id: str
    state: CommandState
    seed: int
    prompt: str
    line: str
    channel_id: int | None = None
    command_id: int | None = None
    progress_id: int | None = None
    painting_id: str | None = None
    final_id: int | None = None
    attachment_id: int | None = None
    source_url: str | None = None
    is_grid: int | None = None
    percent: int | None = None
    preview_url: str | None = None
    error: dict[str, Any] | None = None
    created_at: float
    closed_at: float | None = None


_INSERT = commands.insert()
_SELECT = select(commands).where(commands.c.id == bindparam("command"))


_SET_BOOKMARK = (
    channels.update()
    .where(channels.c.id == bindparam("channel"))
    .values(last_message_id=bindparam("new_message_id"))
)


@lru_cache(maxsize=64)
def _update(after: CommandState | None, names: tuple[str, ...]) -> Update:
    """An update of the columns `names`; with `after`, only from states that may go there."""
    statement = commands.update().where(commands.c.id == bindparam("command"))
    if after is not None:
        sources = [before for before, targets in MOVES.items() if after in targets]
        statement = statement.where(is_one_of(commands.c.state, sources))
    return statement.values({name: bindparam(f"new_{name}") for name in names})


def insert(tx: Connection, record: CommandRecord) -> None:
    """Record the intent. Raises IntegrityError if the seed belongs to another open command."""
    tx.execute(_INSERT, vars(record))


def load(tx: Connection, id: str) -> CommandRecord | None:
    row = tx.execute(_SELECT, {"command": id}).first()
    return _record(row._mapping) if row else None


def move(tx: Connection, id: str, after: CommandState, **changes: Any) -> bool:
    """Move the command to `after` and set `changes`; False, and nothing changed, if it may not go there."""
    values: dict[str, Any] = {"state": after, **changes}
    if after in _CLOSED:
        values["closed_at"] = time.time()
    return _execute(tx, _update(after, tuple(values)), id, values)


def note(tx: Connection, id: str, **changes: Any) -> bool:
    """Set `changes`, whatever the state."""
    return _execute(tx, _update(None, tuple(changes)), id, changes)


def _execute(tx: Connection, statement: Update, id: str, values: dict[str, Any]) -> bool:
    arguments = {"command": id, **{f"new_{name}": value for name, value in values.items()}}
    return bool(tx.execute(statement, arguments).rowcount)


def recent(tx: Connection, since: float, *, created_since: float = 0.0) -> list[CommandRecord]:
    """The open commands and those closed since `since` (epoch seconds), oldest first."""
    wanted = or_(commands.c.closed_at.is_(None), commands.c.closed_at > since)
    if created_since:
        wanted = and_(wanted, commands.c.created_at >= created_since)
    rows = tx.execute(select(commands).where(wanted).order_by(commands.c.created_at))
    return [_record(row._mapping) for row in rows]


def open_before(tx: Connection, moment: float) -> list[str]:
    """The ids of open commands that are older than `moment` (epoch seconds)."""
    rows = tx.execute(select(commands.c.id).where(commands.c.state.in_(OPEN), commands.c.created_at < moment))
    return [row.id for row in rows]


def uncollected(tx: Connection) -> list[str]:
    """The ids of commands whose pictures are known but not kept."""
    rows = tx.execute(select(commands.c.id).where(commands.c.state == CommandState.CAPTURED))
    return [row.id for row in rows]


def bookmark(tx: Connection, channel_id: int) -> int | None:
    """The last message of the channel that was taken in."""
    return tx.execute(
        select(channels.c.last_message_id).where(channels.c.id == channel_id)
    ).scalar_one_or_none()


def set_bookmark(tx: Connection, channel_id: int, message_id: int) -> None:
    """Remember that everything in the channel up to `message_id` was taken in."""
    if not tx.execute(_SET_BOOKMARK, {"channel": channel_id, "new_message_id": message_id}).rowcount:
        tx.execute(channels.insert(), {"id": channel_id, "last_message_id": message_id})


def _record(row: Any) -> CommandRecord:
    return CommandRecord(**{**row, "state": CommandState(row["state"])})


def preview_of_job(tx: Connection, job_id: str, owner: str) -> str | None:
    """Where the newest preview of the unfinished picture of the owner's job lies."""
    wanted = (
        commands.c.job_id == job_id,
        commands.c.state == CommandState.PAINTING,
        jobs.c.owner == owner,
    )
    newest = (
        select(commands.c.preview_url)
        .join(jobs, jobs.c.id == commands.c.job_id)
        .where(*wanted)
        .order_by(commands.c.created_at.desc())
        .limit(1)
    )
    return tx.execute(newest).scalar_one_or_none()
