"""The service is killed with requests open, and started again: nothing is lost and nothing posted twice."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from database import jobs, open_database
from jobs import rows
from midjourney import commands
from sandbox.server import Sandbox
from tests.support import quick_settings, wait_until

ROOT = Path(__file__).parents[2]
REQUESTS = 20


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox that outlives the service, as the real Discord does."""
    standing_in = Sandbox.bind(quick_settings(tmp_path, sandbox_image_seconds=3.0))
    standing_in.start()
    yield standing_in
    standing_in.stop()


class Server:
    """The service as a process of its own."""

    def __init__(self, data_dir: Path, sandbox: Sandbox) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(data_dir),
            "SANDBOX": sandbox.url,
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "REQUEST_TIMEOUT": "30",
            "LOG_LEVEL": "warning",
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), "serve"],
            env=self._environment,
            cwd=self._environment["DATA_DIR"],
            start_new_session=True,
        )
        wait_until(self._listens, seconds=30)

    def _listens(self) -> bool:
        try:
            health = requests.get(f"{self.url}/health", timeout=2).json()
        except requests.RequestException:
            return False
        return bool(health["listener"]["state"] == "listening")

    def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    made = Server(tmp_path, sandbox)
    yield made
    made.kill()


def send(server: Server, number: int) -> None:
    with contextlib.suppress(requests.RequestException):
        wish = {"prompt_text": f"Dog number {number % 5}", "words": 50}
        requests.post(f"{server.url}/api/generate-story", json=wish, timeout=60)


@pytest.mark.parametrize("commands_before_the_kill", [5, REQUESTS])
def test_killed_with_twenty_requests_open_every_picture_finds_its_job(
    server: Server, sandbox: Sandbox, tmp_path: Path, commands_before_the_kill: int
) -> None:
    server.start()
    clients = [threading.Thread(target=send, args=(server, number)) for number in range(REQUESTS)]
    for client in clients:
        client.start()
    wait_until(lambda: sandbox.control.calls["command"] >= commands_before_the_kill)
    server.kill()
    for client in clients:
        client.join(20)
    posted = sandbox.control.calls["command"]
    recorded = seeds_of_commands(tmp_path)
    wait_until(lambda: sandbox.control.calls["painted"] == posted)
    server.start()

    found = wait_until(lambda: finished_jobs(server, tmp_path), seconds=40)
    seeds = seeds_of_commands(tmp_path)
    assert recorded.items() <= seeds.items()
    for job in found:
        assert job["state"] == "completed", job
        assert job["result"]["status"] == "success", job["result"]["problems"]
        assert {image["seed"] for image in job["result"]["images"]} == {seeds[job["id"]]}
    lines = [call["content"] for call in sandbox.control.received if call["target"] == "command"]
    assert len(lines) == len(set(lines)) == len(found)


def seeds_of_commands(data_dir: Path) -> dict[str, int]:
    """Seeds by job, as they were recorded before anything was posted."""
    database = open_database(data_dir)
    with database.read() as tx:
        seeds = {record.job_id: record.seed for record in commands.recent(tx, 0)}
    database.close()
    return seeds


def finished_jobs(server: Server, data_dir: Path) -> list[dict[str, Any]] | None:
    """All jobs, once none is under way."""
    database = open_database(data_dir)
    with database.read() as tx:
        left = rows.unfinished(tx)
        ids = [row.id for row in tx.execute(jobs.select())]
    database.close()
    if left:
        return None
    return [requests.get(f"{server.url}/api/jobs/{job_id}", timeout=10).json() for job_id in ids]
