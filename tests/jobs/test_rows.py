"""Jobs in the database."""

from __future__ import annotations

import pytest

from database import Database
from errors import Conflict, NotFound
from jobs import rows
from jobs.rows import Job
from jobs.states import JobState
from tests.support import start_job


def started(database: Database, **request: object) -> Job:
    with database.write() as tx:
        return start_job(tx, request, message="Writing.")


def load(database: Database, job_id: str) -> Job:
    with database.read() as tx:
        return rows.load(tx, job_id)


def test_a_job_comes_back_as_it_was_started(database: Database) -> None:
    job = started(database, prompt_text="ein Hund 🐕", words=400)

    assert load(database, job.id) == job
    assert (job.state, job.progress, job.owner, job.message) == (JobState.RUNNING, 0, "local", "Writing.")
    assert job.request == {"prompt_text": "ein Hund 🐕", "words": 400}


def test_ids_cannot_be_guessed_and_differ(database: Database) -> None:
    ids = {started(database).id for _ in range(5)}

    assert len(ids) == 5
    assert all(len(id) == 32 and int(id, 16) for id in ids)


def test_an_unknown_job_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        load(database, "0" * 32)


def test_what_a_job_has_so_far_is_kept(database: Database) -> None:
    job = started(database)
    with database.write() as tx:
        rows.save_result(tx, job.id, {"title": "A dog"})
        rows.save_progress(tx, job.id, 40, "Painting.")
    now = load(database, job.id)

    assert (now.result, now.progress, now.message) == ({"title": "A dog"}, 40, "Painting.")
    assert now.state is JobState.RUNNING
    assert now.updated_at >= job.updated_at
    assert now.created_at == job.created_at


def test_a_job_is_completed_with_its_result(database: Database) -> None:
    job = started(database)
    with database.write() as tx:
        assert rows.finish(tx, job, JobState.COMPLETED, result={"title": "A dog"}, message="Done.")
    now = load(database, job.id)

    assert (now.state, now.progress, now.message) == (JobState.COMPLETED, 100, "Done.")
    assert (now.result, now.error) == ({"title": "A dog"}, None)


def test_a_job_that_failed_keeps_its_progress_and_says_why(database: Database) -> None:
    with database.write() as tx:
        rows.save_progress(tx, (job := start_job(tx)).id, 40, "")
        assert rows.finish(tx, rows.load(tx, job.id), JobState.FAILED, result=None, error={"code": "timeout"})
    now = load(database, job.id)

    assert (now.state, now.progress, now.error) == (JobState.FAILED, 40, {"code": "timeout"})


def test_only_the_first_of_two_who_finish_a_job_does(database: Database) -> None:
    job = started(database)
    with database.write() as tx:
        assert rows.finish(tx, job, JobState.COMPLETED, result={"by": "first"})
    with database.write() as tx:
        assert not rows.finish(tx, job, JobState.FAILED, result={"by": "second"})
    now = load(database, job.id)

    assert (now.state, now.result) == (JobState.COMPLETED, {"by": "first"})


def test_an_illegal_end_raises_and_changes_nothing(database: Database) -> None:
    job = started(database)
    with database.write() as tx:
        rows.finish(tx, job, JobState.COMPLETED, result=None)
    ended = load(database, job.id)
    with pytest.raises(Conflict), database.write() as tx:
        rows.finish(tx, ended, JobState.FAILED, result=None)

    assert load(database, job.id) == ended


def test_progress_of_a_job_that_has_ended_is_not_shown(database: Database) -> None:
    job = started(database)
    with database.write() as tx:
        rows.finish(tx, job, JobState.COMPLETED, result=None)
        rows.save_progress(tx, job.id, 50, "Painting.")

    assert load(database, job.id).progress == 100


def test_the_unfinished_are_the_queued_and_running_oldest_first(database: Database) -> None:
    jobs = [started(database) for _ in range(4)]
    with database.write() as tx:
        rows.finish(tx, jobs[1], JobState.COMPLETED, result=None)
        rows.finish(tx, jobs[0], JobState.QUEUED, result=None)

        assert [job.id for job in rows.unfinished(tx)] == [jobs[0].id, jobs[2].id, jobs[3].id]


def test_a_job_is_shown_without_its_request_and_owner(database: Database) -> None:
    shown = started(database, prompt_text="a dog").public()

    assert set(shown) == {
        *("id", "kind", "state", "progress", "message", "result", "error", "created_at", "updated_at")
    }
    assert shown["created_at"].endswith("Z")
    assert shown["state"] == "running"
