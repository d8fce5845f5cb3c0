"""GET /api/jobs/<id>: what became of a piece of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from database import Database
from jobs import rows
from jobs.rows import Job

# By the job's kind: its result as its flow shows it.
Results = dict[str, Callable[[Job], dict[str, Any] | None]]

_TAG = Tag(name="Jobs", description="Every piece of long work is a job.")


class JobPath(BaseModel):
    job_id: str = Field(description="The `id` of an answer.", max_length=64)


def create_blueprint(database: Database, results: Results) -> APIBlueprint:
    blueprint = APIBlueprint("jobs", __name__, abp_tags=[_TAG])

    @blueprint.get("/api/jobs/<job_id>", summary="What became of a job")
    def job(path: JobPath) -> Response:
        with database.read() as tx:
            found = rows.load(tx, path.job_id)
        response = jsonify(found.public() | {"result": results[found.kind](found)})
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint
