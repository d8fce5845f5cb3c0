"""Takes the writer's orders: an answer that was paid for already, a job that is waited for, or a task."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request
from sqlalchemy.exc import IntegrityError

from access.admission import Admission
from access.amounts import Amount
from access.caller import Caller
from access.desk import Desk, Order, read_order
from access.paid_answers import PaidAnswers, key_of
from database import Database
from errors import NotFound
from jobs import rows
from jobs.callbacks import Callback
from jobs.rows import Job
from writer import prompts, works
from writer.estimates import Estimate, with_request
from writer.illustrating import KIND as IMAGES
from writer.illustrating import new_images
from writer.showing import answer, status_of

_KINDS = (*works.TEXT_KINDS, IMAGES)


@dataclass(frozen=True, kw_only=True)
class WriterSettings:
    """`timeout` in seconds is for a call that is waited for, `longest` for one in the background.

    `models` are the text models in their order, `providers` the image models that may be asked for, `size`
    the pictures' ("1024x1024").
    """

    timeout: float
    longest: float
    models: tuple[str, ...]
    providers: Collection[str]
    size: str


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Where the writer's calls become jobs. `price` says what an estimate comes to; `accepted` is the answer
    to an order for the background.
    """

    database: Database
    desk: Desk
    answers: PaidAnswers
    admission: Admission
    settings: WriterSettings
    caller: Callable[[], Caller]
    price: Callable[[Estimate], Amount]
    base_url: Callable[[], str]
    callback: Callable[[str, str], Callback | None]
    accepted: Callable[[Job, str], Response]

    def call(self, kind: str, wanted: dict[str, Any], needed: Estimate) -> Response:
        """What was made; or the job, if the caller does not want to wait."""
        order = self._order({"kind": kind, **wanted}, needed)
        timeout = self.settings.longest if order.in_background else self.settings.timeout
        job, cached = self._ordered(kind, wanted, order, timeout)
        if order.in_background:
            return self.accepted(job, self.base_url())
        with self.database.read() as tx:
            shown = answer(tx, job, self.base_url(), cached=cached)
        response = jsonify(shown)
        response.headers["Cache-Control"] = "no-store"
        return response

    def queue_story(
        self, wanted: dict[str, Any], needed: Estimate, callback_url: str
    ) -> tuple[Response, int]:
        """A full story, which is never waited for."""
        asked = {"kind": works.FULL, "callback_url": callback_url, **wanted}
        order = self._order(asked, needed, callback_url)
        job, cached = self._ordered(works.FULL, wanted, order, self.settings.longest)
        message = "The story is written." if cached else "The story is being written."
        return self.task(job, message, needed, cached=cached)

    def resume(self, before: Job, needed: Estimate) -> tuple[Response, int]:
        """The task that goes on where a full story has stopped: one, however often it is asked for."""
        order = self._order({}, needed)
        job = works.resumed(before, order.caller)
        try:
            job = self.desk.queue(job, order)
        except IntegrityError:  # somebody else was faster
            job = self.load(job.id)
        return self.task(job, "The story goes on.", needed)

    def draw(self, wanted: dict[str, Any], needed: Estimate) -> tuple[Response, int]:
        """Pictures, which are never answered from the cache: who asks again wants others."""
        order = self._order(wanted, needed)
        job = self.desk.queue(new_images(wanted, owner=order.caller.owner), order)
        return self.task(job, "The scenes are being drawn.", needed)

    def task(self, job: Job, message: str, needed: Estimate, *, cached: bool = False) -> tuple[Response, int]:
        """The answer to what is done in the background."""
        response = jsonify(
            success=True,
            task_id=job.id,
            status=status_of(job),
            message=message,
            estimate=self.price(needed).public(),
            cached=cached,
        )
        response.headers["Location"] = f"/api/story/task/{job.id}/status"
        return response, 202

    def load(self, task_id: str) -> Job:
        """One of the caller's own tasks. Raises NotFound."""
        with self.database.read() as tx:
            job = rows.load(tx, task_id)
        if job.kind not in _KINDS or job.owner != self.caller().owner:
            raise NotFound("There is no task with this id.")
        return job

    def _order(self, asked: dict[str, Any], needed: Estimate, callback_url: str = "") -> Order:
        return read_order(
            dict(request.headers),
            {"path": request.path, **asked},
            caller=self.caller(),
            callback=self.callback(callback_url, self.base_url()),
            amount=self.price(with_request(needed, asked)),
        )

    def _ordered(self, kind: str, wanted: dict[str, Any], order: Order, timeout: float) -> tuple[Job, bool]:
        """The job for a call, done or on its way; and whether its answer was there already."""
        owner = order.caller.owner
        key = key_of(version=prompts.VERSION, kind=kind, models=self.settings.models, **wanted)
        # Somebody who waits for a callback wants a job that ends.
        wants_news = "no-cache" in request.headers.get("Cache-Control", "").lower() or order.callback
        if not wants_news and not self.desk.knows(order) and (known := self.answers.find(owner, key)):
            return known, True
        job = works.new_job(kind, {**wanted, "key": key}, order.caller, timeout=timeout)
        if order.in_background or kind == works.FULL:
            return self.desk.queue(job, order), False
        with self.admission.hold():
            until = time.monotonic() + 2 * timeout
            return self.desk.do(job, order, replay=lambda done: done, deadline=until), False
