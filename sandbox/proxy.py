"""A stand-in for midjourney-proxy (novicezk's v2.6.3), with what its forks say otherwise."""

from __future__ import annotations

import asyncio
import functools
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from sandbox.control import Control
from sandbox.describing import describe
from sandbox.faults import drop, strike
from sandbox.http import answer, read_object
from sandbox.likeness import Likeness
from sandbox.proxy_pictures import PATH, Commission, Gallery, draw
from sandbox.proxy_request import (
    EXISTED,
    FAILURE,
    NOT_FOUND,
    VALIDATION,
    Declined,
    Eyes,
    Parcel,
    changed_seed,
    form_in,
    outcome,
    read_change,
    read_dimensions,
    read_prompt,
    read_simple_change,
    seed_in,
    unpack,
    words,
)
from sandbox.proxy_task import BLEND, DESCRIBE, GRIDS, IMAGINE, UPSCALE, Change, Json, Task
from sandbox.proxy_work import Work
from sandbox.refusals import Handler, Refused, answering
from sandbox.renditions import spoil

SECRET = "sandbox-secret"  # noqa: S105  (opens nothing but the sandbox)
PREFIXES = ("/proxy/mj", "/proxy/mj-fast/mj")
MOST_BLENDED = 5

Submission = Callable[[Json, Parcel], Awaitable[Json]]


class Proxy:
    """One proxy with one account. Lives on the sandbox's event loop."""

    def __init__(self, control: Control, url: str) -> None:
        self._control = control
        self._gallery = Gallery(url)
        self._work = Work(control, self._gallery)
        self._eyes = Eyes()
        self._count = 0

    def add_routes(self, app: web.Application) -> None:
        for prefix in PREFIXES:
            for name, submission in (
                ("imagine", self._imagine),
                ("blend", self._blend),
                ("describe", self._describe),
            ):
                handler = functools.partial(self._submit, submission, "proxy.submit")
                app.router.add_post(f"{prefix}/submit/{name}", _guarded(handler))
            for name, reading in (
                ("change", read_change),
                ("simple-change", read_simple_change),
                ("action", self._read_press),
            ):
                submission = functools.partial(self._change, reading)
                handler = functools.partial(self._submit, submission, "proxy.change")
                app.router.add_post(f"{prefix}/submit/{name}", _guarded(handler))
            app.router.add_get(f"{prefix}/task/{{id}}/fetch", _guarded(self._fetch))
            app.router.add_get(f"{prefix}/task/list", _guarded(self._list))
            app.router.add_post(f"{prefix}/task/list-by-condition", _guarded(self._list_some))
        app.router.add_get(f"{PATH}{{name}}", answering(_spring_form, self._picture))

    def act(self, action: str) -> None:
        """`forget` or `restart`: raises ValueError for anything else."""
        actions = {"forget": self._work.forget, "restart": self._work.restart}
        if action not in actions:
            raise ValueError(f"The proxy's actions are {' and '.join(actions)}.")
        actions[action]()

    async def close(self) -> None:
        await self._work.close()

    async def _submit(self, submission: Submission, target: str, request: web.Request) -> web.StreamResponse:
        body = await read_object(request)
        parcel = await asyncio.to_thread(unpack, body)
        called = request.path.rpartition("/")[2]
        self._control.record(target, call=called, body=parcel.told, references=parcel.sha256s)
        fault = self._control.fault(target)
        if target != "proxy.submit":
            fault = fault or self._control.fault("proxy.submit")
        if struck := await strike(fault):
            return struck
        if fault and fault.kind == "code":
            code, description = fault.details.get("code", FAILURE), fault.details.get("description")
            return answer(outcome(int(code), str(description or "a fault of the sandbox")))
        try:
            answered = await submission(body, parcel)
        except Declined as declined:
            answered = declined.body
        if fault and fault.kind == "late":
            await asyncio.sleep(float(fault.details.get("seconds", 600.0)))
        return await drop(request, answered) if fault and fault.kind == "drop" else answer(answered)

    async def _imagine(self, body: Json, parcel: Parcel) -> Json:
        prompt = read_prompt(body)
        references = await asyncio.to_thread(self._eyes.look, parcel)
        seed = seed_in(prompt)
        commission = self._commission(words(prompt), seed, references, form_in(prompt))
        return self._work.submit(self._task(body, IMAGINE, prompt, f"/imagine {prompt}", commission))

    async def _blend(self, body: Json, parcel: Parcel) -> Json:
        if not 2 <= len(parcel.pictures) <= MOST_BLENDED:
            raise Declined(VALIDATION, "base64List parameter error")
        form = read_dimensions(body)
        references = await asyncio.to_thread(self._eyes.look, parcel)
        commission = self._commission("", None, references, form)
        description = f"/blend {len(references)}"
        return self._work.submit(self._task(body, BLEND, None, description, commission))

    async def _describe(self, body: Json, parcel: Parcel) -> Json:
        if len(parcel.pictures) != 1:
            raise Declined(VALIDATION, "base64 cannot be empty")
        references = await asyncio.to_thread(self._eyes.look, parcel)
        commission = replace(self._commission("", None, references, (1, 1)), given=True)
        task = self._task(body, DESCRIBE, None, "/describe picture.png", commission)
        task.seen = await asyncio.to_thread(describe, references, "")
        return self._work.submit(task)

    async def _change(self, reading: Callable[[Json], Change], body: Json, _parcel: Parcel) -> Json:
        change = reading(body)
        if existing := self._work.described(change.description):
            told = {"status": existing.status, "imageUrl": existing.image_url}
            raise Declined(EXISTED, "the task exists already", existing.id, **told)
        target = self._succeeded(change.task_id)
        if target.action not in GRIDS:
            raise Declined(VALIDATION, "the related task cannot be changed")
        task = self._task(body, change.action, target.prompt, change.description, _changed(target, change))
        return self._work.submit(task)

    def _read_press(self, body: Json) -> Change:
        """What a button's press asks for; raises Declined."""
        change = self._succeeded(str(body.get("taskId"))).pressed(str(body.get("customId")))
        if change is None:
            raise Declined(VALIDATION, "customId parameter error")
        return change

    def _succeeded(self, task_id: str) -> Task:
        """The task that is to be changed; raises Declined."""
        target = self._work.tasks.get(task_id)
        if target is None:
            raise Declined(NOT_FOUND, "the related task does not exist or has expired")
        if target.status != "SUCCESS":
            raise Declined(FAILURE, "the related task has not succeeded")
        return target

    def _commission(
        self, prompt: str, seed: int | None, references: tuple[Likeness, ...], form: tuple[int, int]
    ) -> Commission:
        habits = self._control.habits
        self._count += 1
        if seed is None:
            seed = self._count if habits.story_seed is None else habits.story_seed
        return Commission(prompt, seed, references, habits.image_pixels, form, habits.plain)

    def _task(
        self, body: Json, action: str, prompt: str | None, description: str, commission: Commission
    ) -> Task:
        self._count += 1
        state = body.get("state")
        return Task(
            id=f"{time.time_ns() // 1_000_000}{self._count % 1000:03d}",
            action=action,
            prompt=prompt,
            description=description,
            state=None if state is None else str(state),
            hook=str(body.get("notifyHook") or ""),
            commission=commission,
            job=str(uuid.uuid4()),
        )

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        task_id = request.match_info["id"]
        self._control.record("proxy.fetch", task=task_id)
        fault = self._control.fault("proxy.fetch")
        if struck := await strike(fault):
            return struck
        task = self._work.tasks.get(task_id)
        if task is None or (fault and fault.kind == "empty"):
            return web.Response()
        return answer(task.as_json())

    async def _list(self, request: web.Request) -> web.StreamResponse:
        return await self._some(list(self._work.tasks))

    async def _list_some(self, request: web.Request) -> web.StreamResponse:
        ids = (await read_object(request)).get("ids")
        return await self._some([str(one) for one in ids] if isinstance(ids, list) else [])

    async def _some(self, ids: list[str]) -> web.StreamResponse:
        self._control.record("proxy.fetch", tasks=ids)
        fault = self._control.fault("proxy.fetch")
        if struck := await strike(fault):
            return struck
        if fault and fault.kind == "empty":
            return web.Response()
        found = self._work.tasks
        return answer([found[one].as_json() for one in ids if one in found])

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self._control.record("proxy.picture", name=name)
        fault = self._control.fault("proxy.picture")
        if struck := await strike(fault):
            return struck
        found = self._gallery.find(name)
        if found is None:
            return web.Response(status=404)
        content = spoil(await asyncio.to_thread(draw, *found), fault)
        return web.Response(body=content, content_type="image/png")


def _changed(target: Task, change: Change) -> Commission:
    """What is to be painted for a change of the target."""
    commission = target.commission
    if change.action == UPSCALE and change.index:
        return replace(commission, quarter=change.index - 1)
    return replace(commission, seed=changed_seed(commission.seed, change))


def _guarded(handler: Handler) -> Handler:
    """`handler`, for those who know the secret."""

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = request.headers
        if headers.get("mj-api-secret") != SECRET and headers.get("Authorization") != f"Bearer {SECRET}":
            return web.Response(status=401)
        return await handler(request)

    return answering(_spring_form, handle)


def _spring_form(refused: Refused) -> Any:
    """What Spring answers when something goes wrong inside of it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime())
    return {"timestamp": now, "status": refused.status, "error": refused.message}
