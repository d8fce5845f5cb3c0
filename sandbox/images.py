"""A stand-in for image models: POST images/generations and images/edits of the houses that have them."""

from __future__ import annotations

import asyncio
import base64
import random
import time
import uuid
from collections import OrderedDict
from typing import Any

from aiohttp import web

from sandbox.control import Control, Fault
from sandbox.faults import drop, strike
from sandbox.houses import HOUSES, House
from sandbox.http import answer, read_object
from sandbox.image_request import Order, read_order, read_pictures
from sandbox.image_stream import Streamed, stream, usage_of
from sandbox.refusals import Refused, answering
from sandbox.renditions import Rendering, render, spoil

_KEPT = 64  # pictures that can be fetched by their address
_BLOCKED = "Your request was rejected by the safety system."


def add_routes(app: web.Application, control: Control) -> None:
    shelf: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
    for house in HOUSES:
        if house.image_models:
            images = _Images(control, house, shelf)
            path = f"{house.prefix}/images"
            app.router.add_post(f"{path}/generations", answering(house.form, images.generate))
            if house.edits:
                app.router.add_post(f"{path}/edits", answering(house.form, images.edit))

    async def fetch(request: web.Request) -> web.Response:
        content, kind = shelf.get(request.match_info["name"], (b"", ""))
        return web.Response(body=content, content_type=kind) if content else web.Response(status=404)

    app.router.add_get("/pictures/{name}", fetch)


class _Images:
    def __init__(self, control: Control, house: House, shelf: OrderedDict[str, tuple[bytes, str]]) -> None:
        self._control = control
        self._house = house
        self._shelf = shelf
        self._count = 0
        self._chance = random.Random(11)

    async def generate(self, request: web.Request) -> web.StreamResponse:
        self._house.admit(request)
        fields = await read_object(request)
        order = read_order(self._house, request, fields)
        return await self._paint(request, order, self._house.target("images"), fields)

    async def edit(self, request: web.Request) -> web.StreamResponse:
        self._house.admit(request)
        fields, references = await read_pictures(request)
        order = read_order(self._house, request, fields, references)
        return await self._paint(request, order, self._house.target("edits"), fields)

    async def _paint(
        self, request: web.Request, order: Order, target: str, fields: dict[str, Any]
    ) -> web.StreamResponse:
        told: dict[str, Any] = {
            "body": fields,
            "model": order.model,
            "prompt": order.prompt,
            "size": "x".join(map(str, order.size)),
            "background": order.background,
        }
        if order.references:
            told["references"] = [reference.sha256 for reference in order.references]
        self._control.record(target, **told)
        self._count += 1
        fault = self._control.fault(target)
        if struck := await strike(fault):
            return struck
        if fault and fault.kind == "refusal":
            raise Refused(400, "moderation_blocked", _BLOCKED, kind="image_generation_user_error")
        answered = await self._answer(request, order, fault)
        self._control.record(f"{target}_answered", **told)
        return answered

    async def _answer(self, request: web.Request, order: Order, fault: Fault | None) -> web.StreamResponse:
        habits = self._control.habits
        ends = time.monotonic() + habits.image_seconds * (1 - habits.jitter * self._chance.random())
        seed = self._count if habits.story_seed is None else habits.story_seed
        rendering = await asyncio.to_thread(render, order, seed, habits.picture_pixels, plain=habits.plain)
        items = self._items(request, rendering, fault)
        if order.stream:
            streamed = Streamed(order, rendering.previews, items, ends, fault)
            return await stream(request, streamed)
        await asyncio.sleep(max(0.0, ends - time.monotonic()))
        body = {
            "created": int(time.time()),
            "background": order.background,
            "output_format": order.output_format,
            "quality": order.quality,
            "size": "x".join(map(str, order.size)),
            "data": items,
            "usage": usage_of(order, len(items)),
        }
        return await drop(request, body) if fault and fault.kind == "drop" else answer(body)

    def _items(self, request: web.Request, rendering: Rendering, fault: Fault | None) -> list[dict[str, str]]:
        """What stands in `data`: each picture in base64, or what the fault makes of it."""
        kind = fault.kind if fault else ""
        if kind == "no_data":
            return []
        if kind == "empty":
            return [{"b64_json": ""} for _ in rendering.pictures]
        pictures = [spoil(picture, fault) for picture in rendering.pictures]
        if kind == "url":
            return [{"url": self._keep(request, picture, rendering.content_type)} for picture in pictures]
        return [{"b64_json": base64.b64encode(picture).decode()} for picture in pictures]

    def _keep(self, request: web.Request, picture: bytes, content_type: str) -> str:
        """The address at which the picture can be fetched for a while."""
        name = f"{uuid.uuid4().hex}.{content_type.rpartition('/')[2]}"
        self._shelf[name] = picture, content_type
        while len(self._shelf) > _KEPT:
            self._shelf.popitem(last=False)
        return f"{request.scheme}://{request.host}/pictures/{name}"
