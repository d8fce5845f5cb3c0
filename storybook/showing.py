"""A book and its illustrations as answers show them."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import Connection

from errors import NotFound, StoryfarmError
from images import attempts, records
from images.attempts import Attempt
from images.provider import Likeness
from images.records import Picture
from images.references import newest
from images.storage import Storage
from jobs import rows
from jobs.rows import Job
from jobs.states import JobState
from storybook.books import CHARACTER, is_pending, page_slot
from utils import iso

# What the states are called by the clients of this flow.
_STATUS = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "processing",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}


def book_data(tx: Connection, book: Job, base_url: str) -> dict[str, Any]:
    """The book with what there is of its pictures; `{}` while it is not written."""
    result = book.result or {}
    if "pages" not in result:
        return {}
    kept = records.of_album(tx, book.id)
    job = _illustrations(tx, result.get("illustration_job"))
    errors = {number: page["error"] for number, page in ((job and job.result) or {}).get("pages", {}).items()}
    pages = [
        _page(number, page, kept, errors.get(str(number)), base_url)
        for number, page in enumerate(result["pages"], 1)
    ]
    hero = newest(kept, CHARACTER)
    return {
        "id": book.id,
        "title": result["title"],
        "story": "\n\n".join(page["text"] for page in result["pages"]),
        "character": {**book.request["character"], "imageUrl": hero and _url(hero, base_url)},
        "pages": pages,
        "metadata": {
            "illustrationJobId": result.get("illustration_job"),
            "illustrationsPending": is_pending(job),
            "model": result["model"],
            "usage": result["usage"],
            **({"problem": result["problem"]} if result.get("problem") else {}),
        },
    }


def illustration_job(tx: Connection, job: Job, base_url: str) -> dict[str, Any]:
    """The job as the known clients poll it; `results` has the pages that have ended, in their order."""
    kept = {picture.id: picture for picture in records.of_album(tx, job.request["book"])}
    pages = sorted(((job.result or {}).get("pages") or {}).items(), key=lambda item: int(item[0]))
    scenes = _scenes(tx, job)
    results = []
    for number, page in pages:
        picture = kept.get(page["picture"] or "")
        calls = attempts.of_request(tx, page["request"])
        result = _result(page, picture, calls, base_url)
        results.append({"pageNumber": int(number), "description": scenes.get(number, ""), **result})
    error = job.error["detail"] if job.error else None
    if job.state is JobState.CANCELLED:
        error = "The job was cancelled."
    return {"id": job.id, "status": _STATUS[job.state], "error": error, "results": results}


def with_bytes(answer: dict[str, Any], storage: Storage) -> dict[str, Any]:
    """The same with `b64_json` filled in, for those who want the pictures' bytes."""
    for result in answer["results"]:
        if result["localUrl"]:
            try:
                content = storage.get(result["localUrl"].rpartition("/")[2])
            except StoryfarmError:
                continue
            result["b64_json"] = base64.b64encode(content).decode()
    return answer


def _illustrations(tx: Connection, job_id: str | None) -> Job | None:
    try:
        return rows.load(tx, job_id) if job_id else None
    except NotFound:
        return None


def _scenes(tx: Connection, job: Job) -> dict[str, str]:
    """What each page shows, by its number: as it was planned, or as it was asked for when drawn again."""
    book = _illustrations(tx, job.request["book"])
    planned = ((book and book.result) or {}).get("pages", [])
    asked: dict[str, str] = job.request["descriptions"]
    return {str(number): str(page["scene"]) for number, page in enumerate(planned, 1)} | asked


def _page(
    number: int, page: dict[str, str], kept: tuple[Picture, ...], error: dict[str, Any] | None, base_url: str
) -> dict[str, Any]:
    versions = [picture for picture in kept if picture.slot == page_slot(number) and not picture.expired_at]
    last = versions[-1] if versions else None
    return {
        "pageNumber": number,
        "text": page["text"],
        "description": page["scene"],
        "imageUrl": last and _url(last, base_url),
        "model": last and last.model,
        "error": None if last or not error else {name: error[name] for name in ("code", "title", "detail")},
        "versions": [_version(picture, base_url) for picture in versions],
    }


def _version(picture: Picture, base_url: str) -> dict[str, Any]:
    return {
        "id": picture.id,
        "url": _url(picture, base_url),
        "width": picture.width,
        "height": picture.height,
        "alt": picture.alt,
        "provider": picture.provider,
        "model": picture.model,
        "createdAt": iso(picture.created_at),
    }


def _result(
    page: dict[str, Any], picture: Picture | None, calls: list[Attempt], base_url: str
) -> dict[str, Any]:
    likeness = calls[-1].likeness if calls else Likeness.NONE
    error = page["error"]["detail"] if page["error"] else None
    if picture and picture.expired_at:
        picture, error = None, "expired"
    return {
        "model": picture.model if picture else (calls[-1].model if calls else ""),
        "characterReferenced": bool(picture) and likeness == Likeness.PICTURE,
        "likeness": likeness,
        "url": picture and _url(picture, base_url),
        "b64_json": None,
        "localUrl": picture and f"/images/{picture.file}",
        "error": error,
        "attempts": [call.public() for call in calls],
    }


def _url(picture: Picture, base_url: str) -> str:
    return f"{base_url}/images/{picture.file}"
