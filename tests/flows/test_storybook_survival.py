"""A service that is killed while a book is painted: what was painted is not paid for again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.control import Habits
from sandbox.server import Sandbox
from tests.server import ServerProcess
from tests.support import quick_settings, wait_until

PAGES = 8
AT_ONCE = 2


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    standing_in = Sandbox.bind(quick_settings(tmp_path))
    standing_in.control.habits = Habits(story_seconds=0.05, image_seconds=0.5, picture_pixels=64, plain=True)
    standing_in.start()
    yield standing_in
    standing_in.stop()


@pytest.mark.both_databases
def test_a_killed_service_paints_only_what_the_book_still_lacks(
    tmp_path: Path, database_url: str, sandbox: Sandbox
) -> None:
    server = ServerProcess(
        tmp_path,
        DATABASE_URL=database_url,
        SANDBOX=sandbox.url,
        IMAGE_CONCURRENCY=str(AT_ONCE),
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    try:
        server.start()
        server.await_listening()
        wish = {"character": {"name": "Mia"}, "prompt": "Mia finds a kite", "pages": PAGES}
        book = requests.post(f"{server.url}/api/stories/generate", json=wish, timeout=30).json()["data"]
        wait_until(lambda: sandbox.control.calls["edits_answered"] >= 3, seconds=30)
        server.kill()
        server.start()
        server.await_listening()

        def completed() -> bool:
            job_id = book["metadata"]["illustrationJobId"]
            url = f"{server.url}/api/stories/illustrations/job/{job_id}"
            return bool(requests.get(url, timeout=10).json()["status"] == "completed")

        wait_until(completed, seconds=60)
        data = requests.get(f"{server.url}/api/stories/{book['id']}", timeout=10).json()["data"]
    finally:
        server.kill()

    assert all(page["imageUrl"] for page in data["pages"])
    asked = Counter(call["prompt"] for call in sandbox.control.received if call["target"] == "edits")
    paid_twice = sum(asked.values()) - PAGES
    # What was under way at the kill is lost, and what had just been answered may be.
    assert paid_twice <= 2 * AT_ONCE
    assert sandbox.control.calls["images"] == 1
    assert sandbox.control.calls["chat"] == 1
