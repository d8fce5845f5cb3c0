"""Several processes on one PostgreSQL: one hears Discord, all of them answer; and streams that break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.server import ServerProcess
from tests.support import quick_settings, wait_until

REQUESTS = 200


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    standing_in = Sandbox.bind(quick_settings(tmp_path, sandbox_image_seconds=1.0))
    standing_in.start()
    standing_in.control.habits = standing_in.control.habits.changed({"plain": True, "jitter": 0.5})
    yield standing_in
    standing_in.stop()


@pytest.fixture
def processes(tmp_path: Path, sandbox: Sandbox, postgres_url: str) -> Iterator[list[ServerProcess]]:
    """Three service processes that share a database and the folder of the pictures."""
    started = [
        ServerProcess(
            tmp_path,
            SANDBOX=sandbox.url,
            DATABASE_URL=postgres_url,
            REQUEST_TIMEOUT="60",
            LISTENER_LEASE_SECONDS="3",
        )
        for _ in range(3)
    ]
    for process in started:
        process.start()
    for process in started:
        process.await_listening()
    yield started
    for process in started:
        process.kill()


def hearing(processes: list[ServerProcess]) -> list[ServerProcess]:
    return [process for process in processes if process.listener().get("here")]


def tell(process: ServerProcess, number: int) -> dict[str, Any]:
    wish = {"prompt_text": f"Dog number {number % 7}", "words": 50}
    answer: dict[str, Any] = requests.post(f"{process.url}/api/generate-story", json=wish, timeout=90).json()
    return answer


def test_each_of_200_requests_at_three_processes_gets_its_own_picture_though_one_hears(
    processes: list[ServerProcess], sandbox: Sandbox
) -> None:
    assert len(hearing(processes)) == 1
    identified = sandbox.control.calls["identify"]

    with ThreadPoolExecutor(REQUESTS) as pool:
        answers = list(pool.map(tell, processes * (REQUESTS // 3 + 1), range(REQUESTS)))

    assert identified == sandbox.control.calls["identify"] == 1
    assert [answer.get("status") for answer in answers] == ["success"] * REQUESTS, answers
    seeds = [{image["seed"] for image in answer["images"]} for answer in answers]
    assert all(len(own) == 1 for own in seeds)
    assert len(set.union(*seeds)) == REQUESTS
    assert sandbox.control.calls["command"] == REQUESTS


def test_when_the_process_that_hears_is_killed_another_takes_over_and_catches_up(
    processes: list[ServerProcess], sandbox: Sandbox
) -> None:
    sandbox.control.habits = sandbox.control.habits.changed({"image_seconds": 4.0, "jitter": 0.0})
    (heard,) = hearing(processes)
    others = [process for process in processes if process is not heard]
    answers: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: answers.append(tell(others[0], 1)))
    thread.start()
    wait_until(lambda: sandbox.control.calls["command"] == 1)

    heard.kill()

    wait_until(lambda: len(hearing(others)) == 1)
    wait_until(lambda: others[0].listener()["state"] == "listening")
    thread.join(60)
    assert answers[0]["status"] == "success"


def read_stream(url: str, after: int, *, seconds: float) -> tuple[list[str], int, bool]:
    """(events, number of the last one, whether that was the end), as far as `seconds` lead."""
    events: list[str] = []
    number = after
    headers = {"Last-Event-ID": str(after)} if after else {}
    with requests.get(url, headers=headers, stream=True, timeout=(5, 20)) as response:
        breaks = threading.Timer(seconds, response.raw.close)
        breaks.start()
        block: list[str] = []
        try:
            for line in response.iter_lines(chunk_size=1, decode_unicode=True):
                if line:
                    block.append(line)
                    continue
                if block and block[0].startswith("id: "):
                    events.append("\n".join(block))
                    number = int(block[0].removeprefix("id: "))
                block = []
        except (requests.RequestException, AttributeError, ValueError):
            pass  # the connection is gone, as it was meant to be
        finally:
            breaks.cancel()
    return events, number, bool(events) and "\nevent: done\n" in events[-1]


def test_a_client_that_drops_its_connection_all_the_time_misses_nothing(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.control.habits = sandbox.control.habits.changed({"story_seconds": 5.0, "image_seconds": 4.0})
    server = ServerProcess(tmp_path, SANDBOX=sandbox.url)
    server.start()
    try:
        server.await_listening()
        response = requests.post(
            f"{server.url}/api/generate-story",
            json={"prompt_text": "A lighthouse", "words": 150},
            headers={"Prefer": "respond-async"},
            timeout=10,
        )
        stream = f"{server.url}{response.headers['Location']}/events"
        steady: list[list[str]] = []
        thread = threading.Thread(target=lambda: steady.append(read_stream(stream, 0, seconds=30)[0]))
        thread.start()

        dropped: list[str] = []
        number, is_over, drops = 0, False, 0
        while not is_over:
            events, number, is_over = read_stream(stream, number, seconds=1.0)
            dropped += events
            drops += not is_over
            assert drops < 30
        thread.join(30)
    finally:
        server.kill()

    assert drops >= 3
    assert len(dropped) > 20
    assert dropped == steady[0]
