"""The edge of the writer's tasks: how far they are, what they have made, and scenes drawn."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint

from errors import Conflict, InvalidRequest, NotFound
from jobs.rows import Job
from jobs.states import JobState
from writer import estimates, works
from writer.bodies import AgainBody, ImagesBody, TaskPath
from writer.estimates import Estimate
from writer.illustrating import KIND as IMAGES
from writer.illustrating import portraits_of
from writer.intake import Intake
from writer.routes import TAG
from writer.setup import words_of
from writer.showing import task_result, task_status


def create_blueprint(intake: Intake) -> APIBlueprint:
    blueprint = APIBlueprint("writer-tasks", __name__, abp_tags=[TAG], url_prefix="/api/story")

    @blueprint.get("/task/<task_id>/status", summary="How far a task is")
    def show_status(path: TaskPath) -> Response:
        job = intake.load(path.task_id)
        with intake.database.read() as tx:
            return jsonify(task_status(tx, job, intake.base_url()))

    @blueprint.get("/task/<task_id>/result", summary="What a task has made")
    def show_result(path: TaskPath) -> Response:
        """Of a task that failed or was cancelled: what there is, with `success` false."""
        job = intake.load(path.task_id)
        if not job.has_ended:
            raise Conflict(
                "The task is not finished yet. Ask for its status.", code="not_finished", id=job.id
            )
        with intake.database.read() as tx:
            return jsonify(task_result(tx, job, intake.base_url()))

    @blueprint.post("/task/<task_id>/resume", summary="Go on where a full story has stopped")
    def resume(path: TaskPath) -> tuple[Response, int]:
        """Resumed again, it is the same task, unless that one has stopped as well."""
        asked = intake.load(path.task_id)
        if asked.kind != works.FULL:
            raise InvalidRequest("Only a full story can be resumed.", code="invalid_field", field="task_id")
        with intake.database.read() as tx:
            before = works.last_resumed(tx, asked)
        is_whole = before.state is JobState.COMPLETED and bool((before.result or {}).get("is_complete"))
        if before.has_ended and not is_whole:
            return intake.resume(before, _rest_of(before))
        if before.id == asked.id:
            raise Conflict("This task is being worked on, or has its whole story.", code="not_stopped")
        return intake.task(before, "The story goes on already.", _rest_of(before))

    @blueprint.post("/generate-images", summary="Scenes drawn, in the background")
    def generate_images(body: ImagesBody) -> tuple[Response, int]:
        if body.provider and body.provider not in intake.settings.providers:
            raise InvalidRequest(
                f"provider must be one of {', '.join(intake.settings.providers)}.",
                code="invalid_field",
                field="provider",
            )
        wanted = {
            "scenes": _numbered([scene.model_dump() for scene in body.scenes]),
            "characters": [each.model_dump() for each in body.characters],
            "provider": body.provider,
            "size": _size(body, intake.settings.size),
            "style": body.style,
            "album": "",
        }
        needed = estimates.pictures(len(body.scenes), len(portraits_of(wanted)))
        return intake.draw(wanted, needed)

    @blueprint.post("/regenerate-images", summary="One scene drawn again")
    def regenerate_images(body: AgainBody) -> tuple[Response, int]:
        before = intake.load(body.task_id)
        scenes = before.request["scenes"] if before.kind == IMAGES else []
        scene = next((each for each in scenes if each["scene_number"] == body.scene_number), None)
        if scene is None:
            raise NotFound("The task has not drawn a scene with this number.")
        changed = {**scene, "image_prompt": body.image_prompt or scene["image_prompt"]}
        album = before.request["album"] or before.id
        again = {**before.request, "scenes": [changed], "album": album}
        return intake.draw(again, estimates.pictures(1))

    return blueprint


def _rest_of(job: Job) -> Estimate:
    """What a full story that has stopped still takes."""
    result = job.result or {}
    written = len(((result.get("draft") or {}).get("text") or "").split())
    words = words_of(job.request["setup"]["story_length"])
    return estimates.whole_story(
        max(300, words - written), has_premise="premise" in result, has_outline="outline" in result
    )


def _numbered(scenes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scenes without a number, or with one that is taken, get their place."""
    numbers = [scene["scene_number"] for scene in scenes]
    if all(numbers) and len(set(numbers)) == len(numbers):
        return scenes
    return [{**scene, "scene_number": at} for at, scene in enumerate(scenes, 1)]


def _size(body: ImagesBody, usual: str) -> str:
    width, height = (int(side) for side in usual.split("x"))
    wide = body.width or width
    high = body.height or height
    if max(wide, high) > 3 * min(wide, high):
        raise InvalidRequest(
            f"width and height are {wide} x {high}; one may be three times the other at most.",
            code="invalid_field",
            field="width",
        )
    return f"{wide}x{high}"
