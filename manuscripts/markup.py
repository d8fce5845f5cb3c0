"""A chapter as XHTML, which is HTML as well: what the page and the EPUB have in common."""

from __future__ import annotations

from html import escape

from manuscripts.blocks import Block, blocks_of
from manuscripts.manuscript import SAMPLE_NOTE, Chapter, Plate


def chapter_markup(chapter: Chapter, source: str) -> str:
    """The heading, the picture (from `source`) and the text, a line for each block."""
    parts = [
        f"<h2>{escape(chapter.title)}</h2>" if chapter.title else "",
        picture_markup(chapter.plate, source),
        *map(_block, blocks_of(chapter.paragraphs)),
    ]
    return "\n".join(part for part in parts if part)


def picture_markup(plate: Plate | None, source: str) -> str:
    """A figure, or the description of a picture that is not there."""
    if plate is None:
        return ""
    if not plate.content:
        return f'<p class="missing">[{escape(plate.alt)}]</p>' if plate.alt else ""
    return (
        f'<figure><img src="{escape(source)}" alt="{escape(plate.alt)}" '
        f'width="{plate.width}" height="{plate.height}"/></figure>'
    )


def title_markup(title: str, author: str) -> str:
    """The book's heading, and who wrote it."""
    lines = [f"<h1>{escape(title)}</h1>", f'<p class="author">{escape(author)}</p>' if author else ""]
    return "\n".join(line for line in lines if line)


def note_markup(is_sample: bool) -> str:
    return f'<p class="note">{escape(SAMPLE_NOTE)}</p>' if is_sample else ""


def _block(block: Block) -> str:
    if block.kind == "break":
        return "<hr/>"
    if block.kind == "heading":
        return f"<h3>{escape(block.text)}</h3>"
    return f"<p>{escape(block.text)}</p>".replace("\n", "<br/>\n")
