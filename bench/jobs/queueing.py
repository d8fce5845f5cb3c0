"""From the order of a job to its start, with workers that are free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bench.jobs.engines import POSTGRESQL
from bench.jobs.services import PROMPT, Running, Setup, running
from bench.processes import Broken, cpu
from bench.report import markdown, ms, share

TARGET = 0.020
RATE = 20.0
HEAD = (
    *("database", "processes", "jobs", "failed", "queue to start median ms", "p99 ms", "max ms", "target"),
    *("answer median ms", "p99 ms", "order to start median ms", "p99 ms", "busy service/worker"),
)
NAMES = 2
NOTE = f"""\
Stories are ordered in the background, {RATE:g} a second, and about six of the sixteen workers are busy at a
time. Queue to start is the time between the created_at of a job's events "queued" and "running"; the answer
is that to the order, with status 202; order to start is from sending the order to the event "running". The
target is a median of {TARGET * 1000:g} ms."""
_WARMING = 20
_END_SECONDS = 30.0
_HABITS = {"story_seconds": 0.2, "image_seconds": 0.2}


@dataclass(frozen=True)
class Order:
    """When it was sent and answered; no job if it failed."""

    sent: float
    answered: float
    job: str | None


def cases(engine: str) -> list[Setup]:
    apart = [False, True] if engine == POSTGRESQL else [False]
    return [Setup(engine=engine, is_apart=is_apart, habits=_HABITS) for is_apart in apart]


def measure(setup: Setup, count: int) -> tuple[str, ...]:
    """A row of the table. Raises Broken."""
    with running(setup) as service:
        # The worker begins when it is up; the first jobs also open connections and make threads.
        warming = asyncio.run(_order(service.url, _WARMING))
        _await_end(service, warming)
        early = _spent(service)
        orders = asyncio.run(_order(service.url, count))
        seconds, *spent = (late - before for late, before in zip(_spent(service), early, strict=True))
        told = _await_end(service, orders)
    busy = "/".join(f"{part / seconds:.0%}" for part in spent)
    return setup.engine, setup.processes, *_figures(orders, told), busy


def _spent(service: Running) -> tuple[float, float, float]:
    worker = cpu(service.worker) if service.worker else 0.0
    return time.monotonic(), cpu(service.service), worker


def _figures(orders: Sequence[Order], told: Sequence[Any]) -> tuple[str, ...]:
    begun = {
        state: {
            row.job_id: row.created_at for row in told if row.kind == "state" and row.data["state"] == state
        }
        for state in ("queued", "running")
    }
    done = [order for order in orders if order.job in begun["running"]]
    if not done:
        raise Broken("no job began")
    waited = [begun["running"][order.job] - begun["queued"][order.job] for order in done]
    answered = [order.answered - order.sent for order in done]
    started = [begun["running"][order.job] - order.sent for order in done]
    median = share(waited, 0.5)
    return (
        *(f"{len(orders)}", f"{len(orders) - len(done)}", ms(median), ms(share(waited, 0.99))),
        *(ms(max(waited)), "met" if median <= TARGET else "missed"),
        *(ms(share(answered, 0.5)), ms(share(answered, 0.99))),
        *(ms(share(started, 0.5)), ms(share(started, 0.99))),
    )


async def _order(url: str, count: int) -> list[Order]:
    timeout = aiohttp.ClientTimeout(total=30)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        start = time.monotonic()

        async def order(number: int) -> Order:
            await asyncio.sleep(max(0.0, start + number / RATE - time.monotonic()))
            return await _post(session, url)

        return await asyncio.gather(*(order(number) for number in range(count)))


async def _post(session: aiohttp.ClientSession, url: str) -> Order:
    wish = {"prompt_text": PROMPT, "words": 50}
    sent = time.time()
    job = None
    try:
        async with session.post(
            f"{url}/api/generate-story", json=wish, headers={"Prefer": "respond-async"}
        ) as response:
            body = await response.json()
            job = body["id"] if response.status == 202 else None
    except (aiohttp.ClientError, TimeoutError):
        pass
    return Order(sent, time.time(), job)


def _await_end(service: Running, orders: Sequence[Order]) -> list[Any]:
    """All events of the jobs, once they have ended or it takes too long."""
    jobs = [order.job for order in orders if order.job]
    until = time.monotonic() + _END_SECONDS
    while True:
        told = service.told(jobs)
        if sum(row.kind == "done" for row in told) == len(jobs) or time.monotonic() > until:
            return told
        time.sleep(0.25)


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows, names=NAMES)
