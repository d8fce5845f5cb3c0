"""The client of a midjourney-proxy: what it sends, and what it makes of each answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from errors import ContentRefused, InvalidRequest, ProviderError, ProviderTimeout, StoryfarmError
from images.editing import CheckedImage
from midjourney.proxy_task import ProxyState
from midjourney_proxy import ProxyClient

BASE = "http://proxy.example:8080/mj"
SECRET = "proxy-secret-0123456789"
IMAGINE = f"{BASE}/submit/imagine"
HERO = CheckedImage(b"hero", "image/png", 1, 1)


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[ProxyClient]:
    made = ProxyClient(BASE, SECRET, threads=2)
    yield made
    made.close()


def soon() -> float:
    return time.monotonic() + 5


def imagine(client: ProxyClient, **changes: Any) -> str:
    values: dict[str, Any] = {"state": "our-id", "hook": "", "deadline": soon()}
    return client.imagine("a dog", **(values | changes))


def failure(client: ProxyClient) -> StoryfarmError:
    with pytest.raises(StoryfarmError) as caught:
        imagine(client)
    assert SECRET not in str(caught.value.problem())
    return caught.value


def answered(code: int, **more: Any) -> dict[str, Any]:
    return {"code": code, "description": "...", "result": "17123", "properties": {}, **more}


def test_a_picture_is_asked_for_with_its_references_and_our_name_for_it(
    client: ProxyClient, server: responses.RequestsMock
) -> None:
    server.post(IMAGINE, json=answered(1))

    assert imagine(client, references=[HERO], hook="https://farm.example/hook") == "17123"

    request = server.calls[0].request
    assert json.loads(request.body or "") == {
        "prompt": "a dog",
        "state": "our-id",
        "base64Array": ["data:image/png;base64,aGVybw=="],
        "notifyHook": "https://farm.example/hook",
    }
    assert request.headers["mj-api-secret"] == SECRET
    assert request.headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("code", [1, 21, 22])
def test_a_task_that_was_taken_is_known_by_its_id(
    client: ProxyClient, server: responses.RequestsMock, code: int
) -> None:
    server.post(IMAGINE, json=answered(code, properties={"numberOfQueues": 2}))

    assert imagine(client) == "17123"


@pytest.mark.parametrize(
    ("answer", "kind", "code", "permanent"),
    [
        (answered(3), ProviderError, "task_gone", False),
        (answered(4), ProviderError, "bad_request", True),
        (answered(9), ProviderError, "proxy_failed", False),
        (answered(23), ProviderError, "queue_full", False),
        (answered(21, result=None), ProviderError, "modal", True),
        (answered(77), ProviderError, "proxy_failed", False),
        ({"code": "1"}, ProviderError, "bad_answer", False),
        ([], ProviderError, "bad_answer", False),
    ],
)
def test_each_refusal_is_told_apart(
    client: ProxyClient,
    server: responses.RequestsMock,
    answer: Any,
    kind: type[StoryfarmError],
    code: str,
    permanent: bool,
) -> None:
    server.post(IMAGINE, json=answer)

    error = failure(client)

    assert (type(error), error.code, getattr(error, "permanent", False)) == (kind, code, permanent)


def test_a_banned_word_is_named(client: ProxyClient, server: responses.RequestsMock) -> None:
    server.post(IMAGINE, json=answered(24, properties={"bannedWord": "gore"}))

    error = failure(client)

    assert isinstance(error, ContentRefused)
    assert "“gore”" in error.detail


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [(401, "bad_key", True), (404, "no_such_model", True), (500, "provider_failed", False)],
)
def test_a_status_says_what_to_look_at(
    client: ProxyClient, server: responses.RequestsMock, status: int, code: str, permanent: bool
) -> None:
    server.post(IMAGINE, status=status, body=b"")

    error = failure(client)

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == (code, permanent)


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_an_error_of_the_proxy(
    client: ProxyClient, server: responses.RequestsMock, body: bytes
) -> None:
    server.post(IMAGINE, body=body)

    assert failure(client).code == "bad_answer"


@pytest.mark.parametrize("error", [requests.ConnectionError("refused"), requests.ReadTimeout("late")])
def test_a_proxy_that_is_down_is_said_to_be(
    client: ProxyClient, server: responses.RequestsMock, error: Exception
) -> None:
    server.post(IMAGINE, body=error)

    assert failure(client).code == "unreachable"


def test_no_call_is_begun_after_its_time(client: ProxyClient) -> None:
    with pytest.raises(ProviderTimeout):
        imagine(client, deadline=time.monotonic() - 1)


def test_an_unknown_task_is_none(client: ProxyClient, server: responses.RequestsMock) -> None:
    server.get(f"{BASE}/task/17123/fetch", body=b"")

    assert client.fetch("17123", deadline=soon()) is None


def test_a_task_is_looked_at(client: ProxyClient, server: responses.RequestsMock) -> None:
    server.get(f"{BASE}/task/17123/fetch", json={"id": "17123", "status": "IN_PROGRESS", "progress": "62%"})

    task = client.fetch("17123", deadline=soon())

    assert task is not None
    assert (task.status, task.percent) == (ProxyState.RUNNING, 62)


def test_a_task_is_found_by_our_own_name_for_it(client: ProxyClient, server: responses.RequestsMock) -> None:
    server.get(f"{BASE}/task/list", json=[{"id": "1", "state": "other"}, {"id": "2", "state": "our-id"}, 7])

    found = client.find("our-id", deadline=soon())

    assert found is not None
    assert found.id == "2"


def test_a_proxy_that_lists_nothing_finds_nothing(
    client: ProxyClient, server: responses.RequestsMock
) -> None:
    server.get(f"{BASE}/task/list", status=404)

    assert client.find("our-id", deadline=soon()) is None


CHANGE, ACTION = f"{BASE}/submit/change", f"{BASE}/submit/action"
BUTTONS = [
    {"customId": f"MJ::JOB::{name}::{index}::0b5e", "label": "x"}
    for name in ("upsample", "variation")
    for index in (1, 2, 3, 4)
] + [{"customId": "MJ::JOB::reroll::0::0b5e::SOLO"}]
GRID = {"id": "17100", "status": "SUCCESS", "imageUrl": "https://cdn.example/x.png", "buttons": BUTTONS}


def change(client: ProxyClient, action: str = "UPSCALE", index: int | None = 2) -> str:
    return client.change("17100", action, index, state="our-id", hook="", deadline=soon())


@pytest.mark.parametrize(
    ("action", "index", "sent"),
    [("UPSCALE", 2, {"index": 2}), ("VARIATION", 4, {"index": 4}), ("REROLL", None, {}), ("REROLL", 7, {})],
)
def test_a_change_names_its_task_and_its_picture(
    client: ProxyClient, server: responses.RequestsMock, action: str, index: int | None, sent: dict[str, int]
) -> None:
    server.post(CHANGE, json=answered(1))

    assert change(client, action, index) == "17123"
    wanted = {"taskId": "17100", "action": action, "state": "our-id", **sent}
    assert json.loads(server.calls[0].request.body or "") == wanted


@pytest.mark.parametrize("index", [0, 5, None])
def test_an_index_that_is_none_is_refused_here(client: ProxyClient, index: int | None) -> None:
    with pytest.raises(InvalidRequest, match="index must be 1 to 4"):
        change(client, "UPSCALE", index)


@pytest.mark.parametrize("code", [1, 21, 22])
def test_a_change_that_was_asked_for_before_is_that_task(
    client: ProxyClient, server: responses.RequestsMock, code: int
) -> None:
    server.post(CHANGE, json=answered(code, result="17099", properties={"status": "SUCCESS"}))

    assert change(client) == "17099"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (answered(3, result=None), "task_gone"),
        (answered(4, result=None), "bad_request"),
        (answered(9, result=None), "proxy_failed"),
        (answered(21, result=None), "modal"),
        (answered(23, result=None), "queue_full"),
        (answered(24, result=None), "banned_word"),
    ],
)
def test_a_change_that_is_refused_says_why(
    client: ProxyClient, server: responses.RequestsMock, answer: Any, code: str
) -> None:
    server.post(CHANGE, json=answer)

    with pytest.raises(StoryfarmError) as caught:
        change(client)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 404},
        {"json": answered(9, result=None, description="Action not supported, use /submit/action")},
    ],
)
@pytest.mark.parametrize(
    ("action", "index", "pressed"),
    [
        ("UPSCALE", 2, "MJ::JOB::upsample::2::0b5e"),
        ("VARIATION", 4, "MJ::JOB::variation::4::0b5e"),
        ("REROLL", None, "MJ::JOB::reroll::0::0b5e::SOLO"),
    ],
)
def test_a_fork_with_buttons_has_one_pressed(
    client: ProxyClient,
    server: responses.RequestsMock,
    refusal: dict[str, Any],
    action: str,
    index: int | None,
    pressed: str,
) -> None:
    server.post(CHANGE, **refusal)
    server.get(f"{BASE}/task/17100/fetch", json=GRID)
    server.post(ACTION, json=answered(1))

    assert change(client, action, index) == "17123"
    wanted = {"taskId": "17100", "customId": pressed, "state": "our-id"}
    assert json.loads(server.calls[-1].request.body or "") == wanted


@pytest.mark.parametrize(("task", "code"), [({**GRID, "buttons": []}, "not_supported"), (None, "task_gone")])
def test_a_proxy_that_can_do_neither_says_so(
    client: ProxyClient, server: responses.RequestsMock, task: Any, code: str
) -> None:
    server.post(CHANGE, status=404)
    server.get(f"{BASE}/task/17100/fetch", body=json.dumps(task) if task else b"")

    with pytest.raises(ProviderError) as caught:
        change(client)
    assert caught.value.code == code


def test_pictures_are_blended(client: ProxyClient, server: responses.RequestsMock) -> None:
    server.post(f"{BASE}/submit/blend", json=answered(1))

    assert client.blend([HERO, HERO], "PORTRAIT", state="our-id", hook="", deadline=soon()) == "17123"
    assert json.loads(server.calls[0].request.body or "") == {
        "base64Array": ["data:image/png;base64,aGVybw=="] * 2,
        "dimensions": "PORTRAIT",
        "state": "our-id",
    }


@pytest.mark.parametrize("number", [1, 6])
def test_two_to_five_pictures_are_blended(client: ProxyClient, number: int) -> None:
    with pytest.raises(InvalidRequest, match="2 to 5 are taken"):
        client.blend([HERO] * number, "SQUARE", state="our-id", hook="", deadline=soon())


def test_a_picture_is_described(client: ProxyClient, server: responses.RequestsMock) -> None:
    server.post(f"{BASE}/submit/describe", json=answered(1))

    assert client.describe(HERO, state="our-id", hook="https://farm.example", deadline=soon()) == "17123"
    assert json.loads(server.calls[0].request.body or "") == {
        "base64": "data:image/png;base64,aGVybw==",
        "state": "our-id",
        "notifyHook": "https://farm.example",
    }
