"""A bot that cannot hear: it is said at once, in /health and in the answer, and no command is wasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from main import create_app
from sandbox.control import Fault
from sandbox.server import Sandbox
from service import Service
from tests.serving import running, sweep
from tests.support import quick_settings, wait_until

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    standing_in = Sandbox.bind(quick_settings(tmp_path))
    standing_in.start()
    yield standing_in
    standing_in.stop()


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path, database_url: str) -> Settings:
    return quick_settings(tmp_path, sandbox=sandbox.url, database_url=database_url)


def check_deafness(sandbox: Sandbox, settings: Settings, says: str) -> None:
    app = create_app(settings)
    service: Service = app.extensions["storyfarm"]
    service.start()
    try:
        wait_until(service.listening.deaf)
        health = app.test_client().get("/health").get_json()
        answer = app.test_client().post("/api/generate-story", json={"prompt_text": "A dog"}).get_json()
    finally:
        service.stop()

    assert health["status"] == "degraded"
    assert says in health["listener"]["fault"]
    assert answer["status"] == "partial"
    assert answer["story"]
    assert answer["problems"][0]["code"] == "deaf"
    assert says in answer["problems"][0]["detail"]
    assert sandbox.control.calls["command"] == 0
    assert "wrong-token" not in str(health) + str(answer)


def test_a_wrong_token_is_named(sandbox: Sandbox, settings: Settings) -> None:
    check_deafness(sandbox, replace(settings, discord_bot_token="wrong-token"), "DISCORD_BOT_TOKEN")


def test_a_missing_intent_is_named(sandbox: Sandbox, settings: Settings) -> None:
    sandbox.control.add(Fault("identify", "intent", times=99))
    check_deafness(sandbox, settings, "message content intent")


def test_a_service_that_stops_and_starts_takes_up_its_pictures(sandbox: Sandbox, settings: Settings) -> None:
    sandbox.control.habits = sandbox.control.habits.changed({"image_seconds": 1.5})
    with running(settings) as first:
        wish = {"prompt_text": "A dog", "timeout": 1}
        answer = first.test_client().post("/api/generate-story", json=wish).get_json()
    assert answer["image_urls"] == []

    wait_until(lambda: sandbox.control.calls["painted"] == 1)
    with running(settings) as second:

        def picture_has_come() -> dict[str, Any] | None:
            sweep(second.extensions["storyfarm"])
            job: dict[str, Any] = second.test_client().get(f"/api/jobs/{answer['id']}").get_json()
            return job if job["result"]["images"] else None

        job = wait_until(picture_has_come)
    assert job["result"]["status"] == "success"


def test_metrics_and_health_tell_what_happens(settings: Settings) -> None:
    with running(settings) as app:
        app.test_client().post("/api/generate-story", json={"prompt_text": "A dog"})
        health = app.test_client().get("/health").get_json()
        metrics = app.test_client().get("/metrics").get_data(as_text=True)

    assert health["status"] == "ok"
    assert health["database"] == "ok"
    assert health["listener"]["state"] == "listening"
    assert health["listener"]["last_event_seconds_ago"] >= 0
    assert health["sandbox"] is True
    assert health["open_commands"] == 0
    for name in (
        'storyfarm_captures_total{outcome="by_',
        'storyfarm_provider_seconds_count{outcome="ok",provider="midjourney"}',
        'storyfarm_provider_seconds_count{outcome="ok",provider="openai"}',
        'storyfarm_request_seconds_count{route="/api/generate-story",status="200"}',
    ):
        assert name in metrics
