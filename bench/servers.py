"""Starts the sandbox and one server as processes, holds requests at it, and measures what it costs."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from bench import load
from bench.load import Plan
from config import Settings

_ROOT = Path(__file__).parent.parent
_LOOPBACK = "127.0.0.1"
_START_SECONDS = 40.0
_STOP_SECONDS = 10.0
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_NO_PROXY: dict[str, str] = {"http": "", "https": ""}


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


class Broken(Exception):
    """A server that could not be measured at all."""


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
        *("--timeout", "60", "--log-level", "warning", "--bind", f"{_LOOPBACK}:{port}"),
        *("--config", os.devnull),  # or it would take ours, which lies in this folder
        "bench.peers.naive:create_app()",
    ]


def _fastapi(module: str) -> Callable[[int, int], list[str]]:
    def command(port: int, _held: int) -> list[str]:
        return [
            *(sys.executable, "-m", "uvicorn", "--host", _LOOPBACK, "--port", str(port)),
            *("--log-level", "warning", "--no-access-log", "--timeout-keep-alive", "75"),
            f"bench.peers.{module}:app",
        ]

    return command


def _listens(url: str) -> bool:
    return bool(_get(f"{url}/health").json()["listener"]["state"] == "listening")


def _says_ready(url: str) -> bool:
    return _get(f"{url}/ready").status_code == 200


SERVERS = {
    server.name: server
    for server in (
        Server("storyfarm", _ours, _listens),
        Server("naive", _naive, _says_ready),
        Server("fastapi-httpx", _fastapi("fastapi_httpx"), _says_ready),
        Server("fastapi-aiohttp", _fastapi("fastapi_aiohttp"), _says_ready),
    )
}


def measure(server: Server, delays: Delays, held: int, window: float) -> Measured:
    """Hold `held` requests at `server` for about `window` seconds. Raises Broken if it does not start."""
    with (
        tempfile.TemporaryDirectory(prefix="storyfarm-bench-") as folder,
        _sandbox(delays, folder) as (
            sandbox,
            sandbox_url,
        ),
    ):
        port = _free_port()
        url = f"http://{_LOOPBACK}:{port}"
        environment = _environment(sandbox_url, port, held, folder)
        with _process(server.command(port, held), environment, Path(folder, "server.log")) as process:
            _wait_until_ready(process, lambda: server.is_ready(url), Path(folder, "server.log"))
            return _measure(server.name, process, sandbox, Plan(url, held, delays.hold, window))


def _measure(server_name: str, server: psutil.Popen, sandbox: psutil.Popen, plan: Plan) -> Measured:
    samples: dict[str, tuple[float, ...]] = {}
    idle = full = finished = 0
    result: dict[str, Any] = {}
    with _process([sys.executable, "-m", "bench.load", *load.arguments(plan)], dict(os.environ)) as client:
        for line in client.stdout:
            event = json.loads(line)
            name = event["event"]
            if name == "idle":
                idle = _memory(server)
            elif name == "window":
                full = _memory(server)
            elif name == "closed":
                finished = event["finished"]
            elif name == "result":
                result = event
                break
            samples[name] = (time.monotonic(), _cpu(server), _cpu(sandbox), _cpu(client))
    if not result:
        raise Broken("the load did not end well")
    spent = [late - early for early, late in zip(samples["window"], samples["closed"], strict=True)]
    seconds, cpu = spent[0], spent[1]
    return Measured(
        server=server_name,
        held=plan.held,
        added=tuple(result["added"]),
        failures=tuple(result["failures"]),
        cpu=cpu / max(1, finished),
        memory=(full - idle) / plan.held,
        busy=(cpu / seconds, spent[2] / seconds, spent[3] / seconds),
    )


def allow_many_files() -> None:
    """Every held request has several sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _sandbox(delays: Delays, folder: str) -> Iterator[tuple[psutil.Popen, str]]:
    port = _free_port()
    url = f"http://{_LOOPBACK}:{port}"
    log = Path(folder, "sandbox.log")
    command = [sys.executable, "main.py", "sandbox", "--port", str(port)]
    with _process(command, {**_clean_environment(), "DATA_DIR": folder}, log) as process:
        _wait_until_ready(process, lambda: _get(f"{url}/sandbox/habits").ok, log)
        habits = {
            "story_seconds": delays.story,
            "image_seconds": delays.picture,
            "image_pixels": 64,
            "plain": True,
            "previews": 1,
            "story_seed": 1,
            "jitter": 0,
        }
        response = requests.patch(f"{url}/sandbox/habits", json=habits, timeout=5, proxies=_NO_PROXY)
        response.raise_for_status()
        yield process, url


def _environment(sandbox_url: str, port: int, held: int, folder: str) -> dict[str, str]:
    """Ours reads SANDBOX and asks it for the rest; the peers read where everything is."""
    there = Settings(sandbox=sandbox_url).pointed_at_sandbox(sandbox_url)
    own = {
        "SANDBOX": sandbox_url,
        "HOST": _LOOPBACK,
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
    return {**_clean_environment(), **own, **peers}


def _clean_environment() -> dict[str, str]:
    """This process's environment without settings of a real service: the bench never leaves the machine."""
    names = {name.upper() for name in Settings.__dataclass_fields__}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    # Empty settings win over an .env file, and mean the default.
    return {**kept, **dict.fromkeys(names, "")}


@contextmanager
def _process(
    command: list[str], environment: dict[str, str], log: Path | None = None
) -> Iterator[psutil.Popen]:
    """A process in a group of its own that ends with the block; on Linux also when this process is killed."""
    with Path(log or os.devnull).open("wb") as errors:
        process = psutil.Popen(
            command,
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if log else subprocess.PIPE,
            stderr=errors if log else None,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        try:
            yield process
        finally:
            _end(process)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)


def _end(process: psutil.Popen) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_STOP_SECONDS)
        except (ProcessLookupError, PermissionError):
            return
        except psutil.TimeoutExpired:
            continue


def _wait_until_ready(process: psutil.Popen, is_ready: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if is_ready():
                return
        except (requests.RequestException, ValueError, KeyError):
            pass
        time.sleep(0.1)
    raise Broken(f"it did not start: {log.read_text(errors='replace')[-1000:]}")


def _get(url: str) -> requests.Response:
    return requests.get(url, timeout=5, proxies=_NO_PROXY)


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _family(process: psutil.Popen) -> list[psutil.Process]:
    return [psutil.Process(process.pid), *process.children(recursive=True)]


def _cpu(process: psutil.Popen) -> float:
    """Seconds of user and system time so far, children included."""
    times = [member.cpu_times() for member in _family(process)]
    return float(sum(time.user + time.system for time in times))


def _memory(process: psutil.Popen) -> int:
    return sum(int(member.memory_info().rss) for member in _family(process))
