"""The service as a process of its own, for what only whole processes can show."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.support import wait_until

ROOT = Path(__file__).parents[1]


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
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting."""
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), "serve"],
            env=self._environment,
            cwd=self._data_dir,
            start_new_session=True,
        )

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
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
