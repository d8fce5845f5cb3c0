"""Texts that are hard to send in pieces: awkward characters, and JSON that breaks off within an escape."""

from __future__ import annotations

import re
from random import Random

# Quotes, backslashes, what looks like JSON or an event, line breaks, emoji of one and of several code
# points, Cyrillic, combining marks, and the end of line that JSON allows unescaped.
_TRICKS = (
    '"',
    '\\"',
    "\\",
    "\\n",
    "\\u00e9",
    '"},',
    "\n",
    "\r\n",
    "\n\ndata:",
    "\t",
    "🦊",
    "👩🏽‍🚀",
    "🇫🇷",
    "привет",
    "e\u0301",
    "o\u0308",
    "\u2028",
    "漢字",
)
_TOLD = re.compile(r'"(?:narration|text|story)": "(?P<told>(?:[^"\\]|\\.)*)')
_SIGN = re.compile(r"\\u[0-9a-f]{4}|\\.|[^\\]")


def sprinkled(text: str, rng: Random) -> str:
    """All the tricks, stuck to the words of `text` at equal distances; hardly a word more than before."""
    tricks, pieces = rng.sample(_TRICKS, len(_TRICKS)), re.findall(r"\S+\s*", text)
    for at, trick in enumerate(tricks):
        place = at * len(pieces) // len(tricks)
        word = pieces[place].rstrip()
        pieces[place] = word + trick + pieces[place][len(word) :]
    return "".join(pieces)


def beginning_of_text(content: str) -> int | None:
    """Where the first character told stands: in prose at once, in JSON behind narration, text or story."""
    if not content.startswith("{"):
        return 0
    found = _TOLD.search(content)
    return found.start("told") if found else None


def cut_in_escape(content: str) -> str:
    r"""JSON (with escapes) up to the middle of a \u escape in what is told; prose up to its middle.

    Where nothing that is told is escaped, an escape is put into the middle of it.
    """
    found = _TOLD.search(content) if content.startswith("{") else None
    if not found:
        return content[: len(content) // 2]
    begins, signs = found.start("told"), list(_SIGN.finditer(found["told"]))
    escapes = [sign.end() for sign in signs if sign[0].startswith("\\u")]
    if escapes:
        return content[: begins + escapes[len(escapes) // 2] - 2]
    return content[: begins + (signs[len(signs) // 2].start() if signs else 0)] + r"\u20"
