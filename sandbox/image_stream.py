"""How pictures come in a stream: some unfinished ones, then the finished one with what it cost."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.control import Fault
from sandbox.image_request import Order

_ERROR = {
    "type": "image_generation_server_error",
    "code": "server_error",
    "message": "A fault of the sandbox.",
    "param": None,
}


@dataclass(frozen=True)
class Streamed:
    """What goes into a stream that ends at `ends` (a monotonic time): previews, and the finished items."""

    order: Order
    previews: Callable[[int], list[bytes]]
    items: list[dict[str, str]]
    ends: float
    fault: Fault | None


async def stream(request: web.Request, streamed: Streamed) -> web.StreamResponse:
    order, kind = streamed.order, streamed.fault.kind if streamed.fault else ""
    verb = "image_edit" if order.references else "image_generation"
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    begun = time.monotonic()

    async def until(share: float) -> None:
        await asyncio.sleep(max(0.0, begun + (streamed.ends - begun) * share - time.monotonic()))

    previews = await asyncio.to_thread(streamed.previews, order.partial_images)
    for index, picture in enumerate(previews):
        await until((index + 1) / (len(previews) + 1))
        partial = {"b64_json": base64.b64encode(picture).decode(), "partial_image_index": index}
        await response.write(_event(f"{verb}.partial_image", {**_common(order), **partial}))
    await until(1.0)
    if kind == "drop" and request.transport:
        request.transport.abort()
        return response
    if kind == "error_in_stream":
        await response.write(_event("error", {"error": _ERROR}))
    elif kind != "cut_stream":
        for item in streamed.items:
            usage = usage_of(order, 1)
            await response.write(_event(f"{verb}.completed", {**_common(order), **item, "usage": usage}))
    await response.write_eof()
    return response


def usage_of(order: Order, pictures: int) -> dict[str, Any]:
    """Tokens as image models count them, roughly."""
    words, shown = max(1, len(order.prompt) // 4), len(order.references) * 323
    painted = pictures * max(1, order.size[0] * order.size[1] // 1000)
    return {
        "input_tokens": words + shown,
        "output_tokens": painted,
        "total_tokens": words + shown + painted,
        "input_tokens_details": {"text_tokens": words, "image_tokens": shown},
    }


def _common(order: Order) -> dict[str, Any]:
    return {
        "created_at": int(time.time()),
        "size": "x".join(map(str, order.size)),
        "quality": order.quality,
        "background": order.background,
        "output_format": order.output_format,
    }


def _event(name: str, content: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **content})}\n\n".encode()
