"""Making room: the newest pictures stay, and all that are at work."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection

from database import Database
from errors import NotFound, ProviderError
from images import records
from images.pruning import Pruner
from images.records import Picture
from images.routes import create_blueprint
from images.storage import Folder
from ledger import Ledger
from tests.support import start_job, wait_until
from utils import new_id
from web import problems

MEGABYTE = 1_000_000


class Attic:
    """Pictures of a job, and who is at work."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.storage = Folder(folder / "images")
        self.at_work: set[str] = set()
        with database.write() as tx:
            self.job = start_job(tx).id
        self._time = 1000.0

    def keep(self, *, size: int = MEGABYTE, job: str = "", album: str | None = None) -> Picture:
        """One more picture, newer than all before it; it is said to be `size` bytes large."""
        self._time += 1
        name = new_id()
        picture = Picture(
            id=name,
            job_id=job or self.job,
            file=f"{name}.png",
            role="picture",
            position=None,
            mime="image/png",
            width=8,
            height=8,
            sha256="",
            alt="",
            provider="openai",
            model="painter",
            prompt="A dog.",
            seed=None,
            source_url=None,
            created_at=self._time,
            size_bytes=size,
            album=album,
        )
        self.storage.put(picture.file, b"\x89PNG")
        with self.database.write() as tx:
            records.insert(tx, [picture])
        return picture

    def pruner(self, *, files: int = 0, size: int = 0) -> Pruner:
        def in_use(_tx: Connection) -> set[str]:
            return self.at_work

        return Pruner(
            self.database,
            Ledger(self.database),
            self.storage,
            most_files=files,
            most_bytes=size,
            in_use=in_use,
        )

    def row(self, picture: Picture) -> Picture:
        with self.database.read() as tx:
            found = records.by_file(tx, picture.file)
        assert found
        return found

    def there(self, pictures: list[Picture]) -> list[bool]:
        """Which of them are there still; row and file must agree."""
        found = []
        for picture in pictures:
            try:
                found.append(bool(self.storage.get(picture.file)))
            except NotFound:
                found.append(False)
            assert found[-1] == (self.row(picture).expired_at is None)
        return found


@pytest.fixture
def attic(database: Database, tmp_path: Path) -> Attic:
    return Attic(database, tmp_path)


def test_the_newest_ones_stay(attic: Attic) -> None:
    pictures = [attic.keep() for _ in range(5)]

    assert attic.pruner(files=3).prune() == 2
    assert attic.there(pictures) == [False, False, True, True, True]


@pytest.mark.parametrize("files", [5, 6])
def test_as_many_as_are_allowed_all_stay(attic: Attic, files: int) -> None:
    pictures = [attic.keep() for _ in range(5)]

    assert attic.pruner(files=files, size=5 * MEGABYTE).prune() == 0
    assert all(attic.there(pictures))


def test_with_any_number_and_size_allowed_all_stay(attic: Attic) -> None:
    pictures = [attic.keep() for _ in range(5)]

    assert attic.pruner().prune() == 0
    assert all(attic.there(pictures))


def test_the_newest_ones_that_fit_stay(attic: Attic) -> None:
    pictures = [attic.keep(size=MEGABYTE) for _ in range(5)]

    assert attic.pruner(size=2 * MEGABYTE + 1).prune() == 3
    assert attic.there(pictures) == [False, False, False, True, True]


def test_first_the_number_counts_and_then_the_size(attic: Attic) -> None:
    pictures = [attic.keep(size=size) for size in (1, 1, 9 * MEGABYTE, 1, 1)]

    assert attic.pruner(files=4, size=MEGABYTE).prune() == 1
    assert attic.there(pictures) == [True, True, False, True, True]
    assert attic.pruner(files=2, size=MEGABYTE).prune() == 2
    assert attic.there(pictures) == [False, False, False, True, True]


def test_what_was_removed_is_not_removed_again(attic: Attic) -> None:
    pictures = [attic.keep() for _ in range(4)]
    pruner = attic.pruner(files=2)
    pruner.prune()
    first = attic.row(pictures[0]).expired_at

    assert pruner.prune() == 0
    assert attic.row(pictures[0]).expired_at == first


def test_what_was_removed_does_not_count_any_more(attic: Attic) -> None:
    old = [attic.keep() for _ in range(4)]
    pruner = attic.pruner(files=2)
    pruner.prune()
    young = [attic.keep()]

    assert pruner.prune() == 1
    assert attic.there(old + young) == [False, False, False, True, True]


def test_pictures_of_jobs_at_work_stay_and_take_up_their_room(attic: Attic) -> None:
    with attic.database.write() as tx:
        busy = start_job(tx).id
    used = [attic.keep(job=busy), attic.keep(job=busy)]
    others = [attic.keep(), attic.keep()]
    attic.at_work = {busy}

    assert attic.pruner(files=1).prune() == 1
    assert attic.there(used) == [True, True]
    assert attic.there(others) == [False, True]


def test_pictures_of_a_book_at_work_stay_though_their_own_job_has_ended(attic: Attic) -> None:
    book = new_id()
    used, other = attic.keep(album=book), attic.keep()
    attic.at_work = {book}

    attic.pruner(files=1, size=1).prune()
    assert attic.there([used, other]) == [True, False]


def test_once_the_work_is_done_its_pictures_are_like_any(attic: Attic) -> None:
    pictures = [attic.keep(), attic.keep()]
    attic.at_work = {attic.job}
    pruner = attic.pruner(files=1)
    assert pruner.prune() == 0
    attic.at_work = set()

    assert pruner.prune() == 1
    assert attic.there(pictures) == [False, True]


def test_the_row_stays_and_says_when(attic: Attic) -> None:
    old = attic.keep()
    attic.keep()
    attic.pruner(files=1).prune()
    row = attic.row(old)

    assert row.expired_at
    assert replace(row, expired_at=None) == old
    assert row.public("")["expired"] is True
    assert "expired" not in old.public("")


def test_a_file_that_cannot_be_removed_does_not_keep_the_others(
    attic: Attic, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [attic.keep() for _ in range(3)]
    delete = attic.storage.delete

    def stuck(name: str) -> None:
        if name == pictures[1].file:
            raise ProviderError("No.", code="storage_failed")
        delete(name)

    monkeypatch.setattr(attic.storage, "delete", stuck)

    assert attic.pruner(files=1).prune() == 2
    assert [bool(attic.row(picture).expired_at) for picture in pictures] == [True, True, False]
    with pytest.raises(NotFound):
        attic.storage.get(pictures[0].file)


def test_two_processes_that_prune_at_once_leave_the_same(attic: Attic) -> None:
    pictures = [attic.keep() for _ in range(6)]
    threads = [threading.Thread(target=attic.pruner(files=2).prune) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert attic.there(pictures) == [False] * 4 + [True] * 2


def test_it_looks_again_when_it_is_woken(attic: Attic) -> None:
    pruner = attic.pruner(files=1)
    first = attic.keep()
    pruner.start()
    try:
        attic.keep()
        pruner.wake()
        wait_until(lambda: attic.row(first).expired_at)
    finally:
        pruner.stop()


def test_without_limits_nothing_runs(attic: Attic) -> None:
    before = threading.active_count()
    pruner = attic.pruner()
    pruner.start()

    assert threading.active_count() == before
    pruner.stop()


def test_a_picture_that_was_removed_is_gone_and_one_that_never_was_is_not_found(attic: Attic) -> None:
    app = Flask(__name__)
    problems.register(app)
    app.register_blueprint(create_blueprint(attic.database, attic.storage, lambda: None))
    client = app.test_client()
    old, young = attic.keep(), attic.keep()
    assert client.get(f"/images/{old.file}").status_code == 200
    attic.pruner(files=1).prune()
    gone = client.get(f"/images/{old.file}")

    assert (gone.status_code, gone.get_json()["code"]) == (410, "expired")
    assert gone.mimetype == "application/problem+json"
    shown = client.get(f"/images/{young.file}")
    assert (shown.status_code, shown.mimetype, shown.data) == (200, "image/png", b"\x89PNG")
    assert client.get(f"/images/{new_id()}.png").status_code == 404
    assert client.get("/images/..%2fx").status_code == 404


def test_a_picture_whose_file_went_away_by_itself_is_not_found(attic: Attic) -> None:
    app = Flask(__name__)
    problems.register(app)
    app.register_blueprint(create_blueprint(attic.database, attic.storage, lambda: None))
    picture = attic.keep()
    attic.storage.delete(picture.file)

    assert app.test_client().get(f"/images/{picture.file}").status_code == 404
