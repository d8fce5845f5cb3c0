"""A stand-in for OpenAI-compatible text models: POST chat/completions and GET models of every house."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiohttp import web

from sandbox.chat_request import has_parts, read_chat
from sandbox.completions import Course, completion, stream
from sandbox.control import Control
from sandbox.faults import drop, strike
from sandbox.houses import HOUSES, House
from sandbox.http import answer, read_object
from sandbox.refusals import answering
from sandbox.replies import reply


def add_routes(app: web.Application, control: Control) -> None:
    for house in HOUSES:
        chat = _Chat(control, house)
        app.router.add_post(f"{house.prefix}/chat/completions", answering(house.form, chat.complete))
        if house.listed:
            app.router.add_get(f"{house.prefix}/models", answering(house.form, chat.models))


class _Chat:
    def __init__(self, control: Control, house: House) -> None:
        self._control = control
        self._house = house
        self._count = 0

    async def models(self, request: web.Request) -> web.Response:
        self._house.admit(request)
        return answer({"object": "list", "data": [_model(name) for name in self._house.listed]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        control, house = self._control, self._house
        house.admit(request)
        body = await read_object(request)
        if has_parts(body):  # pictures, which take a while to open
            chat = await asyncio.to_thread(read_chat, house, request, body)
        else:
            chat = read_chat(house, request, body)
        target = house.target("chat")
        control.record(target, **chat.told)
        self._count += 1
        fault = control.fault(target)
        if struck := await strike(fault):
            return struck
        habits = control.habits
        content = reply(chat, self._count if habits.story_seed is None else habits.story_seed, fault, habits)
        if chat.body.get("stream"):
            course = Course(
                habits, fault, lambda: control.note(f"{target}_first", at=time.monotonic(), **chat.told)
            )
            streamed = await stream(request, chat.body, content, course)
            control.record(f"{target}_answered", **chat.told)
            return streamed
        await asyncio.sleep(habits.story_seconds)
        answered = completion(chat.body, content, fault)
        if fault and fault.kind == "drop":
            return await drop(request, answered)
        control.record(f"{target}_answered", **chat.told)
        return answer(answered)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_760_000_000, "owned_by": "storyfarm-sandbox"}
