"""POST /api/generate-story with requests that are wrong, odd or hostile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.control import Control


def refused(client: FlaskClient, status: int, **request: Any) -> dict[str, Any]:
    response = client.post("/api/generate-story", **request)
    problem: dict[str, Any] = response.get_json()
    assert response.status_code == status, problem
    assert response.content_type == "application/problem+json"
    assert problem["status"] == status
    assert problem["error"] == problem["detail"]
    assert problem["request_id"] == response.headers["X-Request-Id"]
    return problem


@pytest.mark.parametrize("body", [{}, {"prompt_text": ""}, {"prompt_text": " \n\t"}, {"prompt_text": None}])
def test_a_prompt_is_required(client: FlaskClient, body: dict[str, Any]) -> None:
    assert refused(client, 400, json=body)["error"] == "Prompt text is required."


def test_a_prompt_that_nobody_can_see_is_no_prompt(client: FlaskClient) -> None:
    assert (
        refused(client, 400, json={"prompt_text": "\u200b\u202e\ufeff"})["error"]
        == "Prompt text is required."
    )


@pytest.mark.parametrize("value", [5, True, ["a"], {"a": 1}])
def test_a_prompt_must_be_text(client: FlaskClient, value: Any) -> None:
    assert refused(client, 400, json={"prompt_text": value})["fields"][0]["field"] == "prompt_text"


def test_a_prompt_that_is_too_long_is_told_its_length_and_the_limit(client: FlaskClient) -> None:
    detail = refused(client, 400, json={"prompt_text": "x" * 2001})["detail"]
    assert "2,001" in detail
    assert "2,000" in detail


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("words", 49, "50"),
        ("words", 2001, "2000"),
        ("words", "many", "words"),
        ("words", 100.5, "words"),
        ("timeout", 0, "1"),
        ("timeout", 301, "300"),
        ("timeout", "soon", "timeout"),
        ("style", "x" * 201, "200"),
        ("style", 7, "style"),
        ("language", "x" * 51, "50"),
    ],
)
def test_every_other_field_names_its_limit(client: FlaskClient, field: str, value: Any, says: str) -> None:
    problem = refused(client, 400, json={"prompt_text": "A dog", field: value})
    assert field in problem["detail"]
    assert says in problem["detail"]


@pytest.mark.parametrize("data", ["", "not json", "{", '{"prompt_text": "a"', "[" * 60_000, "\xff\xfe"])
def test_what_is_not_json_is_said_to_be_none(client: FlaskClient, data: str) -> None:
    assert refused(client, 400, data=data, content_type="application/json")["code"] == "invalid_json"


@pytest.mark.parametrize("body", [[], "text", 5, None, [{"prompt_text": "a"}]])
def test_json_that_is_no_object_is_refused(client: FlaskClient, body: Any) -> None:
    problem = refused(client, 400, data=json.dumps(body), content_type="application/json")
    assert "object" in problem["detail"]


def test_a_lone_half_of_a_character_is_refused(client: FlaskClient) -> None:
    refused(client, 400, data='{"prompt_text": "\\ud800 dog"}', content_type="application/json")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_a_415(client: FlaskClient, content_type: str) -> None:
    refused(client, 415, data='{"prompt_text": "A dog"}', content_type=content_type)


def test_a_body_over_64_kb_is_a_413(client: FlaskClient) -> None:
    body = json.dumps({"prompt_text": "A dog", "more": "x" * 70_000})
    assert refused(client, 413, data=body, content_type="application/json")["limit"] == 65536


def test_other_methods_and_paths_are_problems_too(client: FlaskClient) -> None:
    wrong_method = client.get("/api/generate-story")
    nowhere = client.get("/api/nothing")
    no_job = client.get("/api/jobs/none")

    assert (wrong_method.status_code, wrong_method.get_json()["code"]) == (405, "method_not_allowed")
    assert (nowhere.status_code, nowhere.get_json()["code"]) == (404, "not_found")
    assert (no_job.status_code, no_job.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", ["../../etc/passwd", "%2e%2e/x.png", "x.png", "0" * 32 + ".svg"])
def test_image_names_that_are_not_ours_are_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/images/{name}").status_code == 404


@pytest.mark.parametrize(
    "prompt",
    [
        "A dog\x00with\x07control\x1bcharacters",
        "``` @everyone\n/imagine prompt: a cat\n```",
        "A dog --seed 7 --repeat 40 --v 7 --evil x",
        "\u202eA dog that reads from right to left\u202c",
        "👨‍👩‍👧‍👦 and a 🐕 on a 🚜",
        "Собака и луна — история",
        "x" * 2000,
        "--seed 1",
        "{{ 7 * 7 }} <script>alert(1)</script> '; DROP TABLE jobs; --",
    ],
)
def test_odd_prompts_give_a_story_and_one_safe_command(
    client: FlaskClient, control: Control, prompt: str
) -> None:
    response = client.post("/api/generate-story", json={"prompt_text": prompt})

    assert response.status_code == 200, response.get_json()
    assert response.get_json()["status"] == "success"
    received = [call for call in control.received if call["target"] in ("chat", "command")][-2:]
    command = next(call["content"] for call in received if call["target"] == "command")
    asked = next(call["body"] for call in received if call["target"] == "chat")
    assert prompt.strip() in asked["messages"][-1]["content"]
    first, line, last = command.split("\n")
    assert (first, last) == ("```", "```")
    assert line.startswith("/imagine prompt: ")
    assert "`" not in line
    assert line.count("--seed ") == 1
    assert line.count("Uncle Mark's Yorkie Farm") == 1
    assert len(line) <= len("/imagine prompt: ") + 350


def test_too_many_held_requests_are_turned_away_while_health_answers(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, service: Any
) -> None:
    monkeypatch.setattr(service.admission, "_limit", 0)
    response = client.post("/api/generate-story", json={"prompt_text": "A dog"})

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.get_json()["code"] == "busy"
    assert client.get("/health").get_json()["status"] == "ok"
