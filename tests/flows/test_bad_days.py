"""POST /api/generate-story when something outside goes wrong: a clear answer, in time, and nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

import metrics
from errors import OutOfSpace
from sandbox.control import Control
from service import Service
from tests.serving import sweep

Fault = Callable[..., None]


def generate(client: FlaskClient, prompt: str = "A small dog", **more: Any) -> tuple[int, dict[str, Any]]:
    response = client.post("/api/generate-story", json={"prompt_text": prompt, **more})
    return response.status_code, response.get_json()


def wait_for_job(client: FlaskClient, job_id: str, is_so: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while not is_so(job := client.get(f"/api/jobs/{job_id}").get_json()):
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return dict(job)


@pytest.mark.parametrize(
    ("kind", "details", "code"),
    [
        ("refusal", {}, "content_refused"),
        ("content_filter", {}, "content_filtered"),
        ("status", {"status": 401}, "bad_key"),
        ("status", {"status": 404, "code": "model_not_found"}, "no_such_model"),
        ("status", {"status": 429, "type": "insufficient_quota"}, "no_credit"),
        ("status", {"status": 429, "code": "rate_limit_exceeded", "retry_after": 600}, "rate_limited"),
        ("status", {"status": 400, "code": "content_filter"}, "content_filtered"),
    ],
)
def test_a_story_that_fails_for_good_leaves_the_picture(
    client: FlaskClient, fault: Fault, control: Control, kind: str, details: dict[str, Any], code: str
) -> None:
    fault("chat", kind, **details)
    before = control.calls["chat"]
    status, answer = generate(client)

    assert (status, answer["status"]) == (200, "partial")
    assert answer["story"] == ""
    assert len(answer["image_urls"]) == 4
    assert [(problem["part"], problem["code"]) for problem in answer["problems"]] == [("story", code)]
    assert control.calls["chat"] == before + 1


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 429, "retry_after": 0.05}),
        ("html", {"status": 503}),
        ("drop", {}),
    ],
)
def test_a_story_that_fails_for_a_moment_is_asked_for_again(
    client: FlaskClient, fault: Fault, control: Control, kind: str, details: dict[str, Any]
) -> None:
    fault("chat", kind, **details)
    before = control.calls["chat"]
    status, answer = generate(client)

    assert (status, answer["status"]) == (200, "success")
    assert control.calls["chat"] == before + 2


def test_a_story_that_was_cut_is_kept_and_said_to_be_cut(client: FlaskClient, fault: Fault) -> None:
    fault("chat", "length")
    _, answer = generate(client)

    assert answer["status"] == "partial"
    assert answer["title"]
    assert len(answer["story"]) > 100
    assert answer["problems"][0]["code"] == "story_cut"


def test_a_model_that_ignores_the_schema_still_gives_a_story(client: FlaskClient, fault: Fault) -> None:
    fault("chat", "prose")
    _, answer = generate(client)

    assert answer["status"] == "success"
    assert answer["title"]
    assert not answer["story"].startswith(answer["title"])


def test_a_model_that_hangs_ends_with_the_request(client: FlaskClient, fault: Fault) -> None:
    fault("chat", "hang")
    started = time.monotonic()
    status, answer = generate(client, timeout=1.5)

    assert time.monotonic() - started < 4
    assert (status, answer["status"]) == (200, "partial")
    assert answer["problems"][0]["code"] == "story_timeout"
    assert len(answer["image_urls"]) == 4


@pytest.mark.both_databases
def test_a_webhook_that_is_gone_leaves_the_story(client: FlaskClient, fault: Fault, control: Control) -> None:
    fault("webhook", "status", status=404)
    status, answer = generate(client)

    assert (status, answer["status"]) == (200, "partial")
    assert answer["story"]
    assert answer["image_urls"] == []
    assert answer["problems"][0]["code"] == "webhook_gone"
    assert "WEBHOOK_URL" in answer["problems"][0]["detail"]


def test_a_webhook_that_asks_to_wait_is_obeyed(client: FlaskClient, fault: Fault, control: Control) -> None:
    fault("webhook", "status", times=2, status=429, retry_after=0.1)
    before = control.calls["command"]
    _, answer = generate(client)

    assert answer["status"] == "success"
    assert control.calls["command"] == before + 1


def test_a_webhook_that_fails_for_a_moment_is_tried_again(
    client: FlaskClient, fault: Fault, monkeypatch: pytest.MonkeyPatch, control: Control
) -> None:
    monkeypatch.setattr("midjourney.provider._ECHO_SECONDS", 0.2)
    fault("webhook", "status", status=503)
    before = control.calls["command"]
    _, answer = generate(client)

    assert answer["status"] == "success"
    assert control.calls["command"] == before + 1


@pytest.mark.both_databases
def test_a_command_whose_answer_was_lost_is_not_posted_again(
    client: FlaskClient, fault: Fault, control: Control
) -> None:
    fault("webhook", "lost")
    before = control.calls["command"]
    _, answer = generate(client)

    assert answer["status"] == "success"
    assert control.calls["command"] == before + 1


@pytest.mark.both_databases
def test_a_silent_midjourney_gives_the_story_alone_when_the_time_is_over(
    client: FlaskClient, fault: Fault
) -> None:
    fault("midjourney", "silent")
    status, answer = generate(client, timeout=1)

    assert (status, answer["status"]) == (200, "partial")
    assert answer["story"]
    assert answer["problems"][0]["code"] == "image_timeout"


@pytest.mark.both_databases
def test_both_halves_failing_is_a_problem_document(client: FlaskClient, fault: Fault) -> None:
    fault("chat", "refusal")
    fault("webhook", "status", status=404)
    response = client.post("/api/generate-story", json={"prompt_text": "A small dog"})
    problem = response.get_json()

    assert response.status_code == 502
    assert response.content_type == "application/problem+json"
    assert [part["part"] for part in problem["problems"]] == ["story", "image"]
    job = client.get(f"/api/jobs/{problem['id']}").get_json()
    assert (job["state"], job["error"]["status"], job["result"]) == ("failed", 502, None)


def test_both_halves_out_of_time_is_a_504(client: FlaskClient, fault: Fault) -> None:
    fault("chat", "hang")
    fault("midjourney", "silent")
    status, problem = generate(client, timeout=1)

    assert (status, problem["code"]) == (504, "timeout")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("kind", "details", "words"),
    [
        ("stopped", {}, "stopped"),
        ("error", {"title": "Banned prompt detected"}, "Banned prompt"),
        ("operator_failed", {"why": "the queue is full"}, "the queue is full"),
    ],
)
def test_a_picture_that_is_known_to_have_failed_is_not_waited_for(
    client: FlaskClient, fault: Fault, kind: str, details: dict[str, Any], words: str
) -> None:
    fault("midjourney", kind, **details)
    _, answer = generate(client)

    assert answer["status"] == "partial"
    assert answer["timings"]["total"] < 5
    assert words in answer["problems"][0]["detail"]


@pytest.mark.both_databases
def test_an_operators_reply_with_a_picture_is_taken(client: FlaskClient, fault: Fault) -> None:
    fault("midjourney", "operator_picture")
    _, answer = generate(client)

    assert answer["status"] == "success"
    assert [image["role"] for image in answer["images"]] == ["picture"]


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", ["no_seed", "cut"])
def test_an_echo_without_its_seed_is_matched_by_its_earlier_messages_or_text(
    client: FlaskClient, fault: Fault, kind: str
) -> None:
    fault("midjourney", kind)
    prompt = f"A lighthouse whose echo is {kind}, with a long way to go until it ends somewhere at sea"
    _, answer = generate(client, prompt)

    assert answer["status"] == "success"


@pytest.mark.both_databases
def test_midjourney_answering_twice_is_taken_once(client: FlaskClient, fault: Fault) -> None:
    closed = metrics.CAPTURES.labels("closed")
    before = closed._value.get()
    fault("midjourney", "twice")
    _, answer = generate(client)
    wait_for_job(client, answer["id"], lambda _: closed._value.get() > before)
    job = client.get(f"/api/jobs/{answer['id']}").get_json()

    assert job["result"]["images"] == answer["images"]


@pytest.mark.parametrize(
    ("kind", "details", "code"),
    [
        ("status", {"status": 404}, "picture_gone"),
        ("not_a_picture", {}, "not_a_picture"),
        ("truncated", {}, "not_a_picture"),
        ("huge", {}, "picture_too_large"),
    ],
)
def test_a_picture_that_cannot_be_had_is_a_problem_of_its_own(
    client: FlaskClient, fault: Fault, kind: str, details: dict[str, Any], code: str
) -> None:
    fault("cdn", kind, **details)
    _, answer = generate(client)

    assert answer["status"] == "partial"
    assert answer["problems"][0]["code"] == code


@pytest.mark.both_databases
def test_a_picture_that_comes_after_the_answer_joins_the_story(
    client: FlaskClient, service: Service, control: Control
) -> None:
    control.habits = control.habits.changed({"image_seconds": 2.0})
    _, answer = generate(client, timeout=1)
    assert answer["problems"][0]["code"] == "image_timeout"

    def has_come(job: dict[str, Any]) -> Any:
        sweep(service)
        return job["result"]["images"]

    job = wait_for_job(client, answer["id"], has_come)

    assert job["result"]["status"] == "success"
    assert job["result"]["problems"] == []
    assert len(job["result"]["image_urls"]) == 4


@pytest.mark.both_databases
@pytest.mark.parametrize("action", ["drop", "op7", "op9", "malformed"])
def test_a_gateway_that_breaks_costs_no_picture(
    client: FlaskClient, service: Service, control: Control, action: str
) -> None:
    assert service.sandbox is not None
    restarts = service.listening.state()["restarts"]
    requests.post(f"{service.sandbox.url}/sandbox/gateway", json={"action": action}, timeout=5)
    _, answer = generate(client)

    assert answer["status"] == "success"
    if action == "malformed":
        assert service.listening.state()["restarts"] == restarts + 1


@pytest.mark.both_databases
def test_a_full_disk_leaves_the_story_and_the_picture_for_later(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object) -> None:
        raise OutOfSpace("The picture could not be kept: the storage is full.")

    with monkeypatch.context() as patched:
        patched.setattr("images.storage.Folder.put", is_full)
        _, answer = generate(client)
    assert answer["status"] == "partial"
    assert answer["problems"][0]["code"] == "out_of_space"

    sweep(service)
    job = wait_for_job(client, answer["id"], lambda job: job["result"]["images"])
    assert job["result"]["status"] == "success"


def test_no_secret_shows_in_any_answer(client: FlaskClient, fault: Fault) -> None:
    for target, kind, details in (
        ("chat", "status", {"status": 401}),
        ("webhook", "status", {"status": 404}),
        ("cdn", "status", {"status": 404}),
    ):
        fault(target, kind, **details)
        text = client.post("/api/generate-story", json={"prompt_text": "A dog"}).get_data(as_text=True)
        assert "sandbox-key" not in text
        assert "sandbox-webhook-token" not in text
        assert "sandbox-bot-token" not in text
