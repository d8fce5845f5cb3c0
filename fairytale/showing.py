"""A picture set as its clients poll it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from fairytale.albums import CUTOUT, SOFTENED, chosen_of, four_of, newest, number_of, versions
from fairytale.sets import PICTURE, Figure, figures_of, image_id
from images import records
from images.records import Picture
from jobs import events, rows
from jobs.rows import Job
from jobs.states import JobState
from utils import iso


def set_status(tx: Connection, job: Job, base_url: str) -> dict[str, Any]:
    """{completed, error, startTime, endTime, character: [...], background: [...]}, and the set's job."""
    album = records.of_album(tx, job.id)
    entries = (job.result or {}).get("entries") or {}
    told = events.last(tx, job.id, "progress") or {}
    now = told.get("entries") or {} if not job.has_ended else {}
    changing = {each.request["key"]: each for each in rows.unfinished(tx, PICTURE, set=job.id)}
    shown: dict[str, dict[str, Any]] = {}
    for figure in figures_of(job):
        ended = entries.get(figure.key) or {}
        painting = _now(now.get(figure.key), changing.get(figure.key))
        chosen = newest(album, image_id(job, figure))
        shown[figure.key] = {
            **_about(job, figure),
            **_state(job, chosen, ended, painting, base_url=base_url),
            **_pictures(album, image_id(job, figure), base_url),
        }
    error = job.error["detail"] if job.error else None
    if job.state is JobState.CANCELLED:
        error = "The set was cancelled."
    main = next((figure.key for figure in figures_of(job) if figure.is_main), None)
    return {
        "jobId": job.id,
        "studentTaskId": job.request["name"],
        "fairytaleId": job.request["tale"],
        "completed": job.has_ended,
        "error": error,
        "mainCharacterFailed": bool(main and (entries.get(main) or {}).get("error")),
        "startTime": iso(job.created_at),
        "endTime": iso(job.updated_at) if job.has_ended else None,
        "character": [entry for key, entry in shown.items() if key.startswith("c")],
        "background": [entry for key, entry in shown.items() if key.startswith("b")],
    }


def _now(told: dict[str, Any] | None, changing: Job | None) -> dict[str, Any] | None:
    """How far a picture is that is being painted now, in its set or by a job of its own."""
    if changing:
        return {"percent": changing.progress or None, "message": changing.message, "preview": None}
    return told


def _about(job: Job, figure: Figure) -> dict[str, Any]:
    return {
        "id": image_id(job, figure),
        "name": figure.name,
        "prompt": figure.prompt,
        "main": figure.is_main,
    }


def _state(
    job: Job,
    chosen: Picture | None,
    ended: dict[str, Any],
    now: dict[str, Any] | None,
    *,
    base_url: str,
) -> dict[str, Any]:
    painting, error = now or {}, ended.get("error")
    status = _status(job, chosen, ended, now)
    return {
        "status": status,
        "progress": 100 if status == "done" else painting.get("percent") or 0,
        "message": painting.get("message"),
        "previewUrl": _absolute(painting.get("preview"), base_url),
        "errorMessage": error["detail"] if error and not chosen else None,
    }


def _pictures(album: tuple[Picture, ...], slot: str, base_url: str) -> dict[str, Any]:
    chosen = newest(album, slot)
    return {
        "imageUrl": _url(_dressed(album, chosen), base_url) if chosen else None,
        "originalUrl": _url(chosen, base_url) if chosen else None,
        "imageUrls": [_url(picture, base_url) for picture in four_of(album, slot)],
        "chosen": chosen_of(album, slot),
        "versions": [_version(album, picture, base_url) for picture in versions(album, slot)],
    }


def _status(job: Job, chosen: Picture | None, ended: dict[str, Any], now: dict[str, Any] | None) -> str:
    if now and now.get("message") != "Waiting.":
        return "painting"
    if chosen:  # and perhaps still to be upscaled or cut out
        return "done" if ended or job.has_ended else "painting"
    return "failed" if ended.get("error") or job.has_ended else "waiting"


def _dressed(album: tuple[Picture, ...], chosen: Picture) -> Picture:
    """The cut-out or softened form of a picture, where there is one."""
    forms = [each for each in album if each.role in (CUTOUT, SOFTENED) and each.source_url == chosen.id]
    there = [each for each in forms if not each.expired_at]
    return there[-1] if there else chosen


def _version(album: tuple[Picture, ...], picture: Picture, base_url: str) -> dict[str, Any]:
    return {
        "id": picture.id,
        "imageUrl": _url(_dressed(album, picture), base_url),
        "originalUrl": _url(picture, base_url),
        "chosen": number_of(album, picture),
        "provider": picture.provider,
        "createdAt": iso(picture.created_at),
        "expired": picture.expired_at is not None,
    }


def _url(picture: Picture, base_url: str) -> str:
    return f"{base_url}/images/{picture.file}"


def _absolute(path: str | None, base_url: str) -> str | None:
    return f"{base_url}{path}" if path else None
