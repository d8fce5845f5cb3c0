"""A writer's work made ready for export: its text dealt out to its scenes, its own pictures beside it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select

from database import Database
from errors import InvalidRequest, StoryfarmError
from images.editing import check_image
from images.storage import Storage
from manuscripts.manuscript import Manuscript, Plate, Scene, chapters_of
from tables import jobs, pictures
from writer.outline import MOST_SCENES

log = structlog.get_logger()

_IMAGE = re.compile(r"(?:https?://[^/]+)?/images/(?P<file>[\w-]{1,100}\.(?:png|jpg|webp))")


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What an export is made of. Each scene is its title and its picture's address, or ""."""

    title: str
    story: str
    author: str = ""
    language: str = ""
    scenes: Sequence[tuple[str, str]] = ()
    cover_url: str = ""


class Publisher:
    """Turns editions into manuscripts. Only the owner's own pictures are taken, by their addresses here."""

    def __init__(self, database: Database, storage: Storage, *, is_sample: bool) -> None:
        self._database = database
        self._storage = storage
        self._is_sample = is_sample

    def manuscript(self, edition: Edition, owner: str) -> Manuscript:
        """Raises InvalidRequest for a picture that is not the owner's; one that is gone is left out."""
        plates = [
            self._plate(url, owner, f"scenes.{at}.image_url") for at, (_, url) in enumerate(edition.scenes)
        ]
        scenes = [Scene(title, plate) for (title, _), plate in zip(edition.scenes, plates, strict=True)]
        cover = self._plate(edition.cover_url, owner, "cover_url")
        told = f"{edition.title}\n{edition.author}\n{edition.story}"
        return Manuscript(
            title=edition.title,
            author=edition.author,
            language=edition.language,
            chapters=chapters_of(edition.story, scenes),
            cover=cover or next((plate for plate in plates if plate), None),
            identifier=str(uuid.uuid5(uuid.NAMESPACE_OID, told)),
            is_sample=self._is_sample,
        )

    def _plate(self, url: str, owner: str, field: str) -> Plate | None:
        if not url:
            return None
        match = _IMAGE.fullmatch(url)
        found = self._find(match["file"], owner) if match else None
        if found is None:
            raise InvalidRequest(
                f"{field} must be the address of one of your own pictures here (/images/...).",
                code="invalid_field",
                field=field,
            )
        file, alt = found
        try:
            content = self._storage.get(file)
            image = check_image(content)
        except StoryfarmError as error:
            log.warning("export.picture_gone", file=file, code=error.code)
            return Plate(b"", "image/png", 0, 0, alt, url)
        return Plate(content, image.mime, image.width, image.height, alt, url)

    def _find(self, file: str, owner: str) -> tuple[str, str] | None:
        wanted = (
            select(pictures.c.file, pictures.c.alt)
            .join(jobs, jobs.c.id == pictures.c.job_id)
            .where(pictures.c.file == file, jobs.c.owner == owner)
        )
        with self._database.read() as tx:
            row = tx.execute(wanted).first()
        return (row.file, row.alt) if row else None


def edition_of(title: str, data: dict[str, Any]) -> Edition:
    """The edition of a project, whose data is as its page keeps it. Raises InvalidRequest without a story."""
    story = data.get("story")
    if not isinstance(story, str) or not story.strip():
        raise InvalidRequest("The project has no story yet.", code="invalid_field", field="story")
    outline, shots = _part(data, "outline"), _part(data, "shots")
    found = outline.get("scenes")
    scenes = found if isinstance(found, list) else []
    if len(scenes) > MOST_SCENES:
        raise InvalidRequest(
            f"The outline has {len(scenes)} scenes; at most {MOST_SCENES} are taken.",
            code="invalid_field",
            field="outline.scenes",
            limit=MOST_SCENES,
        )
    told = [
        (_text(scene, "title"), _text(shots.get(str(number)), "image_url"))
        for number, scene in enumerate(scenes, 1)
    ]
    return Edition(
        title=title or _text(outline, "title"),
        story=story,
        author=_text(data, "author"),
        language=_text(_part(data, "setup"), "language"),
        scenes=told,
        cover_url=_text(data, "cover_url"),
    )


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Any, name: str) -> str:
    text = value.get(name) if isinstance(value, dict) else ""
    return text if isinstance(text, str) else ""
