"""A player at a WebSocket, who remembers what it was told."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from simple_websocket import Client, ConnectionClosed

from tests.support import wait_until
from utils import new_id

START = {"start": {"premise": "You keep a lighthouse, and one night somebody knocks."}}


class _Client(Client):  # type: ignore[misc]
    """Says the port in its Host header, as browsers do."""

    host: str
    connected: bool

    def handshake(self) -> None:
        self.host = f"{self.host}:{self.port}"
        super().handshake()

    def _thread(self) -> None:
        # What came in one piece with the answer to the handshake would wait there for what comes next.
        self.connected = self._handle_events() and self.connected
        super()._thread()


class Player:
    """`url` is the service's, as http://...; `session` is new unless it is given."""

    def __init__(self, url: str, *, session: str = "", headers: dict[str, str] | None = None) -> None:
        self.session = session or new_id()
        self._base = url.replace("http://", "ws://")
        self._headers = headers or {}
        self.messages: list[dict[str, Any]] = []
        self._client: Client | None = None

    def join(self, *, after: int | None = None) -> Player:
        """Open the socket; with `after` to go on from there."""
        query = "" if after is None else f"?after={after}"
        address = f"{self._base}/ws/adventure/{self.session}{query}"
        self._client = _Client(address, headers=self._headers)
        return self

    def leave(self) -> None:
        """Drop the line without a word."""
        if self._client:
            with suppress(OSError):
                self._client.sock.shutdown(socket.SHUT_RDWR)
            self._client.connected = False
            self._client.thread.join(5)
            self._client = None

    def __enter__(self) -> Player:
        return self.join()

    def __exit__(self, *_: object) -> None:
        if self._client and self._client.connected:
            self._client.close()
            self._client.thread.join(5)
        self._client = None

    def send(self, message: Any) -> None:
        assert self._client
        self._client.send(message if isinstance(message, str) else json.dumps(message))

    def hear(self, *, seconds: float = 10.0) -> dict[str, Any] | None:
        """The next message; None if the line was closed."""
        assert self._client
        try:
            text = self._client.receive(timeout=seconds)
        except ConnectionClosed:
            return None
        assert text is not None, f"nothing came for {seconds} seconds; so far: {self.messages[-5:]}"
        message: dict[str, Any] = json.loads(text)
        self.messages.append(message)
        return message

    def hear_until(self, is_it: Callable[[dict[str, Any]], bool], *, seconds: float = 20.0) -> dict[str, Any]:
        """The first message that is it."""
        while True:
            message = self.hear(seconds=seconds)
            assert message is not None, f"the line was closed; so far: {self.messages[-5:]}"
            if is_it(message):
                return message

    def await_state(self, state: str) -> dict[str, Any]:
        return self.hear_until(lambda message: message["type"] == "state" and message["state"] == state)

    def await_error(self) -> dict[str, Any]:
        return self.hear_until(lambda message: message["type"] == "error")

    def play(self, choice: str = "") -> dict[str, Any]:
        """Start, or choose, and hear the turn to its end with its picture."""
        self.send({"choice": choice} if choice else START)
        return self.await_state("choosing")

    def close_code(self) -> int:
        assert self._client
        client = self._client
        wait_until(lambda: not client.connected)
        return int(client.close_reason)


def closed_at_once(url: str, headers: dict[str, str]) -> int:
    """The code with which the service turns somebody away."""
    player = Player(url, headers=headers).join()
    while player.hear() is not None:
        pass
    code = player.close_code()
    player.leave()
    return code


def transcript(messages: list[dict[str, Any]]) -> dict[int, str]:
    """The narration of each turn, as a client puts it together."""
    told: dict[int, str] = {}
    for message in messages:
        if message["type"] == "history":
            told = {turn["turn"]: turn["narration"] for turn in message["turns"]}
        elif message["type"] == "state" and message["state"] == "narrating":
            told[message["turn"]] = ""
        elif message["type"] == "narration":
            told[message["turn"]] = told.get(message["turn"], "") + message["text"]
    return told
