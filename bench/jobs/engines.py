"""The databases to measure on: SQLite, and a PostgreSQL database of this run's own."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_SERVER = "postgresql://postgres@127.0.0.1:5432/test"
_CONNECT_SECONDS = 3
_numbers = itertools.count(1)


def why_not(engine: str) -> str:
    """Why this engine cannot be measured here; "" if it can."""
    if engine == SQLITE:
        return ""
    try:
        _connect().close()
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        return f"PostgreSQL is left out, TEST_DATABASE_URL or the local one does not answer: {reason}"
    return ""


@contextmanager
def database_url(engine: str) -> Iterator[str]:
    """DATABASE_URL of an empty database, which is dropped afterwards; "" for SQLite."""
    if engine == SQLITE:
        yield ""
        return
    name = f"storyfarm_bench_{os.getpid()}_{next(_numbers)}"
    with _connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{_server().rpartition('/')[0]}/{name}"
    finally:
        with _connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _server() -> str:
    return os.environ.get("TEST_DATABASE_URL") or _SERVER


def _connect() -> psycopg.Connection:
    return psycopg.connect(_server(), autocommit=True, connect_timeout=_CONNECT_SECONDS)
