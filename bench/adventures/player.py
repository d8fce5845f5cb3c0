"""A player at a WebSocket: what it was told, and when."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from bench.processes import Broken
from utils import new_id

_MOST_BYTES = 4_000_000
Message = dict[str, Any]


class Player:
    """`messages` is all that it was told; `told_at` the monotonic time of each."""

    def __init__(self, http: aiohttp.ClientSession, url: str, *, name: str = "", session: str = "") -> None:
        self.session = session or new_id()
        self.name = name
        self.messages: list[Message] = []
        self.told_at: list[float] = []
        self._http = http
        self._url = url
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def join(self, *, after: int | None = None) -> None:
        query = "" if after is None else f"?after={after}"
        address = f"{self._url}/ws/adventure/{self.session}{query}"
        self._socket = await self._http.ws_connect(address, max_msg_size=_MOST_BYTES)

    async def leave(self) -> None:
        if self._socket:
            await self._socket.close()
            self._socket = None

    async def drop(self) -> None:
        """Cut the line without a word; what is on its way is lost."""
        if self._socket:
            with suppress(OSError):
                self._socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            await self.leave()

    async def send(self, message: Message) -> None:
        assert self._socket
        await self._socket.send_str(json.dumps(message))

    async def hear(self, *, seconds: float = 30.0) -> Message:
        """The next message. Raises Broken if the line was closed, TimeoutError."""
        assert self._socket
        async with asyncio.timeout(seconds):
            heard = await self._socket.receive()
        if heard.type is not aiohttp.WSMsgType.TEXT:
            raise Broken(f"the line was closed: {heard.data} {heard.extra}")
        now = time.monotonic()
        message: Message = json.loads(heard.data)
        self.messages.append(message)
        self.told_at.append(now)
        return message

    async def hear_until(self, is_it: Callable[[Message], bool], *, seconds: float = 30.0) -> Message:
        """The first message that is it. Raises Broken for a turn that failed."""
        while True:
            message = await self.hear(seconds=seconds)
            if is_it(message):
                return message
            if message["type"] == "error":
                raise Broken(f"{message['code']}: {message['error']}")

    async def ask_for_turn(self, number: int) -> None:
        """Begin, or choose; `name` goes into the premise."""
        premise = f"{self.name} You keep a lighthouse, and one night somebody knocks.".strip()
        asked = {"choice": f"I open door {number}"} if number > 1 else {"start": {"premise": premise}}
        await self.send(asked)

    async def await_turn(self, number: int, *, seconds: float = 30.0) -> None:
        """Until the turn is told and painted."""
        await self.hear_until(lambda message: is_end(message, number), seconds=seconds)

    async def play(self, number: int, *, seconds: float = 30.0) -> None:
        await self.ask_for_turn(number)
        await self.await_turn(number, seconds=seconds)

    async def history(self) -> Message:
        async with self._http.get(f"{self._url}/api/adventure/{self.session}") as answer:
            answer.raise_for_status()
            found: Message = await answer.json()
            return found


@asynccontextmanager
async def clients() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http:
        yield http


def is_end(message: Message, number: int) -> bool:
    """Whether it says that the turn is told and painted."""
    return (message["type"], message.get("state"), message["turn"]) == ("state", "choosing", number)


def transcript(messages: Iterable[Message]) -> dict[int, str]:
    """The narration of each turn, as a page puts it together."""
    told: dict[int, str] = {}
    for message in messages:
        if message["type"] == "history":
            told = narrations(message)
        elif message["type"] == "state" and message["state"] == "narrating":
            told[message["turn"]] = ""
        elif message["type"] == "narration":
            told[message["turn"]] = told.get(message["turn"], "") + message["text"]
    return told


def narrations(history: Message) -> dict[int, str]:
    return {turn["turn"]: turn["narration"] for turn in history["turns"]}
