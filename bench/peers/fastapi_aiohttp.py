"""FastAPI on one event loop, with aiohttp: the story and the picture side by side, a Future for each picture.

Compared with ours it keeps no records, so a restart loses what was paid for; it neither cuts nor checks the
picture, has no limit on what is held, and takes a late picture for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
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
    client = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=parts.TIMEOUT),
        raise_for_status=True,
    )
    async with client, parts.Bot(_captured) as bot:
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
    async with app.state.client.post(parts.CHAT_URL, json=request, headers=parts.CHAT_HEADERS) as response:
        completion: dict[str, Any] = await response.json()
        return completion


async def _paint(wish: Wish) -> bytes:
    seed = parts.new_seed()
    picture = _waiting[seed] = asyncio.get_running_loop().create_future()
    try:
        message = parts.command_message(wish.prompt_text, seed)
        async with app.state.client.post(parts.WEBHOOK_URL, json=message):
            pass
        url = await asyncio.wait_for(picture, parts.TIMEOUT)
        async with app.state.client.get(url) as response:
            content: bytes = await response.read()
            return content
    finally:
        del _waiting[seed]
