"""Memory of the service's processes: idle, busy, and for each client that watches and hears nothing."""

from __future__ import annotations

import time

import psutil

from bench.jobs.engines import POSTGRESQL
from bench.jobs.services import Running, Setup, running
from bench.jobs.streams import CLIENTS, figures
from bench.jobs.watching import Watched, idle_streams, watch
from bench.processes import fair_memory, memory
from bench.report import markdown

JOBS = 16
HEAD = (
    *("database", "processes", "idle service MB", "worker MB", "busy service MB", "worker MB"),
    *("events arrived/s", "median ms", "p99 ms", "busy service/worker/clients"),
)
IDLE_HEAD = ("database", "clients", "kB/client (PSS)")
NAMES = 2
NOTE = f"""\
RSS, and in brackets PSS, which counts pages that processes share only once; of all processes of the service.
Busy: {JOBS} stories are streamed in the background, 400 words in 30 s each, and {CLIENTS} clients watch them,
six or seven each. These are real stories of the sandbox with small pictures; large ones add what it takes to
cut them."""
_HABITS = {"story_seconds": 30.0, "image_seconds": 30.0}
_SETTLE_SECONDS = 3.0
_WARMING = 50


def cases(engine: str) -> list[Setup]:
    apart = [False, True] if engine == POSTGRESQL else [False]
    return [Setup(engine=engine, is_apart=is_apart, habits=_HABITS) for is_apart in apart]


def measure(setup: Setup, seconds: float) -> tuple[str, ...]:
    """A row of the table. Raises Broken."""
    with running(setup) as service:
        time.sleep(_SETTLE_SECONDS)
        idle = _both(service)
        jobs = [service.submit(words=400) for _ in range(JOBS)]
        busy: list[tuple[str, str]] = []
        watched = watch(
            service,
            jobs,
            streams=CLIENTS,
            seconds=seconds,
            opened=lambda: None,
            closed=lambda: busy.append(_both(service)),
        )
    return setup.engine, setup.processes, *idle, *busy[0], *_speed(watched)


def measure_idle(engine: str, clients: int) -> tuple[str, ...]:
    """A row of the second table: streams of a job that waits for a worker. Raises Broken."""
    with running(Setup(engine=engine, threads=0, streams=_WARMING + clients + 10)) as service:
        job = service.submit()
        with idle_streams(service, job, _WARMING):
            time.sleep(_SETTLE_SECONDS)
            before = fair_memory(service.service) or memory(service.service)
            with idle_streams(service, job, clients):
                time.sleep(_SETTLE_SECONDS)
                after = fair_memory(service.service) or memory(service.service)
    return engine, f"{clients}", f"{(after - before) / clients / 1000:.0f}"


def _both(service: Running) -> tuple[str, str]:
    return _megabytes(service.service), _megabytes(service.worker) if service.worker else "-"


def _megabytes(process: psutil.Popen) -> str:
    fair = fair_memory(process)
    return f"{memory(process) / 1e6:.0f}" + (f" ({fair / 1e6:.0f})" if fair else "")


def _speed(watched: Watched) -> tuple[str, ...]:
    _, arrived, median, p99, _, _, busy = figures(watched)
    return arrived, median, p99, busy


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows, names=NAMES)


def idle_table(rows: list[tuple[str, ...]]) -> str:
    return markdown(IDLE_HEAD, rows)
