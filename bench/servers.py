"""Starts the sandbox and one server as processes, holds requests at it, and measures what it costs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench import load
from bench.load import Plan
from bench.processes import (
    LOOPBACK,
    Broken,
    clean_environment,
    cpu,
    free_port,
    get,
    memory,
    process,
    sandbox,
    wait_until_ready,
)
from config import Settings


@dataclass(frozen=True)
class Delays:
    """Seconds that the story and the picture take."""

    story: float
    picture: float

    @property
    def hold(self) -> float:
        return max(self.story, self.picture)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a server did under load: added times in seconds, CPU seconds a request, bytes a held request.

    `busy` is the share of one core that the server, the sandbox and the load took within the window.
    """

    server: str
    held: int
    added: tuple[float, ...]
    failures: tuple[str, ...]
    cpu: float
    memory: float
    busy: tuple[float, float, float]


@dataclass(frozen=True)
class Server:
    """How a server is started for a number of held requests, and how it says that its bot listens."""

    name: str
    command: Callable[[int, int], list[str]]
    is_ready: Callable[[str], bool]


def _ours(_port: int, _held: int) -> list[str]:
    return [sys.executable, "main.py", "serve"]


def _naive(port: int, held: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1"),
        *("--threads", str(held + 40), "--worker-connections", str(2 * held + 1000), "--keep-alive", "75"),
        *("--timeout", "60", "--log-level", "warning", "--bind", f"{LOOPBACK}:{port}"),
        *("--config", os.devnull),  # or it would take ours, which lies in this folder
        "bench.peers.naive:create_app()",
    ]


def _fastapi(module: str) -> Callable[[int, int], list[str]]:
    def command(port: int, _held: int) -> list[str]:
        return [
            *(sys.executable, "-m", "uvicorn", "--host", LOOPBACK, "--port", str(port)),
            *("--log-level", "warning", "--no-access-log", "--timeout-keep-alive", "75"),
            f"bench.peers.{module}:app",
        ]

    return command


def listens(url: str) -> bool:
    return bool(get(f"{url}/health").json()["listener"]["state"] == "listening")


def _says_ready(url: str) -> bool:
    return get(f"{url}/ready").status_code == 200


SERVERS = {
    server.name: server
    for server in (
        Server("storyfarm", _ours, listens),
        Server("naive", _naive, _says_ready),
        Server("fastapi-httpx", _fastapi("fastapi_httpx"), _says_ready),
        Server("fastapi-aiohttp", _fastapi("fastapi_aiohttp"), _says_ready),
    )
}


def measure(server: Server, delays: Delays, held: int, window: float) -> Measured:
    """Hold `held` requests at `server` for about `window` seconds. Raises Broken if it does not start."""
    with (
        tempfile.TemporaryDirectory(prefix="storyfarm-bench-") as folder,
        sandbox(_habits(delays), folder) as (standing_in, sandbox_url),
    ):
        port = free_port()
        url = f"http://{LOOPBACK}:{port}"
        environment = _environment(sandbox_url, port, held, folder)
        with process(server.command(port, held), environment, Path(folder, "server.log")) as started:
            wait_until_ready(started, lambda: server.is_ready(url), Path(folder, "server.log"))
            return _measure(server.name, started, standing_in, Plan(url, held, delays.hold, window))


def _habits(delays: Delays) -> dict[str, float]:
    return {"story_seconds": delays.story, "image_seconds": delays.picture}


def _measure(server_name: str, server: psutil.Popen, standing_in: psutil.Popen, plan: Plan) -> Measured:
    samples: dict[str, tuple[float, ...]] = {}
    idle = full = finished = 0
    result: dict[str, Any] = {}
    with process([sys.executable, "-m", "bench.load", *load.arguments(plan)], dict(os.environ)) as client:
        for line in client.stdout:
            event = json.loads(line)
            name = event["event"]
            if name == "idle":
                idle = memory(server)
            elif name == "window":
                full = memory(server)
            elif name == "closed":
                finished = event["finished"]
            elif name == "result":
                result = event
                break
            samples[name] = (time.monotonic(), cpu(server), cpu(standing_in), cpu(client))
    if not result:
        raise Broken("the load did not end well")
    spent = [late - early for early, late in zip(samples["window"], samples["closed"], strict=True)]
    seconds, own_cpu = spent[0], spent[1]
    return Measured(
        server=server_name,
        held=plan.held,
        added=tuple(result["added"]),
        failures=tuple(result["failures"]),
        cpu=own_cpu / max(1, finished),
        memory=(full - idle) / plan.held,
        busy=(own_cpu / seconds, spent[2] / seconds, spent[3] / seconds),
    )


def _environment(sandbox_url: str, port: int, held: int, folder: str) -> dict[str, str]:
    """Ours reads SANDBOX and asks it for the rest; the peers read where everything is."""
    there = Settings(sandbox=sandbox_url).pointed_at_sandbox(sandbox_url)
    own = {
        "SANDBOX": sandbox_url,
        "HOST": LOOPBACK,
        "PORT": str(port),
        "DATA_DIR": str(Path(folder, "data")),
        "MAX_IN_FLIGHT": str(held + 50),
        "LOG_LEVEL": "warning",
    }
    peers = {
        "OPENAI_BASE_URL": there.openai_base_url,
        "OPENAI_API_KEY": there.openai_api_key,
        "OPENAI_MODEL": there.openai_model,
        "WEBHOOK_URL": there.webhook_url,
        "DISCORD_BOT_TOKEN": there.discord_bot_token,
        "DISCORD_API_URL": there.discord_api_url,
        "DISCORD_GATEWAY_URL": there.discord_gateway_url,
    }
    return {**clean_environment(), **own, **peers}
