"""Tells a story: the text on the caller's thread, the picture on the pool, both kept as they come."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from database import Database
from errors import Busy, OutOfSpace, ProviderError, ProviderTimeout, StoryfarmError
from images import records
from images.provider import ImageProvider, ImageRequest, Progress
from images.records import Picture
from jobs import rows
from jobs.notifier import Stopping
from jobs.rows import Job
from jobs.states import JobState
from ledger import Entry, Ledger
from story.writing import Story, StoryWish, generate_story
from text.model import TextModel
from utils import remaining

log = structlog.get_logger()

KIND = "story"
# Kept back from the request's time, so that the answer itself is not late.
_ANSWER_SECONDS = 0.25
_PROGRESS_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class StoryRequest:
    """What the caller wants. `timeout` in seconds; empty `language` means the prompt's own."""

    prompt: str
    words: int
    timeout: float
    style: str = ""
    language: str = ""


class Storyteller:
    """Runs the main job. `pool` needs a thread for each story that is told at the same time."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        text: TextModel,
        images: ImageProvider,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._text = text
        self._images = images
        self._pool = pool

    def tell(self, request: StoryRequest) -> dict[str, Any]:
        """The finished story as a result (see `result_of`), within the request's timeout.

        Raises ProviderTimeout or ProviderError if neither a story nor a picture came.
        """
        job = rows.new(KIND, vars(request), message="Writing and painting.")
        self._ledger.write(partial(rows.insert, job=job))
        try:
            return self._run(job, time.monotonic() + request.timeout - _ANSWER_SECONDS)
        except StoryfarmError:
            raise
        except Stopping:
            raise Busy(
                "The service is restarting. The story is finished afterwards.", retry_after=30, id=job.id
            ) from None
        except Exception:  # a bug: nobody will go on with this job
            self._abandon(job)
            raise

    def resume(self) -> None:
        """Go on with the stories that a stopped process has left: each does what it still lacks."""
        with self._database.read() as tx:
            left = [job for job in rows.unfinished(tx) if job.kind == KIND]
        for job in left:
            log.info("story.resumed", job=job.id)
            self._pool.submit(self._resume, job)

    def _resume(self, job: Job) -> None:
        try:
            self._run(job, time.monotonic() + float(job.request["timeout"]))
        except StoryfarmError as error:
            log.warning("story.failed", job=job.id, code=error.code)
        except Stopping:
            log.info("story.left", job=job.id)
        except Exception:  # nobody waits for this thread: a bug has to be seen somewhere
            log.exception("story.broke", job=job.id)
            self._abandon(job)

    def _abandon(self, job: Job) -> None:
        error = StoryfarmError("The service has made a mistake with this story.").problem()
        self._end(job, JobState.FAILED, error=error)

    def _run(self, job: Job, deadline: float) -> dict[str, Any]:
        started = time.monotonic()
        painting = self._pool.submit(self._paint, job, deadline, started)
        result = dict(job.result or {})
        problems: list[dict[str, Any]] = []
        seconds: dict[str, float] = {}
        if not result.get("story"):
            try:
                result |= self._write(job, deadline)
            except StoryfarmError as error:
                problems.append(_problem("story", error))
            seconds["story"] = time.monotonic() - started
        if result.get("is_cut"):
            problems.append(_cut_problem())
        pictures, seconds["image"], failure = _wait_for(painting, deadline)
        if failure:
            problems.append(_problem("image", failure))
        seconds["total"] = time.monotonic() - started
        result |= {"problems": problems, "timings": {name: round(s, 3) for name, s in seconds.items()}}
        return self._finish(job, result, pictures)

    def _write(self, job: Job, deadline: float) -> dict[str, Any]:
        """The story, recorded as soon as it is there."""
        request = job.request
        wish = StoryWish(
            prompt=request["prompt"],
            words=request["words"],
            language=request["language"],
            style=request["style"],
        )
        story = generate_story(self._text, wish, deadline=deadline)
        written = _written(story)
        self._ledger.put(Entry(writes=[lambda tx: rows.save_result(tx, job.id, written)]))
        return written

    def _paint(self, job: Job, deadline: float, started: float) -> tuple[tuple[Picture, ...], float]:
        told = time.monotonic()

        def on_progress(progress: Progress) -> None:
            nonlocal told
            if time.monotonic() - told < _PROGRESS_SECONDS:
                return
            told = time.monotonic()
            percent, message = progress.percent or 0, progress.message
            self._ledger.put(Entry(writes=[lambda tx: rows.save_progress(tx, job.id, percent, message)]))

        request = ImageRequest(
            id=uuid.uuid5(uuid.UUID(job.id), "picture").hex,
            job_id=job.id,
            prompt=job.request["prompt"],
            style=job.request["style"],
        )
        pictures = self._images.generate(request, deadline=deadline, on_progress=on_progress)
        return pictures, time.monotonic() - started

    def _finish(self, job: Job, result: dict[str, Any], pictures: tuple[Picture, ...]) -> dict[str, Any]:
        problems = result["problems"]
        if result.get("story") or pictures:
            if not self._end(job, JobState.COMPLETED, result=result):
                full = OutOfSpace("This story could not be kept: the disk is full.")
                problems.append(_problem("record", full))
            log.info("story.finished", job=job.id, status=_status(result, pictures), **_logged(result))
            return result_of(job.id, result, pictures)
        failure = _both_failed(job.id, problems)
        self._end(job, JobState.FAILED, error=failure.problem())
        raise failure

    def _end(
        self,
        job: Job,
        state: JobState,
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> bool:
        """Record the job's end. On a full disk the answer goes out all the same, since it was paid for."""
        try:
            self._ledger.write(partial(rows.finish, job=job, state=state, result=result, error=error))
        except OutOfSpace:
            log.error("story.not_recorded", job=job.id)
            return False
        return True


def result_of(job_id: str, result: dict[str, Any], pictures: tuple[Picture, ...]) -> dict[str, Any]:
    """The answer's members, but for the pictures' URLs, which depend on who asks.

    A picture that came after the answer is among `pictures`, so its problem is not one any more.
    """
    problems = [
        problem for problem in result.get("problems", []) if not (pictures and problem["part"] == "image")
    ]
    return {
        "status": _status(result, pictures),
        "id": job_id,
        "title": result.get("title", ""),
        "story": result.get("story", ""),
        "pictures": pictures,
        "problems": problems,
        "timings": result.get("timings", {}),
    }


def load_result(database: Database, job: Job) -> dict[str, Any] | None:
    """What `job` has so far, as `result_of` gives it; None while there is nothing."""
    with database.read() as tx:
        pictures = records.of_job(tx, job.id)
    return result_of(job.id, job.result or {}, pictures) if job.result or pictures else None


def _status(result: dict[str, Any], pictures: tuple[Picture, ...]) -> str:
    return "success" if result.get("story") and pictures and not result.get("is_cut") else "partial"


def _written(story: Story) -> dict[str, Any]:
    return {"title": story.title, "story": story.text, "model": story.model, "is_cut": story.is_cut}


def _wait_for(
    painting: Future[tuple[tuple[Picture, ...], float]], deadline: float
) -> tuple[tuple[Picture, ...], float, StoryfarmError | None]:
    """(pictures, seconds, error). The provider ends at the deadline itself; this is the second bolt."""
    started = time.monotonic()
    try:
        pictures, seconds = painting.result(timeout=remaining(deadline) + _ANSWER_SECONDS)
    except StoryfarmError as error:
        return (), time.monotonic() - started, error
    except TimeoutError:
        late = ProviderTimeout("The picture did not come in time.", code="image_timeout")
        return (), time.monotonic() - started, late
    return pictures, seconds, None


def _problem(part: str, error: StoryfarmError) -> dict[str, Any]:
    return {
        "part": part,
        "code": error.code,
        "status": error.status,
        "title": error.title,
        "detail": error.detail,
    }


def _cut_problem() -> dict[str, Any]:
    return {
        "part": "story",
        "code": "story_cut",
        "status": 502,
        "title": "The story is not whole",
        "detail": "The text model stopped at its token limit, so the story breaks off. Ask for fewer words.",
    }


def _both_failed(job_id: str, problems: list[dict[str, Any]]) -> StoryfarmError:
    detail = " ".join(problem["detail"] for problem in problems)
    if any(problem["status"] == ProviderTimeout.status for problem in problems):
        return ProviderTimeout(detail, problems=problems, id=job_id)
    codes = {problem["code"] for problem in problems}
    code = codes.pop() if len(codes) == 1 else None
    return ProviderError(detail, code=code, problems=problems, id=job_id)


def _logged(result: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_s": seconds for name, seconds in result["timings"].items()}
