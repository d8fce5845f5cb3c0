"""The writer's edge: the phases from an idea to a whole story, what they would cost, and the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from errors import InvalidRequest
from writer import estimates, works
from writer.bodies import (
    ContinueBody,
    EstimateBody,
    FullBody,
    IdeaBody,
    OutlineBody,
    PremiseBody,
    RefineBody,
    SetupBody,
    StartBody,
)
from writer.estimates import Estimate
from writer.intake import Intake
from writer.options import options
from writer.parts import MOST_READ
from writer.setup import words_of

TAG = Tag(name="Writer", description="From an idea to a whole story, in phases.")


def create_blueprint(intake: Intake, *, health: Callable[[], dict[str, Any]]) -> APIBlueprint:
    blueprint = APIBlueprint("writer", __name__, abp_tags=[TAG], url_prefix="/api/story")

    @blueprint.get("/options", summary="What the setup offers")
    def show_options() -> Response:
        offered = options()
        lengths = [
            {**length, "estimate": intake.price(estimates.whole_story(length["words"])).public()}
            for length in offered["lengths"]
        ]
        return jsonify({**offered, "lengths": lengths})

    @blueprint.post("/generate-setup", summary="An idea becomes a filled setup")
    def generate_setup(body: IdeaBody) -> Response:
        return intake.call(works.SETUP, body.model_dump(), estimates.short_call(400))

    @blueprint.post("/enhance-idea", summary="Three better ideas")
    def enhance_idea(body: IdeaBody) -> Response:
        return intake.call(works.IDEAS, body.model_dump(), estimates.short_call(250))

    @blueprint.post("/generate-premise", summary="One or two sentences that hold the story")
    def generate_premise(body: PremiseBody) -> Response:
        wanted = from_setup(body, premise=body.before, instruction=body.instruction)
        return intake.call(works.PREMISE, wanted, estimates.short_call())

    @blueprint.post("/generate-outline", summary="The story in 5 to 10 scenes")
    def generate_outline(body: OutlineBody) -> Response:
        wanted = from_setup(
            body,
            premise=body.premise,
            instruction=body.instruction,
            use_structured=body.use_structured,
        )
        return intake.call(works.OUTLINE, wanted, estimates.outline_call(body.setup().words))

    @blueprint.post("/refine-outline", summary="The outline changed as you say")
    def refine_outline(body: RefineBody) -> Response:
        if body.scene_number and body.scene_number > len(body.outline.scenes):
            raise InvalidRequest(
                f"scene_number is {body.scene_number}; the outline has {len(body.outline.scenes)} scenes.",
                code="invalid_field",
                field="scene_number",
                limit=len(body.outline.scenes),
            )
        wanted = from_setup(
            body,
            premise=body.premise,
            outline=body.outline.model_dump(),
            instruction=body.instruction,
            scene_number=body.scene_number,
        )
        needed = estimates.outline_call(body.setup().words, len(body.outline.scenes))
        return intake.call(works.REFINEMENT, wanted, needed)

    @blueprint.post("/generate-start", summary="The first part of the story")
    def generate_start(body: StartBody) -> Response:
        wanted = from_setup(
            body, premise=body.premise, outline=body.outline.model_dump(), instruction=body.instruction
        )
        return intake.call(works.START, wanted, estimates.next_part(body.setup().words))

    @blueprint.post("/continue", summary="The next part of the story")
    def go_on(body: ContinueBody) -> Response:
        """Planned from what the outline still wants; the last part ends the story."""
        wanted = from_setup(
            body,
            premise=body.premise,
            outline=body.outline.model_dump(),
            instruction=body.instruction,
            story_text=body.story_text,
            summary=body.summary,
            scenes_told=body.scenes_told,
        )
        needed = estimates.next_part(body.setup().words)
        if not body.summary:
            needed += estimates.digest_call(min(len(body.story_text), MOST_READ))
        return intake.call(works.CONTINUATION, wanted, needed)

    @blueprint.post("/generate-full", summary="The whole story, in the background")
    def generate_full(body: FullBody) -> tuple[Response, int]:
        outline = body.outline.model_dump() if body.outline else None
        wanted = from_setup(body, premise=body.premise, outline=outline)
        needed = estimates.whole_story(
            body.setup().words, has_premise=bool(body.premise), has_outline=bool(outline)
        )
        return intake.queue_story(wanted, needed, body.callback_url)

    @blueprint.post("/estimate", summary="What a call would take, before it is made")
    def estimate(body: EstimateBody) -> Response:
        words = words_of(body.story_length)
        needed = _ESTIMATES[body.action](words, body.scenes or 8)
        return jsonify(success=True, action=body.action, estimate=intake.price(needed).public())

    @blueprint.get("/health", summary="How the writer is")
    def show_health() -> Response:
        return jsonify(success=True, **health())

    @blueprint.get("/cache/stats", summary="How often an answer was there already")
    def cache_stats() -> Response:
        return jsonify(success=True, stats=intake.answers.stats(intake.caller().owner))

    @blueprint.post("/cache/clear", summary="Forget your own answers")
    def cache_clear() -> Response:
        return jsonify(success=True, cleared=intake.answers.clear(intake.caller().owner))

    return blueprint


def from_setup(body: SetupBody, **more: Any) -> dict[str, Any]:
    return {"setup": body.setup().as_json(), **more}


_ESTIMATES: dict[str, Callable[[int, int], Estimate]] = {
    "setup": lambda _words, _scenes: estimates.short_call(400),
    "ideas": lambda _words, _scenes: estimates.short_call(250),
    "premise": lambda _words, _scenes: estimates.short_call(),
    "outline": lambda words, _scenes: estimates.outline_call(words),
    "refine": lambda words, _scenes: estimates.outline_call(words),
    "start": lambda words, _scenes: estimates.next_part(words),
    "continue": lambda words, _scenes: estimates.next_part(words),
    "full": lambda words, _scenes: estimates.whole_story(words),
    "images": lambda _words, scenes: estimates.pictures(scenes, 1),
    "scene": lambda _words, _scenes: estimates.pictures(1),
}
