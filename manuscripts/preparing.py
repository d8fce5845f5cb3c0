"""Makes a manuscript fit to be printed: within the limits, every character allowed, every picture alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from errors import ProviderError, TooLarge
from images.editing import shrunk
from manuscripts.languages import language_tag
from manuscripts.manuscript import Chapter, Manuscript, Plate
from utils import one_line

MAX_CHARACTERS = 2_000_000
MAX_LINES = 100_000
# Hundreds of small pictures, or sixty of 2400 x 2400.
MAX_PLATES = 600
MAX_PIXELS = 350_000_000
# As wide as a good reader's screen, and 270 dpi on a page of A5.
_SIDE = 1600
# https://www.w3.org/TR/xml/#charsets, less what HTML forbids besides
_FORBIDDEN = re.compile(
    "[^\\t\\n\\r\\u0020-\\u007e\\u00a0-\\ud7ff\\ue000-\\ufdcf\\ufdf0-\\ufffd\\U00010000-\\U0010ffff]"
)


def prepared(manuscript: Manuscript) -> Manuscript:
    """The manuscript with a title, a chapter and a language tag, and without what no file may hold.

    Raises TooLarge.
    """
    _check(manuscript)
    return replace(
        manuscript,
        title=_line(manuscript.title) or "A story",
        author=_line(manuscript.author),
        language=language_tag(manuscript.language),
        chapters=tuple(
            Chapter(
                _line(chapter.title),
                tuple(text for paragraph in chapter.paragraphs if (text := _clean(paragraph).strip())),
                chapter.plate and _described(chapter.plate),
            )
            for chapter in manuscript.chapters or (Chapter("", ()),)
        ),
        cover=manuscript.cover and _described(manuscript.cover),
    )


def with_prints(manuscript: Manuscript) -> Manuscript:
    """Every picture as a JPEG that fits a page; one that cannot be read is left without content."""
    return replace(
        manuscript,
        chapters=tuple(
            replace(chapter, plate=chapter.plate and _printed(chapter.plate))
            for chapter in manuscript.chapters
        ),
        cover=manuscript.cover and _printed(manuscript.cover),
    )


def _check(manuscript: Manuscript) -> None:
    if sum(map(len, _texts(manuscript))) > MAX_CHARACTERS:
        raise TooLarge(
            f"The story is longer than {MAX_CHARACTERS:,} characters; export it in parts.",
            field="story",
            limit=MAX_CHARACTERS,
        )
    lines = sum(
        len(paragraph.splitlines()) for chapter in manuscript.chapters for paragraph in chapter.paragraphs
    )
    if lines > MAX_LINES:
        raise TooLarge(
            f"The story has more than {MAX_LINES:,} lines; export it in parts.",
            field="story",
            limit=MAX_LINES,
        )
    plates = [plate for plate in _plates(manuscript) if plate]
    if len(plates) > MAX_PLATES or sum(plate.width * plate.height for plate in plates) > MAX_PIXELS:
        raise TooLarge(
            f"The story has more than {MAX_PLATES} pictures, or more than {MAX_PIXELS // 10**6} megapixels "
            "of them; leave some of them out.",
            field="scenes",
            limit=MAX_PLATES,
        )


def _plates(manuscript: Manuscript) -> list[Plate | None]:
    """Each picture once: the cover may be that of a chapter."""
    plates = [chapter.plate for chapter in manuscript.chapters]
    return plates if any(manuscript.cover is plate for plate in plates) else [manuscript.cover, *plates]


def _texts(manuscript: Manuscript) -> Iterator[str]:
    yield from (manuscript.title, manuscript.author)
    plates = [manuscript.cover]
    for chapter in manuscript.chapters:
        yield chapter.title
        yield from chapter.paragraphs
        plates.append(chapter.plate)
    yield from (plate.alt for plate in plates if plate)


def _clean(text: str) -> str:
    """Control characters, halves of characters and the like are gone; those that are space become one."""
    return _FORBIDDEN.sub(lambda found: " " if found[0].isspace() else "", text)


def _line(text: str) -> str:
    return one_line(_clean(text))


def _described(plate: Plate) -> Plate:
    return replace(plate, alt=_line(plate.alt))


def _printed(plate: Plate) -> Plate:
    try:
        picture = shrunk(plate.content, _SIDE)
    except ProviderError:
        return replace(plate, content=b"")
    return replace(
        plate, content=picture.content, mime=picture.mime, width=picture.width, height=picture.height
    )
