"""How a model's words are wrapped: one completion, or a stream of chunks."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.control import Fault, Habits
from sandbox.tricky import beginning_of_text

_TOKENS_FOR_A_PICTURE = 765  # what OpenAI counts for one of 1024 x 1024
_REFUSAL = "I cannot help with that."


def completion(body: dict[str, Any], content: str, fault: Fault | None) -> dict[str, Any]:
    """The whole answer to `body`."""
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if fault and fault.kind == "refusal":
        message |= {"content": None, "refusal": _REFUSAL}
    choice = {"index": 0, "message": message, "finish_reason": _finish(fault), "logprobs": None}
    return {
        "id": f"chatcmpl-sandbox-{time.time_ns():x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [choice],
        "usage": _usage(body, content),
    }


@dataclass(frozen=True)
class Course:
    """How a stream goes: the pace and sizes of `habits`; `begun` is called as the text's first piece goes."""

    habits: Habits
    fault: Fault | None
    begun: Callable[[], None]

    def pieces(self, content: str) -> list[str]:
        size = self.habits.chunk_characters
        if size is None:
            return re.findall(r"\S+\s*|\s+", content)
        return [content[at : at + size] for at in range(0, len(content), size)]

    async def write(self, response: web.StreamResponse, event: str) -> None:
        """The event in UTF-8, in one write or in as many as its bytes need."""
        encoded = event.encode(errors="replace")
        size = self.habits.chunk_bytes or len(encoded)
        for at in range(0, len(encoded), size):
            await response.write(encoded[at : at + size])


async def stream(
    request: web.Request, body: dict[str, Any], content: str, course: Course
) -> web.StreamResponse:
    """The answer piece by piece, in about the habits' `story_seconds`."""
    fault = course.fault
    kind = fault.kind if fault else ""
    plain = course.habits.chunk_bytes is not None
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)

    async def send(choice: dict[str, Any] | None, **more: Any) -> None:
        await course.write(response, _event(_chunk(body, choice, **more), plain=plain))

    if kind in ("cut_stream", "drop"):
        content = content[: len(content) // 2]
    said = "content"
    if kind == "refusal":
        said, content = "refusal", _REFUSAL
    pieces, begins, sent = course.pieces(content), beginning_of_text(content), 0
    for piece in pieces:
        if said == "content" and begins is not None and sent <= begins < sent + len(piece):
            course.begun()
        await send({"delta": {said: piece}, "finish_reason": None})
        sent += len(piece)
        await asyncio.sleep(course.habits.story_seconds / max(1, len(pieces)))
    if kind == "drop" and request.transport:
        request.transport.abort()
        return response
    if kind == "error_in_stream":
        error = {"message": "A fault of the sandbox.", "type": "server_error"}
        await course.write(response, _event({"error": error}, plain=plain))
    elif kind not in ("cut_stream", "cut_in_escape"):
        await send({"delta": {}, "finish_reason": _finish(fault)})
        if (body.get("stream_options") or {}).get("include_usage"):
            await send(None, usage=_usage(body, content))
        await course.write(response, "data: [DONE]\n\n")
    await response.write_eof()
    return response


def texts(message: dict[str, Any]) -> str:
    """All that a message says in words."""
    return "\n".join(part["text"] for part in parts(message) if part["type"] == "text")


def parts(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A message's parts; one that is a plain text is one part."""
    content = message["content"]
    yield from [{"type": "text", "text": content}] if isinstance(content, str) else content


def _finish(fault: Fault | None) -> str:
    return fault.kind if fault and fault.kind in ("length", "content_filter") else "stop"


def _usage(body: dict[str, Any], content: str) -> dict[str, int]:
    pictures = sum(part["type"] == "image_url" for message in body["messages"] for part in parts(message))
    asked = sum(len(texts(message)) for message in body["messages"]) // 4 + pictures * _TOKENS_FOR_A_PICTURE
    told = len(content) // 4
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}


def _chunk(body: dict[str, Any], choice: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-sandbox",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, **choice}] if choice else [],
        **more,
    }


def _event(value: dict[str, Any], *, plain: bool) -> str:
    """`plain`: characters beyond ASCII stay as they are."""
    return f"data: {json.dumps(value, ensure_ascii=not plain)}\n\n"
