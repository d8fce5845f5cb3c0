"""A manuscript as a file: Markdown, plain text, HTML, EPUB or PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from errors import InvalidRequest
from manuscripts.epub import as_epub
from manuscripts.manuscript import Manuscript
from manuscripts.page import as_html
from manuscripts.plain import as_markdown, as_text
from manuscripts.preparing import prepared, with_prints
from utils import plain_name

# A manuscript as a PDF: pdf_writer.write_pdf
WritePdf = Callable[[Manuscript], bytes]
MIMES = {
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "epub": "application/epub+zip",
}
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Export:
    """`file_name` has only lower-case ASCII letters, digits, hyphens and the dot before its ending."""

    content: bytes
    mime: str
    file_name: str


def export(manuscript: Manuscript, format: str, write_pdf: WritePdf) -> Export:
    """The same bytes for the same manuscript. `format` is one of MIMES.

    A picture that cannot be read is left out, and its description stands in its place. Raises InvalidRequest
    for an unknown format, and TooLarge.
    """
    if format not in MIMES:
        raise InvalidRequest(f"The format must be one of {', '.join(MIMES)}.", field="format")
    book = prepared(manuscript)
    stem = plain_name(book.title)[:_LONGEST_NAME].strip("-") or "story"
    return Export(_content(book, format, write_pdf), MIMES[format], f"{stem}.{format}")


def _content(book: Manuscript, format: str, write_pdf: WritePdf) -> bytes:
    if format == "txt":
        return as_text(book).encode()
    if format == "md":
        return as_markdown(book).encode()
    printed = with_prints(book)
    if format == "html":
        return as_html(printed).encode()
    return as_epub(printed) if format == "epub" else write_pdf(printed)
