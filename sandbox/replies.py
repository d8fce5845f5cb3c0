"""What the text model answers: stories, parts of them, picture books, adventures, what a picture shows."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from sandbox import adventure
from sandbox.adventure_message import find_ask as find_turn
from sandbox.adventure_message import is_ask as is_turn
from sandbox.chat_request import PLAN, Chat
from sandbox.completions import texts
from sandbox.control import Fault, Habits
from sandbox.describing import describe
from sandbox.novel import find_ask, is_ask, write
from sandbox.plans import asks_for_book, plan_book, read_wish
from sandbox.storyteller import Told, tell
from sandbox.tricky import cut_in_escape

# "Prompt: a dog", "Length: about 400 words", "Language: German": how our own prompts say it.
_PROMPT = re.compile(r"^Prompt: (?P<value>.*?)(?=^Length: |\Z)", re.MULTILINE | re.DOTALL)
_WORDS = re.compile(r"\b(\d{2,4}) words\b")
_LANGUAGE = re.compile(r"^Language: (.+)$", re.MULTILINE)

# An object to be sent as JSON, or prose.
Answer = dict[str, Any] | str

_tell = lru_cache(maxsize=64)(tell)


def reply(chat: Chat, seed: int, fault: Fault | None, habits: Habits) -> str:
    """The content of the answer; the kinds of `fault` that spoil it do so here."""
    kind = fault.kind if fault else ""
    made = _content(chat, seed, kind, habits)
    if isinstance(made, dict):
        made = json.dumps(made, ensure_ascii=habits.escape or kind == "cut_in_escape")
    if kind == "cut_in_escape":
        return cut_in_escape(made)
    return made[: len(made) // 2] if kind == "length" else made


def _content(chat: Chat, seed: int, kind: str, habits: Habits) -> Answer:
    said = [texts(message) for message in chat.body["messages"] if message.get("role") == "user"]
    if chat.schema and kind == "wrong_shape":
        return {"answer": {"kind": chat.schema, "parts": [1, 2, 3]}}
    in_json = bool(chat.schema or _asks_for_json(chat)) and kind != "prose"
    if turn := find_turn(said, chat.schema):
        played, narration = adventure.play(turn, seed, kind, tricky=habits.tricky)
        return played if in_json else narration
    if ask := find_ask(said, chat.schema):
        written, prose = write(ask, seed, kind, end_marker=habits.end_marker)
        return written if ask.schema and in_json else prose
    return _story(chat, said[-1] if said else "", seed, kind)


def _story(chat: Chat, asked: str, seed: int, kind: str) -> Answer:
    """A short story or a picture book; what the pictures show if nothing else is asked for."""
    seen = describe(chat.pictures, asked) if chat.pictures else ""
    if chat.schema == PLAN or (not chat.schema and asks_for_book(asked)):
        book = plan_book(read_wish(asked), look=seen, seed=seed)
        if kind == "prose" or not chat.schema:
            return "\n\n".join([book["title"], *(page["text"] for page in book["pages"])])
        return book | {"pages": book["pages"][:-1]} if kind == "few_pages" else book
    if seen and not chat.schema:
        return seen
    told = _told(asked, seed)
    if chat.schema and kind != "prose":
        return {"title": told.title, "story": told.text}
    return f"{told.title}\n\n{told.text}"


def _asks_for_json(chat: Chat) -> bool:
    """Whether somebody asks for JSON in words, which a model obeys even where its house ignores schemas."""
    said = [texts(m) for m in chat.body["messages"] if m.get("role") in ("system", "developer", "user")]
    return any(not is_ask(text) and not is_turn(text) and re.search(r"\bJSON\b", text) for text in said)


def _told(asked: str, seed: int) -> Told:
    prompt, words, language = _PROMPT.search(asked), _WORDS.search(asked), _LANGUAGE.search(asked)
    return _tell(
        (prompt["value"] if prompt else asked).strip(),
        words=int(words[1]) if words else 400,
        language=language[1] if language else "",
        seed=seed,
    )
