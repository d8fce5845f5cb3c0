"""A PostgreSQL database of the tests' own: made for one run, emptied between tests, dropped at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from database import open_database
from utils import new_id

SERVER = os.environ.get("TEST_DATABASE_URL") or "postgresql://postgres@127.0.0.1:5432/test"
HOW_TO_GET_IT = (
    "PostgreSQL is not reachable: start a server, and give TEST_DATABASE_URL, such as "
    "postgresql://user:password@127.0.0.1:5432/test, of a user who may create databases"
)
_PREFIX = "storyfarm_test_"
# Any number: of several runs one at a time looks for leftovers and makes its database.
_MAKING = 4_170_226_318


class NoPostgres(Exception):
    """There is no server, or it does not let us in."""


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of a new database with all tables. Raises NoPostgres."""
    name = f"{_PREFIX}{os.getpid()}_{new_id()[:8]}"
    url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        raise NoPostgres(HOW_TO_GET_IT) from None
    with server:
        server.execute("SELECT pg_advisory_lock(%s)", [_MAKING])
        _drop_leftovers(server)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with psycopg.connect(url):  # as long as it is open, nobody takes the database for a leftover
                server.execute("SELECT pg_advisory_unlock(%s)", [_MAKING])
                _migrate(url)
                yield url
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def empty(url: str) -> None:
    """Delete all rows but the migrations' own: every foreign key cascades, so the order does not matter."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '20s'")
        # Few rows are deleted faster than tables are truncated.
        connection.execute(
            """
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT tablename FROM pg_tables
                    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
                LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
            END $$
            """
        )


def _drop_leftovers(server: psycopg.Connection) -> None:
    """Drop what runs left behind that were killed: the databases to which nobody is connected."""
    found = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND datname NOT IN (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)",
        [_PREFIX],
    )
    for (name,) in found.fetchall():
        with suppress(psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _migrate(url: str) -> None:
    database = open_database(Path(), url)
    database.migrate()
    database.close()
