"""The service as a process of its own, for what only whole processes can show."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import requests

import cli
from tests.support import wait_until

# To import everything takes longer than all else that a start does: a process that has done so is forked.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["cli", "gunicorn.workers.gthread", "huey", "psycopg"])


class ServerProcess:
    """`python main.py serve` on a free port, with the environment given and nothing else."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._data_dir = data_dir
        self._environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(data_dir),
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "LOG_LEVEL": "warning",
            "ONE_CORE": "no",  # several tests run at the same time
            **environment,
        }
        self.process: BaseProcess | None = None

    def start(self) -> None:
        """Start it, without waiting."""
        self.process = FORKS.Process(target=_serve, args=(self._environment, self._data_dir))
        self.process.start()

    def await_listening(self, *, seconds: float = 40.0) -> None:
        """Until it serves, and it or another process hears the channel."""
        wait_until(lambda: self.listener().get("state") == "listening", seconds=seconds)

    def listener(self) -> dict[str, Any]:
        """What /health says of the Discord listener; nothing while the service does not answer."""
        try:
            found: dict[str, Any] = requests.get(f"{self.url}/health", timeout=5).json()["listener"]
        except (requests.RequestException, ValueError):
            return {}
        return found

    def kill(self) -> None:
        """End it as a power failure would."""
        if self.process is not None and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.join(10)


def _serve(environment: dict[str, str], directory: Path) -> None:
    os.setsid()  # so that it can be killed with its workers
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(cli.main(["serve"]))
