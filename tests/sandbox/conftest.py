"""A running sandbox that is quick and draws flat colours, and a way to call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.control import Habits
from sandbox.server import Sandbox
from tests.sandbox.calling import HABITS, SECONDS, QuickSettings


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    sandbox = Sandbox.bind(QuickSettings())
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    running.control.habits = HABITS
    yield running
    running.control.clear()


@pytest.fixture
def habits(sandbox: Sandbox) -> Callable[..., Habits]:
    """`habits(plain=False, ...)`: change some until the test ends."""

    def change(**changes: Any) -> Habits:
        sandbox.control.habits = sandbox.control.habits.changed(changes)
        return sandbox.control.habits

    return change


@pytest.fixture
def call(sandbox: Sandbox) -> Iterator[Callable[..., requests.Response]]:
    """`call("GET", path, ...)`: a request to the sandbox."""
    with requests.Session() as session:
        session.trust_env = False

        def send(method: str, path: str, **more: Any) -> requests.Response:
            url = path if path.startswith("http") else sandbox.url + path
            return session.request(method, url, timeout=SECONDS, **more)

        yield send
