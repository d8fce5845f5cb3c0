"""Fixtures that several folders of tests use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from database import Database, open_database
from main import create_app
from sandbox.control import Control, Fault
from service import Service
from tests.support import quick_settings, wait_until


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables."""
    opened = open_database(tmp_path)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    """The whole service on its sandbox, started and listening; shared by the tests of one module."""
    made = create_app(quick_settings(tmp_path_factory.mktemp("data")))
    service: Service = made.extensions["storyfarm"]
    service.start()
    wait_until(service.captures.caught_up.is_set)
    yield made
    service.stop()


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


@pytest.fixture
def fault(control: Control) -> Callable[..., None]:
    """`fault("chat", "status", status=500)`: lets something go wrong, once unless `times` says otherwise."""

    def add(target: str, kind: str, times: int = 1, **details: Any) -> None:
        control.add(Fault(target, kind, times, details))

    return add
