"""Ordering picture sets, and looking at them, for several modules of tests."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from PIL import Image

from sandbox.control import Control, Habits
from sandbox.server import Sandbox
from tests.support import quick_settings, wait_until
from utils import new_id

HABITS = Habits(story_seconds=0.01, image_seconds=0.2, image_pixels=128, picture_pixels=64, plain=True)
CAST: list[dict[str, Any]] = [
    {"name": "Mia", "prompt": "a brave girl with a lantern", "main": True},
    {"name": "Bo", "prompt": "a small grey cat"},
]
PLACES = [{"name": "Forest", "prompt": "a forest at night"}]


def settings_at(farm: Sandbox, data_dir: Path, **changes: Any) -> Any:
    values = {
        "sandbox": farm.url,
        "midjourney_proxy_url": "http://proxy.example:8080/mj",
        "midjourney_proxy_secret": "sandbox-secret",
        "image_providers": ("midjourney-proxy", "openai-edit"),
    }
    return quick_settings(data_dir, **(values | changes))


def ordered(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    wish = {"studentTaskId": new_id(), "characters": CAST, "backgrounds": PLACES, **changes}
    answer = client.post("/api/v1/imagine/generate", json=wish)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def painted(client: FlaskClient, name: str) -> dict[str, Any]:
    """The set's status when it is completed, and no picture of it is being changed."""

    def look() -> dict[str, Any] | None:
        status: dict[str, Any] = client.get(f"/api/v1/imagine/status/{name}").get_json()
        at_work = [each for each in entries(status) if each["status"] in ("waiting", "painting")]
        return status if status["completed"] and not at_work else None

    found: dict[str, Any] = wait_until(look, seconds=30)
    return found


def entries(status: dict[str, Any]) -> list[dict[str, Any]]:
    return [*status["character"], *status["background"]]


def made(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    return painted(client, ordered(client, **changes)["studentTaskId"])


def received(control: Control, target: str) -> list[dict[str, Any]]:
    return [call for call in control.received if call["target"] == target]


def image(client: FlaskClient, url: str) -> Image.Image:
    answer = client.get(url.removeprefix("http://localhost"))
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.data))


def looks(control: Control) -> list[dict[str, Any]]:
    return [call for call in received(control, "proxy.fetch") if "task" in call]
