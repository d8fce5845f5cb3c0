"""Runs the sandbox on a loopback port, on a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import asdict
from typing import Protocol, Self

from aiohttp import web

from sandbox import chat, discord_rest, firebase, images
from sandbox.control import Control, Fault, Habits
from sandbox.discord_gateway import Gateway
from sandbox.discord_world import World
from sandbox.http import answer, read_object
from sandbox.image_request import LARGEST_BODY
from sandbox.midjourney import Midjourney
from sandbox.proxy import Proxy

_LOOPBACK = "127.0.0.1"
_START_SECONDS = 20.0


class SandboxSettings(Protocol):
    """The settings that the sandbox reads: see config.Settings."""

    @property
    def sandbox_story_seconds(self) -> float: ...
    @property
    def sandbox_image_seconds(self) -> float: ...
    @property
    def sandbox_image_pixels(self) -> int: ...


class Sandbox:
    """Stand-ins for models of texts and pictures, Discord, midjourney-proxy and Firebase.

    Its address is known before it starts.
    """

    def __init__(self, listening: socket.socket, habits: Habits) -> None:
        self._socket = listening
        self.url = f"http://{_LOOPBACK}:{listening.getsockname()[1]}"
        self.control = Control(habits)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()

    @classmethod
    def bind(cls, settings: SandboxSettings, *, port: int = 0) -> Self:
        """A sandbox on `port` of the loopback address, any free one for 0. Raises OSError if it is taken."""
        listening = socket.create_server((_LOOPBACK, port), backlog=1024)
        habits = Habits(
            story_seconds=settings.sandbox_story_seconds,
            image_seconds=settings.sandbox_image_seconds,
            image_pixels=settings.sandbox_image_pixels,
        )
        return cls(listening, habits)

    def start(self) -> None:
        """Serve from now on. Returns when it does."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="sandbox", daemon=True
        )
        self._thread.start()
        if not self._started.wait(_START_SECONDS):
            raise RuntimeError("The sandbox did not start.")

    def stop(self) -> None:
        """End the server and its thread, within some seconds."""
        if self._loop and self._stop and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread:
            self._thread.join(10)
        self._socket.close()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        world = World(self.url)
        gateway = Gateway(self.control, world)
        midjourney = Midjourney(self.control, world)
        proxy = Proxy(self.control, self.url)
        app = web.Application(client_max_size=LARGEST_BODY)
        chat.add_routes(app, self.control)
        images.add_routes(app, self.control)
        discord_rest.add_routes(app, self.control, world, midjourney)
        gateway.add_routes(app)
        proxy.add_routes(app)
        firebase.add_routes(app, self.control)
        _add_control_routes(app, self.control, gateway, midjourney, world)
        _add_proxy_control(app, proxy)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handler_cancellation=True)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._started.set()
        await self._stop.wait()
        for task in tuple(world.tasks):
            task.cancel()
        await gateway.close()
        await proxy.close()
        await runner.cleanup()


def _add_control_routes(
    app: web.Application, control: Control, gateway: Gateway, midjourney: Midjourney, world: World
) -> None:
    """The local control calls, all below /sandbox."""

    async def habits(request: web.Request) -> web.Response:
        if request.method == "PATCH":
            try:
                control.habits = control.habits.changed(await read_object(request))
            except ValueError as error:
                return answer({"error": str(error)}, 400)
        return answer(asdict(control.habits))

    async def faults(request: web.Request) -> web.Response:
        body = await read_object(request)
        try:
            control.add(Fault(**body))
        except TypeError:
            return answer({"error": "A fault has target, kind, and perhaps times and details."}, 400)
        return answer(body)

    async def clear(_request: web.Request) -> web.Response:
        control.clear()
        return answer({})

    async def calls(_request: web.Request) -> web.Response:
        reactions = [{"message": str(message), "emoji": emoji} for message, emoji in world.reactions]
        received = list(control.received)
        return answer({"calls": dict(control.calls), "received": received, "reactions": reactions})

    async def act(request: web.Request) -> web.Response:
        await gateway.act(str((await read_object(request)).get("action")))
        return answer({})

    async def imagine(request: web.Request) -> web.Response:
        midjourney.paint(str((await read_object(request)).get("prompt")))
        return answer({})

    app.router.add_get("/sandbox/habits", habits)
    app.router.add_patch("/sandbox/habits", habits)
    app.router.add_post("/sandbox/faults", faults)
    app.router.add_delete("/sandbox/faults", clear)
    app.router.add_get("/sandbox/calls", calls)
    app.router.add_post("/sandbox/gateway", act)
    app.router.add_post("/sandbox/imagine", imagine)


def _add_proxy_control(app: web.Application, proxy: Proxy) -> None:
    async def act(request: web.Request) -> web.Response:
        try:
            proxy.act(str((await read_object(request)).get("action")))
        except ValueError as error:
            return answer({"error": str(error)}, 400)
        return answer({})

    app.router.add_post("/sandbox/proxy", act)
