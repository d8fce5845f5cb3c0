"""Many requests at once with one and the same prompt: each gets its own picture.

STORYFARM_EQUAL_PROMPTS says how many they are on each database (200).
"""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import metrics
from midjourney import commands
from service import Service
from tests.serving import running
from tests.support import quick_settings

REQUESTS = int(os.environ.get("STORYFARM_EQUAL_PROMPTS", "200"))


def captured(by: str) -> float:
    return float(metrics.CAPTURES.labels(by)._value.get())


@pytest.mark.both_databases
def test_every_one_of_many_equal_prompts_gets_its_own_picture(tmp_path: Path, database_url: str) -> None:
    settings = quick_settings(
        tmp_path,
        database_url=database_url,
        max_in_flight=REQUESTS,
        sandbox_image_seconds=2.0 + REQUESTS / 200,
        request_timeout=90.0,
        log_level="error",
    )
    with running(settings) as app:
        service: Service = app.extensions["storyfarm"]
        assert service.sandbox is not None
        control = service.sandbox.control
        control.habits = control.habits.changed(
            {
                "jitter": 0.8,
                "previews": 2,
                "duplicates": True,
                "rewrite": True,
                "plain": True,
                "story_seed": 1,
            }
        )
        guessed = {by: captured(by) for by in ("by_text", "ambiguous")}

        def ask(_: int) -> dict[str, Any]:
            wish = {"prompt_text": "The same dog on the same hill", "words": 50}
            answer: dict[str, Any] = app.test_client().post("/api/generate-story", json=wish).get_json()
            return answer

        with ThreadPoolExecutor(REQUESTS) as pool:
            answers = list(pool.map(ask, range(REQUESTS)))

        assert [answer["status"] for answer in answers] == ["success"] * REQUESTS
        assert len({answer["images"][0]["seed"] for answer in answers}) == REQUESTS
        with service.database.read() as tx:
            seeds = {record.job_id: record.seed for record in commands.recent(tx, 0)}
        for answer in answers:
            check_pictures(service, answer, seeds[answer["id"]])
        assert {by: captured(by) for by in guessed} == guessed
        assert control.calls["command"] == REQUESTS
        assert service.captures.open_count() == 0


def check_pictures(service: Service, answer: dict[str, Any], seed: int) -> None:
    """The bytes of every picture spell the seed that this job's command was posted with."""
    for image in answer["images"][1:]:
        content = service.storage.get(image["url"].rpartition("/")[2])
        with Image.open(io.BytesIO(content)) as picture:
            red, green, blue = picture.convert("RGB").getpixel((1, 1))  # type: ignore[misc]
        spelled = (red << 24) | (green << 16) | ((blue ^ (image["index"] - 1)) << 8)
        assert spelled == seed & 0xFFFFFF00
        assert image["seed"] == seed
