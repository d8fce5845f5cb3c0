"""What the job of each step of the assistant's is asked for, as the work stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from errors import InvalidRequest
from utils import clip, one_line, well_formed
from writer import estimates
from writer.assistant import FILL_SETUP, Choice
from writer.bodies import ContinueBody, OutlineBody, PremiseBody, RefineBody, StartBody
from writer.estimates import Estimate
from writer.outline import Outline, as_lines, given_outline
from writer.prompts import given_wishes
from writer.rounds import tail
from writer.setup import FIELDS, words_of

_LONGEST = 2000
_MOST_SAID_BEFORE = 6
# What makes a setup tell of this story and no other.
_ITS_OWN = ("story_setting", "character_input", "plot_elements")


def talk_request(said: str, before: Sequence[str], state: dict[str, Any]) -> dict[str, Any]:
    """What somebody says, with all that a model has to know of the story to answer it.

    `state` comes from the client: what does not fit in it is left out.
    """
    known = [
        ("Phase", _text(state, "phase", 40) or "setup"),
        ("Title", _text(state, "title", 200)),
        *given_wishes(_given(state)),
        ("Premise", _text(state, "premise")),
        ("Outline", _outline_lines(state.get("outline"))),
        ("Story so far", _text(state, "summary")),
        ("Last words", one_line(tail(_text(state, "story", None)))),
        ("Said before", " / ".join(clip(one_line(each), 300) for each in before[-_MOST_SAID_BEFORE:])),
    ]
    return {"text": said, "known": [[label, text] for label, text in known if text]}


def request_for(
    step: str, state: dict[str, Any], choice: Choice, said: str
) -> tuple[dict[str, Any], Estimate]:
    """What the job of a step is asked for. Raises ValidationError for a state that does not fit."""
    if step == FILL_SETUP:
        filled = _given(state)
        idea = "" if any(filled.get(name) for name in _ITS_OWN) else choice.instruction or "a story"
        return {"idea": idea, "language": "", "given": filled}, estimates.short_call(400)
    given = {**state.get("setup", {}), **state, "instruction": choice.instruction}
    words = words_of(str(given.get("story_length") or ""))
    if step == "generate_premise":
        premise = PremiseBody.model_validate(given)
        wish = {"premise": premise.before, "instruction": premise.instruction}
        return {"setup": premise.setup().as_json(), **wish}, estimates.short_call()
    if step == "generate_outline":
        outline = OutlineBody.model_validate(given)
        more = {"premise": outline.premise, "use_structured": True, "instruction": outline.instruction}
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
        "instruction": start.instruction,
    }
    if step == "continue_writing":
        go_on = ContinueBody.model_validate({**given, "story_text": given["story"]})
        request |= {
            "story_text": go_on.story_text,
            "summary": go_on.summary,
            "scenes_told": go_on.scenes_told,
        }
    return request, estimates.next_part(words)


def _given(state: dict[str, Any]) -> dict[str, str]:
    """The fields of the setup that are filled."""
    setup = state.get("setup")
    found = {name: _text(setup, name) for name in FIELDS} if isinstance(setup, dict) else {}
    return {name: text for name, text in found.items() if text}


def _outline_lines(value: Any) -> str:
    try:
        return as_lines(Outline.model_validate(given_outline(value))) if value else ""
    except (ValidationError, ValueError):
        return ""


def _text(values: dict[str, Any], name: str, limit: int | None = _LONGEST) -> str:
    """A text of the client's, on one line unless it may be of any length."""
    value = values.get(name)
    if not isinstance(value, str):
        return ""
    text = well_formed(value).replace("\0", "")
    return text if limit is None else clip(one_line(text), limit)
