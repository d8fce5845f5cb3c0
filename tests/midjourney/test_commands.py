"""Commands in the database: their moves, their seeds, and the bookmark of the channel."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from database import Database
from midjourney import commands
from midjourney.commands import MOVES, OPEN, CommandRecord, CommandState
from tests.support import start_job

ENDS = {CommandState.DONE, CommandState.FAILED, CommandState.EXPIRED}


def insert(tx: Connection, id: str, seed: int, **more: Any) -> CommandRecord:
    values = {"state": CommandState.POSTING, "prompt": "a dog", "line": "/imagine", "created_at": 1000.0}
    job_id = start_job(tx).id
    record = CommandRecord(**{"id": id, "job_id": job_id, "seed": seed, **values, **more})
    commands.insert(tx, record)
    return record


def load(database: Database, id: str) -> CommandRecord:
    with database.read() as tx:
        record = commands.load(tx, id)
    assert record is not None
    return record


def test_a_command_comes_back_as_it_was_recorded(database: Database) -> None:
    with database.write() as tx:
        record = insert(tx, "a", 4294967295, channel_id=2**62, error={"code": "x"}, painting_id="p")

    assert load(database, "a") == record


def test_an_unknown_command_is_none(database: Database) -> None:
    with database.write() as tx:
        assert commands.load(tx, "a") is None
        assert not commands.move(tx, "a", CommandState.FAILED)


@pytest.mark.parametrize(("before", "after"), [*itertools.product(CommandState, repeat=2)])
def test_a_command_makes_only_legal_moves(
    database: Database, before: CommandState, after: CommandState
) -> None:
    with database.write() as tx:
        record = insert(tx, "a", 7, state=before)
        moved = commands.move(tx, "a", after, final_id=99)
    now = load(database, "a")

    assert moved is (after in MOVES[before])
    if moved:
        assert (now.state, now.final_id) == (after, 99)
        assert (now.closed_at is not None) is (after in ENDS)
    else:
        assert now == record


def test_the_moves_are_complete_and_lead_to_an_end() -> None:
    assert set(MOVES) == set(CommandState)
    assert {state for state, after in MOVES.items() if not after} == ENDS
    assert set(OPEN).isdisjoint(ENDS | {CommandState.CAPTURED})
    assert CommandState.DONE not in MOVES[CommandState.POSTING]


def test_a_move_changes_no_other_command(database: Database) -> None:
    with database.write() as tx:
        insert(tx, "a", 1)
        other = insert(tx, "b", 2)
        commands.move(tx, "a", CommandState.FAILED, error={"code": "x"})

    assert load(database, "b") == other


def test_a_note_is_taken_whatever_the_state(database: Database) -> None:
    with database.write() as tx:
        insert(tx, "a", 1, state=CommandState.DONE)
        assert commands.note(tx, "a", command_id=5)
    record = load(database, "a")

    assert (record.state, record.command_id) == (CommandState.DONE, 5)


def test_two_open_commands_never_have_one_seed(database: Database) -> None:
    with database.write() as tx:
        insert(tx, "a", 7)
    with pytest.raises(IntegrityError), database.write() as tx:
        insert(tx, "b", 7)


def test_the_seed_of_a_closed_command_is_free_again(database: Database) -> None:
    with database.write() as tx:
        insert(tx, "a", 7)
        commands.move(tx, "a", CommandState.FAILED)
        insert(tx, "b", 7)

    assert load(database, "b").seed == 7


def test_a_captured_command_still_holds_its_seed(database: Database) -> None:
    with database.write() as tx:
        insert(tx, "a", 7)
        commands.move(tx, "a", CommandState.CAPTURED)
    with pytest.raises(IntegrityError), database.write() as tx:
        insert(tx, "b", 7)


def test_recent_are_the_open_ones_and_the_lately_closed_oldest_first(database: Database) -> None:
    now = time.time()
    with database.write() as tx:
        insert(tx, "young", 1, created_at=30.0)
        insert(tx, "old", 2, created_at=10.0)
        insert(tx, "just closed", 3, created_at=20.0, state=CommandState.DONE, closed_at=now - 5)
        insert(tx, "long closed", 4, created_at=25.0, state=CommandState.DONE, closed_at=now - 500)

        assert [record.id for record in commands.recent(tx, now - 60)] == ["old", "just closed", "young"]


def test_open_before_and_uncollected_tell_what_is_left_to_do(database: Database) -> None:
    with database.write() as tx:
        for seed, state in enumerate(CommandState):
            insert(
                tx,
                f"{state}-old",
                seed,
                state=state,
                created_at=10.0,
                closed_at=1.0 if state in ENDS else None,
            )
            insert(tx, f"{state}-new", 100 + seed, state=state, created_at=90.0, closed_at=2.0)

        assert set(commands.open_before(tx, 50.0)) == {f"{state}-old" for state in OPEN}
        assert set(commands.uncollected(tx)) == {"captured-old", "captured-new"}


def test_a_bookmark_lies_in_each_channel_and_moves(database: Database) -> None:
    with database.write() as tx:
        assert commands.bookmark(tx, 1) is None
        commands.set_bookmark(tx, 1, 2**62)
        commands.set_bookmark(tx, 2, 50)
        commands.set_bookmark(tx, 1, 2**62 + 1)

        assert commands.bookmark(tx, 1) == 2**62 + 1
        assert commands.bookmark(tx, 2) == 50
