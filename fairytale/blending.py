"""Pictures mixed into new ones, and pictures put into words, both by the midjourney-proxy."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from errors import InvalidRequest, NotFound
from images import records
from images.editing import CheckedImage, shrunk
from images.provider import BLEND as BLENDED
from images.provider import Action, ImageProvider, ImageRequest, OnProgress, Progress, Reference
from images.storage import Storage
from jobs import rows
from jobs.rows import Job
from jobs.work import Task
from utils import derived_id

BLEND, DESCRIBE = "blend", "describe"
_SECONDS = 240.0
_SIDE = 1024  # pixels; MidJourney sees no more of a picture that it is given
_PICTURE = re.compile(r"(?P<base>https?://[^/]+)?/images/(?P<file>[0-9a-f]{32}(?:-\d)?\.(?:png|jpg|webp))")

# (request id, job id, picture, deadline=..., on_progress=...) -> prompts; see ProxyProvider.describe.
Describe = Callable[..., tuple[str, ...]]


def new_blend(files: Sequence[str], form: str, *, owner: str) -> Job:
    """The job that mixes these kept files; it is not recorded yet."""
    return rows.new(BLEND, {"files": list(files), "form": form}, owner=owner, message="Waiting in line.")


def new_description(file: str, *, owner: str) -> Job:
    """The job that puts this kept file into words; it is not recorded yet."""
    return rows.new(DESCRIBE, {"files": [file]}, owner=owner, message="Waiting in line.")


def own_picture(tx: Connection, url: str, *, owner: str, base_url: str, field: str) -> str | None:
    """The file behind the address of a painted picture; None if it is no such address.

    Raises InvalidRequest, which names `field`, for one that is not there or is somebody else's.
    """
    named = _PICTURE.fullmatch(url)
    if not named or named["base"] not in (None, base_url):
        return None
    picture = records.by_file(tx, named["file"])
    if picture is None or picture.expired_at or rows.load(tx, picture.job_id).owner != owner:
        raise InvalidRequest(f"{field}: There is no such picture.", code="no_such_picture", field=field)
    return picture.file


def blend_result(tx: Connection, job: Job, base_url: str) -> dict[str, Any]:
    """{"pictures": [...]}: the four, as all pictures are shown."""
    made = [picture for picture in records.of_job(tx, job.id) if picture.role == "picture"]
    return {"pictures": [picture.public(base_url) for picture in made]}


class Blender:
    """The works of both; `proxy` paints, `describe` says what it sees."""

    def __init__(self, proxy: ImageProvider, describe: Describe, storage: Storage) -> None:
        self._proxy = proxy
        self._describe = describe
        self._storage = storage

    def blend(self, task: Task) -> None:
        job = task.job
        references = tuple(Reference("", self._load(file)) for file in job.request["files"])
        request = ImageRequest(
            id=_request_id(job),
            job_id=job.id,
            prompt="",
            alt=f"{len(references)} pictures mixed into one",
            references=references,
            action=Action(name=BLENDED, form=job.request["form"].upper()),
        )
        self._proxy.generate(request, deadline=time.monotonic() + _SECONDS, on_progress=_progress_of(task))
        task.complete()

    def describe(self, task: Task) -> None:
        """The prompts are saved as the job's result."""
        job = task.job
        image = self._load(job.request["files"][0])
        deadline = time.monotonic() + _SECONDS
        prompts = self._describe(
            _request_id(job), job.id, image, deadline=deadline, on_progress=_progress_of(task)
        )
        task.save(prompts=list(prompts))
        task.complete()

    def _load(self, file: str) -> CheckedImage:
        try:
            return shrunk(self._storage.get(file), _SIDE)
        except NotFound:
            raise NotFound(
                "One of the pictures was removed meanwhile. Please bring it along again."
            ) from None


def _request_id(job: Job) -> str:
    return derived_id(job.id, job.kind)


def _progress_of(task: Task) -> OnProgress:
    def show(progress: Progress) -> None:
        task.check()
        task.progress(progress.percent or 0, progress.message)

    return show
