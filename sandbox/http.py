"""Answers as the real services form them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON without a charset in its type: discord.py compares the type to the letter."""
    return web.Response(
        body=json.dumps(body).encode(), status=status, headers=headers, content_type="application/json"
    )


async def read_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; raises HTTPBadRequest."""
    try:
        body = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest(text="The body is not JSON.") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="The body is no JSON object.")
    return body
