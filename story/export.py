"""A story as one ZIP: Markdown with its pictures beside it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from images.records import Picture
from images.storage import Storage
from markdown_text import escaped
from utils import plain_name


def export_zip(result: dict[str, Any], storage: Storage) -> bytes:
    """`story.md` and the pictures that it shows. Raises NotFound if a picture is gone."""
    pictures: list[Picture] = [picture for picture in result["pictures"] if picture.role == "picture"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        names = [
            f"picture-{number}.{picture.file.rpartition('.')[2]}"
            for number, picture in enumerate(pictures, 1)
        ]
        archive.writestr("story.md", _markdown(result, pictures, names))
        for name, picture in zip(names, pictures, strict=True):
            archive.writestr(name, storage.get(picture.file))
    return buffer.getvalue()


def file_name(title: str) -> str:
    """A name for the ZIP that every file system takes: "The Little Dog" gives "the-little-dog.zip"."""
    return (plain_name(title)[:60].strip("-") or "story") + ".zip"


def _markdown(result: dict[str, Any], pictures: list[Picture], names: list[str]) -> str:
    shown = [f"![{escaped(picture.alt)}]({name})" for picture, name in zip(pictures, names, strict=True)]
    parts = [
        f"# {escaped(result['title'] or 'A story')}",
        *shown[:1],
        escaped(result["story"] or ""),
        *shown[1:],
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
