"""A manuscript as plain text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from manuscripts.blocks import Block, blocks_of
from manuscripts.manuscript import SAMPLE_NOTE, Manuscript, Plate
from markdown_text import escaped

# What stays as it is in the address of a picture: all that addresses are made of, but no brackets.
_ADDRESS = "/:?#@!$&'*+,;=%~"


def as_text(manuscript: Manuscript) -> str:
    """Paragraphs with a blank line between them, chapters with two; a picture is its description."""
    chapters = [[manuscript.title, manuscript.author, *_description(manuscript.cover)]]
    chapters += [
        [
            chapter.title,
            *_description(chapter.plate),
            *(block.text or "* * *" for block in blocks_of(chapter.paragraphs)),
        ]
        for chapter in manuscript.chapters
    ]
    if manuscript.is_sample:
        chapters.append([SAMPLE_NOTE])
    told = ("\n\n".join(part for part in chapter if part) for chapter in chapters)
    return "\n\n\n".join(chapter for chapter in told if chapter) + "\n"


def as_markdown(manuscript: Manuscript) -> str:
    """CommonMark; a picture is shown if it has an address, or is its description."""
    return "\n\n".join(part for part in _markdown(manuscript) if part) + "\n"


def _markdown(manuscript: Manuscript) -> Iterator[str]:
    yield f"# {escaped(manuscript.title)}"
    yield _emphasised(manuscript.author)
    yield _picture(manuscript.cover)
    for chapter in manuscript.chapters:
        yield chapter.title and f"## {escaped(chapter.title)}"
        yield _picture(chapter.plate)
        yield from map(_block, blocks_of(chapter.paragraphs))
    if manuscript.is_sample:
        yield "* * *"
        yield _emphasised(SAMPLE_NOTE)


def _block(block: Block) -> str:
    if block.kind == "break":
        return "* * *"
    if block.kind == "heading":
        return f"### {escaped(block.text)}"
    # Two spaces keep the end of a line.
    return "  \n".join(escaped(line.strip()) for line in block.text.splitlines())


def _emphasised(line: str) -> str:
    return line and f"*{escaped(line)}*"


def _picture(plate: Plate | None) -> str:
    if plate and plate.url:
        return f"![{escaped(plate.alt)}]({quote(plate.url, safe=_ADDRESS)})"
    return escaped("".join(_description(plate)))


def _description(plate: Plate | None) -> list[str]:
    return [f"[{plate.alt}]"] if plate and plate.alt else []
