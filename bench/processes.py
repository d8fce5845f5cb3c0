"""Processes that end with this one: what is measured, the sandbox that they talk to, and what they cost."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from config import Settings

LOOPBACK = "127.0.0.1"
_ROOT = Path(__file__).parent.parent
_START_SECONDS = 40.0
_STOP_SECONDS = 10.0
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_NO_PROXY: dict[str, str] = {"http": "", "https": ""}


class Broken(Exception):
    """What could not be measured at all."""


def allow_many_files() -> None:
    """Every held request has several sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def sandbox(habits: Mapping[str, Any], folder: str) -> Iterator[tuple[psutil.Popen, str]]:
    """(process, URL) of a sandbox with small plain pictures and `habits`."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    log = Path(folder, "sandbox.log")
    command = [sys.executable, "main.py", "sandbox", "--port", str(port)]
    with process(command, {**clean_environment(), "DATA_DIR": folder}, log) as standing_in:
        wait_until_ready(standing_in, lambda: get(f"{url}/sandbox/habits").ok, log)
        cheap = {"image_pixels": 64, "plain": True, "previews": 1, "story_seed": 1, "jitter": 0}
        response = requests.patch(
            f"{url}/sandbox/habits", json={**cheap, **habits}, timeout=5, proxies=_NO_PROXY
        )
        response.raise_for_status()
        yield standing_in, url


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of a real service: the bench never leaves the machine."""
    names = {name.upper() for name in Settings.__dataclass_fields__}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    # Empty settings win over an .env file, and mean the default.
    return {**kept, **dict.fromkeys(names, "")}


@contextmanager
def process(
    command: list[str], environment: dict[str, str], log: Path | None = None
) -> Iterator[psutil.Popen]:
    """A process in a group of its own that ends with the block; on Linux also when this process is killed.

    Without `log` its output can be read.
    """
    with Path(log or os.devnull).open("wb") as errors:
        started = psutil.Popen(
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
            yield started
        finally:
            _end(started)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)


def _end(started: psutil.Popen) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(started.pid, number)
            started.wait(_STOP_SECONDS)
        except (ProcessLookupError, PermissionError):
            return
        except psutil.TimeoutExpired:
            continue


def wait_until_ready(started: psutil.Popen, is_ready: Callable[[], bool], log: Path) -> None:
    """Raises Broken, with the end of `log`, if it does not become ready in time."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and started.poll() is None:
        try:
            if is_ready():
                return
        except (requests.RequestException, ValueError, KeyError):
            pass
        time.sleep(0.1)
    raise Broken(f"it did not start: {log.read_text(errors='replace')[-1000:]}")


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=5, proxies=_NO_PROXY)


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def cpu(started: psutil.Popen) -> float:
    """Seconds of user and system time so far, children included."""
    times = [member.cpu_times() for member in _family(started)]
    return float(sum(time.user + time.system for time in times))


def memory(started: psutil.Popen) -> int:
    """Bytes in RAM, children included; pages that they share count for each."""
    return sum(int(member.memory_info().rss) for member in _family(started))


def fair_memory(started: psutil.Popen) -> int | None:
    """Bytes in RAM, children included; of pages that are shared only this share (PSS). None if unknown."""
    shares = [getattr(member.memory_full_info(), "pss", None) for member in _family(started)]
    return None if None in shares else sum(int(share or 0) for share in shares)


def _family(started: psutil.Popen) -> list[psutil.Process]:
    return [psutil.Process(started.pid), *started.children(recursive=True)]
