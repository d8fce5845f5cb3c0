"""The story flow's edge: what POST /api/generate-story takes, and the story as a download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field, field_validator

from database import Database
from errors import NotFound
from images.records import get_image_urls
from images.storage import Storage
from jobs import rows
from jobs.routes import JobPath
from story.export import export_zip, file_name
from story.telling import KIND, load_result
from utils import is_well_formed, one_line

TAG = Tag(name="Story", description="One prompt in, an illustrated story out.")
MAX_PROMPT = 2000


class GenerateStory(BaseModel):
    """What to tell. Fields that are not known are ignored, as older clients send some."""

    model_config = ConfigDict(strict=True)

    prompt_text: str = Field(
        default="",
        validate_default=True,
        description=f"What the story is about, 1 to {MAX_PROMPT:,} characters.",
    )
    style: str = Field(default="", max_length=200, description="Style of the picture, in your own words.")
    language: str = Field(default="", max_length=50, description="Language; the prompt's own if empty.")
    words: int | None = Field(default=None, ge=50, le=2000, description="Length of the story, about.")
    callback_url: str = Field(
        default="",
        description="An https address to which the finished job is posted, signed as Standard Webhooks are.",
    )
    timeout: float | None = Field(
        default=None, ge=1, strict=False, description="Seconds to wait for story and picture at most."
    )

    @field_validator("prompt_text", mode="before")
    @classmethod
    def check_prompt(cls, value: object) -> str:
        if value is None or (isinstance(value, str) and not one_line(value)):
            raise ValueError("Prompt text is required.")
        if not isinstance(value, str):
            raise ValueError("prompt_text must be text.")
        if not is_well_formed(value):
            raise ValueError("prompt_text holds half of a character (a lone surrogate).")
        if len(value.strip()) > MAX_PROMPT:
            raise ValueError(
                f"prompt_text has {len(value.strip()):,} characters; at most {MAX_PROMPT:,} are taken."
            )
        return value.strip()

    @field_validator("style", "language", "callback_url", mode="before")
    @classmethod
    def check_text(cls, value: object) -> object:
        if isinstance(value, str) and not is_well_formed(value):
            raise ValueError("The text holds half of a character (a lone surrogate).")
        return "" if value is None else value


def public_result(result: dict[str, Any], base_url: str, *, sandbox: bool) -> dict[str, Any]:
    """The answer's JSON: `result_of` with the pictures' URLs below `base_url`."""
    pictures = result["pictures"]
    return {
        "status": result["status"],
        "id": result["id"],
        "title": result["title"],
        "story": result["story"],
        "image_urls": get_image_urls(pictures, base_url),
        "images": [picture.public(base_url) for picture in pictures],
        "problems": result["problems"],
        "sandbox": sandbox,
        "timings": result["timings"],
    }


def create_blueprint(database: Database, storage: Storage, *, owner: Callable[[], str]) -> APIBlueprint:
    blueprint = APIBlueprint("story", __name__, abp_tags=[TAG])

    @blueprint.get("/api/jobs/<job_id>/download", summary="A story with its pictures as a ZIP")
    def download(path: JobPath) -> Response:
        with database.read() as tx:
            job = rows.load_own(tx, path.job_id, owner())
        result = load_result(database, job) if job.kind == KIND else None
        if result is None:
            raise NotFound("This job has no story to download yet.")
        response = Response(export_zip(result, storage), mimetype="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name(result["title"])}"'
        return response

    return blueprint
