"""Reads one string field out of a JSON object while the object is still being written."""

from __future__ import annotations

from enum import Enum

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}
_REPLACEMENT = "\ufffd"


class _At(Enum):
    OUTSIDE = 1  # between the strings of the object
    STRING = 2
    ESCAPE = 3  # behind a backslash
    UNICODE = 4  # in the four digits behind \u


class FieldReader:
    """Give it the document piece by piece: `feed` returns what each adds to the field.

    Every character is looked at once. Only a string directly in the outermost object counts.
    Sample: '{"title": "A", "story": "Once\\nupon' gives "Once", a line break and "upon" for "story".
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._at = _At.OUTSIDE
        self._depth = 0
        self._key: str | None = None
        self._expects_value = False
        self._string: list[str] = []
        self._digits = ""
        self._high = ""
        self.done = False

    def feed(self, chunk: str) -> str:
        """The characters that `chunk` adds to the field, decoded."""
        out: list[str] = []
        for char in chunk:
            if self.done:
                break
            if self._at is _At.OUTSIDE:
                self._outside(char)
            else:
                self._inside(char, out)
        return "".join(out)

    @property
    def _is_wanted(self) -> bool:
        return self._depth == 1 and self._expects_value and self._key == self._name

    def _outside(self, char: str) -> None:
        if char == '"':
            self._at = _At.STRING
            self._string.clear()
        elif char in "{[":
            self._depth += 1
            self._expects_value = False
        elif char in "}]":
            self._depth -= 1
            self._expects_value = False
        elif char == ":" and self._depth == 1:
            self._expects_value = True
        elif char == "," and self._depth == 1:
            self._expects_value = False

    def _inside(self, char: str, out: list[str]) -> None:
        if self._at is _At.ESCAPE:
            self._escape(char, out)
        elif self._at is _At.UNICODE:
            self._digits += char
            if len(self._digits) == 4:
                self._at = _At.STRING
                self._code_unit(out)
        elif char == "\\":
            self._at = _At.ESCAPE
        elif char == '"':
            self._end(out)
        else:
            self._add(char, out)

    def _escape(self, char: str, out: list[str]) -> None:
        if char == "u":
            self._at, self._digits = _At.UNICODE, ""
        else:
            self._at = _At.STRING
            self._add(_ESCAPES.get(char, char), out)

    def _code_unit(self, out: list[str]) -> None:
        """Characters beyond U+FFFF are escaped as two units, a high and a low surrogate."""
        try:
            unit = int(self._digits, 16)
        except ValueError:
            self._add(_REPLACEMENT, out)
            return
        if 0xD800 <= unit < 0xDC00:
            self._flush_high(out)
            self._high = chr(unit)
        elif 0xDC00 <= unit < 0xE000:
            high, self._high = self._high, ""
            code = 0x10000 + ((ord(high) - 0xD800) << 10) + unit - 0xDC00 if high else 0xFFFD
            self._put(chr(code), out)
        else:
            self._add(chr(unit), out)

    def _add(self, char: str, out: list[str]) -> None:
        self._flush_high(out)
        self._put(char, out)

    def _flush_high(self, out: list[str]) -> None:
        if self._high:
            self._high = ""
            self._put(_REPLACEMENT, out)

    def _put(self, char: str, out: list[str]) -> None:
        if self._is_wanted:
            out.append(char)
        elif self._depth == 1 and not self._expects_value:
            self._string.append(char)

    def _end(self, out: list[str]) -> None:
        self._flush_high(out)
        self._at = _At.OUTSIDE
        if self._is_wanted:
            self.done = True
        elif self._depth == 1 and not self._expects_value:
            self._key = "".join(self._string)


def read_field(document: str, name: str) -> str:
    """The string field `name` of a JSON object, as far as the object goes: a cut one gives its beginning."""
    return FieldReader(name).feed(document)
