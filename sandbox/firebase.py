"""A stand-in for Firebase's Realtime Database over REST: one tree of JSON below /firebase."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from sandbox.control import Control
from sandbox.faults import drop, strike
from sandbox.http import answer
from sandbox.refusals import Refused, answering

TOKEN = "sandbox-token"  # noqa: S105  (opens nothing but the sandbox)
PREFIX = "/firebase"
_FORBIDDEN = re.compile(r"[.$#\[\]\x00-\x1f\x7f]")

Path = tuple[str, ...]


def add_routes(app: web.Application, control: Control) -> None:
    database = _Database(control)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        app.router.add_route(method, f"{PREFIX}/{{path:.*}}.json", answering(_form, database.answer))


class _Database:
    """The tree: objects that are never empty as branches; texts, numbers, true and false as leaves."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._root: Any = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        where, text = request.match_info["path"], await request.text()
        self._control.record("firebase", method=request.method, path=where, body=text)
        fault = self._control.fault("firebase")
        if struck := await strike(fault):
            return struck
        if not self._control.habits.firebase_open and request.query.get("auth") != TOKEN:
            raise Refused(401, "", "Permission denied")
        told = self._carry_out(request.method, path_of(where), text)
        if fault and fault.kind == "drop":
            return await drop(request, told)
        return web.Response(status=204) if request.query.get("print") == "silent" else answer(told)

    def _carry_out(self, method: str, path: Path, text: str) -> Any:
        """What is answered: what was read or written."""
        if method == "GET":
            return shown(self._at(path))
        if method == "DELETE":
            self._write(path, None)
            return None
        value = _parsed(text)
        if method == "PUT":
            self._write(path, stored(value))
            return value
        if not isinstance(value, dict):
            raise Refused(400, "", "Invalid data; couldn't parse JSON object. Are you sending a JSON object?")
        changes = [((*path, *path_of(where)), stored(one)) for where, one in value.items()]
        for place, one in changes:
            self._write(place, one)
        return value

    def _at(self, path: Path) -> Any:
        found: Any = self._root
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def _write(self, path: Path, value: Any) -> None:
        """Put the value there, or nothing for None; a leaf on the way becomes a branch."""
        self._root = written(self._root, path, value)


def written(tree: Any, path: Path, value: Any) -> Any:
    """The tree with `value` at `path`, without empty branches. The old one stays as it is."""
    if not path:
        return value
    if value is None and not isinstance(tree, dict):
        return tree
    branches = dict(tree) if isinstance(tree, dict) else {}
    below = written(branches.pop(path[0], None), path[1:], value)
    if below is not None:
        branches[path[0]] = below
    return branches or None


def path_of(where: str) -> Path:
    """ "a/b//c" as ("a", "b", "c"); raises Refused for signs that no key may have."""
    keys = tuple(key for key in where.split("/") if key)
    if any(_FORBIDDEN.search(key) for key in keys):
        raise Refused(400, "", "Invalid path: Invalid token in path")
    return keys


def stored(value: Any) -> Any:
    """As the database keeps it: lists are branches with numbers as keys, and what is empty is not there."""
    if isinstance(value, list):
        value = {str(place): one for place, one in enumerate(value)}
    if not isinstance(value, dict):
        return value
    if any(not key or "/" in key or _FORBIDDEN.search(key) for key in value):
        raise Refused(
            400, "", "Invalid data; couldn't parse key. Key value can't be empty or contain $ # [ ] / or ."
        )
    kept = {key: inner for key, one in value.items() if (inner := stored(one)) is not None}
    return kept or None


def shown(value: Any) -> Any:
    """As it is told: a branch is a list if its keys are numbers and more than half of them are there."""
    if not isinstance(value, dict):
        return value
    inner = {key: shown(one) for key, one in sorted(value.items(), key=_order)}
    places = _places(tuple(inner))
    if places and len(places) * 2 > max(places) + 1:
        return [inner.get(str(place)) for place in range(max(places) + 1)]
    return inner


def _places(keys: Sequence[str]) -> list[int]:
    """The keys as numbers; empty if one is none."""
    numbers = [key.isascii() and key.isdecimal() and str(int(key)) == key for key in keys]
    return [int(key) for key in keys] if all(numbers) else []


def _order(item: tuple[str, Any]) -> tuple[bool, int, str]:
    """Numbers come first, by their size."""
    key = item[0]
    is_number = bool(_places((key,)))
    return not is_number, int(key) if is_number else 0, key


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        message = "Invalid data; couldn't parse JSON object, array, or value."
        raise Refused(400, "", message) from error


def _form(refused: Refused) -> Any:
    return {"error": refused.message}
