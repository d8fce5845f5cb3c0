"""Read what is submitted to midjourney-proxy: the pictures that came along, the words, the changes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from sandbox.likeness import Likeness, look_at
from sandbox.proxy_task import CHANGES, REROLL, UPSCALE, VARIATION, Change, Json
from sandbox.refusals import Refused

SUBMITTED, NOT_FOUND, VALIDATION, FAILURE = 1, 3, 4, 9
EXISTED, QUEUED, QUEUE_FULL, BANNED = 21, 22, 23, 24

_BANNED = re.compile(r"\b(gore|blood|nude)\b", re.IGNORECASE)
_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,")
_SIMPLE = re.compile(r"(?P<id>\S+) (?:(?P<letter>[UV])(?P<index>[1-4])|R)", re.IGNORECASE)
_SEED = re.compile(r"--seed (\d{1,10})\b")
_FORM = re.compile(r"--(?:ar|aspect) (\d{1,3}):(\d{1,3})\b")
_PARAMETERS = re.compile(r"(?:^|\s)--\w.*", re.DOTALL)
_LINK = re.compile(r"https?://\S+")
_DIMENSIONS = {"PORTRAIT": (2, 3), "SQUARE": (1, 1), "LANDSCAPE": (3, 2)}
_SEEN = 64  # pictures that are remembered, so that a reference of many tasks is held once


class Declined(Exception):
    """A submission that is not accepted, for a reason with one of the proxy's codes."""

    def __init__(self, code: int, description: str, result: str | None = None, **properties: Any) -> None:
        super().__init__(description)
        self.body = outcome(code, description, result, **properties)


def outcome(code: int, description: str, result: str | None = None, **properties: Any) -> Json:
    """The body of every answer to a submission; `result` is a task's id."""
    return {"code": code, "description": description, "result": result, "properties": properties}


@dataclass(frozen=True)
class Parcel:
    """A body as it may be recorded, and the pictures that were in it, None for what cannot be decoded."""

    told: Json
    pictures: tuple[bytes | None, ...]

    @property
    def sha256s(self) -> list[str]:
        return [hashlib.sha256(content).hexdigest() for content in self.pictures if content is not None]


def unpack(body: Json) -> Parcel:
    told = {name: value for name, value in body.items() if name not in ("base64", "base64Array")}
    many = body.get("base64Array") or []
    urls = [*(many if isinstance(many, list) else [many]), *([body["base64"]] if body.get("base64") else [])]
    return Parcel(told, tuple(_content(url) for url in urls))


def _content(url: object) -> bytes | None:
    """The bytes of a data URL."""
    found = _DATA_URL.match(url) if isinstance(url, str) else None
    if not found or not isinstance(url, str):
        return None
    try:
        return base64.b64decode(url[found.end() :], validate=True)
    except ValueError:
        return None


class Eyes:
    """Looks at pictures, and remembers the latest ones."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Likeness] = OrderedDict()

    def look(self, parcel: Parcel) -> tuple[Likeness, ...]:
        """The pictures in their order; raises Declined if one is none."""
        return tuple(self._look(content) for content in parcel.pictures)

    def _look(self, content: bytes | None) -> Likeness:
        if content is None:
            raise Declined(VALIDATION, "base64 format error")
        name = hashlib.sha256(content).hexdigest()
        likeness = self._seen.get(name)
        if likeness is None:
            try:
                likeness = self._seen[name] = look_at(content, "base64")
            except Refused as refused:
                raise Declined(VALIDATION, refused.message) from refused
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        return likeness


def read_prompt(body: Json) -> str:
    """Raises Declined if there is none, or a banned one."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Declined(VALIDATION, "prompt cannot be empty")
    prompt = prompt.strip()
    if banned := _BANNED.search(prompt):
        raise Declined(BANNED, "may contain sensitive words", promptEn=prompt, bannedWord=banned[0])
    return prompt


def words(prompt: str) -> str:
    """What a prompt says, without its parameters (--ar 3:2 --v 7) and its links."""
    return _LINK.sub(" ", _PARAMETERS.sub("", prompt)).strip()


def seed_in(prompt: str) -> int | None:
    found = _SEED.search(prompt)
    return int(found[1]) if found else None


def form_in(prompt: str) -> tuple[int, int]:
    """Width and height in proportion, at most 1:3 or 3:1."""
    found = _FORM.search(prompt)
    width, height = (int(found[1]), int(found[2])) if found else (1, 1)
    return (width, height) if 0 < max(width, height) <= 3 * min(width, height) else (1, 1)


def read_dimensions(body: Json) -> tuple[int, int]:
    """The form of a blend; raises Declined."""
    found = _DIMENSIONS.get(str(body.get("dimensions", "SQUARE")))
    if found is None:
        raise Declined(VALIDATION, "dimensions parameter error")
    return found


def read_change(body: Json) -> Change:
    """Raises Declined."""
    task_id, action, index = body.get("taskId"), body.get("action"), body.get("index")
    if not isinstance(task_id, str) or not task_id.strip():
        raise Declined(VALIDATION, "taskId cannot be empty")
    if action not in CHANGES:
        raise Declined(VALIDATION, "action parameter error")
    if action == REROLL:
        return Change(task_id, REROLL)
    if type(index) is not int or not 1 <= index <= 4:
        raise Declined(VALIDATION, "index parameter error")
    return Change(task_id, action, index)


def read_simple_change(body: Json) -> Change:
    """Of "1689231405853400 U2", "... V3" or "... R"; raises Declined."""
    found = _SIMPLE.fullmatch(str(body.get("content") or "").strip())
    if not found:
        raise Declined(VALIDATION, "content parameter error")
    if not found["letter"]:
        return Change(found["id"], REROLL)
    return Change(found["id"], UPSCALE if found["letter"] in "Uu" else VARIATION, int(found["index"]))


def changed_seed(seed: int, change: Change) -> int:
    """The seed of a variation or a reroll; equal changes of equal pictures give equal ones."""
    return crc32(f"{seed}/{change.action}/{change.index}".encode())
