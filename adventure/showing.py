"""An adventure as its players are told: messages made of events, and the history."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import Connection

from adventure import rows as adventures
from adventure.machine import State
from adventure.rows import Adventure, Event, Turn
from errors import StoryfarmError
from images import records
from images.records import Picture
from images.storage import Storage


def history(tx: Connection, found: Adventure, base_url: str) -> dict[str, Any]:
    """The message that replaces all that a client shows.

    Of a turn that is being told the events follow, so its number is that of the last one before them.
    """
    turns = adventures.all_turns(tx, found.id)
    path = adventures.path_to(turns, found.head)
    pictures = {each.file: each for each in records.of_album(tx, found.album)}
    on_path = {turn.number for turn in path}
    seq = found.seq
    if found.state is State.NARRATING:
        begun = adventures.begin_of(tx, found.id, found.head)
        seq = begun - 1 if begun else found.seq
        path = path[:-1]
    return {
        "type": "history",
        "session": found.id,
        "turn": found.head,
        "seq": seq,
        "title": found.title,
        "state": found.state,
        "setup": found.setup,
        "turns": [_turn(turn, pictures, base_url) for turn in path],
        "saves": adventures.saves(tx, found.id),
        "others": [
            {"turn": turn.number, "parent": turn.parent, "choice": turn.choice}
            for turn in turns.values()
            if turn.told and turn.number not in on_path
        ],
    }


def nothing(session: str) -> dict[str, Any]:
    """The history of an adventure that has not begun."""
    return {
        "type": "history",
        "session": session,
        "turn": 0,
        "seq": 0,
        "title": "",
        "state": State.WAITING,
        "setup": None,
        "turns": [],
        "saves": [],
        "others": [],
    }


def message(tx: Connection, found: Adventure, event: Event, base_url: str) -> dict[str, Any]:
    """The message for an event; a picture's has its `file`, which `with_picture` replaces."""
    about = {"session": found.id, "turn": event.turn, "seq": event.seq}
    if event.type == "begin":
        return {"type": "state", **about, "state": State.NARRATING, **event.data}
    if event.type == "history":
        return {**history(tx, found, base_url), "seq": event.seq}
    if event.type == "image":
        shown = _image(records.by_file(tx, event.data["file"]), base_url) or {}
        return {"type": "image", **about, **event.data, **shown}
    return {"type": event.type, **about, **event.data}


def with_picture(message: dict[str, Any], storage: Storage) -> dict[str, Any] | None:
    """The message with its picture's bytes where it has one; None if that is gone."""
    if message["type"] != "image":
        return message
    try:
        content = storage.get(message["file"])
    except StoryfarmError:
        return None
    shown = {name: value for name, value in message.items() if name != "file"}
    return {**shown, "image": base64.b64encode(content).decode()}


def fault(session: str, seq: int, error: StoryfarmError) -> dict[str, Any]:
    """What is wrong with one message of a player's."""
    problem = error.problem()
    about = {"session": session, "turn": 0, "seq": seq}
    return {"type": "error", **about, "code": problem["code"], "error": problem["detail"], "retry": False}


def _turn(turn: Turn, pictures: dict[str, Picture], base_url: str) -> dict[str, Any]:
    told = turn.told or {}
    return {
        "turn": turn.number,
        "parent": turn.parent,
        "choice": turn.choice,
        "narration": told.get("narration", ""),
        "choices": told.get("choices", []),
        "image": _image(pictures.get(turn.picture or ""), base_url),
        "problem": turn.problem["detail"] if turn.problem else None,
    }


def _image(picture: Picture | None, base_url: str) -> dict[str, Any] | None:
    if picture is None or picture.expired_at:
        return None
    return {
        "url": f"{base_url}/images/{picture.file}",
        "mime": picture.mime,
        "width": picture.width,
        "height": picture.height,
        "alt": picture.alt,
    }
