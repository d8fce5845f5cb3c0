"""The database: its tables, and transactions that cannot lose an update."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Double,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import OperationalError

from errors import OutOfSpace

metadata = MetaData()

# Times are epoch seconds. Discord's ids are 64-bit snowflakes.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("request", JSON, nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("ix_jobs_state", "state"),
)

commands = Table(
    "commands",
    metadata,
    Column("id", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("channel_id", BigInteger),
    Column("command_id", BigInteger),
    Column("progress_id", BigInteger),
    Column("painting_id", Text),
    Column("final_id", BigInteger),
    Column("attachment_id", BigInteger),
    Column("source_url", Text),
    Column("is_grid", Integer),
    Column("error", JSON(none_as_null=True)),
    Column("created_at", Double, nullable=False),
    Column("closed_at", Double),
    Index(
        "uq_commands_open_seed",
        "seed",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_commands_closed_at", "closed_at"),
)

pictures = Table(
    "pictures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("file", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("position", Integer),
    Column("mime", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("alt", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("seed", BigInteger),
    Column("source_url", Text),
    Column("created_at", Double, nullable=False),
)

channels = Table(
    "channels",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("last_message_id", BigInteger, nullable=False),
)


class Database:
    """One SQLite file: any number of readers, and one writer at a time in this process.

    A lock is the line in front of the one connection that writes: waiting there is cheap, while SQLite's
    own busy handler sleeps in growing steps (p99 106 ms with 64 writing threads).
    """

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite:///{file}"
        self._writer = _engine(self.url, connections=1)
        event.listen(self._writer, "begin", _begin_immediate)
        self._lock = threading.Lock()
        self._writing: Connection | None = None
        self._reader = _engine(self.url, connections=16)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back by an exception.

        It starts with BEGIN IMMEDIATE: a transaction that reads first and writes later loses updates of
        other processes without any error. Raises OutOfSpace when the disk is full.
        """
        try:
            with self._lock:
                if self._writing is None:
                    self._writing = self._writer.connect()
                with self._writing.begin():
                    yield self._writing
        except OperationalError as error:
            if "disk is full" in str(error.orig):
                raise OutOfSpace("The disk of the service is full; free some space and try again.") from error
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads: each statement sees what is committed when it starts."""
        with self._reader.connect() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables up to date; does nothing when they are."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        with self._lock:
            if self._writing is not None:
                self._writing.close()
                self._writing = None
        self._writer.dispose()
        self._reader.dispose()


def _engine(url: str, *, connections: int) -> Engine:
    # No overflow: opening a connection for one statement costs more than waiting for a free one.
    engine = create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=60)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=10000",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _begin_immediate(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")


def open_database(data_dir: Path) -> Database:
    """The embedded database in `data_dir`, which is made if it is missing."""
    data_dir.mkdir(parents=True, exist_ok=True)
    return Database(data_dir / "storyfarm.sqlite3")
