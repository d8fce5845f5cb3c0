"""A bot that cannot hear: it is said at once, in /health and in the answer, and no command is wasted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from main import create_app
from sandbox.control import Fault
from sandbox.server import Sandbox
from service import Service
from tests.support import quick_settings, wait_until


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    standing_in = Sandbox.bind(quick_settings(tmp_path))
    standing_in.start()
    yield standing_in
    standing_in.stop()


def check_deafness(sandbox: Sandbox, data_dir: Path, token: str, says: str) -> None:
    app = create_app(quick_settings(data_dir, sandbox=sandbox.url, discord_bot_token=token))
    service: Service = app.extensions["storyfarm"]
    service.start()
    try:
        wait_until(lambda: service.listener and service.listener.fault)
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


def test_a_wrong_token_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    check_deafness(sandbox, tmp_path, "wrong-token", "DISCORD_BOT_TOKEN")


def test_a_missing_intent_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.control.add(Fault("identify", "intent", times=99))
    check_deafness(sandbox, tmp_path, "", "message content intent")


def test_a_service_that_stops_and_starts_takes_up_its_pictures(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = quick_settings(tmp_path, sandbox=sandbox.url)
    sandbox.control.habits = sandbox.control.habits.changed({"image_seconds": 1.5})
    first = create_app(settings)
    first.extensions["storyfarm"].start()
    answer = (
        first.test_client()
        .post("/api/generate-story", json={"prompt_text": "A dog", "timeout": 1})
        .get_json()
    )
    first.extensions["storyfarm"].stop()
    assert answer["image_urls"] == []

    wait_until(lambda: sandbox.control.calls["painted"] == 1)
    second = create_app(settings)
    second.extensions["storyfarm"].start()
    try:
        url = f"/api/jobs/{answer['id']}"
        job = wait_until(lambda: (j := second.test_client().get(url).get_json())["result"]["images"] and j)
    finally:
        second.extensions["storyfarm"].stop()
    assert job["result"]["status"] == "success"


def test_metrics_and_health_tell_what_happens(sandbox: Sandbox, tmp_path: Path) -> None:
    app = create_app(quick_settings(tmp_path, sandbox=sandbox.url))
    service: Service = app.extensions["storyfarm"]
    service.start()
    try:
        wait_until(service.captures.caught_up.is_set)
        app.test_client().post("/api/generate-story", json={"prompt_text": "A dog"})
        health = app.test_client().get("/health").get_json()
        metrics = app.test_client().get("/metrics").get_data(as_text=True)
    finally:
        service.stop()

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
