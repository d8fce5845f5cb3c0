"""What clients who poll a set are told of its pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from database import Database
from fairytale.sets import Figure, SetRequest, image_id, new_set
from fairytale.showing import set_status
from images import records
from jobs import rows
from jobs.rows import Job
from tests.support import a_picture
from utils import new_id

MIA = Figure(key="c1", name="Mia", prompt="a girl", is_main=True)


@pytest.fixture
def picture_set(database: Database) -> Job:
    """A set in work, with one character."""
    job = rows.claimed(
        new_set(SetRequest(name="3b", tale="", figures=(MIA,)), owner="local"), lease_seconds=60
    )
    with database.write() as tx:
        rows.insert(tx, job)
    return job


@pytest.fixture
def mia(database: Database, picture_set: Job) -> Callable[[], dict[str, Any]]:
    def look() -> dict[str, Any]:
        with database.read() as tx:
            found: dict[str, Any] = set_status(tx, rows.load(tx, picture_set.id), "")["character"][0]
        return found

    return look


def test_a_picture_is_done_when_its_set_says_so_and_not_when_it_is_merely_there(
    database: Database, picture_set: Job, mia: Callable[[], dict[str, Any]]
) -> None:
    assert (mia()["status"], mia()["imageUrl"]) == ("waiting", None)

    name = new_id()
    painted = a_picture(name, picture_set.id, album=picture_set.id, slot=image_id(picture_set, MIA))
    with database.write() as tx:
        records.insert(tx, [painted])
    assert (mia()["status"], mia()["progress"]) == ("painting", 0)

    entry = {"request": new_id(), "picture": name, "error": None}
    with database.write() as tx:
        assert rows.record(tx, picture_set.id, picture_set.lease or "", result={"entries": {"c1": entry}})
    assert (mia()["status"], mia()["progress"], mia()["imageUrl"]) == ("done", 100, f"/images/{name}.png")
