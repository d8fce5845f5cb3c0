"""Reading the tasks of a midjourney-proxy, in all their dialects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midjourney.proxy_task import ProxyState, button_of, read_task

TASK: dict[str, Any] = {
    "id": "1712345678901234",
    "action": "IMAGINE",
    "status": "IN_PROGRESS",
    "prompt": "a dog",
    "state": "our-id",
    "imageUrl": "https://cdn.example/preview.webp",
    "progress": "31%",
    "failReason": None,
    "buttons": [],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("NOT_START", ProxyState.WAITING),
        ("SUBMITTED", ProxyState.WAITING),
        ("IN_PROGRESS", ProxyState.RUNNING),
        ("SUCCESS", ProxyState.DONE),
        ("FAILURE", ProxyState.FAILED),
        ("CANCEL", ProxyState.FAILED),
        ("MODAL", ProxyState.FAILED),
        ("SOMETHING_NEW", ProxyState.RUNNING),
        (None, ProxyState.RUNNING),
    ],
)
def test_every_status_is_understood(said: str | None, status: ProxyState) -> None:
    assert read_task({**TASK, "status": said}).status is status


@pytest.mark.parametrize(
    ("progress", "percent"),
    [
        ("31%", 31),
        ("31 %", 31),
        ("100%", 100),
        ("999%", 100),
        (None, None),
        ("", None),
        ("Waiting to start", None),
        (31, None),
    ],
)
def test_progress_may_be_a_number_nothing_or_words(progress: Any, percent: int | None) -> None:
    assert read_task({**TASK, "progress": progress}).percent == percent


def test_a_preview_is_not_taken_for_the_picture() -> None:
    assert read_task(TASK).image_url == ""
    assert read_task({**TASK, "status": "SUCCESS"}).image_url == TASK["imageUrl"]


def test_a_failure_says_why() -> None:
    assert read_task({**TASK, "status": "FAILURE", "failReason": "Banned\nprompt"}).reason == "Banned prompt"
    assert "no reason" in read_task({**TASK, "status": "FAILURE"}).reason
    assert "dialogue" in read_task({**TASK, "status": "MODAL"}).reason


def test_the_lines_of_a_description_are_prompts() -> None:
    told = {**TASK, "status": "SUCCESS", "prompt": "1️⃣ a dog, 4k --ar 3:2\n\n2️⃣ 3 dogs\n3. a cat \n"}

    assert read_task(told).prompts == ("a dog, 4k --ar 3:2", "3 dogs", "a cat")
    assert read_task({**told, "status": "IN_PROGRESS"}).prompts == ()


def test_the_buttons_of_a_grid_are_kept() -> None:
    listed = [7, {"customId": None}, {"customId": "MJ::JOB::upsample::2::0b5e"}, {"label": "V1"}]
    task = read_task({**TASK, "buttons": listed})

    assert button_of(task, "UPSCALE", 2) == "MJ::JOB::upsample::2::0b5e"
    assert button_of(task, "UPSCALE", 3) is None
    assert button_of(task, "REROLL", None) is None


@given(JSON | st.fixed_dictionaries(dict.fromkeys(TASK, JSON)))
def test_anything_is_some_task(body: Any) -> None:
    task = read_task(body)

    assert task.percent is None or 0 <= task.percent <= 100
    assert task.status in ProxyState
    assert bool(task.reason) == (task.status is ProxyState.FAILED)
