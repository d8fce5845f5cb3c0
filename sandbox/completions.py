"""How a model's words are wrapped: one completion, or a stream of chunks."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from sandbox.control import Fault

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


async def stream(
    request: web.Request, body: dict[str, Any], content: str, seconds: float, fault: Fault | None
) -> web.StreamResponse:
    """The answer word by word, in about `seconds`."""
    kind = fault.kind if fault else ""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    if kind in ("cut_stream", "drop"):
        content = content[: len(content) // 2]
    said = "content"
    if kind == "refusal":
        said, content = "refusal", _REFUSAL
    pieces = re.findall(r"\S+\s*|\s+", content)
    for piece in pieces:
        await response.write(_event(body, {"delta": {said: piece}, "finish_reason": None}))
        await asyncio.sleep(seconds / max(1, len(pieces)))
    if kind == "drop" and request.transport:
        request.transport.abort()
        return response
    if kind == "error_in_stream":
        await response.write(
            b'data: {"error": {"message": "A fault of the sandbox.", "type": "server_error"}}\n\n'
        )
    elif kind != "cut_stream":
        await response.write(_event(body, {"delta": {}, "finish_reason": _finish(fault)}))
        if (body.get("stream_options") or {}).get("include_usage"):
            await response.write(_event(body, None, usage=_usage(body, content)))
        await response.write(b"data: [DONE]\n\n")
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


def _event(body: dict[str, Any], choice: dict[str, Any] | None, **more: Any) -> bytes:
    chunk = {
        "id": "chatcmpl-sandbox",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, **choice}] if choice else [],
        **more,
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()
