"""The client of a midjourney-proxy: what it sends, and what it makes of each answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from errors import ContentRefused, ProviderError, ProviderTimeout, StoryfarmError
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
