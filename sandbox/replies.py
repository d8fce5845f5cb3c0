"""What the text model answers: a story, the plan of a picture book, or what a picture shows."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from sandbox.chat_request import PLAN, Chat
from sandbox.completions import texts
from sandbox.control import Fault
from sandbox.describing import describe
from sandbox.plans import asks_for_book, plan_book, read_wish
from sandbox.storyteller import Told, tell

# "Prompt: a dog", "Length: about 400 words", "Language: German": how our own prompts say it.
_PROMPT = re.compile(r"^Prompt: (?P<value>.*?)(?=^Length: |\Z)", re.MULTILINE | re.DOTALL)
_WORDS = re.compile(r"\b(\d{2,4}) words\b")
_LANGUAGE = re.compile(r"^Language: (.+)$", re.MULTILINE)

_tell = lru_cache(maxsize=64)(tell)


def reply(chat: Chat, seed: int, fault: Fault | None) -> str:
    """The content of the answer; the kinds of `fault` that spoil it do so here."""
    kind = fault.kind if fault else ""
    content = _content(chat, seed, kind)
    return content[: len(content) // 2] if kind == "length" else content


def _content(chat: Chat, seed: int, kind: str) -> str:
    asked = next((texts(m) for m in reversed(chat.body["messages"]) if m.get("role") == "user"), "")
    seen = describe(chat.pictures, asked) if chat.pictures else ""
    if chat.schema and kind == "wrong_shape":
        return _json({"answer": {"kind": chat.schema, "parts": [1, 2, 3]}})
    if chat.schema == PLAN or (not chat.schema and asks_for_book(asked)):
        book = plan_book(read_wish(asked), look=seen, seed=seed)
        if kind == "prose" or not chat.schema:
            return "\n\n".join([book["title"], *(page["text"] for page in book["pages"])])
        return _json(book | {"pages": book["pages"][:-1]} if kind == "few_pages" else book)
    if seen and not chat.schema:
        return seen
    told = _told(asked, seed)
    if chat.schema and kind != "prose":
        return _json({"title": told.title, "story": told.text})
    return f"{told.title}\n\n{told.text}"


def _told(asked: str, seed: int) -> Told:
    prompt, words, language = _PROMPT.search(asked), _WORDS.search(asked), _LANGUAGE.search(asked)
    return _tell(
        (prompt["value"] if prompt else asked).strip(),
        words=int(words[1]) if words else 400,
        language=language[1] if language else "",
        seed=seed,
    )


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
