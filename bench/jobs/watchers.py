"""Watches jobs by many streams, in a process of its own: python -m bench.jobs.watchers --url URL ...

It writes one JSON object a line: "open" (every stream has brought something), "window", "closed", and
"result" with what arrived within the window: for each stream the numbers of its events and when they came.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import re
import time
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

_NUMBER = re.compile(rb"^id: (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Plan:
    """`streams` on `jobs` (ids, separated by commas) in turn; measured after `warm` for `seconds`."""

    url: str
    jobs: str
    streams: int
    warm: float
    seconds: float


class Watchers:
    """Clients that only read."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._opens = self._closes = float("inf")
        self._arrived: list[list[tuple[int, float]]] = [[] for _ in range(plan.streams)]
        self._begun = [asyncio.Event() for _ in range(plan.streams)]
        self._broken = 0

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=timeout, read_bufsize=2**18
        ) as session:
            jobs = self._plan.jobs.split(",")
            tasks = [
                asyncio.create_task(self._watch(session, jobs[number % len(jobs)], number))
                for number in range(self._plan.streams)
            ]
            await asyncio.gather(*(begun.wait() for begun in self._begun))
            gc.freeze()
            _say("open")
            await asyncio.sleep(self._plan.warm)
            self._opens = time.time()
            self._closes = self._opens + self._plan.seconds
            _say("window")
            await asyncio.sleep(self._plan.seconds)
            _say("closed")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        _say("result", opens=self._opens, closes=self._closes, arrived=self._arrived, broken=self._broken)

    async def _watch(self, session: aiohttp.ClientSession, job: str, number: int) -> None:
        arrived = self._arrived[number]
        rest = b""
        try:
            async with session.get(f"{self._plan.url}/api/jobs/{job}/events") as response:
                response.raise_for_status()
                async for piece in response.content.iter_any():
                    now = time.time()
                    whole, _, rest = (rest + piece).rpartition(b"\n\n")
                    if self._opens <= now <= self._closes:
                        arrived += [(int(found), now) for found in _NUMBER.findall(whole)]
                    elif whole:
                        self._begun[number].set()
        except (aiohttp.ClientError, TimeoutError):
            pass
        if time.time() < self._closes:
            self._broken += 1
        self._begun[number].set()


def _say(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


def arguments(plan: Plan) -> list[str]:
    """How to tell this module `plan` on its command line."""
    return [part for name, value in asdict(plan).items() for part in (f"--{name}", str(value))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--jobs", required=True)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--warm", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    plan = Plan(**vars(parser.parse_args()))

    async def watch() -> None:
        await Watchers(plan).run()

    asyncio.run(watch())


if __name__ == "__main__":
    main()
