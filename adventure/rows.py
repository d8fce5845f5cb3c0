"""Adventures in the database. Every function works inside the caller's transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from adventure import machine
from adventure.machine import Happening, State
from errors import Conflict, NotFound
from tables import adventure_events, adventure_saves, adventure_turns, adventures
from utils import iso

MOST_ADVENTURES = 500
MOST_TURNS = 500
MOST_SAVES = 50
# Events of older turns are forgotten: whoever comes back so late is told the history.
_TURNS_WITH_EVENTS = 2


@dataclass(frozen=True, kw_only=True)
class Adventure:
    """`head` is the turn that the player is at (0 before the first), `turns` the highest number so far.

    `seq` is the number of its newest event; `setup` has premise, style, language and audience.
    """

    id: str
    owner: str
    title: str
    setup: dict[str, str]
    state: State
    head: int
    turns: int
    seq: int
    created_at: float
    updated_at: float

    @property
    def album(self) -> str:
        """What its pictures belong to; another adventure of this id has another one."""
        return f"{self.id}-{int(self.created_at * 1000):x}"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """`told` is None while it is not told: narration, choices, image_prompt, summary, facts.

    `job_id` is whose work it is to tell it, `picture_job_id` to paint it, None if nobody's. `picture` is the
    file of the picture, `problem` why there is no narration, or else why there is no picture.
    """

    adventure: str
    number: int
    parent: int
    choice: str
    job_id: str
    told: dict[str, Any] | None = None
    picture: str | None = None
    problem: dict[str, Any] | None = None
    picture_job_id: str | None = None
    created_at: float = field(default_factory=time.time)


@dataclass(frozen=True)
class Event:
    """`type` as players are told; `seq` is 0 before it is recorded."""

    type: str
    turn: int
    data: dict[str, Any]
    seq: int = 0


def create(tx: Connection, id: str, owner: str, setup: dict[str, str]) -> None:
    """Record an adventure without a turn. Raises Conflict if its owner has too many."""
    mine = select(func.count()).select_from(adventures).where(adventures.c.owner == owner)
    if tx.execute(mine).scalar_one() >= MOST_ADVENTURES:
        raise Conflict(
            f"You have {MOST_ADVENTURES} adventures; delete one that you do not need any more.",
            code="too_many_adventures",
            limit=MOST_ADVENTURES,
        )
    now = time.time()
    values = {
        "id": id,
        "owner": owner,
        "title": "",
        "setup": setup,
        "state": State.WAITING,
        "head": 0,
        "turns": 0,
        "seq": 0,
        "created_at": now,
        "updated_at": now,
    }
    tx.execute(insert(adventures), values)


def set_up(tx: Connection, id: str, setup: dict[str, str]) -> None:
    """Another premise for an adventure of which nothing is told."""
    tx.execute(update(adventures).where(adventures.c.id == id).values(setup=setup))


def find(tx: Connection, id: str, *, for_update: bool = False) -> Adventure | None:
    wanted = select(adventures).where(adventures.c.id == id)
    row = tx.execute(wanted.with_for_update() if for_update else wanted).first()
    return Adventure(**{**row._mapping, "state": State(row.state)}) if row else None


def load(tx: Connection, id: str, owner: str, *, for_update: bool = False) -> Adventure:
    """Raises NotFound, for what belongs to others too."""
    found = find(tx, id, for_update=for_update)
    if found is None or found.owner != owner:
        raise NotFound("There is no adventure with this id.", code="not_started")
    return found


def listed(tx: Connection, owner: str) -> list[dict[str, Any]]:
    """The owner's adventures, the one that was played last first."""
    wanted = select(adventures).where(adventures.c.owner == owner).order_by(adventures.c.updated_at.desc())
    return [
        {
            "session": row.id,
            "title": row.title or row.setup["premise"][:80],
            "turns": row.turns,
            "state": row.state,
            "updated_at": iso(row.updated_at),
        }
        for row in tx.execute(wanted.limit(MOST_ADVENTURES))
    ]


def remove(tx: Connection, id: str) -> None:
    tx.execute(delete(adventures).where(adventures.c.id == id))


def forget_old(tx: Connection, before: float) -> None:
    """Drop adventures that nobody has played since `before` (epoch seconds)."""
    tx.execute(delete(adventures).where(adventures.c.updated_at < before))


def move(tx: Connection, adventure: Adventure, happening: Happening, **changes: Any) -> bool:
    """Change the state as the machine says; False, and nothing changed, if this cannot happen now.

    `adventure` must have been read in this transaction, for update.
    """
    follows = machine.after(adventure.state, happening)
    if follows is None:
        return False
    values = {"state": follows, "updated_at": time.time(), **changes}
    tx.execute(update(adventures).where(adventures.c.id == adventure.id).values(values))
    return True


def tell(tx: Connection, id: str, events: Sequence[Event]) -> None:
    """Append events; those of turns long ago are forgotten."""
    count = len(events)
    bump = update(adventures).where(adventures.c.id == id).values(seq=adventures.c.seq + count)
    last = tx.execute(bump.returning(adventures.c.seq)).scalar_one_or_none()
    if last is None:  # deleted meanwhile
        return
    rows = [
        {"adventure": id, "seq": seq, "turn": event.turn, "type": event.type, "data": event.data}
        for seq, event in enumerate(events, last - count + 1)
    ]
    tx.execute(insert(adventure_events), rows)


def forget_events(tx: Connection, id: str, turn: int) -> None:
    """Forget what was told long before `turn`."""
    is_old = adventure_events.c.turn <= turn - _TURNS_WITH_EVENTS
    tx.execute(delete(adventure_events).where(adventure_events.c.adventure == id, is_old))


def forget_histories(tx: Connection, id: str) -> None:
    """Of several that follow each other the last one says all."""
    is_one = (adventure_events.c.adventure == id, adventure_events.c.type == "history")
    tx.execute(delete(adventure_events).where(*is_one))


def events_after(tx: Connection, id: str, seq: int, *, limit: int) -> list[Event]:
    is_new = (adventure_events.c.adventure == id, adventure_events.c.seq > seq)
    wanted = select(adventure_events).where(*is_new).order_by(adventure_events.c.seq).limit(limit)
    return [Event(row.type, row.turn, row.data, row.seq) for row in tx.execute(wanted)]


def begin_of(tx: Connection, id: str, turn: int) -> int | None:
    """The number of the first event with which this turn was last begun."""
    wanted = select(func.max(adventure_events.c.seq)).where(
        adventure_events.c.adventure == id,
        adventure_events.c.turn == turn,
        adventure_events.c.type == "begin",
    )
    found: int | None = tx.execute(wanted).scalar_one_or_none()
    return found


def add_turn(tx: Connection, turn: Turn) -> None:
    tx.execute(insert(adventure_turns), vars(turn))


def turn(tx: Connection, id: str, number: int) -> Turn | None:
    is_it = (adventure_turns.c.adventure == id, adventure_turns.c.number == number)
    row = tx.execute(select(adventure_turns).where(*is_it)).first()
    return Turn(**row._mapping) if row else None


def all_turns(tx: Connection, id: str) -> dict[int, Turn]:
    """Every turn on every branch, by its number."""
    wanted = select(adventure_turns).where(adventure_turns.c.adventure == id)
    return {row.number: Turn(**row._mapping) for row in tx.execute(wanted.order_by(adventure_turns.c.number))}


def path_to(turns: dict[int, Turn], head: int) -> list[Turn]:
    """The turns from the first one to `head`."""
    path: list[Turn] = []
    while found := turns.get(head):
        path.append(found)
        head = found.parent
    return path[::-1]


def change_turn(tx: Connection, id: str, number: int, **changes: Any) -> None:
    is_it = (adventure_turns.c.adventure == id, adventure_turns.c.number == number)
    tx.execute(update(adventure_turns).where(*is_it).values(changes))


def name_it(tx: Connection, id: str, title: str) -> None:
    """Give it its title, unless it has one."""
    is_it = (adventures.c.id == id, adventures.c.title == "")
    tx.execute(update(adventures).where(*is_it).values(title=title))


def saves(tx: Connection, id: str) -> list[dict[str, Any]]:
    wanted = select(adventure_saves).where(adventure_saves.c.adventure == id)
    return [
        {"name": row.name, "turn": row.turn}
        for row in tx.execute(wanted.order_by(adventure_saves.c.created_at))
    ]


def save(tx: Connection, id: str, name: str, number: int) -> None:
    """Remember a turn under a name, instead of the one that had it. Raises Conflict if there are too many."""
    is_it = (adventure_saves.c.adventure == id, adventure_saves.c.name == name)
    tx.execute(delete(adventure_saves).where(*is_it))
    if len(saves(tx, id)) >= MOST_SAVES:
        raise Conflict(
            f"There are {MOST_SAVES} saves already; use the name of an old one.",
            code="too_many_saves",
            limit=MOST_SAVES,
        )
    values = {"adventure": id, "name": name, "turn": number, "created_at": time.time()}
    tx.execute(insert(adventure_saves), values)
