"""The sandbox's Discord gateway, version 10: hello, identify, heartbeats, events, and resuming."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import zlib
from collections import OrderedDict, deque
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.control import Control
from sandbox.discord_rest import channel_object
from sandbox.discord_world import BOT, BOT_ID, BOT_TOKEN, GUILD_ID, Json, World

_HEARTBEAT_MS = 41_250
_MOST_EVENTS = 10_000
_MOST_SESSIONS = 20
_MESSAGE_CONTENT = 1 << 15
_IDENTIFY_SECONDS = 30


class _Session:
    """What one bot has been sent, so that it can be sent again after a dropped connection."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(16)
        self.sequence = 0
        self.events: deque[tuple[int, str]] = deque(maxlen=_MOST_EVENTS)
        self.outbox: asyncio.Queue[str | None] | None = None

    def dispatch(self, event: str, body: Json) -> None:
        self.sequence += 1
        frame = json.dumps({"op": 0, "t": event, "s": self.sequence, "d": body})
        self.events.append((self.sequence, frame))
        if self.outbox:
            self.outbox.put_nowait(frame)

    def replay(self, after: int) -> bool:
        """Send again what came behind `after`; False if that is not known any more."""
        if self.outbox is None or (self.events and self.events[0][0] > after + 1):
            return False
        for sequence, frame in self.events:
            if sequence > after:
                self.outbox.put_nowait(frame)
        return True


class Gateway:
    """All connections. `act` makes them misbehave: drop, op7, op9, malformed."""

    def __init__(self, control: Control, world: World) -> None:
        self._control = control
        self._world = world
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._sockets: set[web.WebSocketResponse] = set()
        world.listeners.append(self._broadcast)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/gateway", self._connect)
        app.router.add_get("/gateway/", self._connect)

    async def act(self, action: str) -> None:
        """Misbehave once towards everybody who is connected."""
        if action == "drop":
            for socket in tuple(self._sockets):
                transport = socket._req.transport if socket._req else None
                if transport:
                    transport.abort()
            return
        frames = {
            "op7": json.dumps({"op": 7, "d": None}),
            "op9": json.dumps({"op": 9, "d": False}),
        }
        for session in self._sessions.values():
            if session.outbox is None:
                continue
            if action == "malformed":
                session.dispatch("MESSAGE_UPDATE", {"id": "1", "channel_id": channel_object()["id"]})
            else:
                session.outbox.put_nowait(frames[action])
            if action == "op9":
                session.events.clear()
                session.sequence = 1 << 40  # nothing of it can be resumed

    async def close(self) -> None:
        for socket in tuple(self._sockets):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.close(code=1001), 1)

    def _broadcast(self, event: str, body: Json) -> None:
        for session in self._sessions.values():
            session.dispatch(event, body)

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=1_000_000, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        squeeze = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        outbox: asyncio.Queue[str | None] = asyncio.Queue()
        writer = asyncio.ensure_future(_write(socket, outbox, squeeze))
        session: _Session | None = None
        try:
            outbox.put_nowait(json.dumps({"op": 10, "d": {"heartbeat_interval": _HEARTBEAT_MS}}))
            async for message in socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                session = await self._receive(socket, json.loads(message.data), outbox, session)
        finally:
            self._sockets.discard(socket)
            if session and session.outbox is outbox:
                session.outbox = None
            outbox.put_nowait(None)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
        return socket

    async def _receive(
        self,
        socket: web.WebSocketResponse,
        frame: dict[str, Any],
        outbox: asyncio.Queue[str | None],
        session: _Session | None,
    ) -> _Session | None:
        if frame["op"] == 1:
            # At once would be too soon: discord.py notes when it sent a heartbeat only after it has sent it.
            asyncio.get_running_loop().call_later(0.05, outbox.put_nowait, json.dumps({"op": 11, "d": None}))
        elif frame["op"] == 2:
            return await self._identify(socket, frame["d"], outbox)
        elif frame["op"] == 6:
            return self._resume(frame["d"], outbox)
        return session

    async def _identify(
        self, socket: web.WebSocketResponse, wish: dict[str, Any], outbox: asyncio.Queue[str | None]
    ) -> _Session | None:
        self._control.record("identify")
        fault = self._control.fault("identify")
        if wish.get("token") != BOT_TOKEN:
            await socket.close(code=4004, message=b"Authentication failed.")
            return None
        if fault and fault.kind == "intent" and int(wish.get("intents", 0)) & _MESSAGE_CONTENT:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
            return None
        session = _Session()
        session.outbox = outbox
        self._sessions[session.id] = session
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": BOT,
                "guilds": [{"id": str(GUILD_ID), "unavailable": True}],
                "session_id": session.id,
                "resume_gateway_url": self._world.url.replace("http", "ws", 1) + "/gateway",
                "application": {"id": str(BOT_ID), "flags": 1 << 19},
            },
        )
        session.dispatch("GUILD_CREATE", _guild())
        return session

    def _resume(self, wish: dict[str, Any], outbox: asyncio.Queue[str | None]) -> _Session | None:
        session = self._sessions.get(str(wish.get("session_id")))
        if session is not None and session.sequence < 1 << 40:
            session.outbox = outbox
            if session.replay(int(wish.get("seq") or 0)):
                session.dispatch("RESUMED", {})
                return session
            session.outbox = None
        outbox.put_nowait(json.dumps({"op": 9, "d": False}))
        return None


async def _write(socket: web.WebSocketResponse, outbox: asyncio.Queue[str | None], squeeze: Any) -> None:
    while (frame := await outbox.get()) is not None:
        if squeeze is None:
            await socket.send_str(frame)
        else:
            packed = squeeze.compress(frame.encode()) + squeeze.flush(zlib.Z_SYNC_FLUSH)
            await socket.send_bytes(packed)


def _guild() -> Json:
    return {
        "id": str(GUILD_ID),
        "name": "Uncle Mark's Yorkie Farm",
        "owner_id": str(BOT_ID),
        "channels": [channel_object()],
        "members": [],
        "roles": [
            {
                "id": str(GUILD_ID),
                "name": "@everyone",
                "permissions": "0",
                "position": 0,
                "color": 0,
                "hoist": False,
                "managed": False,
                "mentionable": False,
            }
        ],
        "emojis": [],
        "stickers": [],
        "threads": [],
        "presences": [],
        "voice_states": [],
        "member_count": 2,
        "unavailable": False,
    }
