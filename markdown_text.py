"""Text in Markdown: what would be taken for a mark is escaped."""

from __future__ import annotations

import re

# Marks anywhere, and the ampersand of an entity such as &lt;
_MARKS = re.compile(r"[\\`*_{}\[\]<>#|!~]|&(?=#?\w+;)")
# What stands before the mark of a list ("- ", "1. "), a line across (---) or a heading's line (===)
_LINE_STARTS = re.compile(r"^ *(?=[-+](?:\s|$)|-+ *$|=+ *$)|^ *\d+(?=[.)](?:\s|$))", re.MULTILINE)


def escaped(text: str) -> str:
    """`text` so that Markdown shows it as it is."""
    return _LINE_STARTS.sub(r"\g<0>\\", _MARKS.sub(r"\\\g<0>", text))
