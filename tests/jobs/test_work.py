"""Jobs in hand: claims, ends, fences, cancelling, and what a dead process leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, OperationalError

from database import Database
from errors import Busy, Conflict, ProviderError, ProviderTimeout, StoryfarmError
from jobs import events, rows
from jobs.notifier import Notifier
from jobs.rows import Job
from jobs.states import JobState
from jobs.work import Lost, Runner, Task
from ledger import Entry, Ledger, Write
from tables import jobs

LEASE_SECONDS = 30.0


class Bench:
    """A runner whose calls are only written down."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger = Ledger(database)
        self.notifier = Notifier()
        self.rung: list[str] = []
        self.runner = self.another_process()

    def another_process(self) -> Runner:
        return Runner(
            self.database,
            self.ledger,
            self.notifier,
            ring=self.rung.append,
            lease_seconds=LEASE_SECONDS,
            most_queued=3,
        )

    def does(self, work: Callable[[Task], Any]) -> None:
        self.runner.works["test"] = work

    def queue(self) -> Job:
        job = rows.new("test", {})
        self.runner.submit(job)
        return job

    def load(self, job: Job) -> Job:
        with self.database.read() as tx:
            return rows.load(tx, job.id)

    def events(self, job: Job) -> list[tuple[int, str, dict[str, Any]]]:
        with self.database.read() as tx:
            return [
                (event.number, event.kind, event.data) for event in events.after(tx, job.id, 0, limit=100)
            ]

    def lapse(self) -> None:
        """The time of all leases is over."""
        with self.database.write() as tx:
            tx.execute(update(jobs).values(lease_until=time.time() - 1, rung_at=time.time() - 2))


@pytest.fixture
def bench(database: Database) -> Iterator[Bench]:
    made = Bench(database)
    yield made
    made.notifier.close()


def complete(task: Task) -> str:
    task.save(answer=42)
    task.complete()
    return "told"


def test_a_queued_job_is_called_out_and_done(bench: Bench) -> None:
    bench.does(complete)
    job = bench.queue()
    assert bench.rung == [job.id]

    bench.runner.run(job.id)

    ended = bench.load(job)
    assert (ended.state, ended.progress, ended.result) == (JobState.COMPLETED, 100, {"answer": 42})
    assert (ended.lease, ended.attempts) == (None, 1)
    assert bench.events(job) == [
        (1, "state", {"state": "queued", "attempt": 0}),
        (2, "state", {"state": "running", "attempt": 1}),
        (3, "done", {"state": "completed"}),
    ]


def test_a_job_that_is_called_out_twice_is_done_once(bench: Bench) -> None:
    done = []

    def work(task: Task) -> None:
        done.append(task.job.id)
        task.complete()

    bench.does(work)
    job = bench.queue()

    bench.runner.run(job.id)
    bench.runner.run(job.id)

    assert done == [job.id]


def test_a_job_in_hand_is_not_to_be_had(bench: Bench) -> None:
    def work(task: Task) -> None:
        bench.another_process().run(task.job.id)
        task.complete()

    bench.does(work)
    job = bench.queue()

    bench.runner.run(job.id)

    assert bench.load(job).state is JobState.COMPLETED


def test_what_the_work_gives_is_given_to_the_caller(bench: Bench) -> None:
    bench.does(complete)

    assert bench.runner.carry_out(bench.runner.begin(rows.new("test", {}))) == "told"


def test_a_failure_is_recorded_and_raised(bench: Bench) -> None:
    def fail(_task: Task) -> None:
        raise ProviderError("The model is asleep.", code="asleep")

    bench.does(fail)
    job = rows.new("test", {})

    with pytest.raises(ProviderError):
        bench.runner.carry_out(bench.runner.begin(job))

    ended = bench.load(job)
    assert ended.state is JobState.FAILED
    assert ended.error is not None
    assert (ended.error["code"], ended.error["detail"]) == ("asleep", "The model is asleep.")


def test_a_bug_fails_the_job_without_telling_what_it_was(bench: Bench) -> None:
    bench.does(lambda task: task.job.request["secret-key"])
    job = bench.queue()

    bench.runner.run(job.id)

    ended = bench.load(job)
    assert ended.state is JobState.FAILED
    assert "secret-key" not in repr(ended.error)


def test_when_the_service_stops_the_job_goes_back_and_the_attempt_does_not_count(bench: Bench) -> None:
    def wait(task: Task) -> None:
        task.save(half="done")
        bench.notifier.close()
        with bench.notifier.listen("never") as waiter:
            waiter.wait(time.monotonic() + 60)

    bench.does(wait)
    job = bench.queue()

    bench.runner.run(job.id)

    waiting = bench.load(job)
    assert (waiting.state, waiting.attempts, waiting.lease) == (JobState.QUEUED, 0, None)
    assert waiting.result == {"half": "done"}


def test_a_job_that_was_left_is_begun_again_with_what_it_has(bench: Bench) -> None:
    job = rows.new("test", {})
    bench.another_process().begin(job).save(half="done")  # and then that process dies
    bench.lapse()
    seen = []

    def work(task: Task) -> None:
        seen.append(dict(task.result))
        task.complete()

    bench.does(work)
    bench.runner.sweep()
    assert bench.rung == [job.id]
    bench.runner.run(job.id)

    assert seen == [{"half": "done"}]
    assert bench.load(job).attempts == 2


def test_a_job_whose_lease_holds_is_left_alone(bench: Bench) -> None:
    bench.runner.begin(rows.new("test", {}))

    bench.runner.sweep()

    assert bench.rung == []


def test_whoever_starts_calls_for_all_that_wait(bench: Bench) -> None:
    job = bench.queue()
    bench.rung.clear()

    bench.runner.sweep()

    assert bench.rung == [job.id]


def test_a_call_that_got_lost_is_repeated_after_a_while(bench: Bench) -> None:
    bench.runner.sweep()
    job = bench.queue()
    bench.rung.clear()
    bench.runner.sweep()
    assert bench.rung == []
    with bench.database.write() as tx:
        tx.execute(update(jobs).values(rung_at=time.time() - 31))

    bench.runner.sweep()
    bench.runner.sweep()

    assert bench.rung == [job.id]


def test_a_process_that_was_taken_for_dead_changes_nothing_any_more(bench: Bench) -> None:
    job = rows.new("test", {})
    slow = bench.runner.begin(job)
    bench.lapse()
    bench.does(complete)
    bench.another_process().run(job.id)  # knows no work, so it fails: the job has ended

    with pytest.raises(Lost):
        slow.save(answer="too late")
    with pytest.raises(Lost):
        slow.complete()

    assert bench.load(job).state is JobState.FAILED
    assert bench.load(job).result is None


def test_a_job_whose_process_dies_three_times_fails_with_the_reason(bench: Bench) -> None:
    job = bench.queue()
    for _ in range(3):
        with bench.database.write() as tx:
            assert rows.claim(tx, job.id, lease_seconds=LEASE_SECONDS)
        bench.lapse()

    bench.runner.sweep()

    ended = bench.load(job)
    assert ended.state is JobState.FAILED
    assert ended.error is not None
    assert ended.error["code"] == "too_many_attempts"
    assert bench.rung == [job.id]
    assert bench.events(job)[-1][1:] == ("done", {"state": "failed"})


def test_a_lease_is_extended_while_the_work_goes_on(bench: Bench) -> None:
    job = rows.new("test", {})
    task = bench.runner.begin(job)
    bench.lapse()

    bench.runner.extend_leases()
    bench.runner.sweep()

    assert bench.rung == []
    task.complete()


def test_a_busy_process_does_not_take_its_own_jobs_from_itself(bench: Bench) -> None:
    done = []

    def work(task: Task) -> None:
        done.append(task.job.id)
        bench.lapse()  # there was no time to extend the lease
        bench.runner.run(task.job.id)
        task.complete()

    bench.does(work)
    bench.runner.carry_out(bench.runner.begin(job := rows.new("test", {})))

    assert done == [job.id]
    assert bench.load(job).state is JobState.COMPLETED
    assert bench.runner.in_hand == 0


def test_a_lease_begins_when_the_job_is_recorded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=1_000.0)
    write = bench.ledger.write

    def write_late(*writes: Write) -> None:
        clock.now += 60
        write(*writes)

    monkeypatch.setattr("jobs.rows.time", SimpleNamespace(time=lambda: clock.now))
    monkeypatch.setattr(bench.ledger, "write", write_late)
    bench.runner.begin(job := rows.new("test", {}))

    assert bench.load(job).lease_until == 1_060 + LEASE_SECONDS


def test_a_job_that_could_not_be_recorded_is_not_in_hand(bench: Bench) -> None:
    def fail(_tx: Any) -> None:
        raise StoryfarmError("The disk is gone.")

    with pytest.raises(StoryfarmError):
        bench.runner.begin(rows.new("test", {}), fail)

    assert bench.runner.in_hand == 0


def test_leases_of_many_jobs_are_extended_together(bench: Bench) -> None:
    tasks = [bench.runner.begin(rows.new("test", {})) for _ in range(1_200)]
    lost = tasks[7]
    assert bench.another_process().cancel(lost.job.id)
    bench.lapse()

    bench.runner.extend_leases()
    bench.runner.sweep()

    assert bench.rung == []
    with pytest.raises(Lost):
        lost.progress(1, "Going on.")
    tasks[8].progress(1, "Going on.")


def test_a_database_that_was_away_for_a_moment_fails_no_job(bench: Bench) -> None:
    def work(task: Task) -> None:
        task.save(half="done")
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    bench.does(work)
    with pytest.raises(Busy):
        bench.runner.carry_out(bench.runner.begin(job := rows.new("test", {})))
    left = bench.load(job)
    assert (left.state, left.result) == (JobState.RUNNING, {"half": "done"})

    bench.lapse()
    bench.does(complete)
    bench.runner.sweep()
    bench.runner.run(*bench.rung)
    assert bench.load(job).state is JobState.COMPLETED


def test_a_statement_that_is_wrong_fails_its_job(bench: Bench) -> None:
    def work(_task: Task) -> None:
        raise IntegrityError("INSERT", {}, Exception("a duplicate"))

    bench.does(work)
    bench.runner.run((job := bench.queue()).id)

    assert bench.load(job).state is JobState.FAILED


def test_a_call_that_cannot_be_made_does_not_lose_the_job(bench: Bench) -> None:
    def fail(_job_id: str) -> None:
        raise OSError("the queue's disk is full")

    bench.runner._ring = fail
    job = bench.queue()

    assert bench.load(job).state is JobState.QUEUED
    bench.lapse()
    bench.runner.sweep()


def test_a_long_line_is_not_made_longer_by_calling_again(bench: Bench) -> None:
    bench.queue()
    bench.rung.clear()
    with bench.database.write() as tx:
        tx.execute(update(jobs).values(rung_at=time.time() - 31))

    bench.runner._calls_waiting = lambda: 1
    bench.runner.sweep()
    assert bench.rung == []

    bench.runner._calls_waiting = lambda: 0
    bench.runner.sweep()
    assert len(bench.rung) == 1


def test_a_cancelled_job_ends_at_once_and_its_worker_notices(bench: Bench) -> None:
    def work(task: Task) -> None:
        task.save(half="done")
        assert bench.another_process().cancel(task.job.id)
        task.check()

    bench.does(work)
    job = bench.queue()

    bench.runner.run(job.id)

    ended = bench.load(job)
    assert (ended.state, ended.result) == (JobState.CANCELLED, {"half": "done"})
    assert bench.events(job)[-1][1:] == ("done", {"state": "cancelled"})


def test_whoever_waits_for_a_job_that_is_cancelled_is_told(bench: Bench) -> None:
    def work(task: Task) -> None:
        bench.runner.cancel(task.job.id)
        task.complete()

    bench.does(work)
    with pytest.raises(Conflict) as caught:
        bench.runner.carry_out(bench.runner.begin(rows.new("test", {})))

    assert caught.value.code == "cancelled"


def test_what_has_ended_cannot_be_cancelled(bench: Bench) -> None:
    bench.does(complete)
    job = bench.queue()
    bench.runner.run(job.id)

    assert not bench.runner.cancel(job.id)
    assert bench.load(job).state is JobState.COMPLETED


def test_a_queue_that_is_full_says_when_to_come_back(bench: Bench) -> None:
    for _ in range(3):
        bench.queue()

    with pytest.raises(Busy) as caught:
        bench.queue()

    assert caught.value.retry_after == 60
    assert len(bench.rung) == 3


def test_the_end_can_be_awaited(bench: Bench) -> None:
    bench.does(complete)
    job = bench.queue()
    with pytest.raises(ProviderTimeout):
        bench.runner.await_end(job.id, time.monotonic())

    bench.runner.run(job.id)

    assert bench.runner.await_end(job.id, time.monotonic()).state is JobState.COMPLETED


def test_text_is_told_in_pieces_that_say_where_they_stand(bench: Bench) -> None:
    def work(task: Task) -> None:
        task.text("story", "Once", is_whole=True)
        task.text("story", "Once upon", is_whole=True)
        task.text("story", "Once upon", is_whole=True)
        task.text("story", "Twice", is_whole=True)
        task.complete()

    bench.does(work)
    job = bench.queue()
    bench.runner.run(job.id)

    assert [data for _, kind, data in bench.events(job) if kind == "text"] == [
        {"part": "story", "offset": 0, "text": "Once"},
        {"part": "story", "offset": 4, "text": " upon"},
        {"part": "story", "offset": 0, "text": "Twice"},
    ]


def test_pieces_of_text_are_gathered_for_a_moment(bench: Bench) -> None:
    def work(task: Task) -> None:
        for end in range(1, 500):
            task.text("story", "x" * end)
        task.text("story", "x" * 500, is_whole=True)
        task.complete()

    bench.does(work)
    job = bench.queue()
    bench.runner.run(job.id)

    told = [data for _, kind, data in bench.events(job) if kind == "text"]
    assert "".join(data["text"] for data in told) == "x" * 500
    assert len(told) < 100


def test_progress_is_told_when_there_is_something_new(bench: Bench) -> None:
    def work(task: Task) -> None:
        task.progress(0, "Writing.")
        task.progress(1, "Writing.")
        task.progress(2, "Writing.", image={"percent": 5})
        task.progress(2, "Writing.", image={"percent": 5})
        task.progress(2, "Painting.")
        task.complete()

    bench.does(work)
    job = bench.queue()
    bench.runner.run(job.id)

    assert [data for _, kind, data in bench.events(job) if kind == "progress"] == [
        {"progress": 0, "message": "Writing."},
        {"progress": 2, "message": "Writing.", "image": {"percent": 5}},
        {"progress": 2, "message": "Painting.", "image": {"percent": 5}},
    ]


def test_every_end_is_told_to_whoever_delivers_callbacks(bench: Bench) -> None:
    ends: list[str] = []
    bench.runner.ended = lambda: ends.append("ended")
    bench.does(complete)

    bench.runner.run(bench.queue().id)
    bench.runner.cancel(bench.queue().id)

    assert ends == ["ended", "ended"]


def test_errors_of_the_work_do_not_reach_the_thread_of_the_queue(bench: Bench) -> None:
    def fail(_task: Task) -> None:
        raise StoryfarmError("No.")

    bench.does(fail)

    bench.runner.run(bench.queue().id)


def test_what_is_written_behind_the_end_does_not_make_it_a_loss(bench: Bench) -> None:
    bench.ledger.start()
    try:
        task = bench.runner.begin(rows.new("test", {}))
        complete = task.complete
        # While the end is written, the lease is extended and somebody tells how far it is.
        for _ in range(20):
            bench.ledger.put(Entry(writes=[lambda tx: time.sleep(0.005)]))
        threads = [threading.Thread(target=bench.runner.extend_leases) for _ in range(20)]
        for thread in threads:
            thread.start()
        complete()
        for thread in threads:
            thread.join(10)
    finally:
        bench.ledger.stop()
