"""Where the copies of picture sets are written."""

from __future__ import annotations

from typing import Any

import pytest

from database import Database
from errors import ProviderError
from fairytale.mirroring import Mirror
from fairytale.sets import Figure, SetRequest, new_set
from jobs import rows
from tests.support import wait_until


@pytest.mark.parametrize(
    ("owner", "path"),
    [
        ("local", ("pictureSets", "class 3%2Eb")),
        ("key:mia", ("pictureSets", "key:mia", "class 3%2Eb")),
        ("user:auth0|a.b/../c", ("pictureSets", "user:auth0|a%2Eb%2F%2E%2E%2Fc", "class 3%2Eb")),
    ],
)
def test_with_sign_in_each_owner_has_a_folder_since_names_are_theirs_to_choose(
    database: Database, owner: str, path: tuple[str, ...]
) -> None:
    figure = Figure(key="c1", name="Mia", prompt="a girl", is_main=True)
    with database.write() as tx:
        rows.insert(tx, new_set(SetRequest(name="class 3.b", tale="", figures=(figure,)), owner=owner))
    written: list[tuple[str, ...]] = []

    def patch(place: tuple[str, ...], _values: dict[str, Any], *, deadline: float) -> None:
        written.append(place)

    mirror = Mirror(database, patch, base_url="")
    mirror.start()
    mirror.stop()

    assert written == [path]


def test_what_is_refused_for_good_is_left(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairytale.mirroring._LOOK_SECONDS", 0.01)
    figure = Figure(key="c1", name="Mia", prompt="a girl", is_main=True)
    job = new_set(SetRequest(name="3b", tale="", figures=(figure,)), owner="local")
    with database.write() as tx:
        rows.insert(tx, job)
    written: list[bool] = []

    def patch(_place: tuple[str, ...], values: dict[str, Any], *, deadline: float) -> None:
        written.append(values["completed"])
        if values["completed"]:
            raise ProviderError("The token is too old.", permanent=True)

    mirror = Mirror(database, patch, base_url="")
    mirror.start()
    wait_until(lambda: written == [False])
    with database.write() as tx:
        rows.cancel(tx, job.id)
    wait_until(lambda: written == [False, True])
    for _ in range(20):
        mirror.look()
    mirror.stop()

    assert written == [False, True]
