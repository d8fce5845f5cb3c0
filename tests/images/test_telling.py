"""What painters tell about a job's pictures while they work, and what of it is recorded."""

from __future__ import annotations

from typing import Any, cast

import pytest

from errors import ProviderError
from images.provider import Progress
from images.telling import Telling
from jobs.work import Lost, Task
from tests.support import a_picture

PICTURE = a_picture("p1", "j1")


class Noted:
    """A Task that notes what is said; `is_lost` when somebody has cancelled it."""

    def __init__(self, **result: Any) -> None:
        self.result = result
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.is_lost = False

    def save(self, **parts: Any) -> None:
        self.result |= parts

    def say(self, kind: str, data: dict[str, Any]) -> None:
        self.said.append((kind, data))

    def progress(self, percent: int, message: str, **data: Any) -> None:
        self.said.append(("progress", {"percent": percent, "message": message, **data}))

    def check(self) -> None:
        if self.is_lost:
            raise Lost


def telling(task: Noted, *keys: str, **more: Any) -> Telling:
    return Telling(
        cast(Task, task),
        keys or ("1", "2", "3"),
        kept="pages",
        shown="now",
        count="pages are painted.",
        **more,
    )


def test_what_has_ended_is_recorded_and_counted() -> None:
    task = Noted()
    told = telling(task)
    told.painted("1", "r1", PICTURE, page=1)
    told.failed("2", "r2", ProviderError("No paint.", code="no_paint"), page=2)

    assert task.result["pages"]["1"] == {"request": "r1", "picture": "p1", "error": None}
    assert task.result["pages"]["2"]["error"]["code"] == "no_paint"
    assert ("picture", {"page": 1}) in task.said
    (problem,) = (data for kind, data in task.said if kind == "problem")
    assert (problem["page"], problem["code"], problem["detail"]) == (2, "no_paint", "No paint.")
    assert task.said[-1] == ("progress", {"percent": 66, "message": "1 of 3 pages are painted.", "now": {}})


def test_after_a_crash_only_what_lacks_a_picture_is_waiting() -> None:
    task = Noted(pages={"1": {"error": None}, "2": {"error": {"code": "no_paint"}}})
    told = telling(task, waiting="Waiting.")
    told.say()

    assert [key for key in ("1", "2", "3") if told.lacks(key)] == ["2", "3"]
    assert set(task.said[-1][1]["now"]) == {"2", "3"}


def test_a_picture_that_nobody_asked_for_is_told_but_not_counted() -> None:
    task = Noted()
    telling(task).painted("0", "r0", PICTURE, page=0)

    assert task.result["pages"] == {}
    assert task.said[0] == ("picture", {"page": 0})


@pytest.mark.parametrize(
    ("preview", "shown"),
    [("/images/a.png", "/images/a.png"), ("https://cdn.example/a.png", None), ("", None)],
)
def test_only_previews_of_our_own_are_shown(preview: str, shown: str | None) -> None:
    task = Noted()
    told = telling(task)
    told.show("1", Progress(40, "It dries.", preview=preview))

    assert task.said[-1][1]["now"] == {"1": {"percent": 40, "message": "It dries.", "preview": shown}}


def test_whoever_paints_for_a_cancelled_job_is_stopped() -> None:
    task = Noted()
    told = telling(task)
    task.is_lost = True

    with pytest.raises(Lost):
        told.show("1", Progress(40, "It dries."))


def test_others_are_told_of_each_change() -> None:
    changes: list[int] = []
    told = telling(Noted(), changed=lambda: changes.append(1))
    told.begin("1")
    told.painted("1", "r1", PICTURE)

    assert len(changes) == 2
