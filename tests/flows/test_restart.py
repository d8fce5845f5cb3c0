"""The service is killed with requests open, and started again: nothing is lost and nothing posted twice."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from database import Database
from jobs import rows
from midjourney import commands
from sandbox.server import Sandbox
from tests.server import ServerProcess
from tests.support import quick_settings, wait_until

REQUESTS = 20


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox that outlives the service, as the real Discord does."""
    standing_in = Sandbox.bind(quick_settings(tmp_path, sandbox_image_seconds=3.0))
    standing_in.start()
    yield standing_in
    standing_in.stop()


@pytest.fixture
def server(tmp_path: Path, database_url: str, sandbox: Sandbox) -> Iterator[ServerProcess]:
    made = ServerProcess(
        tmp_path,
        DATABASE_URL=database_url,
        SANDBOX=sandbox.url,
        REQUEST_TIMEOUT="30",
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    yield made
    made.kill()


def send(server: ServerProcess, number: int) -> None:
    with contextlib.suppress(requests.RequestException):
        wish = {"prompt_text": f"Dog number {number % 5}", "words": 50}
        requests.post(f"{server.url}/api/generate-story", json=wish, timeout=60)


def start(server: ServerProcess) -> None:
    server.start()
    server.await_listening()


@pytest.mark.parametrize("commands_before_the_kill", [5, REQUESTS])
def test_killed_with_twenty_requests_open_every_picture_finds_its_job(
    server: ServerProcess, sandbox: Sandbox, database: Database, commands_before_the_kill: int
) -> None:
    start(server)
    clients = [threading.Thread(target=send, args=(server, number)) for number in range(REQUESTS)]
    for client in clients:
        client.start()
    wait_until(lambda: sandbox.control.calls["command"] >= commands_before_the_kill)
    server.kill()
    for client in clients:
        client.join(20)
    recorded = seeds_of_commands(database)
    # What was on its way when the service died still arrives.
    wait_until(lambda: sandbox.control.calls["painted"] == sandbox.control.calls["command"])
    start(server)

    found = wait_until(lambda: finished_jobs(server, database), seconds=80)
    seeds = seeds_of_commands(database)
    assert recorded.items() <= seeds.items()
    for job in found:
        assert job["state"] == "completed", job
        assert job["result"]["status"] == "success", job["result"]["problems"]
        assert {image["seed"] for image in job["result"]["images"]} == {seeds[job["id"]]}
    lines = [call["content"] for call in sandbox.control.received if call["target"] == "command"]
    assert len(lines) == len(set(lines)) == len(found)


def seeds_of_commands(database: Database) -> dict[str, int]:
    """Seeds by job, as they were recorded before anything was posted."""
    with database.read() as tx:
        return {record.job_id: record.seed for record in commands.recent(tx, 0)}


def finished_jobs(server: ServerProcess, database: Database) -> list[dict[str, Any]] | None:
    """All jobs, once none is under way."""
    with database.read() as tx:
        found = rows.page(tx, "local", limit=1000)
    if not all(job.has_ended for job in found):
        return None
    return [requests.get(f"{server.url}/api/jobs/{job.id}", timeout=10).json() for job in found]
