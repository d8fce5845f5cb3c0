"""Tells a story: the text on the caller's thread, the picture on the pool, both kept as they come."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog

from database import Database
from errors import OutOfSpace, ProviderError, ProviderTimeout, StoryfarmError
from images import records
from images.provider import ImageProvider, ImageRequest, Progress
from images.records import Picture
from jobs import rows
from jobs.events import Event
from jobs.rows import Job
from jobs.work import Task
from story.writing import Story, StoryWish, generate_story
from text.model import TextModel
from utils import derived_id, remaining

log = structlog.get_logger()

KIND = "story"
# Kept back from the request's time, so that the answer itself is not late.
_ANSWER_SECONDS = 0.25
# How much of the job the text is; the picture is the rest.
_TEXT_SHARE = 40


@dataclass(frozen=True, kw_only=True)
class StoryRequest:
    """What the caller wants. `timeout` in seconds; empty `language` means the prompt's own."""

    prompt: str
    words: int
    timeout: float
    style: str = ""
    language: str = ""


def new_job(request: StoryRequest, *, owner: str) -> Job:
    """The job that tells this story; it is not recorded yet."""
    return rows.new(KIND, vars(request), owner=owner, message="Waiting in line.")


class Storyteller:
    """The work of story jobs. `pool` needs a thread for each story that is told at the same time."""

    def __init__(self, text: TextModel, images: ImageProvider, pool: ThreadPoolExecutor) -> None:
        self._text = text
        self._images = images
        self._pool = pool

    def tell(self, task: Task) -> dict[str, Any]:
        """The finished story as a result (see `result_of`), within the request's timeout.

        What the job has already is not made again. Raises ProviderTimeout or ProviderError if neither a
        story nor a picture came.
        """
        started = time.monotonic()
        deadline = started + float(task.job.request["timeout"]) - _ANSWER_SECONDS
        telling = _Telling(task)
        painting = self._pool.submit(self._paint, telling, deadline, started)
        seconds: dict[str, float] = {}
        if not task.result.get("story"):
            try:
                self._write(telling, deadline)
            except StoryfarmError as error:
                telling.problem(_problem("story", error))
            seconds["story"] = time.monotonic() - started
        if task.result.get("is_cut"):
            telling.problem(_cut_problem())
        pictures, seconds["image"], failure = _wait_for(painting, deadline)
        if failure:
            telling.problem(_problem("image", failure))
        seconds["total"] = time.monotonic() - started
        timings = {name: round(value, 3) for name, value in seconds.items()}
        return self._finish(telling, timings, pictures)

    def _write(self, telling: _Telling, deadline: float) -> None:
        """The story, recorded as soon as it is there."""
        task = telling.task
        request = task.job.request
        wish = StoryWish(
            prompt=request["prompt"],
            words=request["words"],
            language=request["language"],
            style=request["style"],
        )
        on_text = telling.show_text if task.is_watched else None
        story = generate_story(self._text, wish, deadline=deadline, on_text=on_text)
        task.save(**_written(story))
        if task.is_watched:
            telling.show_story(story)

    def _paint(self, telling: _Telling, deadline: float, started: float) -> tuple[tuple[Picture, ...], float]:
        job = telling.task.job
        request = ImageRequest(
            id=derived_id(job.id, "picture"),
            job_id=job.id,
            prompt=job.request["prompt"],
            style=job.request["style"],
        )
        pictures = self._images.generate(request, deadline=deadline, on_progress=telling.show_painting)
        telling.show_pictures(pictures)
        return pictures, time.monotonic() - started

    def _finish(
        self, telling: _Telling, timings: dict[str, float], pictures: tuple[Picture, ...]
    ) -> dict[str, Any]:
        task, problems = telling.task, telling.problems
        if not task.result.get("story") and not pictures:
            raise _both_failed(task.job.id, problems)
        task.result |= {"problems": problems, "timings": timings}
        try:
            task.complete([Event("problem", problem) for problem in problems])
        except OutOfSpace:  # the answer goes out all the same, since it was paid for
            log.error("story.not_recorded", job=task.job.id)
            full = OutOfSpace("This story could not be kept: the disk is full.")
            problems.append(_problem("record", full))
        spent = {f"{name}_s": value for name, value in timings.items()}
        log.info("story.finished", job=task.job.id, status=_status(task.result, pictures), **spent)
        return result_of(task.job.id, task.result, pictures)


class _Telling:
    """What the two halves of one story tell about it while they are made."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.problems: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._text_share = 1.0 if task.result.get("story") else 0.0
        self._image_share = 0.0
        self._message = "Writing and painting."
        self._words = int(task.job.request["words"])

    def problem(self, problem: dict[str, Any]) -> None:
        self.problems.append(problem)

    def show_text(self, title: str, text: str) -> None:
        """The story as far as it is written."""
        self.task.text("title", title)
        self.task.text("story", text)
        self._text_share = min(0.95, len(text.split()) / self._words)
        self._show({})

    def show_story(self, story: Story) -> None:
        """The story as it is kept, which need not be what was streamed to the letter."""
        self.task.text("title", story.title, is_whole=True)
        self.task.text("story", story.text, is_whole=True)
        self._text_share = 1.0
        self._show({})

    def show_painting(self, progress: Progress) -> None:
        self.task.check()
        with self._lock:
            self._image_share = (progress.percent or 0) / 100
            self._message = progress.message
        preview = progress.preview or None
        if preview and not preview.startswith("/"):  # MidJourney's lie in its channel: we pass them on
            preview = f"/api/jobs/{self.task.job.id}/preview?at={preview}"
        self._show({"image": {"percent": progress.percent, "message": progress.message, "preview": preview}})

    def show_pictures(self, pictures: tuple[Picture, ...]) -> None:
        with self._lock:
            self._image_share, self._message = 1.0, "The picture is there."
        if self.task.is_watched:
            self.task.say("picture", {"images": [picture.public("") for picture in pictures]})
            self._show({"image": {"percent": 100, "message": self._message, "preview": None}})

    def _show(self, data: dict[str, Any]) -> None:
        with self._lock:
            share = self._text_share * _TEXT_SHARE + self._image_share * (100 - _TEXT_SHARE)
            self.task.progress(min(99, round(share)), self._message, **data)


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
