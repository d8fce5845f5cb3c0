"""What a story's text is made of: paragraphs, headings, and breaks between scenes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

# "***", "* * *", "---", "⁂", "#": a line of nothing but marks
_BREAK = re.compile(r"(?:[*\-–—_~#=•·⁂✦]\s*){3,}|[*#•⁂✦]")
# "# Chapter one"
_HEADING = re.compile(r"#{1,6}\s+(\S.*)")


@dataclass(frozen=True)
class Block:
    """`text` of a break is empty; of a text it may have several lines."""

    kind: Literal["text", "heading", "break"]
    text: str


def paragraphs_of(story: str) -> tuple[str, ...]:
    """A story's paragraphs: what blank lines part, or each line of a story without blank lines.

    Breaks and headings ("# ...") are paragraphs of their own. Nothing but space is lost.
    """
    lines = [line.strip() for line in story.strip().splitlines()]
    apart = all(lines)

    def place(numbered: tuple[int, str]) -> tuple[str, int]:
        """Equal for neighbours that belong together."""
        number, line = numbered
        if not line:
            return "blank", 0
        return ("alone", number) if apart or _block(line).kind != "text" else ("text", 0)

    groups = groupby(enumerate(lines), key=place)
    return tuple("\n".join(line for _, line in group) for (kind, _), group in groups if kind != "blank")


def blocks_of(paragraphs: Iterable[str]) -> tuple[Block, ...]:
    """The blocks of a chapter; a break stands only between two others."""
    blocks: list[Block] = []
    for block in map(_block, paragraphs):
        if block.kind != "break" or (blocks and blocks[-1].kind != "break"):
            blocks.append(block)
    if blocks and blocks[-1].kind == "break":
        blocks.pop()
    return tuple(blocks)


def leads_on(paragraph: str) -> bool:
    """Whether a paragraph belongs to what follows: a heading, or a break."""
    return _block(paragraph).kind != "text"


def _block(paragraph: str) -> Block:
    if _BREAK.fullmatch(paragraph):
        return Block("break", "")
    heading = _HEADING.fullmatch(paragraph)
    return Block("heading", _without_tail(heading[1])) if heading else Block("text", paragraph)


def _without_tail(heading: str) -> str:
    """ "Chapter one ##" without its closing marks; "The C#" as it is."""
    bare = heading.rstrip("#")
    return bare.rstrip() if bare[-1:].isspace() else heading
