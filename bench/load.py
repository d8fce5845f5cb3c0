"""Holds a number of requests at once, in a process of its own: python -m bench.load --url URL --held 50 ...

It writes one JSON object a line when something begins: "idle" (the server has been used a little), "window"
(all requests are held, the first round is over), "closed" (the window is over, all are still held), and
"result" at the end. A request counts if it was sent within the window.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

TIMEOUT = 60.0
_WISH = {"prompt_text": "A tiny Yorkie guards the pumpkin patch", "words": 50}
_PAUSE_AFTER_FAILURE = 1.0


@dataclass(frozen=True)
class Plan:
    """`held` requests at once, each held for `hold` seconds or longer; measured for `window` seconds."""

    url: str
    held: int
    hold: float
    window: float


class Load:
    """Requests whose arrivals are spread, as those of many people are."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._opens = self._closes = 0.0
        self._finished = 0
        self._added: list[float] = []
        self._failures: list[str] = []

    async def run(self) -> None:
        """All of it, warming up included."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            await asyncio.gather(*(self._ask(session) for _ in range(3)))
            await asyncio.sleep(0.5)
            _say("idle")
            gc.freeze()
            start = time.monotonic()
            self._opens = start + 2 * self._plan.hold
            self._closes = self._opens + self._plan.window
            workers = [
                asyncio.create_task(self._work(session, start + self._plan.hold * number / self._plan.held))
                for number in range(self._plan.held)
            ]
            await _until(self._opens)
            _say("window")
            self._finished = 0
            await _until(self._closes)
            _say("closed", finished=self._finished)
            await asyncio.gather(*workers)
        _say("result", added=self._added, failures=self._failures)

    async def _work(self, session: aiohttp.ClientSession, start: float) -> None:
        await _until(start)
        while (sent := time.monotonic()) < self._closes:
            failure = await self._ask(session)
            seconds = time.monotonic() - sent
            self._finished += 1
            if sent >= self._opens and failure:
                self._failures.append(failure)
            elif sent >= self._opens:
                self._added.append(round(seconds - self._plan.hold, 6))
            if failure:
                await asyncio.sleep(_PAUSE_AFTER_FAILURE)

    async def _ask(self, session: aiohttp.ClientSession) -> str:
        """What was wrong with the answer; empty if nothing was."""
        try:
            async with session.post(f"{self._plan.url}/api/generate-story", json=_WISH) as response:
                body = await response.read()
                return _fault(json.loads(body)) if response.status == 200 else f"status {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__


def _fault(answer: dict[str, Any]) -> str:
    if not answer.get("story"):
        return "no story"
    if "image_urls" not in answer:
        return "" if answer.get("image", "").startswith("data:image/png;base64,iVBOR") else "no picture"
    if answer.get("status") != "success":
        return f"answer {answer.get('status')}"
    return "" if len(answer["image_urls"]) == 4 else "not four pictures"


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


def _say(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


def arguments(plan: Plan) -> list[str]:
    """How to tell this module `plan` on its command line."""
    return [part for name, value in asdict(plan).items() for part in (f"--{name}", str(value))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--held", type=int, required=True)
    parser.add_argument("--hold", type=float, required=True)
    parser.add_argument("--window", type=float, required=True)
    asyncio.run(Load(Plan(**vars(parser.parse_args()))).run())


if __name__ == "__main__":
    main()
