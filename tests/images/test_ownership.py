"""Whose a picture's file is, finished or not."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from database import Database
from images import attempts, records
from images.ownership import belongs_to
from jobs import rows
from jobs.states import JobState
from tests.support import a_picture
from utils import derived_id, new_id


def begun_job(database: Database, owner: str) -> rows.Job:
    job = rows.claimed(rows.new("story", {}, owner=owner), lease_seconds=60)
    with database.write() as tx:
        rows.insert(tx, job)
    return job


def owners(database: Database, file: str) -> list[str]:
    with database.read() as tx:
        return [owner for owner in ("mia", "bo", "local") if belongs_to(tx, file, owner)]


def test_a_picture_belongs_to_whom_its_job_belongs(database: Database) -> None:
    picture = a_picture(new_id(), begun_job(database, "mia").id)
    with database.write() as tx:
        records.insert(tx, [picture])
    assert owners(database, picture.file) == ["mia"]

    with database.write() as tx:
        records.insert(tx, [replace(picture, id=new_id(), file="f-1.png", expired_at=time.time())])
    assert owners(database, "f-1.png") == ["mia"]


@pytest.mark.parametrize("file", ["", "x", "../x.png", "0" * 32 + ".png", "0" * 32 + "-1.png"])
def test_a_file_that_nobody_made_belongs_to_nobody(database: Database, file: str) -> None:
    begun_job(database, "mia")

    assert owners(database, file) == []


def test_an_unfinished_picture_belongs_to_whom_it_is_drawn_for(database: Database) -> None:
    job, request = begun_job(database, "mia"), new_id()
    call = attempts.new(request, job.id, provider="openai", model="", likeness="none")
    with database.write() as tx:
        attempts.insert(tx, call)
    begun_job(database, "bo")
    partial = f"{derived_id(request, 'openai')}-1.png"

    assert owners(database, partial) == ["mia"]
    assert owners(database, f"{derived_id(request, 'gemini')}-1.png") == []
    with database.write() as tx:
        rows.end(tx, job.id, job.lease or "", JobState.COMPLETED)
    assert owners(database, partial) == []
