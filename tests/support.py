"""Functions that several folders of tests use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from config import Settings
from images.records import Picture
from jobs import rows
from jobs.rows import Job


def quick_settings(data_dir: Path, **changes: Any) -> Settings:
    """Settings for a service on an embedded sandbox that is quick and draws small pictures.

    `database_url=...` puts it on PostgreSQL; see the fixture `database_url`.
    """
    values: dict[str, Any] = {
        "data_dir": data_dir,
        "sandbox": "on",
        "sandbox_story_seconds": 0.05,
        "sandbox_image_seconds": 0.3,
        "sandbox_image_pixels": 64,
        "request_timeout": 8.0,
        "max_in_flight": 64,
    }
    return Settings(**(values | changes))


def wait_until(is_so: Callable[[], Any], *, seconds: float = 30.0) -> Any:
    """What `is_so` gives, once it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while not (value := is_so()):
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(pause)
        pause = min(1.2 * pause, 0.05)
    return value


def start_job(tx: Connection, request: dict[str, Any] | None = None, *, message: str = "") -> Job:
    """A story's job, recorded."""
    job = rows.new("story", request or {}, message=message)
    rows.insert(tx, job)
    return job


def a_picture(id: str, job_id: str, **changes: Any) -> Picture:
    """A record of one pixel that a test may put anywhere."""
    usual = Picture(
        id=id,
        job_id=job_id,
        file=f"{id}.png",
        role="picture",
        position=None,
        mime="image/png",
        width=1,
        height=1,
        sha256="",
        alt="",
        provider="openai",
        model="",
        prompt="",
        seed=None,
        source_url=None,
        created_at=time.time(),
    )
    return replace(usual, **changes)
