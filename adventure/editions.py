"""An adventure as a manuscript: the way that was taken, a chapter for each turn, with its picture."""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy import Connection

from adventure import rows as adventures
from adventure.rows import Adventure, Turn
from errors import InvalidRequest, StoryfarmError
from images import records
from images.records import Picture
from images.storage import Storage
from manuscripts.blocks import paragraphs_of
from manuscripts.manuscript import Chapter, Manuscript, Plate

log = structlog.get_logger()


def way_of(tx: Connection, found: Adventure) -> tuple[list[Turn], dict[str, Picture]]:
    """The turns that were told on the way, and the pictures by their files."""
    path = adventures.path_to(adventures.all_turns(tx, found.id), found.head)
    kept = {each.file: each for each in records.of_album(tx, found.album)}
    return [turn for turn in path if turn.told], kept


def manuscript(
    found: Adventure,
    told: list[Turn],
    kept: dict[str, Picture],
    storage: Storage,
    *,
    base_url: str,
    is_sample: bool,
) -> Manuscript:
    """The book of these turns. Raises InvalidRequest if there are none."""
    if not told:
        raise InvalidRequest("Nothing is told yet.", code="not_started")
    plates = [_plate(kept.get(turn.picture or ""), storage, base_url) for turn in told]
    chapters = [_chapter(turn, plate) for turn, plate in zip(told, plates, strict=True)]
    return Manuscript(
        title=found.title or "An adventure",
        author="",
        language=found.setup["language"],
        chapters=tuple(chapters),
        cover=next((plate for plate in plates if plate), None),
        identifier=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{found.id}/{found.head}")),
        is_sample=is_sample,
        modified_at=found.updated_at,
    )


def _chapter(turn: Turn, plate: Plate | None) -> Chapter:
    return Chapter(turn.choice, paragraphs_of((turn.told or {})["narration"]), plate)


def _plate(picture: Picture | None, storage: Storage, base_url: str) -> Plate | None:
    if picture is None or picture.expired_at:
        return None
    try:
        content = storage.get(picture.file)
    except StoryfarmError as error:
        log.warning("export.picture_gone", file=picture.file, code=error.code)
        return None
    url = f"{base_url}/images/{picture.file}"
    return Plate(content, picture.mime, picture.width, picture.height, picture.alt, url)
