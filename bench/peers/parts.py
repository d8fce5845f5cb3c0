"""What all peers share: where the services are, what is said to them, and the bot that hears MidJourney."""

from __future__ import annotations

import base64
import json
import os
import random
import re
from collections.abc import Callable
from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

CHAT_URL = f"{os.environ.get('OPENAI_BASE_URL', '')}/chat/completions"
CHAT_HEADERS = {"Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}"}
WEBHOOK_URL = f"{os.environ.get('WEBHOOK_URL', '')}?wait=true"
BOT_TOKEN = os.environ.get("DISCORD_BOT_TOKEN", "")
TIMEOUT = 60.0

_MODEL = os.environ.get("OPENAI_MODEL", "")
_MIDJOURNEY_ID = 936929561302675456
_SEED = re.compile(r"--seed (\d+)")
_STORY_FORM = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "story": {"type": "string"}},
    "required": ["title", "story"],
    "additionalProperties": False,
}


class Bot(discord.Client):
    """Calls `captured` with the seed and the URL of each picture that MidJourney finishes."""

    def __init__(self, captured: Callable[[int, str], None]) -> None:
        # discord.py has no other way to talk to another address than Discord's.
        Route.BASE = os.environ["DISCORD_API_URL"]
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, message_content=True),
            max_messages=None,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.5,
        )
        self._captured = captured

    async def on_message(self, message: discord.Message) -> None:
        seed = _SEED.search(message.content)
        if message.author.id == _MIDJOURNEY_ID and message.attachments and seed:
            self._captured(int(seed[1]), message.attachments[0].url)


def new_seed() -> int:
    """The correlation id: MidJourney repeats it in its message."""
    return random.randrange(1, 2**32)


def command_message(prompt: str, seed: int) -> dict[str, Any]:
    """The webhook's message, for a person in the channel to paste and run."""
    return {
        "content": f"```\n/imagine prompt: {prompt} --seed {seed}\n```",
        "allowed_mentions": {"parse": []},
    }


def chat_request(prompt: str, words: int) -> dict[str, Any]:
    """What the text model is asked."""
    return {
        "model": _MODEL,
        "messages": [
            {"role": "system", "content": "You are a storyteller. Write one short story."},
            {"role": "user", "content": f"Prompt: {prompt}\nLength: about {words} words"},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "story", "strict": True, "schema": _STORY_FORM},
        },
    }


def answer(completion: dict[str, Any], picture: bytes) -> dict[str, str]:
    """The answer to the caller: title, story, and the picture itself as a data URL."""
    story = json.loads(completion["choices"][0]["message"]["content"])
    image = "data:image/png;base64," + base64.b64encode(picture).decode()
    return {"story": story["story"], "title": story["title"], "image": image}
