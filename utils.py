"""Small things of the standard library only, each used in several places."""

from __future__ import annotations

import re
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

# Marks that change the direction of what follows, or that nobody can see: harmless in a story, but they
# can make a command look like another one. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
_INVISIBLE = frozenset("\u00ad\u061c\u200b\u200c\u200e\u200f\u2060\ufeff") | frozenset(
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
)


def new_id() -> str:
    """An id that cannot be guessed: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def derived_id(id: str, part: str) -> str:
    """An id for a part of what has `id`: the same whenever that is done again."""
    return uuid.uuid5(uuid.UUID(id), part).hex


def remaining(deadline: float) -> float:
    """Seconds left until `deadline` (a `time.monotonic()` value), never below zero."""
    return max(0.0, deadline - time.monotonic())


def iso(moment: float) -> str:
    """A time in epoch seconds as RFC 3339 text in UTC, with milliseconds."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def one_line(text: str) -> str:
    """`text` on one line: control, direction and invisible characters gone, runs of space collapsed.

    The zero-width joiner stays, since emoji such as families are built with it.
    """
    if text.isprintable():  # nothing of that in it, as in most texts
        return " ".join(text.split())
    visible = (
        " " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char
        for char in text
        if char not in _INVISIBLE
    )
    return " ".join("".join(visible).split())


def is_well_formed(text: str) -> bool:
    """Whether `text` can be written as UTF-8: JSON's escapes can hold half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def well_formed(text: str) -> str:
    """`text` with halves of characters replaced, so that it can be written as UTF-8."""
    if is_well_formed(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, cut at a space where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    head = text[: limit - 1]
    space = head.rfind(" ", len(head) * 2 // 3)
    return (head[:space] if space > 0 else head).rstrip() + "…"


def plain_name(name: str) -> str:
    """What every file system takes: "Old Bär" gives "old-bar", and a name without such letters ""."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


class ClosingIterable:
    """An iterable whose `closed` is called at its end, even if nothing was ever taken from it."""

    def __init__(self, pieces: Iterator[str], closed: Callable[[], object]) -> None:
        self._pieces = pieces
        self._closed = closed

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        """WSGI servers call it: https://peps.python.org/pep-3333/#specification-details"""
        self._closed()
