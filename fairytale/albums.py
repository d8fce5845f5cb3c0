"""What an album of pictures amounts to: what counts, what counted before, and the four to choose from."""

from __future__ import annotations

from errors import NotFound
from images.records import UPSCALED, Picture

CHOSEN, CUTOUT, SOFTENED = "chosen", "cutout", "softened"


def newest(album: tuple[Picture, ...], slot: str) -> Picture | None:
    """The picture that counts: the newest that was chosen or painted, and is still there."""
    there = [picture for picture in versions(album, slot) if not picture.expired_at]
    return there[-1] if there else None


def versions(album: tuple[Picture, ...], slot: str) -> list[Picture]:
    """What counted in turn, oldest first: of four that were painted at once the first, upscaled if it was."""
    here = [picture for picture in album if picture.slot == slot]
    replaced = {each.source_url for each in here if each.role == UPSCALED and not each.expired_at}
    return [
        picture
        for picture in here
        if picture.role in (CHOSEN, UPSCALED)
        or (picture.role == "picture" and picture.position in (None, 1) and picture.id not in replaced)
    ]


def four_of(album: tuple[Picture, ...], slot: str) -> list[Picture]:
    """The pictures that were painted at once, the last time; one or four."""
    painted = [picture for picture in album if picture.slot == slot and picture.role == "picture"]
    last = painted[-1].request_id if painted else None
    return [picture for picture in painted if picture.request_id == last and not picture.expired_at]


def quarter_of(album: tuple[Picture, ...], slot: str, index: int) -> Picture:
    """Picture `index` (1-4) of those that were painted at once. Raises NotFound."""
    four = four_of(album, slot)
    found = next((picture for picture in four if (picture.position or 1) == index), None)
    if found is None:
        raise NotFound(f"There is no picture {index}; there are {len(four)}.")
    return found


def number_of(album: tuple[Picture, ...], picture: Picture) -> int | None:
    """Which of its four this picture is (1-4), itself or made from it; None if it was painted alone."""
    origin = _origin(album, picture)
    return origin.position if origin else None


def chosen_of(album: tuple[Picture, ...], slot: str) -> int | None:
    """Which of the four that were painted last counts (1-4); None if there are none, or another one does."""
    chosen = newest(album, slot)
    origin = _origin(album, chosen) if chosen else None
    return origin.position if origin and origin in four_of(album, slot) else None


def _origin(album: tuple[Picture, ...], picture: Picture) -> Picture | None:
    """The painted picture that this one is, or was chosen from."""
    names = (picture.id, picture.source_url)
    return next((each for each in album if each.role == "picture" and each.id in names), None)
