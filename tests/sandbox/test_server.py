"""The sandbox speaks the protocols of the services that it stands in for."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
import requests
from PIL import Image

from sandbox.discord_world import BOT_ID, BOT_TOKEN, CHANNEL_ID, MIDJOURNEY_ID, WEBHOOK_ID, WEBHOOK_TOKEN
from sandbox.houses import KEY, MODEL
from sandbox.server import Sandbox
from tests.sandbox.calling import HABITS, SECONDS, Call, QuickSettings

CHAT = "/v1/chat/completions"
WEBHOOK = f"/api/webhooks/{WEBHOOK_ID}/{WEBHOOK_TOKEN}"
MESSAGES = f"/api/v10/channels/{CHANNEL_ID}/messages"
BOT = {"Authorization": f"Bot {BOT_TOKEN}"}


def ask(call: Call, *, key: str = KEY, **body: Any) -> requests.Response:
    messages = [{"role": "user", "content": "Prompt: a dog\nLength: about 60 words"}]
    headers = {"Authorization": f"Bearer {key}"}
    return call("POST", CHAT, json={"model": MODEL, "messages": messages, **body}, headers=headers)


def messages(call: Call, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call("GET", MESSAGES, params=query, headers=BOT).json()
    return found


def finished(call: Call, seed: int) -> dict[str, Any]:
    """MidJourney's finished message for the command with this seed, once it is there."""
    deadline = time.monotonic() + SECONDS
    while True:
        for message in messages(call, limit=100):
            if f"--seed {seed} " in message["content"] and message["components"]:
                return message
        assert time.monotonic() < deadline, "The picture did not come."
        time.sleep(0.01)


def test_a_chat_gives_a_completion(call: Call) -> None:
    response = ask(call)
    body = response.json()

    assert response.headers["Content-Type"] == "application/json"
    assert (body["object"], body["model"]) == ("chat.completion", MODEL)
    (choice,) = body["choices"]
    assert (choice["finish_reason"], choice["message"]["role"]) == ("stop", "assistant")
    assert choice["message"]["refusal"] is None
    assert len(choice["message"]["content"].split()) > 30
    assert (
        body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    )


def test_a_chat_keeps_to_a_schema(call: Call) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "story", "schema": {}}}
    content = ask(call, response_format=form).json()["choices"][0]["message"]["content"]

    assert set(json.loads(content)) == {"title", "story"}


@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_chat_can_be_streamed(call: Call, wants_usage: bool) -> None:
    response = ask(call, stream=True, stream_options={"include_usage": wants_usage})
    lines = [line for line in response.text.split("\n\n") if line]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]

    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert lines[-1] == "data: [DONE]"
    assert len("".join(choice["delta"].get("content", "") for choice in choices).split()) > 30
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert ("usage" in chunks[-1]) is wants_usage


def test_equal_requests_give_equal_stories_if_they_should(sandbox: Sandbox, call: Call) -> None:
    sandbox.control.habits = HABITS.changed({"story_seed": 3})
    texts = {ask(call).json()["choices"][0]["message"]["content"] for _ in range(3)}

    assert len(texts) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"key": "wrong"}, 401, "invalid_api_key"),
        ({"model": "gpt-1"}, 404, "model_not_found"),
        ({"messages": "hello"}, 400, "invalid_value"),
        ({"messages": [{"role": "user", "content": 7}]}, 400, "invalid_value"),
        ({"max_tokens": 5}, 400, "unsupported_parameter"),
    ],
)
def test_a_wrong_chat_is_refused_as_openai_does(
    call: Call, changes: dict[str, Any], status: int, code: str
) -> None:
    response = ask(call, **changes)

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_refused(call: Call, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}

    assert call("POST", CHAT, data=body, headers=headers).status_code == 400
    assert call("POST", WEBHOOK, data=body).status_code == 400
    assert call("POST", "/sandbox/faults", data=body).status_code == 400


def test_the_models_are_listed_for_those_with_the_key(call: Call) -> None:
    assert call("GET", "/v1/models").status_code == 401
    listed = call("GET", "/v1/models", headers={"Authorization": f"Bearer {KEY}"}).json()
    assert [model["id"] for model in listed["data"]][:1] == [MODEL]


def test_a_webhook_posts_a_message(call: Call) -> None:
    response = call("POST", f"{WEBHOOK}?wait=true", json={"content": "hello"})
    posted = response.json()

    assert (response.status_code, posted["content"]) == (200, "hello")
    assert (posted["channel_id"], posted["webhook_id"]) == (str(CHANNEL_ID), str(WEBHOOK_ID))
    assert call("GET", f"{MESSAGES}/{posted['id']}", headers=BOT).json() == posted


def test_without_wait_a_webhook_answers_nothing(call: Call) -> None:
    newest = messages(call, limit=1)
    response = call("POST", WEBHOOK, json={"content": "quietly"})

    assert (response.status_code, response.content) == (204, b"")
    assert messages(call, limit=1) != newest
    assert messages(call, limit=1)[0]["content"] == "quietly"


def test_a_wrong_token_is_an_unknown_webhook(call: Call) -> None:
    for method in ("GET", "POST"):
        response = call(method, WEBHOOK + "x", json={"content": "hello"})
        assert (response.status_code, response.json()["code"]) == (404, 10015)


@pytest.mark.parametrize("content", ["", "x" * 2001, None])
def test_a_webhook_takes_1_to_2000_characters(call: Call, content: str | None) -> None:
    response = call("POST", WEBHOOK, json={"content": content})

    assert (response.status_code, response.json()["code"]) == (400, 50035)


def test_a_webhook_says_where_it_posts(call: Call) -> None:
    place = call("GET", WEBHOOK).json()

    assert (place["id"], place["channel_id"]) == (str(WEBHOOK_ID), str(CHANNEL_ID))


def test_a_webhook_takes_so_many_posts_in_a_window(sandbox: Sandbox, call: Call) -> None:
    sandbox.control.habits = HABITS.changed({"webhook_limit": 2})
    answers = [call("POST", WEBHOOK, json={"content": "hello"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"2"}
    wait = answers[2].json()["retry_after"]
    assert 0 < wait <= 2.0
    assert float(answers[2].headers["Retry-After"]) == pytest.approx(wait, abs=0.001)
    assert float(answers[2].headers["X-RateLimit-Reset-After"]) == pytest.approx(wait, abs=0.001)


def test_the_bot_has_to_say_who_it_is(call: Call) -> None:
    paths = ["/api/v10/users/@me", "/api/v10/oauth2/applications/@me", MESSAGES, f"{MESSAGES}/1"]
    for path in paths:
        assert call("GET", path).status_code == 401
        assert call("GET", path, headers={"Authorization": "Bot wrong"}).status_code == 401
    me = call("GET", paths[0], headers=BOT)
    assert me.json()["id"] == str(BOT_ID)
    assert me.headers["Content-Type"] == "application/json"  # to the letter, else discord.py dies


def test_messages_are_read_in_pages_newest_first(call: Call) -> None:
    ids = [call("POST", f"{WEBHOOK}?wait=true", json={"content": f"n{n}"}).json()["id"] for n in range(5)]

    def read(**query: Any) -> list[str]:
        return [message["id"] for message in messages(call, **query)]

    assert read(limit=2) == [ids[4], ids[3]]
    assert read(after=ids[0]) == ids[:0:-1]
    assert read(after=ids[0], limit=2) == [ids[2], ids[1]]
    assert read(before=ids[3], limit=2) == [ids[2], ids[1]]
    assert read(after=ids[4]) == []
    assert [*map(int, ids)] == sorted(map(int, ids))


def test_an_unknown_message_is_unknown(call: Call) -> None:
    response = call("GET", f"{MESSAGES}/5", headers=BOT)

    assert (response.status_code, response.json()["code"]) == (404, 10008)


def test_the_bot_can_answer_and_react(call: Call) -> None:
    reference = {"message_id": "5"}
    said = call("POST", MESSAGES, json={"content": "hm", "message_reference": reference}, headers=BOT).json()
    reacted = call("PUT", f"{MESSAGES}/{said['id']}/reactions/%E2%8F%B3/@me", headers=BOT)

    assert (said["type"], said["message_reference"]) == (19, reference)
    assert reacted.status_code == 204
    assert {"message": said["id"], "emoji": "⏳"} in call("GET", "/sandbox/calls").json()["reactions"]


def test_a_command_becomes_a_grid_on_the_cdn(call: Call) -> None:
    line = "/imagine prompt: a dog, the farm --seed 4242"
    call("POST", WEBHOOK, json={"content": f"```\n{line}\n```"})
    message = finished(call, 4242)
    (file,) = message["attachments"]
    picture = call("GET", file["url"])

    assert message["author"]["id"] == str(MIDJOURNEY_ID)
    assert message["type"] == 0
    assert message["content"].startswith("**a dog, the farm --seed 4242 --v 7** - <@")
    assert message["content"].endswith("(fast)")
    assert "interaction_metadata" not in message
    assert picture.headers["Content-Type"] == "image/png"
    with Image.open(io.BytesIO(picture.content)) as image:
        assert (image.format, image.size) == ("PNG", (64, 64))
        corners = {image.getpixel(place) for place in ((1, 1), (62, 1), (1, 62), (62, 62))}
    assert len(corners) == 4


def test_the_address_of_a_picture_is_signed_and_names_the_painting(call: Call) -> None:
    call("POST", "/sandbox/imagine", json={"prompt": "a cat --seed 4243"})
    message = finished(call, 4243)
    buttons = [button["custom_id"] for row in message["components"] for button in row["components"]]
    file = message["attachments"][0]
    job = buttons[0].rsplit("::", 1)[1]

    assert job in file["filename"]
    assert "?ex=" in file["url"]
    assert [button for button in buttons if "upsample" in button] == [
        f"MJ::JOB::upsample::{n}::{job}" for n in range(1, 5)
    ]


def test_the_waiting_message_is_gone_when_the_picture_is_there(sandbox: Sandbox, call: Call) -> None:
    call("POST", "/sandbox/imagine", json={"prompt": "a hen --seed 4244"})
    message = finished(call, 4244)
    deadline = time.monotonic() + SECONDS
    while len(told := [m["id"] for m in messages(call, limit=100) if "--seed 4244" in m["content"]]) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert told == [message["id"]]


def test_an_unknown_file_is_gone(call: Call) -> None:
    assert call("GET", f"/attachments/{CHANNEL_ID}/5/dog.png").status_code == 404


def test_a_fault_happens_as_often_as_it_should(call: Call) -> None:
    fault = {"target": "chat", "kind": "status", "times": 2, "details": {"status": 503}}
    assert call("POST", "/sandbox/faults", json=fault).status_code == 200

    assert [ask(call).status_code for _ in range(3)] == [503, 503, 200]


def test_faults_can_be_cleared(call: Call) -> None:
    call("POST", "/sandbox/faults", json={"target": "webhook", "kind": "status", "details": {"status": 500}})
    call("DELETE", "/sandbox/faults")

    assert call("POST", WEBHOOK, json={"content": "hello"}).status_code == 204


@pytest.mark.parametrize("fault", [{}, {"target": "chat"}, {"target": "chat", "kind": "x", "colour": "red"}])
def test_a_fault_that_is_none_is_refused(call: Call, fault: dict[str, str]) -> None:
    response = call("POST", "/sandbox/faults", json=fault)

    assert response.status_code == 400
    assert "target" in response.json()["error"]


def test_habits_are_shown_and_changed(call: Call) -> None:
    changed = call("PATCH", "/sandbox/habits", json={"image_seconds": 0.5, "person": False}).json()

    assert (changed["image_seconds"], changed["person"], changed["image_pixels"]) == (0.5, False, 64)
    assert call("GET", "/sandbox/habits").json() == changed


def test_a_habit_that_is_none_is_refused(call: Call) -> None:
    before = call("GET", "/sandbox/habits").json()
    response = call("PATCH", "/sandbox/habits", json={"imagine_seconds": 1})

    assert response.status_code == 400
    assert "imagine_seconds" in response.json()["error"]
    assert call("GET", "/sandbox/habits").json() == before


def test_calls_are_counted(sandbox: Sandbox, call: Call) -> None:
    before = call("GET", "/sandbox/calls").json()["calls"].get("chat", 0)
    ask(call)
    after = call("GET", "/sandbox/calls").json()

    assert after["calls"]["chat"] == before + 1
    assert [call["target"] for call in after["received"][-2:]] == ["chat", "chat_answered"]


def test_the_sandbox_listens_to_this_machine_only(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")


def test_a_taken_port_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox.bind(QuickSettings(), port=int(sandbox.url.rpartition(":")[2]))
