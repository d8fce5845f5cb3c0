"""Takes orders for jobs: the same Idempotency-Key gives the same job, now or in the background."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.exc import IntegrityError

from access import idempotency, quotas
from access.amounts import NOTHING, Amount
from access.caller import LOCAL, Caller
from access.idempotency import Key
from database import Database
from errors import Conflict, QuotaExceeded, RecordedFailure
from jobs import callbacks, rows
from jobs.callbacks import Callback
from jobs.rows import Job
from jobs.states import JobState
from jobs.work import Runner
from ledger import Write
from plans import Plan

_RESPOND_ASYNC = re.compile(r"(?:^|[,;\s])respond-async(?:$|[,;\s])", re.IGNORECASE)


@dataclass(frozen=True)
class Order:
    """How a job is wanted. `in_background`: the caller does not wait (RFC 7240, respond-async).

    `amount` is what the job may take at most, which is reserved where the caller's plan has limits.
    """

    caller: Caller = LOCAL
    key: Key | None = None
    callback: Callback | None = None
    in_background: bool = False
    amount: Amount = NOTHING

    def writes(self, job: Job) -> list[Write]:
        """What is recorded together with the job."""
        writes: list[Write] = []
        if self.key:
            writes.append(partial(idempotency.insert, key=self.key, job_id=job.id))
        if self.callback:
            writes.append(partial(callbacks.insert, job_id=job.id, callback=self.callback))
        return writes


def read_order(
    headers: Mapping[str, str],
    request: Any,
    *,
    caller: Caller = LOCAL,
    callback: Callback | None = None,
    amount: Amount = NOTHING,
) -> Order:
    """The order that a request's headers give; `request` is all that makes it this request, as JSON.

    Raises InvalidRequest for an unfit Idempotency-Key.
    """
    return Order(
        caller=caller,
        key=idempotency.read_key(headers.get("Idempotency-Key"), caller.owner, request),
        callback=callback,
        in_background=bool(_RESPOND_ASYNC.search(headers.get("Prefer", ""))),
        amount=amount,
    )


class Desk:
    """Where requests become jobs. `limits` gives the plan that limits a caller, None if there is none."""

    def __init__(
        self,
        database: Database,
        runner: Runner,
        limits: Callable[[Caller], Plan | None] = lambda _caller: None,
    ) -> None:
        self._database = database
        self._runner = runner
        self._limits = limits

    def knows(self, order: Order) -> bool:
        """Whether an earlier request with the same key has its job: then nothing new will be made."""
        return self._known(order) is not None

    def check(self, order: Order) -> None:
        """Raises QuotaExceeded if it is plain that the caller's plan has no room for the order."""
        limits = self._limits(order.caller)
        if limits is not None and order.amount:
            with self._database.read() as tx:
                quotas.check(tx, order.caller.owner, order.amount, limits)

    def find(self, order: Order) -> Job | None:
        """The job of an earlier request with the same key. Raises Conflict if that was another request."""
        known = self._known(order)
        return self._load(known) if known else None

    def queue(self, job: Job, order: Order, *, also: Sequence[Write] = ()) -> Job:
        """Record the job, and `also`, for the background; the job of an earlier request with the same key.

        Raises Busy if too many are waiting, Conflict if the key was used for another request, and
        QuotaExceeded if the caller's plan has no room for it: then nothing is recorded.
        """
        if known := self._known(order):
            return self._load(known)
        try:
            self._runner.submit(job, *order.writes(job), *also, *self._reserved(job, order))
        except (IntegrityError, QuotaExceeded):  # perhaps the same request, at the same moment
            if not (known := self._known(order)):
                raise
            return self._load(known)
        return job

    def do(self, job: Job, order: Order, *, replay: Callable[[Job], Any], deadline: float) -> Any:
        """Do the job on this thread, and give what its work returns.

        For an earlier request with the same key it waits for that one's end until `deadline`, and gives
        what `replay` makes of it. Raises what the job failed with, and QuotaExceeded as `queue` does.
        """
        if known := self._known(order):
            return self._await(known, replay, deadline)
        try:
            task = self._runner.begin(job, *order.writes(job), *self._reserved(job, order))
        except (IntegrityError, QuotaExceeded):
            if not (known := self._known(order)):
                raise
            return self._await(known, replay, deadline)
        return self._runner.carry_out(task)

    def follow(self, job: Job, parent: Job, amount: Amount, *, also: Sequence[Write] = ()) -> None:
        """Record a job that another one's work has begun: it takes over that much of what that one holds.

        `also` is recorded with it. Raises Busy, and IntegrityError if it is recorded already.
        """
        handed_on = partial(quotas.move, from_job=parent.id, to_job=job.id, amount=amount)
        self._runner.submit(job, handed_on, *also)

    def _reserved(self, job: Job, order: Order) -> list[Write]:
        """What sets the order's amount aside. Raises QuotaExceeded if it is plain that there is no room:

        one that fails among the ledger's writes makes it write all the others of that moment one by one.
        """
        limits = self._limits(order.caller)
        if limits is None or not order.amount:
            return []
        self.check(order)
        return [partial(quotas.reserve, job=job, amount=order.amount, limits=limits)]

    def _known(self, order: Order) -> str | None:
        if not order.key:
            return None
        with self._database.read() as tx:
            return idempotency.find_job(tx, order.key)

    def _load(self, job_id: str) -> Job:
        with self._database.read() as tx:
            return rows.load(tx, job_id)

    def _await(self, job_id: str, replay: Callable[[Job], Any], deadline: float) -> Any:
        job = self._runner.await_end(job_id, deadline)
        if job.state is JobState.CANCELLED:
            raise Conflict("This job was cancelled.", code="cancelled", id=job.id)
        if job.error:
            raise RecordedFailure(job.error)
        return replay(job)
