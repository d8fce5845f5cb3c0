"""The story writer with everything behind it: its phases, the cache, and what models do wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from plans import read_plans
from sandbox.control import Control, Fault, Habits
from tests.flows.writing import SCENES, SETUP, Writer
from tests.serving import running
from tests.support import quick_settings, wait_until
from writer.outline import outline_of
from writer.setup import FIELDS

HABITS = Habits(story_seconds=0.01, image_seconds=0.05, image_pixels=64, picture_pixels=64, plain=True)
PREMISE = "A keeper who cannot sleep gets a letter that is forty years late, and must choose whom to believe."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    with running(quick_settings(tmp_path_factory.mktemp("data"), request_timeout=30.0)) as made:
        yield made


@pytest.fixture
def writer(client: FlaskClient, control: Control) -> Writer:
    control.habits = HABITS
    control.calls.clear()
    control.received.clear()
    made = Writer(client)
    made.post("cache/clear", {})
    return made


def prompts(control: Control) -> list[str]:
    """What the text model was asked for, in the order of the calls."""
    asked = [call["body"]["messages"][-1]["content"] for call in control.received if call["target"] == "chat"]
    return [text for text in asked if isinstance(text, str)]


def test_the_known_call_for_a_premise_works_with_its_ten_fields(writer: Writer) -> None:
    made = writer.made("generate-premise")
    assert 20 <= len(made["premise"].split()) <= 40
    assert made["success"] is True
    assert made["task_id"]
    assert made["usage"]["calls"] == 1


@pytest.mark.parametrize(("length", "words"), [("Short", 1000), ("Medium", 5000), ("Long", 10_000)])
def test_a_story_is_started_and_continued_until_it_is_whole(
    writer: Writer, control: Control, length: str, words: int
) -> None:
    wish = {"story_length": length}
    premise = writer.made("generate-premise", **wish)["premise"]
    outline = writer.made("generate-outline", premise=premise, **wish)["outline"]
    assert 5 <= len(outline["scenes"]) <= 10
    made = writer.made("generate-start", premise=premise, outline=outline, **wish)
    story, is_complete = made["story"], made["is_complete"]
    assert not is_complete
    while not is_complete:
        made = writer.made("continue", premise=premise, outline=outline, story_text=story, **wish)
        story, is_complete = f"{story}\n\n{made['continuation']}", made["is_complete"]
    assert abs(len(story.split()) / words - 1) <= 0.15
    assert made["scenes_told"] == len(outline["scenes"])
    longest = max(len(prompt.split()) for prompt in prompts(control))
    assert longest < 1800, "no round is sent the whole story again"
    assert not any("Task: digest" in prompt for prompt in prompts(control))


def test_a_story_that_is_whole_is_not_continued_and_nothing_is_paid(writer: Writer, control: Control) -> None:
    wish = {"premise": PREMISE, "outline": SCENES, "story_length": "400 words"}
    story = writer.made("generate-start", **wish)
    assert story["is_complete"]
    before = control.calls["chat"]
    more = writer.made("continue", story_text=story["story"], **wish)
    assert (more["continuation"], more["is_complete"]) == ("", True)
    assert control.calls["chat"] == before


def test_a_story_from_elsewhere_is_read_once_before_it_is_continued(writer: Writer, control: Control) -> None:
    story = "\n\n".join("Mira climbed the stairs and counted them. " * 20 for _ in range(4))
    made = writer.made("continue", premise=PREMISE, outline=SCENES, story_text=story)
    assert made["continuation"]
    assert [prompt.partition("\n")[0] for prompt in prompts(control)] == ["Task: digest", "Task: part"]
    known = {"summary": made["summary"], "scenes_told": made["scenes_told"]}
    edited = f"{story}\n\n{made['continuation']}\n\nI changed this."
    writer.made("continue", premise=PREMISE, outline=SCENES, story_text=edited, **known)
    assert prompts(control)[-1].startswith("Task: part")
    assert control.calls["chat"] == 3


def test_an_outline_may_be_wished_for_and_given_as_text(writer: Writer) -> None:
    made = writer.made("generate-outline", premise=PREMISE, use_structured=False)
    assert made["is_structured"] is False
    assert isinstance(made["outline"], str)
    begun = writer.made("generate-start", premise=PREMISE, outline=made["outline"])
    assert len(begun["outline"]["scenes"]) >= 5


def test_one_scene_is_refined_and_the_others_stay_word_for_word(writer: Writer) -> None:
    outline = writer.made("generate-outline", premise=PREMISE)["outline"]
    refined = writer.made(
        "refine-outline", premise=PREMISE, outline=outline, instruction="Let it rain.", scene_number=2
    )["outline"]
    changed = [a["scene_number"] for a, b in zip(outline["scenes"], refined["scenes"], strict=True) if a != b]
    assert changed == [2]


def test_an_idea_becomes_a_setup_and_three_better_ideas(writer: Writer) -> None:
    idea = {"idea": "A robot who is afraid of the sea"}
    setup = writer.post("generate-setup", idea).get_json()["setup"]
    assert set(FIELDS) - {"language"} == set(setup)
    assert writer.post("generate-premise", setup).status_code == 200
    ideas = writer.post("enhance-idea", idea).get_json()["ideas"]
    assert len({each["idea"] for each in ideas}) == 3


def test_the_options_have_the_known_values_and_templates_that_work(writer: Writer) -> None:
    options = writer.get("options")
    assert [field["name"] for field in options["fields"]] == list(FIELDS[:10])
    assert [length["words"] for length in options["lengths"]] == [1000, 5000, 10_000]
    calls = [length["estimate"]["calls"] for length in options["lengths"]]
    assert calls == sorted(set(calls))
    for template in options["templates"]:
        assert writer.post("generate-premise", template["setup"]).status_code == 200


def test_an_equal_request_is_answered_again_without_a_call_and_any_other_is_not(
    writer: Writer, control: Control
) -> None:
    first = writer.made("generate-premise")
    again = writer.made("generate-premise")
    assert again["cached"] is True
    assert {**again, "cached": False} == first
    assert control.calls["chat"] == 1
    for count, field in enumerate([*SETUP, "story_length", "language"], 2):
        other = writer.made("generate-premise", **{field: "Something else"})
        assert other["cached"] is False
        assert control.calls["chat"] == count


def test_a_caller_can_ask_for_a_fresh_answer_and_clear_the_old_ones(writer: Writer, control: Control) -> None:
    before = writer.get("cache/stats")["stats"]
    writer.made("generate-premise")
    fresh = writer.post("generate-premise", SETUP, Cache_Control="no-cache").get_json()
    assert fresh["cached"] is False
    assert control.calls["chat"] == 2
    assert writer.made("generate-premise")["task_id"] == fresh["task_id"]
    assert writer.get("cache/stats")["stats"]["entries"] == 1
    wait_until(lambda: writer.get("cache/stats")["stats"]["hits"] == before["hits"] + 1)
    assert writer.post("cache/clear", {}).get_json()["cleared"] == 1
    assert writer.made("generate-premise")["cached"] is False


def test_a_failed_answer_is_not_kept(writer: Writer, fault: Callable[..., None]) -> None:
    fault("chat", "refusal")
    assert writer.post("generate-premise", SETUP).status_code == 422
    assert writer.made("generate-premise")["cached"] is False


def test_a_full_story_is_written_in_the_background(writer: Writer, client: FlaskClient) -> None:
    answer = writer.post("generate-full", {**SETUP, "story_length": "Short"})
    begun = answer.get_json()
    assert begun["estimate"]["calls"] >= 4
    status = writer.task(answer)
    assert (status["status"], status["progress"], status["error"]) == ("completed", 100, None)
    result = writer.result(begun["task_id"])
    assert result["is_complete"] is True
    assert abs(result["words"] / 1000 - 1) <= 0.15
    assert result["iterations"] == 2
    assert result["usage"]["calls"] == 4
    events = client.get(f"/api/jobs/{begun['task_id']}?after=0").get_json()["events"]
    text = ""
    for event in events:
        if event["kind"] == "text" and event["data"]["part"] == "story":
            text = text[: event["data"]["offset"]] + event["data"]["text"]
    assert text == result["story"]
    messages = [event["data"]["message"] for event in events if event["kind"] == "progress"]
    assert any(message.startswith("Round 2 of about 2, ") for message in messages)


def test_a_result_is_refused_while_the_task_is_at_work_and_whole_afterwards(
    writer: Writer, control: Control
) -> None:
    control.habits = Habits(story_seconds=0.5)
    answer = writer.post("generate-full", {**SETUP, "story_length": "600 words"})
    task_id = answer.get_json()["task_id"]
    early = writer.get(f"task/{task_id}/result")
    assert (early["status"], early["code"]) == (409, "not_finished")
    control.habits = HABITS
    writer.ended(task_id)
    assert writer.result(task_id)["success"] is True


def test_a_cancelled_story_keeps_what_there_is_and_goes_on_without_paying_again(
    writer: Writer, control: Control, client: FlaskClient
) -> None:
    wish = {**SETUP, "story_length": "Medium", "premise": PREMISE, "outline": SCENES}
    answer = writer.post("generate-full", wish)
    task_id = answer.get_json()["task_id"]

    def rounds() -> int:
        job = client.get(f"/api/jobs/{task_id}").get_json()
        return int((job["result"] or {}).get("iterations", 0))

    control.habits = Habits(story_seconds=0.3)
    wait_until(lambda: rounds() >= 1)
    client.post(f"/api/jobs/{task_id}/cancel")
    status = writer.ended(task_id)
    assert (status["status"], status["error"]) == ("failed", "The task was cancelled.")
    kept = writer.result(task_id)
    assert kept["success"] is False
    assert kept["story"]
    control.habits = HABITS
    paid = control.calls["chat"]
    resumed = writer.post(f"task/{task_id}/resume", {})
    again = writer.post(f"task/{task_id}/resume", {})
    assert again.get_json()["task_id"] == resumed.get_json()["task_id"]
    done = writer.task(resumed)
    assert done["status"] == "completed"
    result = writer.result(resumed.get_json()["task_id"])
    assert result["is_complete"]
    assert result["story"].startswith(kept["story"])
    assert control.calls["chat"] - paid == result["iterations"] - kept["iterations"]
    assert writer.post(f"task/{task_id}/resume", {}).status_code == 202
    assert writer.post(f"task/{resumed.get_json()['task_id']}/resume", {}).status_code == 409


@pytest.mark.parametrize("kind", ["length", "early_end", "long", "prose", "cut_stream"])
def test_a_part_that_goes_wrong_is_made_up_for(writer: Writer, fault: Callable[..., None], kind: str) -> None:
    wish = {**SETUP, "story_length": "3000 words", "premise": PREMISE, "outline": SCENES}
    fault("chat", kind)
    answer = writer.post("generate-full", wish)
    status = writer.task(answer)
    assert status["status"] == "completed", status["error"]
    result = writer.result(status["task_id"])
    assert result["is_complete"]
    assert abs(result["words"] / 3000 - 1) <= 0.15
    assert "THE END" not in result["story"]
    assert '"text"' not in result["story"]


def test_a_mark_of_the_end_never_reaches_the_reader(
    writer: Writer, control: Control, client: FlaskClient
) -> None:
    control.habits = Habits(story_seconds=0.2, end_marker=True)
    answer = writer.post(
        "generate-full", {**SETUP, "story_length": "400 words", "premise": PREMISE, "outline": SCENES}
    )
    status = writer.task(answer)
    assert "END" not in status["result"]["story"]
    events = client.get(f"/api/jobs/{status['task_id']}?after=0").get_json()["events"]
    assert len([event for event in events if event["kind"] == "text"]) > 2
    assert not any("THE END" in event["data"].get("text", "") for event in events)


def test_an_outline_with_too_few_scenes_is_asked_for_again(
    writer: Writer, control: Control, fault: Callable[..., None]
) -> None:
    fault("chat", "few_scenes")
    made = writer.made("generate-outline", premise=PREMISE)
    assert len(made["outline"]["scenes"]) >= 5
    assert control.calls["chat"] == 2
    assert made["usage"]["calls"] == 2


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("generate-premise", {}),
        ("generate-outline", {"premise": PREMISE}),
        ("generate-start", {"premise": PREMISE, "outline": SCENES}),
    ],
)
def test_every_missing_field_is_named(writer: Writer, path: str, more: dict[str, Any]) -> None:
    answer = writer.post(path, {})
    assert answer.status_code == 400
    named = {fault["field"] for fault in answer.get_json()["fields"]}
    assert named == {*SETUP, *more}
    for field in SETUP:
        assert field in answer.get_json()["detail"]


@pytest.mark.parametrize("field", [*SETUP, "story_length"])
def test_a_field_that_is_too_long_is_named_with_its_limit(writer: Writer, field: str) -> None:
    answer = writer.post("generate-premise", {**SETUP, field: "x" * 2001})
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == f"{field}: it has 2,001 characters; at most 2,000 are taken."


def test_a_field_may_hold_anything_up_to_its_limit(writer: Writer) -> None:
    assert writer.made("generate-premise", persona="A toaster with opinions", story_tone="x" * 2000)


@pytest.mark.parametrize(
    ("outline", "said"),
    [
        ([], "An outline has 1 to 40 scenes; this one has 0."),
        (SCENES * 12, "An outline has 1 to 40 scenes; this one has 60."),
        ([{"description": ""}], "A scene needs a title or a description."),
        ([{"title": 7}], "outline.scenes.0.title: it must be text."),
        ({"scenes": "all"}, "outline.scenes"),
        ("", "An outline has 1 to 40 scenes; this one has 0."),
        (7, "outline"),
    ],
)
def test_an_outline_that_is_none_is_refused(writer: Writer, outline: Any, said: str) -> None:
    answer = writer.post("generate-start", {**SETUP, "premise": PREMISE, "outline": outline})
    assert answer.status_code == 400, answer.get_json()
    assert said in str(answer.get_json()["fields"])


def test_a_megabyte_to_continue_is_refused_by_its_name(writer: Writer, control: Control) -> None:
    body = {**SETUP, "premise": PREMISE, "outline": SCENES, "story_text": "word " * 200_000}
    answer = writer.post("continue", body)
    assert answer.status_code == 400
    assert "story_text: it has 999,999 characters; at most 400,000 are taken." in answer.get_json()["detail"]
    assert control.calls["chat"] == 0


def test_tasks_of_other_flows_and_unknown_ones_are_not_found(writer: Writer, client: FlaskClient) -> None:
    story = client.post("/api/generate-story", json={"prompt_text": "A dog"}).get_json()
    for task_id in (story["id"], "0" * 32, "nonsense"):
        assert writer.get(f"task/{task_id}/status")["status"] == 404
        assert writer.get(f"task/{task_id}/result")["status"] == 404


def test_the_same_idempotency_key_pays_once(writer: Writer, control: Control) -> None:
    first = writer.post("generate-premise", SETUP, Idempotency_Key="abc").get_json()
    writer.post("cache/clear", {})
    again = writer.post("generate-premise", SETUP, Idempotency_Key="abc").get_json()
    assert first["premise"] == again["premise"]
    assert control.calls["chat"] == 1
    other = writer.post("generate-premise", {**SETUP, "persona": "Else"}, Idempotency_Key="abc")
    assert other.status_code == 409


def test_an_estimate_says_what_a_call_would_take(writer: Writer, control: Control) -> None:
    short = writer.post("estimate", {"action": "full", "story_length": "Short"}).get_json()["estimate"]
    long = writer.post("estimate", {"action": "full", "story_length": "Long"}).get_json()["estimate"]
    assert short["calls"] < long["calls"]
    assert 0 < short["cost"] < long["cost"]
    assert writer.post("estimate", {"action": "images", "scenes": 7}).get_json()["estimate"]["pictures"] == 8
    assert writer.post("estimate", {"action": "everything"}).status_code == 400
    assert control.calls["chat"] == 0


def test_the_writers_health_is_told(writer: Writer) -> None:
    health = writer.get("health")
    assert (health["success"], health["status"]) == (True, "ok")


def test_a_plan_that_is_used_up_stops_a_story_with_what_there_is(tmp_path: Path) -> None:
    """The last rounds cost more than was foreseen; with more room it goes on where it stopped."""
    plans = "small: calls=5"
    settings = quick_settings(tmp_path, plans=read_plans(plans), default_plan="small", job_threads=4)
    with running(settings) as made:
        control = made.extensions["storyfarm"].sandbox.control
        control.habits = HABITS
        writer = Writer(made.test_client())
        wish = {**SETUP, "story_length": "3000 words", "premise": PREMISE, "outline": SCENES}
        control.add(Fault("chat", "length", 4, {}))
        answer = writer.post("generate-full", wish)
        assert answer.get_json()["estimate"]["calls"] <= 5
        status = writer.task(answer)
        assert status["status"] == "failed"
        assert "5 text calls a month" in status["error"]
        assert control.calls["chat"] == 5
        kept = writer.result(status["task_id"])
        assert kept["story"]
        assert kept["is_complete"] is False
        refused = writer.post("generate-premise", SETUP)
        assert refused.status_code == 429
        problem = refused.get_json()
        assert (problem["used"], problem["limit"]) == (5, 5)
        assert problem["resets_at"].endswith("01T00:00:00.000Z")
        assert control.calls["chat"] == 5
    roomier = quick_settings(
        tmp_path, plans=read_plans("small: calls=70"), default_plan="small", job_threads=4
    )
    with running(roomier) as made:
        control = made.extensions["storyfarm"].sandbox.control
        control.habits = HABITS
        writer = Writer(made.test_client())
        resumed = writer.post(f"task/{status['task_id']}/resume", {})
        done = writer.task(resumed)
        result = writer.result(done["task_id"])
        assert result["is_complete"]
        assert result["story"].startswith(kept["story"])
        assert control.calls["chat"] == result["iterations"] - kept["iterations"]


def test_a_failed_fresh_attempt_keeps_the_answer_that_there_was(
    writer: Writer, fault: Callable[..., None]
) -> None:
    first = writer.made("generate-premise")
    fault("chat", "refusal")
    assert writer.post("generate-premise", SETUP, Cache_Control="no-cache").status_code == 422
    assert writer.made("generate-premise")["task_id"] == first["task_id"]


def test_an_outline_of_empty_lines_is_read_in_no_time(writer: Writer) -> None:
    answer = writer.post(
        "generate-start", {**SETUP, "premise": PREMISE, "outline": "\n" * 39_000 + "Mira climbs."}
    )
    assert answer.status_code == 200


def test_a_long_line_of_an_outline_is_kept_whole() -> None:
    line = "Anna walks from the village to the sea and finds a bottle with a letter in it. " * 3
    scene = outline_of(f"1. {line}\n2. Then she goes home.").scenes[0]
    assert scene.description == line.strip()


def test_an_address_with_a_null_is_nothing(client: FlaskClient) -> None:
    for path in ("/api/story/task/%00/status", "/api/story/projects/%00", "/api/jobs/%00", "/images/%00.png"):
        assert client.get(path).status_code == 404
