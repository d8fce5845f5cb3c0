"""The sandbox's Discord: one server with one channel, its messages, and who listens to it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GUILD_ID = 1000000000000000001
CHANNEL_ID = 1000000000000000002
WEBHOOK_ID = 1000000000000000003
BOT_ID = 1000000000000000004
PERSON_ID = 1000000000000000005
WEBHOOK_TOKEN = "sandbox-webhook-token"  # noqa: S105  (opens nothing but the sandbox)
BOT_TOKEN = "sandbox-bot-token"  # noqa: S105
MIDJOURNEY_ID = 936929561302675456

_DISCORD_EPOCH_MS = 1_420_070_400_000
_MOST_MESSAGES = 20_000
_MOST_FILES = 20_000

Json = dict[str, Any]
Listener = Callable[[str, Json], None]


@dataclass(frozen=True)
class Painting:
    """A file of the CDN, drawn when it is asked for. `fraction` below 1 is a preview."""

    prompt: str
    seed: int
    fraction: float = 1.0
    is_grid: bool = True


class World:
    """Messages in the order of their ids; every change is told to the listeners. Lives on one event loop."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.messages: OrderedDict[int, Json] = OrderedDict()
        self.files: OrderedDict[int, Painting] = OrderedDict()
        self.reactions: deque[tuple[int, str]] = deque(maxlen=1000)
        self.listeners: list[Listener] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self._last_id = 0

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` run in the background; the world owns it and ends it."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def new_id(self) -> int:
        """A snowflake: milliseconds since Discord's epoch, and a number, always growing."""
        fresh = (time.time_ns() // 1_000_000 - _DISCORD_EPOCH_MS) << 22
        self._last_id = max(self._last_id + 1, fresh)
        return self._last_id

    def post(self, author: Json, content: str, **more: Any) -> Json:
        """A new message in the channel."""
        message_id = self.new_id()
        message: Json = {
            "id": str(message_id),
            "channel_id": str(CHANNEL_ID),
            "guild_id": str(GUILD_ID),
            "type": 0,
            "content": content,
            "author": author,
            "timestamp": _now(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            **more,
        }
        self.messages[message_id] = message
        while len(self.messages) > _MOST_MESSAGES:
            self.messages.popitem(last=False)
        self.tell("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Json, **changes: Any) -> None:
        message.update(changes, edited_timestamp=_now())
        self.tell("MESSAGE_UPDATE", message)

    def delete(self, message: Json) -> None:
        self.messages.pop(int(message["id"]), None)
        ids = {"id": message["id"], "channel_id": str(CHANNEL_ID), "guild_id": str(GUILD_ID)}
        self.tell("MESSAGE_DELETE", ids)

    def tell(self, event: str, body: Json) -> None:
        for listener in tuple(self.listeners):
            listener(event, body)

    def attach(self, painting: Painting, filename: str, pixels: int) -> Json:
        """An attachment with a signed URL that dies after 24 hours, as Discord's do."""
        file_id = self.new_id()
        self.files[file_id] = painting
        while len(self.files) > _MOST_FILES:
            self.files.popitem(last=False)
        issued = int(time.time())
        signed = f"?ex={issued + 86_400:x}&is={issued:x}&hm={file_id:064x}"
        url = f"{self.url}/attachments/{CHANNEL_ID}/{file_id}/{filename}{signed}"
        return {
            "id": str(file_id),
            "filename": filename,
            "size": pixels * pixels,
            "url": url,
            "proxy_url": url,
            "width": pixels,
            "height": pixels,
            "content_type": "image/png" if filename.endswith("png") else "image/webp",
        }


def user(user_id: int, name: str, *, bot: bool) -> Json:
    return {
        "id": str(user_id),
        "username": name,
        "global_name": None,
        "discriminator": "0000",
        "avatar": None,
        "bot": bot,
    }


MIDJOURNEY = user(MIDJOURNEY_ID, "Midjourney Bot", bot=True)
PERSON = user(PERSON_ID, "farmhand", bot=False)
BOT = user(BOT_ID, "storyfarm", bot=True)
WEBHOOK = user(WEBHOOK_ID, "Storyfarm", bot=True)


def _now() -> str:
    return datetime.now(UTC).isoformat()
