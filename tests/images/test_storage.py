"""Keeping pictures: names from outside are never opened as paths."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.exceptions import GenericError
from obstore.store import MemoryStore

from errors import NotFound, OutOfSpace, ProviderError
from images.storage import Bucket, Storage, check_storage, open_storage

NAME = "0123456789abcdef0123456789abcdef"


@pytest.fixture(params=["disk", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return open_storage("memory:///" if request.param == "memory" else "", tmp_path)


@pytest.mark.parametrize(
    "name", [f"{NAME}.png", f"{NAME}.jpg", f"{NAME}.webp", f"{NAME}-1.png", f"{NAME}-4.png"]
)
def test_what_was_put_can_be_got(storage: Storage, name: str) -> None:
    storage.put(name, b"\x89PNG")

    assert storage.get(name) == b"\x89PNG"


def test_putting_again_replaces(storage: Storage) -> None:
    storage.put(f"{NAME}.png", b"one")
    storage.put(f"{NAME}.png", b"two")

    assert storage.get(f"{NAME}.png") == b"two"


def test_what_is_not_there_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFound):
        storage.get(f"{NAME}.png")


NO_NAMES = [
    "../x",
    f"../{NAME}.png",
    f"../../etc/{NAME}.png",
    "/etc/passwd",
    f"/{NAME}.png",
    f"a/{NAME}.png",
    f"..%2f{NAME}.png",
    f"..\\{NAME}.png",
    f"{NAME}.svg",
    f"{NAME}.html",
    f"{NAME}.png.html",
    f"{NAME}.PNG",
    f"{NAME}.png\n",
    f"{NAME}.png\x00",
    f"{NAME}",
    f"{NAME}-5.png",
    f"{NAME}-0.png",
    f"{NAME.upper()}.png",
    f"{NAME[:-1]}.png",
    f"{NAME}0.png",
    ".png",
    "",
]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_not_ours_is_not_found(tmp_path: Path, name: str) -> None:
    storage = open_storage("", tmp_path)
    for place in (tmp_path / f"{NAME}.png", tmp_path / "x", tmp_path / "images" / f"{NAME}.svg"):
        place.write_bytes(b"secret")

    with pytest.raises(NotFound):
        storage.get(name)


@given(name=st.text())
def test_no_text_opens_anything(name: str) -> None:
    class Locked:
        """A store that nobody may touch."""

        def __getattr__(self, name: str) -> object:
            raise AssertionError("It was touched.")

    with pytest.raises(NotFound):
        Bucket(Locked(), "").get(name)  # type: ignore[arg-type]


def fill(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """From now on every write ends with `error`."""

    def put(*_: object) -> None:
        raise error

    monkeypatch.setattr("images.storage.obstore.put", put)
    monkeypatch.setattr("pathlib.Path.write_bytes", put)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    storage = open_storage("", tmp_path)
    fill(monkeypatch, OSError(number, "full"))
    with pytest.raises(OutOfSpace):
        storage.put(f"{NAME}.png", b"x")


def test_a_full_object_store_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(monkeypatch, GenericError("Unable to copy data: No space left on device (os error 28)"))
    with pytest.raises(OutOfSpace):
        Bucket(MemoryStore(), "memory").put(f"{NAME}.png", b"x")


def test_other_faults_are_faults_of_the_storage(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **_options: object) -> None:
        raise PermissionError("secret-bucket: connection refused")

    for name in ("put", "get", "delete"):
        monkeypatch.setattr(f"images.storage.obstore.{name}", fail)
    for name in ("write_bytes", "read_bytes", "unlink"):
        monkeypatch.setattr(f"pathlib.Path.{name}", fail)
    calls: list[Callable[[], object]] = [
        lambda: storage.put(f"{NAME}.png", b"x"),
        lambda: storage.get(f"{NAME}.png"),
        lambda: storage.delete(f"{NAME}.png"),
    ]
    for call in calls:
        with pytest.raises(ProviderError) as caught:
            call()
        assert caught.value.code == "storage_failed"
        assert "secret" not in caught.value.detail


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    storage = open_storage("", tmp_path)
    check_storage(storage)

    assert [*(tmp_path / "images").iterdir()] == []


def test_the_check_notices_a_storage_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Bucket(MemoryStore(), "memory")
    monkeypatch.setattr(storage, "get", lambda _name: b"something else")
    with pytest.raises(ProviderError):
        check_storage(storage)


def test_pictures_lie_in_the_folder_of_the_data(tmp_path: Path) -> None:
    storage = open_storage("", tmp_path)
    storage.put(f"{NAME}.png", b"x")

    assert (tmp_path / "images" / f"{NAME}.png").read_bytes() == b"x"
    assert storage.place == str(tmp_path / "images")
