"""Carries out midjourney-proxy's tasks: some at a time, some more in a queue, each by its steps."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict, deque

from sandbox.control import Control, Fault
from sandbox.proxy_hooks import Hook, Hooks
from sandbox.proxy_pictures import Gallery
from sandbox.proxy_request import QUEUE_FULL, QUEUED, SUBMITTED, Declined, outcome
from sandbox.proxy_task import UPSCALE, Json, Task

_MOST = 5000
# When a task shows its previews, as a part of its time: the percentage as a number, in words, at which part.
_STEPS = ((0, "Getting ready", 0.12), (31, "Sketching", 0.4), (62, "Painting", 0.7))
_WAITING, _DONE = "Waiting to start", "Done"


class Work:
    """All tasks, the oldest first. Lives on the sandbox's event loop."""

    def __init__(self, control: Control, gallery: Gallery) -> None:
        self.tasks: OrderedDict[str, Task] = OrderedDict()
        self._control = control
        self._gallery = gallery
        self._hooks = Hooks(control)
        self._hook: dict[str, Hook] = {}
        self._faults: dict[str, Fault] = {}
        self._waiting: deque[Task] = deque()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._chance = random.Random(13)

    def submit(self, task: Task) -> Json:
        """Begin the task or let it wait, and the answer that says which; raises Declined."""
        habits = self._control.habits
        waits = len(self._running) >= habits.proxy_at_once
        if waits and len(self._waiting) >= habits.proxy_queue:
            raise Declined(QUEUE_FULL, "the queue is full, please try again later")
        self._keep(task)
        if not waits:
            self._begin(task)
            return outcome(SUBMITTED, "submitted", task.id)
        self._waiting.append(task)
        ahead = len(self._waiting)
        return outcome(QUEUED, f"in the queue at place {ahead}", task.id, numberOfQueues=ahead)

    def described(self, description: str) -> Task | None:
        """The task that is described so, whatever has become of it."""
        return next((task for task in self.tasks.values() if task.description == description), None)

    def forget(self) -> None:
        """Start anew without any task."""
        self._halt()
        self.tasks.clear()
        self._hook.clear()
        self._faults.clear()

    def restart(self) -> None:
        """Start anew; what was not done fails."""
        self._halt()
        for task in tuple(self.tasks.values()):
            if not task.ended:
                task.fail("restarted")
                self._tell(task)

    async def close(self) -> None:
        self._halt()
        await self._hooks.close()

    def _keep(self, task: Task) -> None:
        control = self._control
        fault = control.fault(f"proxy.{task.action.lower()}") or control.fault("proxy.task")
        if fault:
            self._faults[task.id] = fault
        self._hook[task.id] = self._hooks.hook(task.hook)
        self.tasks[task.id] = task
        while len(self.tasks) > _MOST:
            self.tasks.popitem(last=False)

    def _begin(self, task: Task) -> None:
        self._running[task.id] = running = asyncio.ensure_future(self._carry_out(task))
        running.add_done_callback(lambda _: self._next(task))

    def _next(self, task: Task) -> None:
        """A place has become free."""
        self._running.pop(task.id, None)
        while self._waiting and len(self._running) < self._control.habits.proxy_at_once:
            self._begin(self._waiting.popleft())

    def _halt(self) -> None:
        self._waiting.clear()
        for running in tuple(self._running.values()):
            running.cancel()
        self._running.clear()

    async def _carry_out(self, task: Task) -> None:
        fault = self._faults.pop(task.id, None)
        kind = fault.kind if fault else ""
        habits, clock = self._control.habits, asyncio.get_running_loop().time
        begun, seconds = clock(), habits.image_seconds * (1 - habits.jitter * self._chance.random())
        if task.action == UPSCALE:
            seconds /= 4
        task.start()
        task.progress = None if kind == "no_progress" else _WAITING
        self._tell(task)
        for percent, word, share in _STEPS:
            await asyncio.sleep(max(0.0, begun + seconds * share - clock()))
            if kind == "modal":
                task.status, task.progress = "MODAL", ""
                self._tell(task)
                return
            task.status = "IN_PROGRESS"
            task.progress = {"no_progress": None, "words": word}.get(kind, f"{percent}%")
            name = f"{task.job}_grid_0_{percent}.png"
            task.image_url = self._gallery.hang(name, task.commission, max(0.02, percent / 100))
            self._tell(task)
        await asyncio.sleep(max(0.0, begun + seconds - clock()))
        if fault and kind == "failure":
            task.fail(str(fault.details.get("reason", "Request cancelled due to image filters")))
        elif kind == "stuck":
            await asyncio.Event().wait()
        else:
            task.succeed()
            task.progress = {"no_progress": None, "words": _DONE}.get(kind, "100%")
            url = self._gallery.hang(f"{task.job}.png", task.commission)
            task.image_url = "" if kind == "preview_only" else url
            self._control.record("proxy.painted", task=task.id, action=task.action)
        self._tell(task)

    def _tell(self, task: Task) -> None:
        if hook := self._hook.get(task.id):
            hook.tell(task.as_json(), ended=task.ended)
        if task.ended:
            self._hook.pop(task.id, None)
