"""Does jobs: a claim, the work, its end. What was begun and left by a dead process is begun again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError

from database import Database
from errors import Busy, Conflict, OutOfSpace, ProviderTimeout, StoryfarmError
from jobs import events, rows
from jobs.events import Event
from jobs.notifier import Notifier, Stopping
from jobs.periodic import Periodic
from jobs.rows import Job
from jobs.states import JobState
from ledger import Entry, Ledger, Write

log = structlog.get_logger()

_TEXT_SECONDS = 0.08
_PROGRESS_SECONDS = 1.0
# A job that waits in line for a free worker is not called out again before this.
_RING_SECONDS = 30.0


class Lost(Exception):
    """The job is not ours any more: it was cancelled, or taken from a process that seemed dead."""


class Task:
    """A job in hand. Everything is written in the name of the claim, so a lost one changes nothing.

    `is_watched`: somebody may be looking on, so that text is worth telling as it is written. The methods
    raise Lost as soon as it is known.
    """

    def __init__(
        self, job: Job, database: Database, ledger: Ledger, notifier: Notifier, *, is_watched: bool
    ) -> None:
        self.job = job
        self.is_watched = is_watched
        self.result: dict[str, Any] = dict(job.result or {})
        self.lease = job.lease or ""
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._lost = threading.Event()
        self._told: dict[str, tuple[str, float]] = {}
        self._progress: tuple[int, str, dict[str, Any]] = (-1, "", {})
        self._progress_at = 0.0

    def save(self, **parts: Any) -> None:
        """Add `parts` to the result. Paid work is recorded before anything else is done with it.

        A job that gets on may be begun as often as it takes: its attempts are counted anew.
        """
        self._raise_if_lost()
        self.result |= parts
        changes: dict[str, Any] = {"result": dict(self.result), "attempts": 1}
        try:
            is_ours = self._write(partial(rows.record, **changes))
        except OutOfSpace:  # the ledger tries it again until there is room
            self._put((), **changes)
        else:
            if not is_ours:
                raise Lost

    def say(self, kind: str, data: dict[str, Any], **changes: Any) -> None:
        """Append an event, by and by; see jobs.events for the kinds."""
        self._raise_if_lost()
        self._put((Event(kind, data),), **changes)

    def progress(self, percent: int, message: str, **data: Any) -> None:
        """Say how far the job is (0-100): what is new in words or `data` at once, else once a second."""
        self._raise_if_lost()
        _, said, told = self._progress
        data = {**told, **data}
        is_news = (message, data) != (said, told)
        now = time.monotonic()
        if (percent, message, data) == self._progress:
            return
        if not is_news and now - self._progress_at < _PROGRESS_SECONDS:
            return
        self._progress, self._progress_at = (percent, message, data), now
        self.say(
            "progress",
            {"progress": percent, "message": message, **data},
            progress=percent,
            message=message,
        )

    def text(self, part: str, text: str, *, is_whole: bool = False) -> None:
        """Tell what there is of a text by now; what is new goes out every 80 ms, or at the end.

        Each event says at which character it stands, and replaces what stood behind that: a text that is
        begun again after a crash starts at 0.
        """
        told, at = self._told.get(part, ("", 0.0))
        now = time.monotonic()
        if text == told or not (is_whole or now - at >= _TEXT_SECONDS):
            return
        offset = len(told) if text.startswith(told) else 0
        self._told[part] = (text, now)
        self.say("text", {"part": part, "offset": offset, "text": text[offset:]})

    def check(self) -> None:
        """Raises Lost if the job was cancelled or taken over meanwhile."""
        with self._database.read() as tx:
            if not rows.holds(tx, self.job.id, self.lease):
                self.lose()
        self._raise_if_lost()

    def complete(self, news: Sequence[Event] = (), *, message: str = "") -> None:
        """The job is done; its result is what was saved. Raises OutOfSpace, but is still recorded later.

        `message` says in place of the usual words how it went.
        """
        told = {"message": message} if message else {}
        self._end(JobState.COMPLETED, news, result=dict(self.result), progress=100, **told)

    def fail(self, error: StoryfarmError) -> None:
        self._end(JobState.FAILED, (), error=error.problem())

    def give_back(self) -> None:
        """Leave the job to somebody else, or to the next start."""
        self._ledger.write(partial(rows.give_back, job=self.job))
        self._notify()

    def lose(self) -> None:
        """The job is somebody else's now, or nobody's."""
        self._lost.set()

    def _end(self, state: JobState, news: Sequence[Event], **changes: Any) -> None:
        self._raise_if_lost()
        end = partial(rows.end, state=state, news=news, **changes)
        try:
            is_ours = self._write(end)
        except OutOfSpace:
            self._ledger.put(Entry(writes=[self._fenced(end)], effects=[self._notify]))
            raise
        if not is_ours:
            raise Lost
        self._notify()

    def _write(self, write: Callable[..., bool]) -> bool:
        """Write it now; whether the job was still ours. What others write behind it does not matter."""
        results: list[bool] = []
        self._ledger.write(lambda tx: results.append(write(tx, self.job.id, self.lease)))
        return results[-1]

    def _put(self, news: Sequence[Event], **changes: Any) -> None:
        record = self._fenced(partial(rows.record, news=news, **changes))
        self._ledger.put(Entry(writes=[record], effects=[self._notify]))

    def _fenced(self, write: Callable[..., bool]) -> Write:
        def fenced(tx: Connection) -> None:
            if not write(tx, self.job.id, self.lease):
                self.lose()

        return fenced

    def _raise_if_lost(self) -> None:
        if self._lost.is_set():
            raise Lost

    def _notify(self) -> None:
        self._notifier.notify(events.topic(self.job.id))


# What a flow does with a job: it ends with `task.complete`, or raises. Done again, it goes on where it was.
Work = Callable[[Task], Any]


class Runner:
    """Gives jobs to the works of their kinds.

    `ring` calls somebody to do the job with this id; calls may get lost or come twice. `calls_waiting` are
    those that nobody has answered yet. A worker's lease
    lasts `lease_seconds` and is extended while it works. `ended` is called when a job may have ended, and
    each job's work is done within `around(job)`.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        *,
        ring: Callable[[str], None],
        calls_waiting: Callable[[], int] = lambda: 0,
        lease_seconds: float,
        most_queued: int,
    ) -> None:
        self.works: dict[str, Work] = {}
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._ring = ring
        self._calls_waiting = calls_waiting
        self._lease_seconds = lease_seconds
        self._most_queued = most_queued
        self._in_hand: dict[str, Task | None] = {}  # None while the job's row is still to be written
        self._caretaker = Periodic("caretaker", lease_seconds / 3, self._look_after)
        self._has_swept = False
        self.ended: Callable[[], None] = lambda: None
        self.around: Callable[[Job], AbstractContextManager[object]] = nullcontext

    def start(self) -> None:
        self._caretaker.start()

    def stop(self) -> None:
        """End the thread that extends leases: call it when nothing is in hand any more."""
        self._caretaker.stop()

    @property
    def in_hand(self) -> int:
        return len(self._in_hand)

    def submit(self, job: Job, *also: Write) -> None:
        """Record the job, for whoever is free; `also` is written in the same transaction. Raises Busy."""
        with self._database.read() as tx:
            queued = rows.count_queued(tx)
        if queued >= self._most_queued:
            raise Busy(
                f"{queued} jobs are waiting in line already. Please try again later.",
                retry_after=60,
                limit=self._most_queued,
            )
        self._ledger.write(partial(rows.insert, job=job), *also)
        self._call(job.id)

    def begin(self, job: Job, *also: Write) -> Task:
        """Record the job as one that this thread does at once; then call `carry_out`."""
        begun: list[Job] = []

        def insert(tx: Connection) -> None:  # the lease begins now, not before the wait for the ledger
            begun.append(rows.claimed(job, lease_seconds=self._lease_seconds))
            rows.insert(tx, begun[-1])

        self._in_hand[job.id] = None
        try:
            self._ledger.write(insert, *also)
        except BaseException:
            self._in_hand.pop(job.id, None)
            raise
        return self._take(begun[-1], is_watched=False)

    def run(self, job_id: str) -> None:
        """Do the job if it is still to be done. Errors stand in its row afterwards.

        A job that this process has in hand already is left alone, even if its lease could not be extended
        in time: a busy process is not a dead one.
        """
        if job_id in self._in_hand:
            return
        claimed: list[Job | None] = []
        self._ledger.write(
            lambda tx: claimed.append(rows.claim(tx, job_id, lease_seconds=self._lease_seconds))
        )
        if not (job := claimed[-1]):
            return
        log.info("job.begun", job=job.id, kind=job.kind, attempt=job.attempts)
        self._notifier.notify(events.topic(job.id))
        with suppress(StoryfarmError):
            self.carry_out(self._take(job, is_watched=True))

    def carry_out(self, task: Task) -> Any:
        """Do the work and give what it returns. Raises the job's failure, which is recorded then.

        Raises Busy if the service stops meanwhile, and Conflict if the job was taken away.
        """
        job = task.job
        try:
            with self.around(job):
                return self.works[job.kind](task)
        except StoryfarmError as error:
            if not isinstance(error, OutOfSpace):
                self._fail(task, error)
            raise
        except Lost:
            log.info("job.lost", job=job.id, kind=job.kind)
            raise Conflict("The job was cancelled meanwhile.", code="cancelled", id=job.id) from None
        except Stopping:
            task.give_back()
            log.info("job.left", job=job.id, kind=job.kind)
            raise _restarting(job.id) from None
        except DBAPIError as error:
            if isinstance(error, DataError | IntegrityError | ProgrammingError):
                raise self._broke(task, error) from error
            # The database was away for a moment: when the lease has lapsed the job is begun again.
            log.warning("job.without_database", job=job.id, kind=job.kind, error=type(error).__name__)
            raise _restarting(job.id) from error
        except Exception as error:  # a bug: it would be the same the next time
            raise self._broke(task, error) from error
        finally:
            self._in_hand.pop(job.id, None)
            self.ended()

    def cancel(self, job_id: str) -> bool:
        """End the job now; whoever works on it stops as soon as it notices. False if it has ended."""
        moved: list[bool] = []
        self._ledger.write(lambda tx: moved.append(rows.cancel(tx, job_id)))
        if moved[-1]:
            self._notifier.notify(events.topic(job_id))
            self._notifier.notify(events.cancel_topic(job_id))
            self.ended()
        return moved[-1]

    def await_end(self, job_id: str, deadline: float) -> Job:
        """The job when it has ended. Raises ProviderTimeout if that takes longer, NotFound, or Busy."""
        try:
            with self._notifier.listen(events.topic(job_id)) as waiter:
                while True:
                    with self._database.read() as tx:
                        job = rows.load(tx, job_id)
                    if job.has_ended:
                        return job
                    if not waiter.wait(deadline):
                        late = "The job goes on; ask for it later."
                        raise ProviderTimeout(late, code="job_timeout", id=job_id)
        except Stopping:
            raise _restarting(job_id) from None

    def sweep(self) -> None:
        """Call for jobs that nobody does, and give up those that were begun too often."""
        with self._database.read() as tx:
            hopeless = rows.exhausted(tx)
        for job in hopeless:
            self._give_up(job)
        rung: list[list[str]] = []
        # Those who wait in a long line are still called; to call them again would only lengthen it. A process
        # that died may have taken calls with it, so whoever starts calls for all.
        pause = _RING_SECONDS if self._has_swept else 0.0
        not_since = 0.0 if self._calls_waiting() else time.time() - pause
        self._has_swept = True
        self._ledger.write(lambda tx: rung.append(rows.ring(tx, not_since=not_since)))
        for job_id in rung[-1]:
            self._call(job_id)

    def extend_leases(self) -> None:
        """Say that the work on everything in hand goes on."""
        tasks = {job_id: task for job_id, task in self._in_hand.copy().items() if task}
        leases = {job_id: task.lease for job_id, task in tasks.items()}

        def extend(tx: Connection) -> None:
            held = rows.extend(tx, leases, lease_seconds=self._lease_seconds)
            for job_id in leases.keys() - held:
                tasks[job_id].lose()

        if tasks:
            self._ledger.write(extend)

    def _take(self, job: Job, *, is_watched: bool) -> Task:
        task = Task(job, self._database, self._ledger, self._notifier, is_watched=is_watched)
        self._in_hand[job.id] = task
        return task

    def _broke(self, task: Task, error: Exception) -> StoryfarmError:
        log.error("job.broke", job=task.job.id, kind=task.job.kind, exc_info=error)
        failure = StoryfarmError("The service has made a mistake with this job.", id=task.job.id)
        self._fail(task, failure)
        return failure

    def _call(self, job_id: str) -> None:
        try:
            self._ring(job_id)
        except Exception as error:  # noqa: BLE001  (a call may get lost: the sweep comes by)
            log.warning("job.not_rung", job=job_id, error=type(error).__name__)

    def _fail(self, task: Task, error: StoryfarmError) -> None:
        log.info("job.failed", job=task.job.id, kind=task.job.kind, code=error.code)
        try:
            task.fail(error)
        except (Lost, OutOfSpace, SQLAlchemyError) as failure:
            log.warning("job.failure_not_recorded", job=task.job.id, error=type(failure).__name__)

    def _give_up(self, job: Job) -> None:
        error = StoryfarmError(
            f"The job was begun {job.attempts} times, and each time the process that did it died.",
            code="too_many_attempts",
        )
        self._ledger.write(lambda tx: rows.give_up(tx, job, error.problem()))
        log.error("job.given_up", job=job.id, kind=job.kind, attempts=job.attempts)
        self._notifier.notify(events.topic(job.id))

    def _look_after(self) -> None:
        self.extend_leases()
        self.sweep()


def _restarting(job_id: str) -> Busy:
    return Busy("The service is restarting. The job goes on afterwards.", retry_after=30, id=job_id)
