"""The faults that strike before a model has begun to work, the same for texts and pictures."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from sandbox.control import Fault
from sandbox.refusals import Refused

_HANG_SECONDS = 600.0


async def strike(fault: Fault | None) -> web.Response | None:
    """The answer of an html fault, None for other kinds; raises Refused for a status, waits for a hang."""
    if fault is None:
        return None
    details = fault.details
    if fault.kind == "hang":
        await asyncio.sleep(float(details.get("seconds", _HANG_SECONDS)))
    if fault.kind == "html":
        page = "<html><body>502 Bad Gateway</body></html>"
        return web.Response(status=int(details.get("status", 502)), text=page, content_type="text/html")
    if fault.kind == "status":
        headers = {"Retry-After": str(details["retry_after"])} if "retry_after" in details else None
        kind, code = str(details.get("type", "error")), str(details.get("code", ""))
        status = int(details["status"])
        raise Refused(status, code, "A fault of the sandbox.", kind=kind, headers=headers)
    return None


async def drop(request: web.Request, body: Any) -> web.StreamResponse:
    """Half of the JSON answer, and then the connection is gone."""
    content = json.dumps(body).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport:
        request.transport.abort()
    return response
