"""What the tests of the sandbox's protocols share: quick habits, keys, and pictures to send."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import requests
from PIL import Image

from sandbox.control import Fault, Habits
from sandbox.houses import KEY
from sandbox.server import Sandbox

SECONDS = 20.0
HABITS = Habits(story_seconds=0.01, image_seconds=0.05, image_pixels=64, picture_pixels=64, plain=True)
BEARER = {"Authorization": f"Bearer {KEY}"}
API_KEY = {"api-key": KEY}
RED, BLUE = (200, 10, 30), (20, 40, 220)

Call = Callable[..., requests.Response]
Colour = tuple[int, int, int]


class QuickSettings:
    """The settings that the sandbox reads."""

    sandbox_story_seconds = HABITS.story_seconds
    sandbox_image_seconds = HABITS.image_seconds
    sandbox_image_pixels = HABITS.image_pixels


def picture(colour: Colour = RED, size: tuple[int, int] = (80, 90), form: str = "PNG") -> bytes:
    """A file with a picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


def part(content: bytes) -> dict[str, Any]:
    """A picture as a part of a chat's message."""
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def opened(item: dict[str, Any]) -> Image.Image:
    """The picture in an item of `data`."""
    image = Image.open(io.BytesIO(base64.b64decode(item["b64_json"])))
    image.load()
    return image


def events(response: requests.Response) -> list[tuple[str, dict[str, Any]]]:
    """The names and contents of a stream's events."""
    blocks = [block.split("\n") for block in response.text.split("\n\n") if block]
    return [(name.removeprefix("event: "), json.loads(text.removeprefix("data: "))) for name, text in blocks]


def chunks(response: requests.Response) -> list[dict[str, Any]]:
    """The chunks of a chat's stream, without its end."""
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def let(sandbox: Sandbox, target: str, kind: str, **details: Any) -> None:
    """The next call at `target` goes wrong."""
    sandbox.control.add(Fault(target, kind, details=details))


def received(sandbox: Sandbox, target: str) -> dict[str, Any]:
    """What the last call at `target` said."""
    return next(call for call in reversed(sandbox.control.received) if call["target"] == target)
