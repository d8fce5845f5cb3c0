"""rembg is used where it is installed, and missed nowhere."""

from __future__ import annotations

import importlib.machinery
import io
import sys
from types import ModuleType

import pytest
from PIL import Image

from background_removal import find_remover


def encoded(mode: str = "RGBA") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (4, 4)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def rembg(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package of that name, as if it were installed."""
    module = ModuleType("rembg")
    module.__spec__ = importlib.machinery.ModuleSpec("rembg", None)
    monkeypatch.setitem(sys.modules, "rembg", module)
    return module


def test_without_rembg_there_is_nothing_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rembg", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    assert find_remover() is None


def test_what_rembg_gives_is_the_figure(rembg: ModuleType) -> None:
    given: list[bytes] = []

    def remove(content: bytes) -> bytes:
        given.append(content)
        return encoded()

    rembg.remove = remove  # type: ignore[attr-defined]
    found = find_remover()
    assert found is not None

    freed = found(b"a picture")

    assert given == [b"a picture"]
    assert freed is not None
    assert (freed.mime, freed.width) == ("image/png", 4)


def test_where_rembg_fails_nothing_is_given(rembg: ModuleType) -> None:
    def remove(_content: bytes) -> bytes:
        raise OSError("the model could not be fetched")

    rembg.remove = remove  # type: ignore[attr-defined]
    found = find_remover()
    assert found is not None

    assert found(b"a picture") is None
