"""Writes a manuscript as a PDF: A5 pages, one embedded font for Latin, Greek and Cyrillic, bookmarks.

What the font lacks (emoji, Chinese, Arabic ...) is shown as the sign for an unknown character, U+FFFD.
"""

from __future__ import annotations

import io
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg_noto_serif
from reportlab import rl_config
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from errors import Busy
from manuscripts.blocks import Block, blocks_of
from manuscripts.manuscript import SAMPLE_NOTE, Chapter, Manuscript, Plate, labels_of

_FONT = "NotoSerif"
_UNKNOWN = "\ufffd"
# Points, 72 to an inch.
_WIDTH, _HEIGHT = A5
_MARGIN = 54.0
_TEXT_WIDTH = _WIDTH - 2 * _MARGIN
_TOP = _HEIGHT - _MARGIN
_SIZES = {"title": 24.0, "chapter": 18.0, "heading": 13.0, "text": 10.5, "small": 8.5}
_LEADING = 1.45  # times the size
_GAP = 7.0
_NUMBER_HEIGHT = 30.0
_HIGHEST_PICTURE = 0.55  # of the page's text, so that some text follows
_WRITE_SECONDS = 60.0

# A font of reportlab's keeps its place while it is read: one document at a time.
_writing = threading.Lock()


def write_pdf(manuscript: Manuscript) -> bytes:
    """The manuscript as a PDF, its pictures JPEGs; the same bytes for the same manuscript.

    Raises Busy if others take too long with theirs.
    """
    if not _writing.acquire(timeout=_WRITE_SECONDS):
        raise Busy("Other stories are being made into PDFs right now; try again in a minute.", retry_after=60)
    try:
        return _written(manuscript)
    finally:
        _writing.release()


def _written(manuscript: Manuscript) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A5, pageCompression=1, invariant=1, lang=manuscript.language)
    canvas.setTitle(manuscript.title)
    canvas.setAuthor(manuscript.author)
    canvas.setSubject("")
    canvas.setCreator("Storyfarm")
    pages = _Pages(canvas, _font())
    pages.title_page(manuscript)
    for chapter, label in zip(manuscript.chapters, labels_of(manuscript), strict=True):
        pages.chapter(chapter, label)
    if manuscript.is_sample:
        pages.gap(4)
        pages.lines(SAMPLE_NOTE, "small", centred=True)
    pages.end()
    canvas.showOutline()
    canvas.save()
    return buffer.getvalue()


@cache
def _font() -> TTFont:
    font = TTFont(_FONT, str(Path(fontpkg_noto_serif.ROOT, "files", "NotoSerif[wdth,wght].ttf")))
    pdfmetrics.registerFont(font)
    rl_config.useA85 = 0  # pictures as they are, and not as text that is a quarter larger
    return font


class _Pages:
    """Puts one thing under the other, and begins a page when one is full."""

    def __init__(self, canvas: Canvas, font: TTFont) -> None:
        self._canvas = canvas
        self._font = font
        self._known: dict[int, Any] = font.face.charToGlyph
        self._widths: dict[str, float] = {}
        self._y = _TOP
        self._numbered = False

    def title_page(self, manuscript: Manuscript) -> None:
        self._bookmark("title", manuscript.title)
        self._picture(manuscript.cover)
        if not manuscript.cover:
            self._y -= (_TOP - _MARGIN) / 4
        self.lines(manuscript.title, "title", centred=True)
        self.gap(1)
        self.lines(manuscript.author, "heading", centred=True)

    def chapter(self, chapter: Chapter, label: str) -> None:
        """On a new page."""
        self._turn()
        self._bookmark(f"chapter-{self._canvas.getPageNumber()}", label)
        self.lines(chapter.title, "chapter", centred=True)
        self.gap(2)
        self._picture(chapter.plate)
        for block in blocks_of(chapter.paragraphs):
            self._block(block)

    def lines(self, text: str, style: str, *, centred: bool = False) -> None:
        """`text` broken into lines that fit."""
        size = _SIZES[style]
        for line in self._broken(text, _TEXT_WIDTH / size):
            self._room(size * _LEADING)
            self._y -= size * _LEADING
            self._canvas.setFont(_FONT, size)
            if centred:
                self._canvas.drawCentredString(_WIDTH / 2, self._y, line)
            else:
                self._canvas.drawString(_MARGIN, self._y, line)

    def gap(self, times: int) -> None:
        """Room between two things; nothing at the top of a page."""
        if self._y < _TOP:
            self._y -= _GAP * times

    def end(self) -> None:
        """The last page is full."""
        if self._numbered:
            self._canvas.setFont(_FONT, _SIZES["small"])
            self._canvas.drawCentredString(_WIDTH / 2, _NUMBER_HEIGHT, str(self._canvas.getPageNumber()))
        self._canvas.showPage()

    def _turn(self) -> None:
        self.end()
        self._numbered = True
        self._y = _TOP

    def _room(self, height: float) -> None:
        if self._y - height < _MARGIN:
            self._turn()

    def _bookmark(self, key: str, label: str) -> None:
        self._canvas.bookmarkPage(key)
        self._canvas.addOutlineEntry(label, key)

    def _block(self, block: Block) -> None:
        if block.kind == "break":
            self.gap(1)
            self.lines("* * *", "text", centred=True)
            self.gap(2)
            return
        if block.kind == "heading":
            # Two lines of text stay with it.
            self._room((_SIZES["heading"] + 2 * _SIZES["text"]) * _LEADING + 3 * _GAP)
            self.gap(2)
            self.lines(block.text, "heading")
        else:
            self.lines(block.text, "text")
        self.gap(1)

    def _picture(self, plate: Plate | None) -> None:
        """As large as it may be, or its description if it is not there."""
        if plate is None:
            return
        if plate.content:
            most = (_TOP - _MARGIN) * _HIGHEST_PICTURE
            scale = min(_TEXT_WIDTH / plate.width, most / plate.height)
            width, height = plate.width * scale, plate.height * scale
            self._room(height)
            self._y -= height
            image = ImageReader(io.BytesIO(plate.content))
            self._canvas.drawImage(image, (_WIDTH - width) / 2, self._y, width, height)
        elif plate.alt:
            self.lines(f"[{plate.alt}]", "text", centred=True)
        self.gap(2)

    def _broken(self, text: str, width: float) -> Iterator[str]:
        """Lines of at most `width` times the font's size; a word that is wider is broken."""
        for line in text.splitlines():
            words: list[str] = []
            used = 0.0
            for word in self._words(line, width):
                added = self._width(word) + (self._width(" ") if words else 0.0)
                if words and used + added > width:
                    yield " ".join(words)
                    words, used, added = [], 0.0, self._width(word)
                words.append(word)
                used += added
            if words:
                yield " ".join(words)

    def _words(self, line: str, width: float) -> Iterator[str]:
        for word in self._shown(line).split():
            if self._width(word) <= width:
                yield word
            else:
                yield from self._pieces(word, width)

    def _pieces(self, word: str, width: float) -> Iterator[str]:
        start, used = 0, 0.0
        for place, char in enumerate(word):
            used += self._width(char)
            if used > width:
                yield word[start:place]
                start, used = place, self._width(char)
        yield word[start:]

    def _width(self, word: str) -> float:
        """Times the font's size."""
        known = self._widths.get(word)
        if known is None:
            known = self._widths[word] = self._font.stringWidth(word, 1.0)
        return known

    def _shown(self, text: str) -> str:
        """`text` in characters that the font has; invisible ones are left out."""
        composed = unicodedata.normalize("NFC", text)
        return "".join(
            char if ord(char) in self._known else self._stand_in(char)
            for char in composed
            if char == " " or unicodedata.category(char) != "Cf"
        )

    def _stand_in(self, char: str) -> str:
        """What is read alike (full-width letters, ligatures), or the sign for an unknown character."""
        if char.isspace():
            return " "
        alike = unicodedata.normalize("NFKC", char)
        if alike != char and all(ord(part) in self._known for part in alike):
            return alike
        return "" if unicodedata.category(char) in ("Mn", "Me") else _UNKNOWN
