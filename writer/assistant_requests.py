"""What the job of each step of the assistant's is asked for, as the work stands."""

from __future__ import annotations

from typing import Any

from errors import InvalidRequest
from writer import estimates
from writer.assistant import FILL_SETUP, Choice
from writer.bodies import ContinueBody, OutlineBody, PremiseBody, RefineBody, StartBody
from writer.estimates import Estimate
from writer.setup import words_of


def request_for(
    step: str, state: dict[str, Any], choice: Choice, said: str
) -> tuple[dict[str, Any], Estimate]:
    """What the job of a step is asked for. Raises ValidationError for a state that does not fit."""
    if step == FILL_SETUP:
        return {"idea": choice.instruction or said or "a story", "language": ""}, estimates.short_call(400)
    given = {**state.get("setup", {}), **state}
    words = words_of(str(given.get("story_length") or ""))
    if step == "generate_premise":
        premise = PremiseBody.model_validate(given)
        return {"setup": premise.setup().as_json()}, estimates.short_call()
    if step == "generate_outline":
        outline = OutlineBody.model_validate(given)
        more = {"premise": outline.premise, "use_structured": True}
        return {"setup": outline.setup().as_json(), **more}, estimates.outline_call(words)
    if step == "refine_outline":
        body = RefineBody.model_validate({**given, "instruction": choice.instruction or said})
        number, count = choice.scene, len(body.outline.scenes)
        if number is not None and not 1 <= number <= count:
            raise InvalidRequest(
                f"There is no scene {number}: the outline has {count}.",
                code="invalid_field",
                field="scene_number",
            )
        changed = {
            "setup": body.setup().as_json(),
            "premise": body.premise,
            "outline": body.outline.model_dump(),
            "instruction": body.instruction,
            "scene_number": number,
        }
        return changed, estimates.outline_call(words)
    start = StartBody.model_validate(given)
    request: dict[str, Any] = {
        "setup": start.setup().as_json(),
        "premise": start.premise,
        "outline": start.outline.model_dump(),
    }
    if step == "continue_writing":
        go_on = ContinueBody.model_validate({**given, "story_text": given["story"]})
        request |= {
            "story_text": go_on.story_text,
            "summary": go_on.summary,
            "scenes_told": go_on.scenes_told,
        }
    return request, estimates.next_part(words)
