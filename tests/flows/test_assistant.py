"""The writer's assistant over AG-UI: what is said becomes steps, events and a changed state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ag_ui.core import Event
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from pydantic import TypeAdapter

from sandbox.control import Control, Habits
from tests.flows.writing import SCENES, SETUP
from tests.serving import running
from tests.support import quick_settings
from utils import new_id

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
PREMISE = "A keeper who cannot sleep gets a letter that is forty years late, and must choose whom to believe."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    with running(quick_settings(tmp_path_factory.mktemp("data"))) as made:
        yield made


class Conversation:
    """One thread; `state` is what a front end would have after all deltas."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._thread = new_id()
        self._runs = 0
        self.state: dict[str, Any] = {}

    def say(self, text: str, *, run: str = "") -> list[dict[str, Any]]:
        """The events of the answer, each of which is one of the protocol's."""
        self._runs += 1
        body = {
            "threadId": self._thread,
            "runId": run or f"run-{self._runs}",
            "state": self.state,
            "messages": [{"id": "1", "role": "user", "content": text}],
            "tools": [],
            "context": [],
            "forwardedProps": {},
        }
        answer = self._client.post("/agui", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "text/event-stream"
        lines = [line for line in answer.text.split("\n") if line.startswith("data: ")]
        events = [json.loads(line.removeprefix("data: ")) for line in lines]
        for event in events:
            EVENT.validate_python(event)
            for change in event.get("delta", []) if event["type"] == "STATE_DELTA" else []:
                assert change["op"] == "add"
                self.state[change["path"].removeprefix("/")] = change["value"]
        return events


@pytest.fixture
def conversation(client: FlaskClient, control: Control) -> Conversation:
    control.habits = Habits(story_seconds=0.01, plain=True)
    control.calls.clear()
    control.received.clear()
    return Conversation(client)


def steps(events: list[dict[str, Any]]) -> list[str]:
    return [event["toolCallName"] for event in events if event["type"] == "TOOL_CALL_START"]


def said(events: list[dict[str, Any]]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")


def test_what_an_action_needs_is_made_first(conversation: Conversation) -> None:
    events = conversation.say("Please start writing a story about a fox who collects clocks")
    assert steps(events) == ["fill_setup", "generate_premise", "generate_outline", "start_writing"]
    assert events[0]["type"] == "RUN_STARTED"
    assert events[-1]["type"] == "RUN_FINISHED"
    assert set(SETUP) <= set(conversation.state["setup"])
    assert conversation.state["premise"]
    assert len(conversation.state["outline"]["scenes"]) >= 5
    assert conversation.state["story"]
    assert conversation.state["phase"] == "writing"
    assert said(events)


def test_an_outline_without_scenes_is_none(conversation: Conversation) -> None:
    """As the page has it from the beginning."""
    conversation.state = {"setup": dict(SETUP), "premise": PREMISE, "outline": {"title": "", "scenes": []}}
    assert steps(conversation.say("start_writing")) == ["generate_outline", "start_writing"]


def test_a_button_that_says_the_name_of_an_action_costs_no_thought(
    conversation: Conversation, control: Control
) -> None:
    conversation.state = {"setup": dict(SETUP)}
    assert steps(conversation.say("Generate premise")) == ["generate_premise"]
    assert control.calls["chat"] == 1


def test_a_story_is_continued_behind_what_is_there(conversation: Conversation) -> None:
    conversation.state = {"setup": dict(SETUP), "premise": PREMISE, "outline": {"scenes": SCENES}}
    conversation.say("start_writing")
    before = conversation.state["story"]
    conversation.say("continue_writing")
    assert conversation.state["story"].startswith(f"{before}\n\n")
    assert len(conversation.state["story"]) > len(before) + 100


def test_one_scene_of_the_outline_is_refined_in_the_writers_words(conversation: Conversation) -> None:
    conversation.state = {"setup": dict(SETUP), "premise": PREMISE}
    conversation.say("generate_outline")
    before = conversation.state["outline"]["scenes"]
    assert steps(conversation.say("Change scene 2: let it rain")) == ["refine_outline"]
    after = conversation.state["outline"]["scenes"]
    assert [a == b for a, b in zip(before, after, strict=True)] == [
        True,
        False,
        True,
        True,
        True,
        True,
        True,
        True,
    ][: len(before)]


def test_a_greeting_is_answered_and_nothing_is_done(conversation: Conversation) -> None:
    events = conversation.say("Hello there!")
    assert steps(events) == []
    assert said(events)
    assert conversation.state == {}


def test_nothing_can_be_exported_before_it_is_written(conversation: Conversation) -> None:
    events = conversation.say("export")
    assert "no story to export yet" in said(events)


def test_the_same_run_asked_again_pays_nothing_again(conversation: Conversation, control: Control) -> None:
    conversation.state = {"setup": dict(SETUP)}
    conversation.say("generate premise", run="again")
    first, conversation.state = conversation.state["premise"], {"setup": dict(SETUP)}
    conversation.say("generate premise", run="again")
    assert conversation.state["premise"] == first
    assert control.calls["chat"] == 1


def test_a_failure_ends_the_run_and_says_why(conversation: Conversation, fault: Callable[..., None]) -> None:
    conversation.state = {"setup": dict(SETUP)}
    fault("chat", "refusal")
    last = conversation.say("generate premise")[-1]
    assert (last["type"], last["code"]) == ("RUN_ERROR", "content_refused")
    assert "declined" in last["message"]


def test_a_state_that_does_not_fit_is_named(conversation: Conversation) -> None:
    conversation.state = {"setup": dict(SETUP), "premise": PREMISE, "outline": {"scenes": [{"title": 7}]}}
    last = conversation.say("start writing")[-1]
    assert (last["type"], last["code"]) == ("RUN_ERROR", "invalid_field")
    assert "outline.scenes.0.title" in last["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "threadId"),
        ({"threadId": "t", "runId": "r", "messages": []}, "no message"),
        (
            {"threadId": "t", "runId": "r", "messages": [{"id": "1", "role": "cook", "content": "x"}]},
            "messages",
        ),
        (
            {"threadId": "t", "runId": "r", "messages": [{"id": "1", "role": "user", "content": " "}]},
            "messages",
        ),
    ],
)
def test_what_is_no_run_is_refused(client: FlaskClient, body: dict[str, Any], said: str) -> None:
    answer = client.post("/agui", json=body)
    assert answer.status_code == 400
    assert said in answer.get_json()["detail"]


def test_only_the_gaps_of_a_setup_are_filled(conversation: Conversation, control: Control) -> None:
    mine = {**SETUP, "ending_preference": "", "language": "German", "story_length": "Short"}
    conversation.state = {"setup": dict(mine)}
    events = conversation.say("Write a premise from my setup")

    assert steps(events) == ["fill_setup", "generate_premise"]
    filled = conversation.state["setup"]
    assert filled["ending_preference"]
    assert {**filled, "ending_preference": ""} == mine
    asked = next(text for text in asked_of(control) if "Task: setup" in text)
    assert "Write a premise from my setup" not in asked
    assert SETUP["plot_elements"] in asked


def test_the_assistant_knows_the_story_as_far_as_it_is(conversation: Conversation, control: Control) -> None:
    conversation.state = {
        "phase": "writing",
        "title": "The late letter",
        "setup": dict(SETUP),
        "premise": PREMISE,
        "outline": {"scenes": SCENES},
        "summary": "Mira has opened the letter.",
        "story": "The lamp went out.",
    }
    conversation.say("What could happen next?")

    (asked,) = asked_of(control)
    for known in (
        "The late letter",
        SETUP["story_setting"],
        PREMISE,
        "Scene 3",
        "opened the letter",
        "The lamp",
    ):
        assert known in asked
    assert asked.endswith("Text: What could happen next?")


def test_a_state_that_makes_no_sense_is_talked_about_all_the_same(conversation: Conversation) -> None:
    conversation.state = {"setup": "mine", "premise": 3, "outline": [[]], "story": ["a"], "phase": {}}
    assert said(conversation.say("Hello, who are you?"))


def test_what_was_said_about_a_step_reaches_whoever_does_it(
    conversation: Conversation, control: Control
) -> None:
    conversation.state = {"setup": dict(SETUP), "premise": PREMISE, "outline": {"scenes": SCENES}}
    conversation.say("Make the premise more surprising: he is a robot")
    premise = next(text for text in asked_of(control) if "Task: premise" in text)
    assert "he is a robot" in premise
    assert PREMISE in premise

    conversation.state["story"] = "The lamp went out."
    conversation.say("Continue the story and let a dragon named Qux appear")
    part = next(text for text in asked_of(control) if "Task: part" in text)
    assert "Qux" in part


def asked_of(control: Control) -> list[str]:
    """What the text model was told by its users."""
    calls = [call["body"] for call in control.received if call["target"] == "chat"]
    return [body["messages"][-1]["content"] for body in calls]
