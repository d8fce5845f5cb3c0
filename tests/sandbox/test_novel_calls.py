"""The writer's calls as the houses answer them: schemas, prose, streams, faults and usage."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.control import Habits
from sandbox.houses import COMPATIBLE_MODEL, MODEL
from sandbox.novel_message import SCHEMAS
from sandbox.server import Sandbox
from tests.sandbox.calling import BEARER, Call, chunks, let
from tests.sandbox.writing import said

KEYS = {
    "premise": {"premise"},
    "ideas": {"ideas"},
    "outline": {"title", "characters", "scenes"},
    "refinement": {"title", "characters", "scenes"},
    "part": {"text", "summary", "scenes_told"},
    "digest": {"summary", "scenes_told"},
    "assistant": {"action", "instruction", "reply"},
}
PART = said("part", Words_now="about 300 words", Tell_now="scenes 1 to 1 of 8", The_end="no")


def ask(call: Call, message: str, *, schema: str = "", system: str = "You write.", **body: Any) -> Any:
    asked: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": message}],
        **body,
    }
    if schema:
        asked["response_format"] = {"type": "json_schema", "json_schema": {"name": schema, "schema": {}}}
    if asked["model"] == COMPATIBLE_MODEL:
        return call("POST", "/compatible/v1/chat/completions", json=asked)
    return call("POST", "/v1/chat/completions", json=asked, headers=BEARER)


def content(response: Any) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


def joined(response: Any) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks(response))


@pytest.mark.parametrize("task", KEYS)
def test_each_task_is_answered_in_its_schema(call: Call, task: str) -> None:
    answer = json.loads(content(ask(call, said(task, Text="Go on"), schema=SCHEMAS[task])))

    assert set(answer) == KEYS[task]


@pytest.mark.parametrize("task", KEYS)
def test_a_house_without_schemas_answers_in_prose_unless_told_in_words(call: Call, task: str) -> None:
    message, told = said(task, Text="Go on"), {"schema": SCHEMAS[task], "model": COMPATIBLE_MODEL}
    prose = content(ask(call, message, **told))
    in_json = content(ask(call, message, system="Answer with one JSON object.", **told))

    assert prose
    assert not prose.startswith("{")
    assert set(json.loads(in_json)) == KEYS[task]


def test_an_outline_as_a_text_is_prose_everywhere(call: Call) -> None:
    text = content(ask(call, said("outline as text", Scenes="6"), system="No JSON here."))

    assert "Act 1" in text
    assert "\n6. " in text
    assert "\n7. " not in text


def test_a_part_is_streamed_as_it_is_told_at_once(call: Call, habits: Callable[..., Habits]) -> None:
    habits(story_seed=3)
    whole = content(ask(call, PART, schema="story_part"))

    assert joined(ask(call, PART, schema="story_part", stream=True)) == whole


def test_a_seed_gives_equal_answers(call: Call, habits: Callable[..., Habits]) -> None:
    habits(story_seed=3)

    assert content(ask(call, PART)) == content(ask(call, PART))


def test_the_habit_of_an_end_marker_is_kept(call: Call, habits: Callable[..., Habits]) -> None:
    habits(end_marker=True)
    last = said("part", Words_now="about 100 words", The_end="yes")
    text = json.loads(content(ask(call, last, schema="story_part")))["text"]

    assert text.split("\n\n")[-1] in ("THE END", "[END]")


def test_usage_grows_with_what_is_asked_and_told(call: Call) -> None:
    long = PART.replace("300", "1200")
    small, large = (ask(call, one, schema="story_part").json()["usage"] for one in (PART, long))

    assert small["prompt_tokens"] > 50
    assert 3 < large["completion_tokens"] / small["completion_tokens"] < 5
    assert large["total_tokens"] == large["prompt_tokens"] + large["completion_tokens"]


def test_the_faults_of_texts_strike_parts_too(sandbox: Sandbox, call: Call) -> None:
    for kind in ("prose", "wrong_shape", "length", "refusal"):
        let(sandbox, "chat", kind)
    prose, other, cut, refused = (ask(call, PART, schema="story_part") for _ in range(4))

    assert not content(prose).startswith("{")
    assert not set(json.loads(content(other))) & KEYS["part"]
    assert cut.json()["choices"][0]["finish_reason"] == "length"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(content(cut))
    assert refused.json()["choices"][0]["message"]["refusal"]


def test_a_stream_of_a_part_can_be_cut(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "chat", "cut_stream")
    response = ask(call, PART, schema="story_part", stream=True)

    assert "[DONE]" not in response.text
    assert joined(response).startswith('{"text": "')


def test_the_faults_of_the_writer_strike(sandbox: Sandbox, call: Call) -> None:
    for kind in ("few_scenes", "long", "early_end"):
        let(sandbox, "chat", kind)
    outline = json.loads(content(ask(call, said("outline"), schema="story_outline")))
    long, early = (json.loads(content(ask(call, PART, schema="story_part")))["text"] for _ in range(2))

    assert len(outline["scenes"]) == 3
    assert len(long.split()) == pytest.approx(600, rel=0.05)
    assert early.split("\n\n")[-1] in ("THE END", "[END]")
