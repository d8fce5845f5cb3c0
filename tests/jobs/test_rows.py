"""Jobs in the database: what they keep, who may work on them, and the numbers of their events."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from database import Database
from errors import NotFound
from jobs import events, rows
from jobs.events import Event
from jobs.rows import MOST_ATTEMPTS, Job
from jobs.states import MOVES, JobState
from tables import jobs
from tests.support import start_job

LEASE = 60.0
ENDS = [state for state, moves in MOVES.items() if not moves]


def started(database: Database, **request: object) -> Job:
    """A job that waits for somebody to do it."""
    with database.write() as tx:
        return start_job(tx, request, message="Waiting in line.")


def claim(database: Database, job_id: str, *, seconds: float = LEASE) -> Job | None:
    with database.write() as tx:
        return rows.claim(tx, job_id, lease_seconds=seconds)


def begun(database: Database, *, seconds: float = LEASE) -> Job:
    """A job that somebody works on; with seconds below zero, somebody who is gone."""
    job = claim(database, started(database).id, seconds=seconds)
    assert job is not None
    return job


def lease_of(job: Job) -> str:
    assert job.lease is not None
    return job.lease


def end(database: Database, job: Job, state: JobState = JobState.COMPLETED, **changes: Any) -> bool:
    with database.write() as tx:
        return rows.end(tx, job.id, lease_of(job), state, **changes)


def ended(database: Database, state: JobState, **columns: Any) -> Job:
    """A job that has ended; `columns` are set whatever the rules say."""
    job = begun(database)
    with database.write() as tx:
        if state is JobState.CANCELLED:
            assert rows.cancel(tx, job.id)
        else:
            assert rows.end(tx, job.id, lease_of(job), state)
        if columns:
            tx.execute(jobs.update().where(jobs.c.id == job.id).values(columns))
    return load(database, job.id)


def load(database: Database, job_id: str) -> Job:
    with database.read() as tx:
        return rows.load(tx, job_id)


def history(database: Database, job_id: str) -> list[Event]:
    with database.read() as tx:
        return events.after(tx, job_id, 0, limit=1000)


# The row


def test_a_job_comes_back_as_it_was_made(database: Database) -> None:
    job = started(database, prompt_text="ein Hund 🐕", words=400)

    assert load(database, job.id) == job
    assert (job.state, job.progress, job.owner) == (JobState.QUEUED, 0, "local")
    assert job.message == "Waiting in line."
    assert job.request == {"prompt_text": "ein Hund 🐕", "words": 400}
    assert (job.lease, job.lease_until, job.attempts) == (None, None, 0)


def test_a_job_that_is_done_at_once_is_recorded_as_begun(database: Database) -> None:
    before = time.time()
    job = rows.claimed(rows.new("story", {}), lease_seconds=LEASE)
    with database.write() as tx:
        rows.insert(tx, job)

    assert load(database, job.id) == job
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)
    assert job.lease
    assert job.lease_until is not None
    assert job.lease_until >= before + LEASE
    assert claim(database, job.id) is None
    assert history(database, job.id) == [Event("state", {"state": "running", "attempt": 1}, 1)]


def test_ids_cannot_be_guessed_and_differ(database: Database) -> None:
    ids = {started(database).id for _ in range(5)}

    assert len(ids) == 5
    assert all(len(id) == 32 and int(id, 16) for id in ids)


def test_an_unknown_job_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        load(database, "0" * 32)


def test_what_a_job_has_so_far_is_kept(database: Database) -> None:
    job = begun(database)
    with database.write() as tx:
        assert rows.record(tx, job.id, lease_of(job), result={"title": "A dog"})
        assert rows.record(tx, job.id, lease_of(job), progress=40, message="Painting.")
    now = load(database, job.id)

    assert (now.result, now.progress, now.message) == ({"title": "A dog"}, 40, "Painting.")
    assert now.state is JobState.RUNNING
    assert now.updated_at >= job.updated_at
    assert now.created_at == job.created_at


def test_a_job_is_completed_with_its_result(database: Database) -> None:
    job = begun(database)
    assert end(database, job, result={"title": "A dog"}, progress=100, message="Done.")
    now = load(database, job.id)

    assert (now.state, now.progress, now.message) == (JobState.COMPLETED, 100, "Done.")
    assert (now.result, now.error, now.lease) == ({"title": "A dog"}, None, None)


def test_a_job_that_failed_keeps_its_progress_and_says_why(database: Database) -> None:
    job = begun(database)
    with database.write() as tx:
        rows.record(tx, job.id, lease_of(job), progress=40)
    assert end(database, job, JobState.FAILED, error={"code": "timeout"})
    now = load(database, job.id)

    assert (now.state, now.progress, now.error) == (JobState.FAILED, 40, {"code": "timeout"})
    assert now.message == "Failed."


def test_a_job_is_shown_without_its_request_owner_and_lease(database: Database) -> None:
    shown = begun(database).public()

    assert set(shown) == {
        *("id", "kind", "state", "progress", "message", "result", "error", "created_at", "updated_at")
    }
    assert shown["created_at"].endswith("Z")
    assert shown["state"] == "running"


# Claims


def test_whoever_claims_a_job_holds_its_lease(database: Database) -> None:
    waiting = started(database)
    before = time.time()
    job = claim(database, waiting.id)

    assert job is not None
    assert job == load(database, waiting.id)
    assert (job.state, job.attempts, job.message) == (JobState.RUNNING, 1, "Begun.")
    assert job.lease_until is not None
    assert before + LEASE <= job.lease_until <= time.time() + LEASE
    with database.read() as tx:
        assert rows.holds(tx, job.id, lease_of(job))
        assert not rows.holds(tx, job.id, "another")
        assert not rows.holds(tx, "0" * 32, lease_of(job))


def test_a_job_that_somebody_works_on_is_not_to_be_had(database: Database) -> None:
    job = begun(database)

    assert claim(database, job.id) is None
    assert load(database, job.id) == job


def test_there_is_no_claim_to_a_job_that_does_not_exist(database: Database) -> None:
    assert claim(database, "0" * 32) is None


@pytest.mark.parametrize("state", ENDS)
def test_a_job_that_has_ended_is_not_to_be_had(database: Database, state: JobState) -> None:
    job = ended(database, state)

    assert claim(database, job.id) is None
    assert load(database, job.id) == job


def test_the_job_of_somebody_who_is_gone_is_begun_again(database: Database) -> None:
    dead = begun(database, seconds=-1)
    job = claim(database, dead.id)

    assert job is not None
    assert job.attempts == 2
    assert job.lease != dead.lease


def test_of_many_who_claim_a_job_at_once_one_has_it(database: Database) -> None:
    job_id = started(database).id
    together = threading.Barrier(6)

    def come(_: int) -> Job | None:
        together.wait(20)
        return claim(database, job_id)

    with ThreadPoolExecutor(6) as pool:
        found = [job for job in pool.map(come, range(6)) if job]

    assert [job.lease for job in found] == [load(database, job_id).lease]
    assert [event.kind for event in history(database, job_id)] == ["state", "state"]


def test_whoever_works_on_says_so_and_keeps_the_job(database: Database) -> None:
    job = begun(database, seconds=-1)
    with database.write() as tx:
        assert rows.extend(tx, {job.id: lease_of(job)}, lease_seconds=LEASE) == {job.id}

    assert claim(database, job.id) is None
    assert history(database, job.id)[-1].number == load(database, job.id).last_event == 2


def test_after_so_many_attempts_nobody_begins_a_job_again(database: Database) -> None:
    job_id = started(database).id
    attempts = [claim(database, job_id, seconds=-1) for _ in range(MOST_ATTEMPTS + 2)]

    assert [job.attempts for job in attempts if job] == [*range(1, MOST_ATTEMPTS + 1)]
    with database.read() as tx:
        hopeless = rows.exhausted(tx)
    assert [job.id for job in hopeless] == [job_id]

    with database.write() as tx:
        assert rows.give_up(tx, hopeless[0], {"code": "too_many_attempts"})
        assert rows.exhausted(tx) == []
    now = load(database, job_id)
    assert (now.state, now.error, now.lease) == (JobState.FAILED, {"code": "too_many_attempts"}, None)


def test_the_last_attempt_may_take_its_time(database: Database) -> None:
    job_id = started(database).id
    for _ in range(MOST_ATTEMPTS - 1):
        claim(database, job_id, seconds=-1)
    assert claim(database, job_id) is not None

    with database.read() as tx:
        assert rows.exhausted(tx) == []


# Who has lost a job changes nothing any more


def lapsed(database: Database) -> Job:
    """The job as somebody has it who was taken for dead, and from whom it was taken."""
    dead = begun(database, seconds=-1)
    assert claim(database, dead.id) is not None
    return dead


def cancelled(database: Database) -> Job:
    job = begun(database)
    with database.write() as tx:
        assert rows.cancel(tx, job.id)
    return job


def given_back(database: Database) -> Job:
    job = begun(database)
    with database.write() as tx:
        assert rows.give_back(tx, job)
    return job


def completed(database: Database) -> Job:
    job = begun(database)
    assert end(database, job)
    return job


LOST = [lapsed, cancelled, given_back, completed]


@pytest.mark.parametrize("lose", LOST)
def test_who_has_lost_a_job_changes_nothing_any_more(database: Database, lose: Any) -> None:
    job = lose(database)
    before, told = load(database, job.id), history(database, job.id)
    news = [Event("problem", {"code": "late"})]

    with database.write() as tx:
        assert not rows.holds(tx, job.id, lease_of(job))
        assert not rows.record(tx, job.id, lease_of(job), news, progress=50, result={"by": "the dead"})
        assert not rows.extend(tx, {job.id: lease_of(job)}, lease_seconds=LEASE)
        assert not rows.give_back(tx, job)
        for state in (JobState.COMPLETED, JobState.FAILED):
            assert not rows.end(tx, job.id, lease_of(job), state, news, result={"by": "the dead"})

    assert load(database, job.id) == before
    assert history(database, job.id) == told


def test_a_lease_that_has_lapsed_still_counts_while_nobody_has_taken_the_job(database: Database) -> None:
    job = begun(database, seconds=-1)

    assert end(database, job, result={"by": "the slow"})
    assert load(database, job.id).result == {"by": "the slow"}


def test_only_the_first_of_two_ends_counts(database: Database) -> None:
    job = begun(database)
    assert end(database, job, result={"by": "first"})
    assert not end(database, job, JobState.FAILED, result={"by": "second"})
    now = load(database, job.id)

    assert (now.state, now.result) == (JobState.COMPLETED, {"by": "first"})


@pytest.mark.parametrize("after", [JobState.COMPLETED, JobState.FAILED])
def test_an_end_that_is_not_legal_changes_nothing(database: Database, after: JobState) -> None:
    """Whoever still names a lease of a job that has ended cannot move it: the table of moves is asked too."""
    job = ended(database, JobState.CANCELLED, lease="kept")
    with database.write() as tx:
        assert not rows.end(tx, job.id, "kept", after)

    assert load(database, job.id) == job


def test_progress_of_a_job_that_has_ended_is_not_shown(database: Database) -> None:
    job = begun(database)
    end(database, job, progress=100)
    with database.write() as tx:
        assert not rows.record(tx, job.id, lease_of(job), progress=50, message="Painting.")

    assert load(database, job.id).progress == 100


# Giving back, cancelling, giving up


def test_a_job_that_was_given_back_waits_again_and_the_attempt_does_not_count(database: Database) -> None:
    job = begun(database)
    with database.write() as tx:
        rows.record(tx, job.id, lease_of(job), result={"title": "A dog"})
        assert rows.give_back(tx, job)
    now = load(database, job.id)

    assert (now.state, now.attempts, now.lease) == (JobState.QUEUED, 0, None)
    assert now.result == {"title": "A dog"}
    with database.write() as tx:
        assert rows.ring(tx, not_since=0.001) == [job.id], "somebody is called at once"
    again = claim(database, job.id)
    assert again is not None
    assert (again.attempts, again.result) == (1, {"title": "A dog"})


@pytest.mark.parametrize("begin", [started, begun])
def test_a_job_is_cancelled_whether_it_waits_or_is_worked_on(database: Database, begin: Any) -> None:
    job = begin(database)
    with database.write() as tx:
        assert rows.cancel(tx, job.id)
    now = load(database, job.id)

    assert (now.state, now.message, now.lease) == (JobState.CANCELLED, "Cancelled.", None)
    assert history(database, job.id)[-1] == Event("done", {"state": "cancelled"}, now.last_event)


@pytest.mark.parametrize("state", ENDS)
def test_a_job_that_has_ended_cannot_be_cancelled_or_given_up(database: Database, state: JobState) -> None:
    job = ended(database, state)
    with database.write() as tx:
        assert not rows.cancel(tx, job.id)
        assert not rows.give_up(tx, job, {"code": "too_many_attempts"})

    assert load(database, job.id) == job


# Events


def test_events_are_numbered_from_one_without_a_gap(database: Database) -> None:
    job = begun(database)
    news = [Event("text", {"part": "story", "offset": 0, "text": word}) for word in ("Once", "Once upon")]
    with database.write() as tx:
        rows.record(tx, job.id, lease_of(job), news)
        rows.record(tx, job.id, lease_of(job), progress=40)
        rows.record(tx, job.id, lease_of(job), [Event("progress", {"progress": 40})], progress=40)
        rows.end(tx, job.id, lease_of(job), JobState.COMPLETED, [Event("problem", {"code": "story_cut"})])

    assert history(database, job.id) == [
        Event("state", {"state": "queued", "attempt": 0}, 1),
        Event("state", {"state": "running", "attempt": 1}, 2),
        replace(news[0], number=3),
        replace(news[1], number=4),
        Event("progress", {"progress": 40}, 5),
        Event("problem", {"code": "story_cut"}, 6),
        Event("done", {"state": "completed"}, 7),
    ]
    assert load(database, job.id).last_event == 7


def test_numbers_go_on_when_a_job_is_begun_again(database: Database) -> None:
    job = begun(database)
    with database.write() as tx:
        rows.give_back(tx, job)
    again = claim(database, job.id)
    assert again is not None
    end(database, again)

    told = history(database, job.id)
    assert [event.number for event in told] == [1, 2, 3, 4, 5]
    assert [(event.data["state"], event.data.get("attempt")) for event in told] == [
        ("queued", 0),
        ("running", 1),
        ("queued", 1),
        ("running", 1),
        ("completed", None),
    ]


def test_each_job_counts_for_itself(database: Database) -> None:
    one, other = begun(database), begun(database)
    end(database, one)

    assert [event.number for event in history(database, one.id)] == [1, 2, 3]
    assert [event.number for event in history(database, other.id)] == [1, 2]


def test_whoever_comes_back_reads_on_behind_what_they_know(database: Database) -> None:
    job = begun(database)
    with database.write() as tx:
        rows.record(tx, job.id, lease_of(job), [Event("text", {"text": str(n)}) for n in range(3, 8)])

        assert [event.number for event in events.after(tx, job.id, 4, limit=2)] == [5, 6]
        assert [event.number for event in events.after(tx, job.id, 4, limit=99)] == [5, 6, 7]
        assert events.after(tx, job.id, 7, limit=99) == []
        assert events.after(tx, "0" * 32, 0, limit=99) == []


def test_no_number_is_given_twice_or_left_out_among_many_threads(database: Database) -> None:
    job = begun(database)

    def tell(thread: int) -> None:
        for number in range(10):
            with database.write() as tx:
                assert rows.record(tx, job.id, lease_of(job), [Event("text", {"text": f"{thread} {number}"})])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(4)))

    assert [event.number for event in history(database, job.id)] == [*range(1, 43)]


# The line


def test_the_waiting_are_counted(database: Database) -> None:
    started(database)
    started(database)
    begun(database)
    ended(database, JobState.COMPLETED)

    with database.read() as tx:
        assert rows.count_queued(tx) == 2


def test_somebody_is_called_for_jobs_that_nobody_does_once_in_a_while(database: Database) -> None:
    waiting, abandoned = started(database), begun(database, seconds=-1)
    begun(database)
    for state in ENDS:
        ended(database, state)

    with database.write() as tx:
        assert rows.ring(tx, not_since=0.0) == [], "they were just called for"
        assert sorted(rows.ring(tx, not_since=time.time() + 1)) == sorted([waiting.id, abandoned.id])
        assert rows.ring(tx, not_since=time.time() - 30) == []


# Old jobs and pages


def test_old_are_those_that_ended_long_ago_oldest_first(database: Database) -> None:
    old = [ended(database, state, updated_at=100.0 - number).id for number, state in enumerate(ENDS)]
    ended(database, JobState.COMPLETED, updated_at=900.0)
    for job in (started(database), begun(database)):
        with database.write() as tx:
            tx.execute(jobs.update().where(jobs.c.id == job.id).values(updated_at=1.0))

    with database.read() as tx:
        assert rows.older_than(tx, 500.0, limit=99) == old[::-1]
        assert rows.older_than(tx, 500.0, limit=2) == old[:0:-1]


def test_a_job_goes_with_all_that_is_its_own(database: Database) -> None:
    gone, stays = begun(database), begun(database)
    with database.write() as tx:
        rows.delete(tx, [gone.id])

    assert history(database, gone.id) == []
    with pytest.raises(NotFound):
        load(database, gone.id)
    assert load(database, stays.id) == stays
    assert len(history(database, stays.id)) == 2


def stored(database: Database, count: int, *, owner: str = "local", **columns: Any) -> list[str]:
    """Jobs that were made one after the other, two at a time; their ids, newest first."""
    made = [
        replace(rows.new("story", {}, owner=owner), created_at=1000.0 + number // 2, **columns)
        for number in range(count)
    ]
    with database.write() as tx:
        for job in made:
            rows.insert(tx, job)
    return [job.id for job in sorted(made, key=lambda job: (job.created_at, job.id), reverse=True)]


def test_a_page_has_the_newest_first_and_the_next_one_goes_on_behind_it(database: Database) -> None:
    ids = stored(database, 7)
    with database.read() as tx:
        read: list[Job] = []
        while page := rows.page(
            tx, "local", limit=3, before=(read[-1].created_at, read[-1].id) if read else None
        ):
            assert len(page) <= 3
            read += page

    assert [job.id for job in read] == ids


def test_a_page_has_only_what_is_asked_for(database: Database) -> None:
    mine = stored(database, 2)
    books = stored(database, 1, kind="book")
    failed = stored(database, 1, state=JobState.FAILED)
    stored(database, 2, owner="somebody else")

    def ids(**wanted: Any) -> set[str]:
        with database.read() as tx:
            return {job.id for job in rows.page(tx, "local", limit=99, **wanted)}

    assert ids() == {*mine, *books, *failed}
    assert ids(kind="book") == {*books}
    assert ids(state="failed") == {*failed}
    assert ids(kind="book", state="failed") == set()
