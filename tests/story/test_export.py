"""A story as a ZIP of Markdown and pictures."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import NotFound
from images.records import Picture
from images.storage import Folder, Storage, open_storage
from story.export import export_zip, file_name


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage("", tmp_path)


def kept(number: int, storage: Storage | None = None, **changes: Any) -> Picture:
    """Picture `number` of a job; its bytes are in `storage`, if one is given."""
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "job_id": "job",
        "file": f"{number:032x}.png",
        "role": "picture",
        "position": number,
        "mime": "image/png",
        "width": 8,
        "height": 8,
        "sha256": "",
        "alt": f"Picture {number}",
        "provider": "midjourney",
        "model": "",
        "prompt": "A dog",
        "seed": 1,
        "source_url": None,
        "created_at": 0.0,
    }
    picture = Picture(**(values | changes))
    if storage:
        storage.put(picture.file, f"bytes of {number}".encode())
    return picture


def result(*pictures: Picture, title: str | None = "The Dog", story: str | None = "Once.") -> dict[str, Any]:
    return {"title": title, "story": story, "pictures": list(pictures)}


def opened(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def markdown(story: str, storage: Storage, title: str = "The Dog") -> str:
    """The Markdown of a story alone, behind its heading."""
    return opened(export_zip(result(title=title, story=story), storage))["story.md"].partition("\n\n")[2][:-1]


def test_the_story_lies_beside_its_pictures(storage: Storage) -> None:
    files = opened(export_zip(result(kept(1, storage), kept(2, storage)), storage))

    assert files == {
        "story.md": "# The Dog\n\n![Picture 1](picture-1.png)\n\nOnce.\n\n![Picture 2](picture-2.png)\n",
        "picture-1.png": "bytes of 1",
        "picture-2.png": "bytes of 2",
    }


def test_the_grid_that_the_pictures_were_cut_from_stays_out(storage: Storage) -> None:
    grid = kept(9, role="grid", position=None)

    assert list(opened(export_zip(result(grid, kept(1, storage)), storage))) == ["story.md", "picture-1.png"]


def test_a_picture_keeps_its_ending(storage: Storage) -> None:
    picture = kept(1, storage, file=f"{1:032x}-4.webp")

    assert "picture-1.webp" in opened(export_zip(result(picture), storage))


def test_a_story_without_pictures_is_exported_alone(storage: Storage) -> None:
    assert opened(export_zip(result(), storage)) == {"story.md": "# The Dog\n\nOnce.\n"}


@pytest.mark.parametrize("title", ["", None])
def test_a_story_without_a_title_has_a_heading(storage: Storage, title: str | None) -> None:
    assert opened(export_zip(result(title=title), storage))["story.md"].startswith("# A story\n")


def test_pictures_without_a_story_are_exported_too(storage: Storage) -> None:
    files = opened(export_zip(result(kept(1, storage), title=None, story=None), storage))

    assert files["story.md"] == "# A story\n\n![Picture 1](picture-1.png)\n"


def test_a_picture_that_is_gone_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFound):
        export_zip(result(kept(1)), storage)


@pytest.mark.parametrize(
    ("told", "escaped"),
    [
        ("plain, with: punctuation. And “quotes” (here)", "plain, with: punctuation. And “quotes” (here)"),
        ("a *b* _c_ `d`", r"a \*b\* \_c\_ \`d\`"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[link](http://a)", r"\[link\](http://a)"),
        ("![x](y)", r"\!\[x\](y)"),
        ("a\\b", r"a\\b"),
        ("# no heading", r"\# no heading"),
        ("> no quote", r"\> no quote"),
        ("- no list\n+ neither", "\\- no list\n\\+ neither"),
        ("  - no list", r"  \- no list"),
        ("1. no list\n12) neither", "1\\. no list\n12\\) neither"),
        ("1.5 is a number, and - is a dash", "1.5 is a number, and - is a dash"),
        ("a | b", r"a \| b"),
        ("~~no~~", r"\~\~no\~\~"),
        ("AT&T and &lt;", r"AT&T and \&lt;"),
        ("Heading?\n===", "Heading?\n\\==="),
        ("Heading?\n---", "Heading?\n\\---"),
    ],
)
def test_what_markdown_would_take_for_a_mark_is_escaped(storage: Storage, told: str, escaped: str) -> None:
    assert markdown(told, storage) == escaped


def test_title_and_description_are_escaped_as_well(storage: Storage) -> None:
    picture = kept(1, storage, alt="A dog](http://a) *x*")
    text = opened(export_zip(result(picture, title="*The* [Dog]"), storage))["story.md"]

    assert text.startswith("# \\*The\\* \\[Dog\\]\n")
    assert r"![A dog\](http://a) \*x\*](picture-1.png)" in text


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_taking_the_backslashes_away_gives_the_story_again(told: str) -> None:
    text = opened(export_zip(result(story=f"x{told}"), Folder.__new__(Folder)))["story.md"]

    told_again = text.removeprefix("# The Dog\n\n").removesuffix("\n")
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", told_again) == f"x{told}"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Little Dog", "the-little-dog.zip"),
        ("Käse & Brötchen!", "kase-brotchen.zip"),
        ("  --  ", "story.zip"),
        ("", "story.zip"),
        ("собака 🐶", "story.zip"),
        ("../../etc/passwd", "etc-passwd.zip"),
        ('a"b\r\nc', "a-b-c.zip"),
        ("a" * 100, "a" * 60 + ".zip"),
        ("a" * 59 + " b", "a" * 59 + ".zip"),
    ],
)
def test_the_file_has_a_name_that_every_system_takes(title: str, name: str) -> None:
    assert file_name(title) == name


@settings(deadline=None)
@given(st.text())
def test_any_title_gives_a_good_file_name(title: str) -> None:
    name = file_name(title)

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.zip", name)
    assert len(name) <= 64
