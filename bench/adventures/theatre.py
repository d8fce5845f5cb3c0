"""Starts the service as it is run, with a sandbox in this process, whose record can be read."""

from __future__ import annotations

import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.processes import LOOPBACK, clean_environment, free_port, process, wait_until_ready
from bench.servers import listens
from config import Settings
from sandbox.control import Control, Habits
from sandbox.server import Sandbox

# Pictures cost as little as they can: it is the telling that is measured.
HABITS = Habits(picture_pixels=64, image_pixels=64, image_seconds=0.1, plain=True, story_seed=1, previews=1)
_MOST_RECORDS = 50_000


@dataclass(frozen=True, kw_only=True)
class Theatre:
    """A service that answers at `url`, and the switches of its sandbox."""

    url: str
    service: psutil.Popen
    control: Control

    def behave(self, **changes: object) -> None:
        """Other habits than HABITS, with a clean record."""
        self.control.habits = replace(HABITS, **changes)  # type: ignore[arg-type]
        self.control.calls.clear()
        self.control.received.clear()


@contextmanager
def open_theatre(*, sockets: int = 200, threads: int = 16) -> Iterator[Theatre]:
    """Raises Broken if it does not start. `threads`: jobs at once."""
    standing_in = Sandbox.bind(Settings())
    standing_in.control.habits = HABITS
    standing_in.control.received = deque(maxlen=_MOST_RECORDS)
    standing_in.start()
    try:
        with tempfile.TemporaryDirectory(prefix="storyfarm-bench-") as folder:
            port = free_port()
            environment = {
                **clean_environment(),
                "SANDBOX": standing_in.url,
                "HOST": LOOPBACK,
                "PORT": str(port),
                "DATA_DIR": str(Path(folder, "data")),
                "MAX_SOCKETS": str(sockets),
                "JOB_THREADS": str(threads),
                "ADVENTURE_PIXELS": "64",
                "LOG_LEVEL": "warning",
            }
            url = f"http://{LOOPBACK}:{port}"
            log = Path(folder, "service.log")
            with process([sys.executable, "main.py", "serve"], environment, log) as service:
                wait_until_ready(service, lambda: listens(url), log)
                yield Theatre(url=url, service=service, control=standing_in.control)
    finally:
        standing_in.stop()
