"""The database: transactions that cannot lose an update, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from errors import OutOfSpace, StoryfarmError

# Any number, the same in every process: whoever migrates holds this lock of PostgreSQL's.
_MIGRATION_LOCK = 7_263_041_955
_STATEMENT_SECONDS = 30
# https://www.postgresql.org/docs/15/libpq-connect.html: without them a connection whose server vanished
# is noticed after a quarter of an hour, or after two hours if it only listens.
_LIMITS = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


class Database(ABC):
    """Tables behind one URL. `is_shared`: other processes may work with it at the same time."""

    is_shared: bool
    url: str

    @abstractmethod
    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes: committed at the end, rolled back by an exception.

        Where the database is shared, several may be open at once: change a row by one statement, or read
        it with `with_for_update()` before. Raises OutOfSpace when the disk is full.
        """

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """A connection that only reads: each statement sees what is committed when it starts."""

    @abstractmethod
    def close(self) -> None: ...

    def migrate(self) -> None:
        """Bring the tables up to date; does nothing when they are. Several processes may call it at once."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            if self.is_shared:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


class SqliteDatabase(Database):
    """One SQLite file: any number of readers, and one writer at a time in this process.

    A lock is the line in front of the one connection that writes: waiting there is cheap, while SQLite's
    own busy handler sleeps in growing steps (p99 106 ms with 64 writing threads).
    """

    is_shared = False

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite:///{file}"
        self._writer = _sqlite_engine(self.url, connections=1)
        event.listen(self._writer, "begin", _begin_immediate)
        self._lock = threading.Lock()
        self._writing: Connection | None = None
        self._reader = _sqlite_engine(self.url, connections=16)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See Database.write.

        It starts with BEGIN IMMEDIATE: a transaction that reads first and writes later loses updates of
        other processes without any error.
        """
        with _full_disk_named(), self._lock:
            if self._writing is None:
                self._writing = self._writer.connect()
            with self._writing.begin():
                yield self._writing

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        with self._lock:
            if self._writing is not None:
                self._writing.close()
                self._writing = None
        self._writer.dispose()
        self._reader.dispose()


class PostgresDatabase(Database):
    """A PostgreSQL database, for several processes and machines."""

    is_shared = True

    def __init__(self, url: str) -> None:
        self.url = url
        # Two of each are enough for the threads that write; a request reads now and then, for a millisecond.
        self._engine = create_engine(
            _with_driver(patient(url, statement_seconds=_STATEMENT_SECONDS)),
            pool_size=8,
            max_overflow=0,
            pool_timeout=60,
            pool_pre_ping=True,
            hide_parameters=True,  # stories, prompts and addresses have no place in a log
        )
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with _full_disk_named(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def _full_disk_named() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        # SQLite's words, and PostgreSQL's class 53: insufficient resources, 53100 disk_full.
        if "disk is full" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "53100":
            raise OutOfSpace("The disk of the service is full; free some space and try again.") from error
        raise


def patient(url: str, *, statement_seconds: int = 0) -> str:
    """A PostgreSQL URL whose connections wait long enough, but not for ever, for a server that is gone.

    `statement_seconds`: no statement takes longer; 0 for any time. What the URL itself says wins.
    """
    parts = urlsplit(url)
    limits = _LIMITS | (
        {"options": f"-c statement_timeout={statement_seconds}s"} if statement_seconds else {}
    )
    query = urlencode(limits | dict(parse_qsl(parts.query)), quote_via=quote)
    return urlunsplit(parts._replace(query=query))


def _with_driver(url: str) -> str:
    """The URL as SQLAlchemy wants it: providers write postgres:// or postgresql://."""
    return f"postgresql+psycopg://{url.partition('://')[2]}"


def _sqlite_engine(url: str, *, connections: int) -> Engine:
    # No overflow: opening a connection for one statement costs more than waiting for a free one.
    engine = create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=60, hide_parameters=True)

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


class UnusableDatabase(Exception):
    """The database cannot be used: a sentence for whoever runs the service, without any password."""


def bring_up(data_dir: Path, url: str = "") -> str:
    """Bring the tables up to date, and say where they are. Raises UnusableDatabase."""
    where = _place(data_dir, url)
    database = None
    try:
        database = open_database(data_dir, url)
        database.migrate()
    except (SQLAlchemyError, StoryfarmError, OSError):
        pass
    else:
        return where
    finally:
        if database:
            database.close()
    # Raised out here, since the library's own error may hold the URL with its password.
    advice = "Check DATABASE_URL." if url else "Check DATA_DIR, and that there is room and leave to write."
    raise UnusableDatabase(f"{where} cannot be used. {advice}")


def _place(data_dir: Path, url: str) -> str:
    if not url:
        return f"SQLite in {data_dir.resolve()}"
    parts = urlsplit(url)
    return f"PostgreSQL {parts.path.strip('/')} at {parts.hostname or 'the local socket'}"


def open_database(data_dir: Path, url: str = "") -> Database:
    """The PostgreSQL database at `url`, or without one the embedded database in `data_dir`."""
    if url:
        return PostgresDatabase(url)
    data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteDatabase(data_dir / "storyfarm.sqlite3")
