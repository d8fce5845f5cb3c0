"""Runs many streams at a service and finds out how long its events took to arrive."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from bench.jobs import watchers
from bench.jobs.services import Running
from bench.jobs.watchers import Plan
from bench.processes import Broken, cpu, process

# An event that has not come after so long counts as late, whether it comes or not.
LATE_SECONDS = 2.0
_WARM_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Events a second that were recorded and that arrived at all clients; the seconds that each took.

    `late` is the share of those that were due and had not come within LATE_SECONDS. `busy` is the share of
    one core that the service, its worker (0 without one) and the clients took.
    """

    recorded: float
    arrived: float
    took: tuple[float, ...]
    late: float
    broken: int
    busy: tuple[float, float, float]


def watch(
    running: Running,
    jobs: Sequence[str],
    *,
    streams: int,
    seconds: float,
    opened: Callable[[], object],
    closed: Callable[[], object] = lambda: None,
) -> Watched:
    """`opened` is called when all streams are open, `closed` while they are still busy."""
    samples: list[tuple[float, ...]] = []
    with _clients(Plan(running.url, ",".join(jobs), streams, _WARM_SECONDS, seconds)) as client:
        for line in client.stdout:
            event = json.loads(line)
            if event["event"] == "open":
                opened()
            elif event["event"] == "result":
                return _watched(running, jobs, event, samples)
            else:
                spent = (cpu(running.service), cpu(running.worker) if running.worker else 0.0, cpu(client))
                samples.append((time.monotonic(), *spent))
            if event["event"] == "closed":
                closed()
    raise Broken("the clients did not end well")


@contextmanager
def idle_streams(running: Running, job: str, streams: int) -> Iterator[None]:
    """Streams that are open, and bring nothing, during the block."""
    with _clients(Plan(running.url, job, streams, 60.0, 0.0)) as client:
        client.stdout.readline()
        yield


@contextmanager
def _clients(plan: Plan) -> Iterator[psutil.Popen]:
    command = [sys.executable, "-m", "bench.jobs.watchers", *watchers.arguments(plan)]
    with process(command, dict(os.environ)) as client:
        yield client


def _watched(
    running: Running, jobs: Sequence[str], result: dict[str, Any], samples: Sequence[tuple[float, ...]]
) -> Watched:
    opens, closes = result["opens"], result["closes"]
    born = {
        (row.job_id, row.number): row.created_at
        for row in running.told(jobs)
        if opens - LATE_SECONDS <= row.created_at <= closes
    }
    took: list[float] = []
    due = in_time = arrived = 0
    for number, news in enumerate(result["arrived"]):
        job = jobs[number % len(jobs)]
        arrived += len(news)
        came = {event: moment - born[job, event] for event, moment in news if (job, event) in born}
        took += came.values()
        wanted = [
            event
            for (owner, event), moment in born.items()
            if owner == job and opens <= moment <= closes - LATE_SECONDS
        ]
        due += len(wanted)
        in_time += sum(came.get(event, LATE_SECONDS) < LATE_SECONDS for event in wanted)
    seconds, *spent = (late - early for early, late in zip(*samples, strict=True))
    service, worker, client = (part / seconds for part in spent)
    return Watched(
        recorded=sum(opens <= moment for moment in born.values()) / (closes - opens),
        arrived=arrived / (closes - opens),
        took=tuple(took),
        late=1 - in_time / due if due else 0.0,
        broken=result["broken"],
        busy=(service, worker, client),
    )
