"""The sandbox's Realtime Database: a tree that is written, merged, read and emptied over REST."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.control import Habits
from sandbox.firebase import TOKEN
from sandbox.server import Sandbox
from tests.sandbox.calling import Call, let, received

Ask = Callable[..., Any]


def send(call: Call, method: str, path: str, value: Any = None, **query: str) -> requests.Response:
    body = None if method in ("GET", "DELETE") else json.dumps(value)
    return call(method, f"/firebase/{path}.json", params={"auth": TOKEN, **query}, data=body)


@pytest.fixture
def ask(call: Call) -> Iterator[Ask]:
    """`ask("PUT", "a/b", value)`: the answer's JSON. The database is empty before and afterwards."""

    def answered(method: str, path: str, value: Any = None) -> Any:
        response = send(call, method, path, value)
        assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
        return response.json()

    yield answered
    answered("DELETE", "")


def test_what_was_put_is_read_at_every_depth(ask: Ask) -> None:
    story = {"title": "Mia", "pages": {"p1": {"text": "Once", "done": True}}, "words": 400}

    assert ask("PUT", "stories/s1", story) == story
    assert ask("GET", "stories/s1") == story
    assert ask("GET", "stories/s1/pages/p1/text") == "Once"
    assert ask("GET", "") == {"stories": {"s1": story}}
    assert ask("GET", "stories/s2") is None
    assert ask("GET", "stories/s1/title/deeper") is None


def test_putting_replaces_and_patching_merges(ask: Ask) -> None:
    ask("PUT", "s", {"a": 1, "b": {"c": 2, "d": 3}})

    assert ask("PATCH", "s", {"b": {"e": 4}, "f": 5}) == {"b": {"e": 4}, "f": 5}
    assert ask("GET", "s") == {"a": 1, "b": {"e": 4}, "f": 5}
    ask("PUT", "s", {"g": 6})
    assert ask("GET", "s") == {"g": 6}


def test_a_patch_reaches_many_places_at_once(ask: Ask) -> None:
    ask("PUT", "s", {"b": {"c": 2, "d": 3}, "x": 1})
    ask("PATCH", "", {"s/b/c": 7, "s/x": None, "t/u/v": {"w": 8}})

    assert ask("GET", "") == {"s": {"b": {"c": 7, "d": 3}}, "t": {"u": {"v": {"w": 8}}}}


def test_what_is_deleted_or_null_or_empty_is_not_there(ask: Ask) -> None:
    ask("PUT", "a/b/c", 1)
    assert ask("DELETE", "a/b/c") is None
    assert ask("GET", "") is None
    ask("PUT", "a", {"b": None, "c": {}, "d": [], "e": False, "f": ""})
    assert ask("GET", "a") == {"e": False, "f": ""}
    ask("PUT", "a", None)
    assert ask("GET", "") is None
    assert ask("DELETE", "nowhere/at/all") is None


def test_a_leaf_becomes_a_branch_when_something_is_put_below_it(ask: Ask) -> None:
    ask("PUT", "a", "leaf")
    ask("DELETE", "a/b")
    assert ask("GET", "a") == "leaf"
    ask("PUT", "a/b", 1)
    assert ask("GET", "a") == {"b": 1}


def test_lists_are_kept_as_branches_and_told_as_lists_while_they_are_dense(ask: Ask) -> None:
    ask("PUT", "pages", ["one", "two", {"n": 3}])
    assert ask("GET", "pages") == ["one", "two", {"n": 3}]
    assert ask("GET", "pages/1") == "two"
    ask("DELETE", "pages/0")
    assert ask("GET", "pages") == [None, "two", {"n": 3}]
    ask("PATCH", "pages", {"1": None, "9": "ten"})
    assert ask("GET", "pages") == {"2": {"n": 3}, "9": "ten"}


def test_a_silent_write_answers_nothing(call: Call, ask: Ask) -> None:
    response = send(call, "PUT", "a", {"b": 1}, print="silent")

    assert (response.status_code, response.content) == (204, b"")
    assert ask("GET", "a/b") == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("auth", ["", "wrong"])
def test_nobody_gets_in_without_the_token(call: Call, ask: Ask, method: str, auth: str) -> None:
    ask("PUT", "a", 1)
    response = call(method, "/firebase/a.json", params={"auth": auth} if auth else {}, json={"b": 2})

    assert (response.status_code, response.json()) == (401, {"error": "Permission denied"})
    assert ask("GET", "a") == 1


def test_an_open_database_asks_nobody(call: Call, ask: Ask, habits: Callable[..., Habits]) -> None:
    habits(firebase_open=True)

    assert call("PUT", "/firebase/a.json", json=1).json() == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "a", b"{"),
        ("PUT", "a", b""),
        ("PATCH", "a", b"[1]"),
        ("PUT", "a", b'{"b.c": 1}'),
        ("PUT", "a", b'{"b/c": 1}'),
        ("PATCH", "a", b'{"b/$c": 1, "d": 2}'),
        ("PUT", "a$b", b"1"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    call: Call, ask: Ask, method: str, path: str, body: bytes
) -> None:
    response = call(method, f"/firebase/{path}.json", params={"auth": TOKEN}, data=body)

    assert response.status_code == 400
    assert "Invalid" in response.json()["error"]
    assert ask("GET", "") is None


def test_a_write_can_fail_or_be_done_without_an_answer(sandbox: Sandbox, call: Call, ask: Ask) -> None:
    let(sandbox, "firebase", "status", status=503)
    response = send(call, "PUT", "a", 1)
    assert (response.status_code, "error" in response.json()) == (503, True)
    assert ask("GET", "a") is None

    let(sandbox, "firebase", "drop")
    with pytest.raises(requests.RequestException):
        send(call, "PUT", "a", {"long": "enough to be cut"})
    assert ask("GET", "a/long") == "enough to be cut"


def test_a_hanging_write_is_never_done(sandbox: Sandbox, call: Call, ask: Ask) -> None:
    let(sandbox, "firebase", "hang")
    with pytest.raises(requests.Timeout):
        requests.put(f"{sandbox.url}/firebase/a.json?auth={TOKEN}", json=1, timeout=0.2)

    assert ask("GET", "a") is None


def test_the_records_say_what_was_asked_but_no_token(sandbox: Sandbox, ask: Ask) -> None:
    ask("PATCH", "a/b", {"c/d": 1})
    told = received(sandbox, "firebase")

    assert (told["method"], told["path"], told["body"]) == ("PATCH", "a/b", '{"c/d": 1}')
    assert TOKEN not in str(sandbox.control.received)
