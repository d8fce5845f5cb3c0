"""Fixtures that several folders of tests use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from database import Database, open_database
from sandbox.control import Control, Fault
from service import Service
from tests import postgres
from tests.serving import running
from tests.support import quick_settings

# Time is measured in bench/: a busy machine makes no test fail. Where others wait for the result, it is the
# same each time.
hypothesis.settings.register_profile("storyfarm", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("storyfarm")

# Where rich is installed, structlog would colour each traceback, with all variables, for seconds.
LOGGING: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
    structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
]

# What takes longest is begun first, so that no process ends long after the others.
_FIRST = ("tests/web/", "tests/flows/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages first, then whole flows, then the rest; the order within a module stays."""

    def rank(item: pytest.Item) -> int:
        return next((at for at, folder in enumerate(_FIRST) if folder in item.nodeid), len(_FIRST))

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    structlog.configure(processors=LOGGING)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What asks for `database`, or is marked with `both_databases`, runs on both; the rest on SQLite."""
    wanted = metafunc.fixturenames
    is_marked = metafunc.definition.get_closest_marker("both_databases") is not None
    if "database_of_module" in wanted and (is_marked or "database" in wanted):
        metafunc.parametrize("database_of_module", ["sqlite", "postgresql"], indirect=True, scope="module")


@pytest.fixture(scope="session")
def postgres_of_run() -> Iterator[str]:
    """The URL of a PostgreSQL database with all tables, which all tests of this run share."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.own_database())
        except postgres.NoPostgres as why:
            pytest.skip(str(why))
        yield url


@pytest.fixture
def postgres_url(postgres_of_run: str) -> str:
    """The URL of a PostgreSQL database with empty tables, for what SQLite does not have."""
    postgres.empty(postgres_of_run)
    return postgres_of_run


@pytest.fixture(scope="module")
def database_of_module(request: pytest.FixtureRequest) -> str:
    """DATABASE_URL for the tests of one module: "" for SQLite, or PostgreSQL with empty tables."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgres_of_run")
    postgres.empty(url)
    return url


@pytest.fixture
def database_url(database_of_module: str) -> str:
    """The same for one test: its tables are empty. Not for modules that share `app`."""
    if database_of_module:
        postgres.empty(database_of_module)
    return database_of_module


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied: that is quicker than to make them."""
    directory = tmp_path_factory.mktemp("tables")
    made = open_database(directory)
    made.migrate()
    made.close()
    (file,) = directory.iterdir()
    return file


@pytest.fixture
def database(tmp_path: Path, database_url: str, sqlite_file: Path) -> Iterator[Database]:
    """An empty database with all tables."""
    if not database_url:
        shutil.copy(sqlite_file, tmp_path)
    opened = open_database(tmp_path, database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, database_of_module: str) -> Iterator[OpenAPI]:
    """The whole service on its sandbox, started and listening; shared by the tests of one module."""
    settings = quick_settings(tmp_path_factory.mktemp("data"), database_url=database_of_module)
    with running(settings) as made:
        yield made


@pytest.fixture
def service(app: OpenAPI) -> Service:
    found: Service = app.extensions["storyfarm"]
    return found


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def control(service: Service) -> Iterator[Control]:
    """The sandbox's switches; faults and habits are put back afterwards."""
    assert service.sandbox is not None
    switches = service.sandbox.control
    habits = switches.habits
    yield switches
    switches.clear()
    switches.habits = habits
    service.text.reset()
    service.image_providers.usual.reset()


@pytest.fixture
def fault(control: Control) -> Callable[..., None]:
    """`fault("chat", "status", status=500)`: lets something go wrong, once unless `times` says otherwise."""

    def add(target: str, kind: str, times: int = 1, **details: Any) -> None:
        control.add(Fault(target, kind, times, details))

    return add
