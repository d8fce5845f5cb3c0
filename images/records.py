"""Pictures in the database. Every function works inside the caller's transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from images.editing import ENDINGS, CheckedImage
from tables import pictures

# The slot of whoever an album is about.
HERO = "character"
UPSCALED = "upscaled"

_INSERT = pictures.insert()
_OF_JOB = (
    select(pictures)
    .where(pictures.c.job_id == bindparam("job"))
    .order_by(pictures.c.created_at, pictures.c.position)
)
_OF_ALBUM = (
    select(pictures)
    .where(pictures.c.album == bindparam("of_album"))
    .order_by(pictures.c.created_at, pictures.c.position)
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A kept picture.

    `file` is its name in the storage and under /images/. `role` is "grid" for a MidJourney grid of four,
    "picture" for a single one and "upscaled" for one of four as MidJourney's U button gives it; `position` is
    its number in the grid (1-4). `width` and `height` are in
    pixels, `source_url` is where it came from (such URLs die), `created_at` in epoch seconds. `album` and
    `slot` say where it belongs: a book's id and "page-3", say; the newest of a slot counts. `expired_at`:
    when its file was removed to make room.
    """

    id: str
    job_id: str
    file: str
    role: str
    position: int | None
    mime: str
    width: int
    height: int
    sha256: str
    alt: str
    provider: str
    model: str
    prompt: str
    seed: int | None
    source_url: str | None
    created_at: float
    size_bytes: int = 0
    request_id: str | None = None
    album: str | None = None
    slot: str | None = None
    expired_at: float | None = None

    def public(self, base_url: str) -> dict[str, Any]:
        """The picture as answers show it, its URL below `base_url`."""
        return {
            "id": self.id,
            "url": f"{base_url}/images/{self.file}",
            "source_url": self.source_url,
            "provider": self.provider,
            "role": self.role,
            "index": self.position,
            "width": self.width,
            "height": self.height,
            "mime": self.mime,
            "alt": self.alt,
            "seed": self.seed,
            **({"expired": True} if self.expired_at else {}),
        }


def kept_as(id: str, image: CheckedImage) -> dict[str, Any]:
    """What a Picture that is made now says of its bytes; its name follows from its id."""
    return {
        "id": id,
        "file": f"{id}.{ENDINGS[image.mime]}",
        "mime": image.mime,
        "width": image.width,
        "height": image.height,
        "sha256": image.sha256,
        "size_bytes": len(image.content),
        "created_at": time.time(),
    }


def get_image_urls(pictures: Sequence[Picture], base_url: str) -> list[str]:
    """The URLs of the pictures themselves; the grid that four of them were cut from is left out."""
    return [f"{base_url}/images/{picture.file}" for picture in pictures if picture.role == "picture"]


def insert(tx: Connection, kept: Sequence[Picture]) -> None:
    tx.execute(_INSERT, [vars(picture) for picture in kept])


def of_job(tx: Connection, job_id: str) -> tuple[Picture, ...]:
    """The job's pictures, oldest first; a grid before its four parts."""
    return tuple(Picture(**row._mapping) for row in tx.execute(_OF_JOB, {"job": job_id}))


def of_request(tx: Connection, job_id: str, request_id: str) -> tuple[Picture, ...]:
    """The pictures that were made for one request of a job, as they are kept (see ImageRequest.id)."""
    return tuple(picture for picture in of_job(tx, job_id) if picture.request_id == request_id)


def of_album(tx: Connection, album: str) -> tuple[Picture, ...]:
    """What belongs to an album, oldest first."""
    found = tx.execute(_OF_ALBUM, {"of_album": album})
    return tuple(Picture(**row._mapping) for row in found)


def place(tx: Connection, ids: Sequence[str], album: str, slot: str, **changes: Any) -> None:
    """Say where pictures belong, and what else is new about them."""
    tx.execute(pictures.update().where(pictures.c.id.in_(ids)).values(album=album, slot=slot, **changes))


def by_file(tx: Connection, file: str) -> Picture | None:
    row = tx.execute(select(pictures).where(pictures.c.file == file)).first()
    return Picture(**row._mapping) if row else None


def files_of(tx: Connection, job_ids: Sequence[str]) -> list[str]:
    """The names of the files that belong to these jobs."""
    return list(tx.execute(select(pictures.c.file).where(pictures.c.job_id.in_(job_ids))).scalars())
