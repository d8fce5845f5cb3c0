"""The database: transactions of several processes, migrations, and a full disk."""

from __future__ import annotations

import sqlite3
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from database import Database, open_database
from errors import OutOfSpace
from tables import channels, commands, jobs, metadata
from tests.server import FORKS
from tests.support import start_job

PROCESSES, TIMES = 3, 200


def count_up(data_dir: Path, database_url: str, start: Barrier) -> None:
    """Read the number, add one, write it: an update is lost if two do that at once."""
    database = open_database(data_dir, database_url)
    start.wait(60)
    for _ in range(TIMES):
        with database.write() as tx:
            number = tx.execute(select(channels.c.last_message_id).with_for_update()).scalar_one()
            tx.execute(update(channels).values(last_message_id=number + 1))
    database.close()


def number_in(database: Database) -> int:
    with database.read() as tx:
        return int(tx.execute(select(channels.c.last_message_id)).scalar_one())


def test_several_processes_lose_no_update(database: Database, database_url: str, tmp_path: Path) -> None:
    with database.write() as tx:
        tx.execute(insert(channels).values(id=1, last_message_id=0))
    start = FORKS.Barrier(PROCESSES)
    place = (tmp_path, database_url, start)
    processes = [FORKS.Process(target=count_up, args=place) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert number_in(database) == PROCESSES * TIMES


def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return not (kind == "table" and (name or "").startswith("huey_"))

    with database.read() as tx:
        context = MigrationContext.configure(tx, opts={"include_name": is_ours})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.write() as tx:
        tx.execute(insert(channels).values(id=1, last_message_id=5))
    database.migrate()

    assert number_in(database) == 5


def test_a_database_is_made_in_a_new_folder(tmp_path: Path) -> None:
    made = open_database(tmp_path / "a" / "b")
    made.migrate()
    made.close()

    assert (tmp_path / "a" / "b" / "storyfarm.sqlite3").is_file()


def test_what_refers_to_nothing_is_not_taken(database: Database) -> None:
    values = {
        "id": "a",
        "job_id": "nothing",
        "state": "",
        "seed": 1,
        "prompt": "",
        "line": "",
        "created_at": 1.0,
    }
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.write() as tx:
        tx.execute(insert(commands).values(values))


def test_what_belongs_to_a_job_goes_with_it(database: Database) -> None:
    with database.write() as tx:
        job_id = start_job(tx).id
        values = {"id": "a", "state": "", "seed": 1, "prompt": "", "line": "", "created_at": 1.0}
        tx.execute(insert(commands).values(job_id=job_id, **values))
        tx.execute(jobs.delete())

        assert tx.execute(select(commands)).all() == []


def test_an_exception_undoes_all_of_a_transaction(database: Database) -> None:
    def fail() -> None:
        with database.write() as tx:
            tx.execute(insert(channels).values(id=1, last_message_id=5))
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    with database.read() as tx:
        assert tx.execute(select(channels)).all() == []


def test_a_reader_is_not_held_up_by_a_writer_and_sees_only_what_is_committed(database: Database) -> None:
    with database.write() as tx:
        tx.execute(insert(channels).values(id=1, last_message_id=1))
    with database.write() as tx:
        tx.execute(update(channels).values(last_message_id=2))
        assert number_in(database) == 1
    assert number_in(database) == 2


def fill_sqlite(tx: Connection) -> None:
    """SQLite itself says that the disk is full when the file may not grow."""
    pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
    tx.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    for number in range(1000):
        start_job(tx, {"number": number, "text": "x" * 1000})


def fill_postgres(tx: Connection) -> None:
    """PostgreSQL fails a statement with this code when it cannot write to the disk."""
    start_job(tx)
    tx.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$")


def test_a_full_disk_is_said_to_be_one(database: Database) -> None:
    def fill() -> None:
        with database.write() as tx:
            (fill_postgres if database.is_shared else fill_sqlite)(tx)

    with pytest.raises(OutOfSpace, match="full"):
        fill()

    with database.read() as tx:
        assert tx.execute(select(jobs)).all() == []


def test_other_faults_of_the_database_stay_what_they_are(database: Database) -> None:
    with pytest.raises(OperationalError), database.write():
        raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked"))
