"""Tells callers of midjourney-proxy by their notifyHook how their tasks go on: once, unsigned, hoping."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from sandbox.control import Control
from sandbox.proxy_task import Json

_SECONDS = aiohttp.ClientTimeout(total=5)


class Hooks:
    """Sends what it is told in the background. Lives on the sandbox's event loop."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._session: aiohttp.ClientSession | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def hook(self, url: str) -> Hook:
        """The hook of one task, which needs none if `url` is empty."""
        fault = self._control.fault("proxy.hook") if url else None
        return Hook(self, url, fault.kind if fault else "")

    def send(self, url: str, bodies: Sequence[Json], after: asyncio.Task[None] | None) -> asyncio.Task[None]:
        sending = asyncio.ensure_future(self._send(url, bodies, after))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        return sending

    async def _send(self, url: str, bodies: Sequence[Json], after: asyncio.Task[None] | None) -> None:
        if after:
            await after
        self._session = self._session or aiohttp.ClientSession(timeout=_SECONDS)
        for body in bodies:
            self._control.record("proxy.hook", url=url, task=body["id"], status=body["status"])
            try:
                async with self._session.post(url, json=body) as response:
                    await response.read()
            except (aiohttp.ClientError, TimeoutError, ValueError):
                continue  # the proxy never tries again

    async def close(self) -> None:
        for sending in tuple(self._sending):
            sending.cancel()
        if self._session:
            await self._session.close()


class Hook:
    """Tells about one task: in order and each change once, unless `fault` says otherwise."""

    def __init__(self, hooks: Hooks, url: str, fault: str) -> None:
        self._hooks = hooks
        self._url = url
        self._fault = fault
        self._kept: Json | None = None
        self._latest: asyncio.Task[None] | None = None

    def tell(self, body: Json, *, ended: bool) -> None:
        if not self._url or self._fault == "none":
            return
        bodies = [body]
        if self._fault == "duplicate":
            bodies = [body, body]
        elif self._fault == "out_of_order":
            if self._kept is None and not ended:
                self._kept = body
                return
            if self._kept and ended:
                bodies = [body, self._kept]
        self._latest = self._hooks.send(self._url, bodies, self._latest)
