"""FastAPI on one event loop, with httpx: the story and the picture side by side, a Future for each picture.

Compared with ours it keeps no records, so a restart loses what was paid for; it neither cuts nor checks the
picture, has no limit on what is held, and takes a late picture for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI, Response
from pydantic import BaseModel

from bench.peers import parts


class Wish(BaseModel):
    """What to tell."""

    prompt_text: str
    words: int = 400


_waiting: dict[int, asyncio.Future[str]] = {}


def _captured(seed: int, url: str) -> None:
    future = _waiting.get(seed)
    if future and not future.done():
        future.set_result(url)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # Without limits of its own, or 100 connections would have to do for everybody.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=parts.TIMEOUT, limits=limits) as client, parts.Bot(_captured) as bot:
        app.state.client, app.state.bot = client, bot
        hearing = asyncio.create_task(bot.start(parts.BOT_TOKEN))
        yield
        await bot.close()
        await hearing


app = FastAPI(lifespan=_lifespan)


@app.get("/ready")
async def ready(response: Response) -> str:
    if not app.state.bot.is_ready():
        response.status_code = 503
    return "ready" if app.state.bot.is_ready() else "not yet"


@app.post("/api/generate-story")
async def generate_story(wish: Wish) -> dict[str, str]:
    completion, picture = await asyncio.gather(_write(wish), _paint(wish))
    return parts.answer(completion, picture)


async def _write(wish: Wish) -> dict[str, Any]:
    request = parts.chat_request(wish.prompt_text, wish.words)
    response = await app.state.client.post(parts.CHAT_URL, json=request, headers=parts.CHAT_HEADERS)
    response.raise_for_status()
    completion: dict[str, Any] = response.json()
    return completion


async def _paint(wish: Wish) -> bytes:
    seed = parts.new_seed()
    picture = _waiting[seed] = asyncio.get_running_loop().create_future()
    try:
        message = parts.command_message(wish.prompt_text, seed)
        (await app.state.client.post(parts.WEBHOOK_URL, json=message)).raise_for_status()
        url = await asyncio.wait_for(picture, parts.TIMEOUT)
        response = await app.state.client.get(url)
        response.raise_for_status()
        content: bytes = response.content
        return content
    finally:
        del _waiting[seed]
