"""Starts the service as it is run, with its jobs in the same process or in a worker's, and a sandbox."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
from sqlalchemy import select

from bench.jobs.engines import database_url
from bench.processes import LOOPBACK, clean_environment, free_port, process, sandbox, wait_until_ready
from bench.servers import listens
from database import Database, open_database
from tables import events

PROMPT = "A tiny Yorkie guards the pumpkin patch"
_POST_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Setup:
    """`is_apart`: the service does no jobs, a worker in another process does them.

    `is_chatty`: jobs only tell events (bench.jobs.chatty). `threads`: jobs at once. `settings`: what else the
    service is started with; "{url}" in them stands for its own address.
    """

    engine: str
    is_apart: bool = False
    is_chatty: bool = False
    threads: int = 16
    streams: int = 200
    habits: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def processes(self) -> str:
        return "service + worker" if self.is_apart else "service"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A service that answers at `url`, its worker if it has one, and its database and folder."""

    url: str
    service: psutil.Popen
    worker: psutil.Popen | None
    database: Database
    folder: Path

    def submit(self, prompt: str = PROMPT, *, words: int = 50, timeout: int = 120) -> str:
        """Order a story in the background; the job's id."""
        answer = requests.post(
            f"{self.url}/api/generate-story",
            json={"prompt_text": prompt, "words": words, "timeout": timeout},
            headers={"Prefer": "respond-async"},
            timeout=_POST_SECONDS,
            proxies={"http": ""},
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def told(self, job_ids: Sequence[str]) -> list[Any]:
        """Every event of these jobs: job_id, number, kind, data, created_at."""
        found: list[Any] = []
        with self.database.read() as tx:
            for job_id in job_ids:
                found += tx.execute(select(events).where(events.c.job_id == job_id)).all()
        return found


@contextmanager
def running(setup: Setup) -> Iterator[Running]:
    """Raises Broken if it does not start."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="storyfarm-bench-"))
        data = Path(folder, "data")
        own_url = stack.enter_context(database_url(setup.engine))
        _, sandbox_url = stack.enter_context(sandbox(setup.habits, folder))
        port = free_port()
        url = f"http://{LOOPBACK}:{port}"
        environment = {
            **clean_environment(),
            "SANDBOX": sandbox_url,
            "DATABASE_URL": own_url,
            "HOST": LOOPBACK,
            "PORT": str(port),
            "DATA_DIR": str(data),
            "MAX_STREAMS": str(setup.streams),
            "LOG_LEVEL": "warning",
            **{name: value.replace("{url}", url) for name, value in setup.settings.items()},
        }
        threads = {"JOB_THREADS": str(setup.threads)}
        database = open_database(data, own_url)
        stack.callback(database.close)
        log = Path(folder, "service.log")
        here = {"JOB_THREADS": "0"} if setup.is_apart else threads
        service = stack.enter_context(process(_service(setup), environment | here, log))
        wait_until_ready(service, lambda: listens(url), log)
        worker = None
        if setup.is_apart:
            worker = stack.enter_context(
                process(_worker(setup), environment | threads, Path(folder, "worker.log"))
            )
        yield Running(url=url, service=service, worker=worker, database=database, folder=data)


def _service(setup: Setup) -> list[str]:
    if setup.is_chatty and not setup.is_apart:
        app = "bench.jobs.chatty:create_app()"
        return [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", app]
    return [sys.executable, "main.py", "serve"]


def _worker(setup: Setup) -> list[str]:
    if setup.is_chatty:
        return [sys.executable, "-m", "bench.jobs.chatty"]
    return [sys.executable, "main.py", "worker"]
