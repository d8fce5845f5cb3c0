"""One player's WebSocket: bounded in what it takes, with a deadline for what it sends."""

from __future__ import annotations

import json
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from simple_websocket import ConnectionClosed, Server

PING_SECONDS = 25.0
_SEND_SECONDS = 20.0
# Messages that may wait, and how many come in a second for long.
_MOST_WAITING = 50
_BURST, _A_SECOND = 20.0, 5.0
# https://datatracker.ietf.org/doc/html/rfc6455#section-7.4; those from 4000 are free.
POLICY, RESTARTING, NORMAL, NOT_SIGNED_IN = 1008, 1012, 1000, 4401


class Bell(threading.Event):
    """What simple-websocket sets when something came, or the line ended: it wakes whoever waits."""

    ring: Callable[[], None] | None = None

    def set(self) -> None:
        super().set()
        if self.ring:
            self.ring()


class Selector(selectors.DefaultSelector):
    """For simple-websocket: of a line that was closed before it could listen it expects a ValueError."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        try:
            return super().register(fileobj, events, data)
        except OSError as error:
            raise ValueError("The line is closed.") from error


class _OneAtATime:
    """A socket on which whole frames are sent, also while another thread sends one (an answer to a ping)."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._lock = threading.Lock()

    def send(self, data: bytes) -> int:
        with self._lock:
            self._inner.sendall(data)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Inbox(list[str | bytes]):
    """Messages that wait; what is too many is not taken."""

    is_flooded = False

    def append(self, message: str | bytes) -> None:
        if len(self) >= _MOST_WAITING:
            self.is_flooded = True
        else:
            super().append(message)


class Line:
    """`wake` is called when there is something to do."""

    def __init__(self, server: Server, wake: Callable[[], None]) -> None:
        self._server = server
        self._inbox = _Inbox(server.input_buffer)
        server.input_buffer = self._inbox
        server.sock.settimeout(_SEND_SECONDS)
        server.sock = _OneAtATime(server.sock)
        server.event.ring = wake
        self._credit, self._credit_at = _BURST, time.monotonic()
        self.heard_at = time.monotonic()

    @property
    def is_open(self) -> bool:
        return bool(self._server.connected)

    @property
    def is_flooded(self) -> bool:
        return self._inbox.is_flooded

    def take(self) -> str | bytes | None:
        """The next message; None if there is none."""
        if not self._inbox:
            return None
        self.heard_at = time.monotonic()
        return self._inbox.pop(0)

    def may_speak(self) -> bool:
        """Whether the player keeps to the pace: 20 messages at once, 5 a second for long."""
        now = time.monotonic()
        self._credit = min(_BURST, self._credit + (now - self._credit_at) * _A_SECOND)
        self._credit_at = now
        if self._credit < 1:
            return False
        self._credit -= 1
        return True

    def send(self, message: dict[str, Any]) -> None:
        """Raises ConnectionClosed, also for a player who takes nothing any more."""
        try:
            self._server.send(json.dumps(message, ensure_ascii=False))
        except OSError as error:
            raise ConnectionClosed(NORMAL, "The line broke.") from error

    def close(self, code: int, reason: str) -> None:
        if self._server.connected:
            self._server.close(code, reason)
