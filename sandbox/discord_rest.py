"""The sandbox's Discord over HTTP: who am I, messages, reactions, webhooks and the CDN."""

from __future__ import annotations

import asyncio
import io
import time
from functools import lru_cache
from typing import Any

from aiohttp import web
from PIL import Image

from sandbox.control import Control
from sandbox.discord_world import (
    BOT,
    BOT_ID,
    BOT_TOKEN,
    CHANNEL_ID,
    GUILD_ID,
    WEBHOOK,
    WEBHOOK_ID,
    WEBHOOK_TOKEN,
    Json,
    Painting,
    World,
)
from sandbox.http import answer, read_object
from sandbox.midjourney import Midjourney
from sandbox.painter import paint, paint_grid, preview

_MESSAGE_CONTENT_FLAG = 1 << 19
_WEBHOOK_WINDOW = 2.0


def add_routes(app: web.Application, control: Control, world: World, midjourney: Midjourney) -> None:
    rest = _Rest(control, world, midjourney)
    bot = "/api/v10"
    channel = f"{bot}/channels/{{channel}}"
    app.router.add_get(f"{bot}/users/@me", rest.me)
    app.router.add_get(f"{bot}/oauth2/applications/@me", rest.application)
    app.router.add_get(f"{bot}/gateway/bot", rest.gateway)
    app.router.add_get(channel, rest.channel)
    app.router.add_get(f"{channel}/messages", rest.messages)
    app.router.add_get(f"{channel}/messages/{{message}}", rest.message)
    app.router.add_post(f"{channel}/messages", rest.say)
    app.router.add_put(f"{channel}/messages/{{message}}/reactions/{{emoji}}/@me", rest.react)
    for prefix in ("/api", bot):
        app.router.add_get(f"{prefix}/webhooks/{{id}}/{{token}}", rest.webhook)
        app.router.add_post(f"{prefix}/webhooks/{{id}}/{{token}}", rest.execute_webhook)
    app.router.add_get("/attachments/{channel}/{file}/{name}", rest.attachment)


class _Rest:
    def __init__(self, control: Control, world: World, midjourney: Midjourney) -> None:
        self._control = control
        self._world = world
        self._midjourney = midjourney
        self._window_ends = 0.0
        self._posts_left = 0

    async def me(self, request: web.Request) -> web.Response:
        return _locked_out(request) or answer(BOT)

    async def application(self, request: web.Request) -> web.Response:
        return _locked_out(request) or answer(
            {
                "id": str(BOT_ID),
                "name": "Storyfarm",
                "icon": None,
                "description": "",
                "verify_key": "0" * 64,
                "bot_public": False,
                "bot_require_code_grant": False,
                "owner": BOT,
                "flags": _MESSAGE_CONTENT_FLAG,
            }
        )

    async def gateway(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        url = self._world.url.replace("http", "ws", 1) + "/gateway"
        return _locked_out(request) or answer({"url": url, "shards": 1, "session_start_limit": limit})

    async def channel(self, request: web.Request) -> web.Response:
        return _locked_out(request) or answer(channel_object())

    async def messages(self, request: web.Request) -> web.Response:
        if refused := _locked_out(request):
            return refused
        limit = min(100, int(request.query.get("limit", 50)))
        after, before = request.query.get("after"), request.query.get("before")
        if after is not None:
            # The oldest behind `after`, newest first, as Discord does.
            found = [m for key, m in self._world.messages.items() if key > int(after)][:limit]
        else:
            end = int(before) if before else 1 << 63
            found = [m for key, m in self._world.messages.items() if key < end][-limit:]
        return answer(found[::-1])

    async def message(self, request: web.Request) -> web.Response:
        found = self._world.messages.get(int(request.match_info["message"]))
        return _locked_out(request) or (answer(found) if found else _unknown(10008, "Unknown Message"))

    async def say(self, request: web.Request) -> web.Response:
        if refused := _locked_out(request):
            return refused
        body = await read_object(request)
        reference = body.get("message_reference")
        more = {"message_reference": reference, "type": 19} if reference else {}
        self._control.record("bot_message", content=body.get("content"))
        return answer(self._world.post(BOT, str(body.get("content") or ""), **more))

    async def react(self, request: web.Request) -> web.Response:
        if refused := _locked_out(request):
            return refused
        self._world.reactions.append((int(request.match_info["message"]), request.match_info["emoji"]))
        return web.Response(status=204)

    async def webhook(self, request: web.Request) -> web.Response:
        if not _is_our_webhook(request):
            return _unknown(10015, "Unknown Webhook")
        return answer(
            {
                "id": str(WEBHOOK_ID),
                "type": 1,
                "channel_id": str(CHANNEL_ID),
                "guild_id": str(GUILD_ID),
                "name": "Storyfarm",
            }
        )

    async def execute_webhook(self, request: web.Request) -> web.Response:
        if not _is_our_webhook(request):
            return _unknown(10015, "Unknown Webhook")
        content = str((await read_object(request)).get("content") or "")
        if not 0 < len(content) <= 2000:
            return answer({"message": "Invalid Form Body", "code": 50035}, 400)
        fault = self._control.fault("webhook")
        headers, wait = self._take_post()
        if wait:
            return _webhook_fault({"status": 429, "retry_after": wait}, headers)
        if fault and fault.kind == "status":
            return _webhook_fault(fault.details, headers)
        message = self._world.post(WEBHOOK, content, webhook_id=str(WEBHOOK_ID))
        self._control.record("command", content=content, id=message["id"])
        self._midjourney.see_command(message)
        if fault and fault.kind == "lost":
            return _webhook_fault({"status": 502}, headers)
        waits = request.query.get("wait") == "true"
        return answer(message, 200, headers) if waits else web.Response(status=204, headers=headers)

    def _take_post(self) -> tuple[dict[str, str], float]:
        """Discord's headers, and the seconds to wait if too much was posted lately."""
        limit = self._control.habits.webhook_limit
        if not limit:
            return {}, 0.0
        now = time.monotonic()
        if now >= self._window_ends:
            self._window_ends, self._posts_left = now + _WEBHOOK_WINDOW, limit
        left_seconds = self._window_ends - now
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, self._posts_left - 1)),
            "X-RateLimit-Reset-After": f"{left_seconds:.3f}",
        }
        if self._posts_left <= 0:
            return headers, left_seconds
        self._posts_left -= 1
        return headers, 0.0

    async def attachment(self, request: web.Request) -> web.Response:
        painting = self._world.files.get(int(request.match_info["file"]))
        fault = self._control.fault("cdn")
        if fault and fault.kind == "hang":
            await asyncio.sleep(float(fault.details.get("seconds", 600)))
        if fault and fault.kind == "status":
            return web.Response(status=int(fault.details["status"]), text="A fault of the sandbox.")
        if fault and fault.kind == "not_a_picture":
            return web.Response(body=b"<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/png")
        if fault and fault.kind == "huge":
            return web.Response(body=b"\x89PNG\r\n\x1a\n" + bytes(60_000_000), content_type="image/png")
        if painting is None:
            return web.Response(status=404, text="This content is no longer available.")
        self._control.record("picture")
        habits = self._control.habits
        content = await asyncio.to_thread(_draw, painting, habits.image_pixels, plain=habits.plain)
        if fault and fault.kind == "truncated":
            content = content[: len(content) // 2]
        kind = "image/png" if request.match_info["name"].endswith("png") else "image/webp"
        return web.Response(body=content, content_type=kind)


def channel_object() -> Json:
    return {
        "id": str(CHANNEL_ID),
        "guild_id": str(GUILD_ID),
        "type": 0,
        "name": "stories",
        "position": 0,
        "permission_overwrites": [],
    }


def _locked_out(request: web.Request) -> web.Response | None:
    if request.headers.get("Authorization") == f"Bot {BOT_TOKEN}":
        return None
    return answer({"message": "401: Unauthorized", "code": 0}, 401)


def _is_our_webhook(request: web.Request) -> bool:
    return request.match_info["id"] == str(WEBHOOK_ID) and request.match_info["token"] == WEBHOOK_TOKEN


def _unknown(code: int, message: str) -> web.Response:
    return answer({"message": message, "code": code}, 404)


def _webhook_fault(details: dict[str, Any], headers: dict[str, str]) -> web.Response:
    status = int(details["status"])
    if status == 429:
        wait = float(details.get("retry_after", 0.5))
        body = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
        return answer(body, 429, {"Retry-After": f"{wait:.3f}", **headers})
    return answer({"message": f"{status}: a fault of the sandbox", "code": 0}, status)


@lru_cache(maxsize=16)
def _draw(painting: Painting, pixels: int, *, plain: bool) -> bytes:
    """The file's bytes: a PNG when finished, a small WebP before."""
    buffer = io.BytesIO()
    if painting.fraction < 1:
        whole = _plain(painting.seed, 64) if plain else paint(painting.prompt, painting.seed, size=256)
        preview(whole, painting.fraction).save(buffer, "WEBP", quality=60)
        return buffer.getvalue()
    if plain:
        image = _plain(painting.seed, pixels)
    elif painting.is_grid:
        image = paint_grid(painting.prompt, painting.seed, pixels)
    else:
        image = paint(painting.prompt, painting.seed, size=pixels)
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _plain(seed: int, pixels: int) -> Image.Image:
    """Four flat colours that spell the seed: red, green, blue and the rest in a byte each."""
    image = Image.new("RGB", (pixels, pixels))
    half = pixels // 2
    for number in range(4):
        colour = ((seed >> 24) & 255, (seed >> 16) & 255, ((seed >> 8) & 255) ^ number)
        left, top = (number % 2) * half, (number // 2) * half
        image.paste(colour, (left, top, left + half, top + half))
    return image
