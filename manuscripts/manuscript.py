"""A finished story with its pictures, ready to become a book."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from manuscripts.blocks import leads_on, paragraphs_of

SAMPLE_NOTE = "A sample from Storyfarm's sandbox."


@dataclass(frozen=True)
class Plate:
    """A picture: PNG, JPEG or WebP, `width` and `height` in pixels; `content` is empty if it is not there.

    `url` is where readers of a Markdown file find it, or empty.
    """

    content: bytes
    mime: str
    width: int
    height: int
    alt: str
    url: str = ""


@dataclass(frozen=True)
class Scene:
    """What a chapter is made for."""

    title: str
    plate: Plate | None = None


@dataclass(frozen=True)
class Chapter:
    """`title` may be empty."""

    title: str
    paragraphs: tuple[str, ...]
    plate: Plate | None = None


@dataclass(frozen=True)
class Manuscript:
    """`author` may be empty, `language` is a tag ("pt-BR") or a name ("Portuguese") or empty.

    `identifier` is the same for each edition of one book; `modified_at` in epoch seconds tells them apart.
    """

    title: str
    author: str
    language: str
    chapters: tuple[Chapter, ...]
    cover: Plate | None
    identifier: str
    is_sample: bool
    modified_at: float = 0.0


def chapters_of(story: str, scenes: Sequence[Scene]) -> tuple[Chapter, ...]:
    """A story's text as a chapter for each scene, of about as many words each.

    Each has a paragraph at least where there are enough of them. Without scenes it is one chapter.
    """
    paragraphs = paragraphs_of(story)
    shown = scenes or (Scene(""),)
    cuts = _cuts(paragraphs, len(shown))
    return tuple(
        Chapter(scene.title, paragraphs[start:end], scene.plate)
        for scene, (start, end) in zip(shown, pairwise(cuts), strict=True)
    )


def labels_of(manuscript: Manuscript) -> list[str]:
    """How each chapter is listed: by its title, or by its number, unless it is the whole book."""
    alone = len(manuscript.chapters) == 1
    return [
        chapter.title or (manuscript.title if alone else str(number))
        for number, chapter in enumerate(manuscript.chapters, 1)
    ]


def _cuts(paragraphs: Sequence[str], parts: int) -> list[int]:
    """Where each part begins, and the end: `parts` + 1 indexes, each as near to its share of words as can be.

    A heading or a break goes with what follows it.
    """
    ends = [0, *accumulate(len(paragraph.split()) for paragraph in paragraphs)]
    least = int(len(paragraphs) >= parts)
    cuts = [0]
    for part in range(1, parts):
        lowest = cuts[-1] + least
        highest = len(paragraphs) - least * (parts - part)
        cut = max(lowest, min(highest, _nearest(ends, ends[-1] * part / parts)))
        while cut > lowest and leads_on(paragraphs[cut - 1]):
            cut -= 1
        cuts.append(cut)
    return [*cuts, len(paragraphs)]


def _nearest(rising: Sequence[int], value: float) -> int:
    """The index of the number that is nearest to a value between the first and the last of them."""
    above = bisect_left(rising, value)
    return above - (above > 0 and value - rising[above - 1] < rising[above] - value)
