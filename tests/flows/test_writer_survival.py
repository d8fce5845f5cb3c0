"""A service that is killed in every round of a story: it ends all the same, and no round is paid twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.control import Habits
from sandbox.server import Sandbox
from tests.flows.writing import SETUP
from tests.server import ServerProcess
from tests.support import quick_settings, wait_until

WORDS = 1800
ROUNDS = 2


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    standing_in = Sandbox.bind(quick_settings(tmp_path))
    standing_in.control.habits = Habits(story_seconds=0.6, story_seed=7)
    standing_in.start()
    yield standing_in
    standing_in.stop()


def progress_of(server: ServerProcess, task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{server.url}/api/jobs/{task_id}", timeout=10).json()
    return found


def pieces_of(server: ServerProcess, task_id: str) -> int:
    """How much is recorded: premise, outline, and the rounds."""
    result = progress_of(server, task_id)["result"] or {}
    return ("premise" in result) + ("outline" in result) + int(result.get("iterations") or 0)


def has_pieces(server: ServerProcess, task_id: str, pieces: int) -> bool:
    return pieces_of(server, task_id) >= pieces


def test_a_story_that_is_killed_in_every_round_ends_as_one_that_never_was(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    wish = {**SETUP, "story_length": f"{WORDS} words"}
    server = ServerProcess(
        tmp_path,
        SANDBOX=sandbox.url,
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    answered: Counter[str] = sandbox.control.calls
    try:
        server.start()
        server.await_listening()
        begun = requests.post(f"{server.url}/api/story/generate-full", json=wish, timeout=10).json()
        for pieces in range(1, ROUNDS + 2):
            wait_until(partial(has_pieces, server, begun["task_id"], pieces), seconds=30)
            server.kill()
            server.start()
            server.await_listening()
        wait_until(lambda: progress_of(server, begun["task_id"])["state"] == "completed", seconds=60)
        killed = requests.get(f"{server.url}/api/story/task/{begun['task_id']}/result", timeout=10).json()
        assert answered["chat_answered"] == ROUNDS + 2

        fresh = {"Cache-Control": "no-cache"}
        calm = requests.post(
            f"{server.url}/api/story/generate-full", json=wish, headers=fresh, timeout=10
        ).json()
        wait_until(lambda: progress_of(server, calm["task_id"])["state"] == "completed", seconds=60)
        undisturbed = requests.get(f"{server.url}/api/story/task/{calm['task_id']}/result", timeout=10).json()
    finally:
        server.kill()

    assert killed["is_complete"]
    assert killed["story"] == undisturbed["story"]
    assert killed["iterations"] == undisturbed["iterations"] == ROUNDS
