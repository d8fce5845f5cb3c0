"""What the bot says and shows in the channel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from flask.testing import FlaskClient

from sandbox.control import Control
from service import Service
from tests.support import wait_until

pytestmark = pytest.mark.both_databases


def reactions(service: Service) -> set[str]:
    assert service.sandbox is not None
    shown = requests.get(f"{service.sandbox.url}/sandbox/calls", timeout=5).json()["reactions"]
    return {reaction["emoji"] for reaction in shown}


def test_a_command_is_marked_as_waiting_and_then_as_done(client: FlaskClient, service: Service) -> None:
    client.post("/api/generate-story", json={"prompt_text": "A dog"})
    wait_until(lambda: {"⏳", "✅"} <= reactions(service))


def test_a_command_that_nobody_runs_is_marked_as_timed_out(
    client: FlaskClient, service: Service, fault: Callable[..., None]
) -> None:
    fault("midjourney", "silent")
    client.post("/api/generate-story", json={"prompt_text": "A dog", "timeout": 1})
    wait_until(lambda: "⌛" in reactions(service))


def test_a_command_that_failed_is_marked_so(
    client: FlaskClient, service: Service, fault: Callable[..., None]
) -> None:
    fault("midjourney", "operator_failed")
    client.post("/api/generate-story", json={"prompt_text": "A dog"})
    wait_until(lambda: "❌" in reactions(service))


def test_a_command_sent_as_plain_text_is_explained_once(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    fault("midjourney", "plain_text")
    client.post("/api/generate-story", json={"prompt_text": "A dog", "timeout": 2})

    hints = [call for call in control.received if call["target"] == "bot_message"]
    assert len(hints) == 1
    assert "plain text" in hints[0]["content"]


def test_a_picture_of_somebody_else_is_left_alone(client: FlaskClient, service: Service) -> None:
    assert service.sandbox is not None
    requests.post(f"{service.sandbox.url}/sandbox/imagine", json={"prompt": "A cat --seed 9"}, timeout=5)
    answer = client.post("/api/generate-story", json={"prompt_text": "A dog"}).get_json()

    assert answer["status"] == "success"
    assert 9 not in {image["seed"] for image in answer["images"]}
