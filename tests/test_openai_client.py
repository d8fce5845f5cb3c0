"""The client of OpenAI-compatible servers: what it sends, and what it makes of every kind of answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest
import requests
import responses
import structlog
from prometheus_client import REGISTRY

from errors import ContentRefused, ProviderError, ProviderTimeout, StoryfarmError
from openai_client import OpenAIClient
from text.endpoint import Endpoint
from text.failures import UnsupportedField
from text.model import Completion, Outcome, Schema, Usage

BASE = "https://text.example/v1"
CHAT = f"{BASE}/chat/completions"
KEY = "sk-very-secret-0123456789"
MESSAGES = [{"role": "user", "content": "Prompt: a dog 🐶"}]
SCHEMA = Schema("story", {"type": "object"})


@pytest.fixture
def client() -> Iterator[OpenAIClient]:
    made = OpenAIClient(Endpoint(base_url=BASE, key=KEY, model="gpt-6-luna"))
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """The other side; every answer that is prepared must be fetched, and no other call may be made."""
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield mock


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts in seconds, which are not slept."""
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    return slept


def answered(content: str | None = "Once upon a time", **changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": changes.pop("refusal", None)}
    finish = changes.pop("finish", "stop")
    choice = {"index": 0, "message": message, "finish_reason": finish}
    usage = {"prompt_tokens": 11, "completion_tokens": 22, "total_tokens": 33}
    return {"model": "gpt-6-luna-2026-08-01", "choices": [choice], "usage": usage} | changes


def error_body(message: str = "No.", *, kind: str = "", code: str = "", param: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "code": code, "param": param or None}}


def soon(seconds: float = 60.0) -> float:
    return time.monotonic() + seconds


def complete(client: OpenAIClient, *, schema: Schema | None = None, seconds: float = 60.0) -> Completion:
    return client.complete(MESSAGES, schema=schema, max_tokens=500, deadline=soon(seconds))


def failure(client: OpenAIClient) -> StoryfarmError:
    with pytest.raises(StoryfarmError) as raised:
        complete(client)
    return raised.value


def sent(server: responses.RequestsMock, number: int = -1) -> dict[str, Any]:
    """The JSON body of a call."""
    body: dict[str, Any] = json.loads(server.calls[number].request.body or "null")
    return body


# What is sent


def test_the_question_is_sent_in_the_common_form(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, json=answered())
    complete(client)

    assert sent(server) == {"model": "gpt-6-luna", "messages": MESSAGES, "max_completion_tokens": 500}
    headers = server.calls[0].request.headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Length"] == str(len(server.calls[0].request.body or b""))


def test_a_schema_is_sent_in_strict_form(client: OpenAIClient, server: responses.RequestsMock) -> None:
    server.post(CHAT, json=answered('{"title": "A"}'))
    complete(client, schema=SCHEMA)

    assert sent(server)["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "story", "strict": True, "schema": {"type": "object"}},
    }


def test_a_stream_is_asked_for_with_its_usage(client: OpenAIClient, server: responses.RequestsMock) -> None:
    server.post(CHAT, body=events({"delta": {}, "finish_reason": "stop"}))
    list(client.stream(MESSAGES, max_tokens=500, deadline=soon()))

    assert sent(server)["stream"] is True
    assert sent(server)["stream_options"] == {"include_usage": True}


def test_without_a_key_no_authorization_is_sent(server: responses.RequestsMock) -> None:
    server.post(CHAT, json=answered())
    client = OpenAIClient(Endpoint(base_url=BASE, model="llama"))
    complete(client)
    client.close()

    assert "Authorization" not in server.calls[0].request.headers


def test_no_proxy_and_no_netrc_are_taken_from_the_environment(
    client: OpenAIClient, server: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    server.post(CHAT, json=answered())
    complete(client)

    assert server.calls[0].request.req_kwargs["proxies"] == {}  # type: ignore[attr-defined]


def test_both_timeouts_end_with_the_deadline(client: OpenAIClient, server: responses.RequestsMock) -> None:
    server.post(CHAT, json=answered())
    complete(client, seconds=7)

    connect, read = server.calls[0].request.req_kwargs["timeout"]  # type: ignore[attr-defined]
    assert 0 < connect <= 7
    assert 0 < read <= 7


def test_a_redirect_is_not_followed(client: OpenAIClient, server: responses.RequestsMock) -> None:
    server.post(CHAT, status=307, headers={"Location": "https://elsewhere.example/"})

    assert failure(client).code == "provider_failed"
    assert len(server.calls) == 1


# What is made of a good answer


def test_an_answer_has_text_usage_model_and_outcome(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, json=answered("Once 🐶"))

    assert complete(client) == Completion(
        text="Once 🐶",
        outcome=Outcome.DONE,
        provider="openai",
        model="gpt-6-luna-2026-08-01",
        usage=Usage(11, 22),
        value=None,
    )


@pytest.mark.parametrize(
    ("body", "outcome", "text"),
    [
        (answered("Once."), Outcome.DONE, "Once."),
        (answered("Once.", finish=None), Outcome.DONE, "Once."),
        (answered("Once up", finish="length"), Outcome.CUT, "Once up"),
        (answered(None, finish="length"), Outcome.CUT, ""),
        (answered(None, refusal="I cannot."), Outcome.REFUSED, "I cannot."),
        (answered(None, finish="content_filter"), Outcome.FILTERED, ""),
    ],
)
def test_a_200_has_four_outcomes(
    client: OpenAIClient, server: responses.RequestsMock, body: Any, outcome: Outcome, text: str
) -> None:
    server.post(CHAT, json=body)
    completion = complete(client)

    assert (completion.outcome, completion.text) == (outcome, text)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('{"title": "A", "story": "B"}', {"title": "A", "story": "B"}),
        ('```json\n{"title": "A"}\n```', {"title": "A"}),
        ('Here it is:\n{"title": {"a": "}"}}\nEnjoy!', {"title": {"a": "}"}}),
        ("A title\n\nOnce upon a time", None),
        ("Once {upon} a time", None),
        ('{"title": "A", "story": "cut', None),
        ('["A"]', None),
        ("", None),
    ],
)
def test_the_object_is_read_if_there_is_one(
    client: OpenAIClient, server: responses.RequestsMock, content: str, value: Any
) -> None:
    server.post(CHAT, json=answered(content))
    completion = complete(client, schema=SCHEMA)

    assert completion.value == value
    assert completion.text == content


def test_without_a_schema_no_object_is_looked_for(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, json=answered('{"title": "A"}'))

    assert complete(client).value is None


@pytest.mark.parametrize("changes", [{"usage": None}, {"usage": {}}, {"usage": {"prompt_tokens": None}}])
def test_a_server_that_does_not_count_tokens_is_good_enough(
    client: OpenAIClient, server: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    server.post(CHAT, json=answered(model=None, **changes))
    completion = complete(client)

    assert completion.usage == Usage(0, 0)
    assert completion.model == "gpt-6-luna"


# What is made of a bad answer


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (401, "bad_key"),
        (403, "bad_key"),
        (404, "no_such_model"),
        (413, "provider_failed"),
    ],
)
def test_a_failure_that_another_attempt_cannot_help_is_not_tried_again(
    client: OpenAIClient, server: responses.RequestsMock, status: int, code: str
) -> None:
    server.post(CHAT, status=status, json=error_body())
    error = failure(client)

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == (code, True)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(
    client: OpenAIClient, server: responses.RequestsMock, status: int, pauses: list[float]
) -> None:
    server.post(CHAT, status=status, json=error_body())
    server.post(CHAT, json=answered("Once."))

    assert complete(client).text == "Once."
    assert len(pauses) == 1
    assert 0.375 <= pauses[0] <= 0.5


def test_after_three_attempts_it_is_enough(
    client: OpenAIClient, server: responses.RequestsMock, pauses: list[float]
) -> None:
    for status in (500, 502, 503):
        server.post(CHAT, status=status)
    error = failure(client)

    assert error.code == "provider_failed"
    assert "503" in error.detail
    assert len(pauses) == 2
    assert 0.75 <= pauses[1] <= 1.0


def test_an_account_without_credit_is_not_tried_again(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, status=429, json=error_body(kind="insufficient_quota", code="insufficient_quota"))

    assert failure(client).code == "no_credit"


@pytest.mark.parametrize(
    "code", ["content_filter", "moderation_blocked", "content_policy_violation", "contentFilter"]
)
def test_a_refused_prompt_is_not_sent_again(
    client: OpenAIClient, server: responses.RequestsMock, code: str
) -> None:
    server.post(CHAT, status=400, json=error_body(code=code))

    assert isinstance(failure(client), ContentRefused)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"retry-after-ms": "1500"}, 1.5),
    ],
)
def test_the_pause_is_as_long_as_the_server_asks(
    client: OpenAIClient,
    server: responses.RequestsMock,
    pauses: list[float],
    headers: dict[str, str],
    pause: float,
) -> None:
    server.post(CHAT, status=429, json=error_body(code="rate_limit_exceeded"), headers=headers)
    server.post(CHAT, json=answered("Once."))

    assert complete(client).text == "Once."
    assert pauses == [pause]


def test_the_pause_lasts_until_the_date_that_the_server_names(
    client: OpenAIClient, server: responses.RequestsMock, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_794_205_529.0)
    server.post(CHAT, status=503, headers={"Retry-After": formatdate(1_794_205_540, usegmt=True)})
    server.post(CHAT, json=answered("Once."))

    assert complete(client).text == "Once."
    assert pauses == [11.0]


@pytest.mark.parametrize("asked", ["61", "3600", "inf"])
def test_a_pause_that_would_outlast_the_deadline_is_not_begun(
    client: OpenAIClient, server: responses.RequestsMock, pauses: list[float], asked: str
) -> None:
    server.post(CHAT, status=429, headers={"Retry-After": asked})

    assert failure(client).code == "rate_limited"
    assert pauses == []


def test_without_time_left_nothing_is_sent(client: OpenAIClient, server: responses.RequestsMock) -> None:
    with pytest.raises(ProviderTimeout):
        complete(client, seconds=-1)
    assert len(server.calls) == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps([error_body(code="content_filter")]), "application/json"),
        (
            json.dumps([{"error": {"code": 400, "message": "Bad", "status": "INVALID_ARGUMENT"}}]),
            "application/json",
        ),
        (json.dumps({"error": "no such thing"}), "application/json"),
        (json.dumps("no such thing"), "application/json"),
        (json.dumps({"detail": "no such thing"}), "application/json"),
        (json.dumps({"error": None}), "application/json"),
        ("null", "application/json"),
        ("[]", "application/json"),
        ("<html><body><h1>400 Bad Request</h1></body></html>", "text/html"),
        (b"\xff\xfe\x00", "application/octet-stream"),
        ("[" * 100_000, "application/json"),
        ("", "text/plain"),
    ],
)
def test_error_bodies_of_any_shape_give_a_failure(
    client: OpenAIClient, server: responses.RequestsMock, body: str | bytes, kind: str
) -> None:
    server.post(CHAT, status=400, body=body, content_type=kind)
    error = failure(client)

    assert error.code == ("content_filtered" if "content_filter" in str(body) else "bad_request")


@pytest.mark.parametrize(
    "body",
    [
        "<html>It works!</html>",
        "",
        "null",
        "3",
        "[]",
        "{}",
        '{"choices": []}',
        '{"choices": [{}]}',
        '{"choices": [{"message": null}]}',
        '{"choices": [{"message": {"content": ["Once"]}}]}',
        '{"choices": [{"message": {"content": "Once"}, "finish_reason": ["stop"]}]}',
        '{"choices": [{"message": {"content": "Once"}}], "usage": 3}',
        '{"choices": [{"message": {"content": "Once"}}], "usage": {"prompt_tokens": 1e999}}',
        "[" * 100_000,
    ],
)
def test_a_200_that_is_no_answer_is_a_failure_of_the_provider(
    client: OpenAIClient, server: responses.RequestsMock, body: str
) -> None:
    for _ in range(3):
        server.post(CHAT, body=body)
    error = failure(client)

    assert isinstance(error, ProviderError)
    assert error.code == "bad_answer"


def test_a_200_that_holds_an_error_is_read_as_one(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, json=error_body(code="content_filter"))

    assert isinstance(failure(client), ContentRefused)


def test_a_body_that_is_far_too_large_is_not_read_to_its_end(
    client: OpenAIClient, server: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client._http, "_most_bytes", 1000)
    for _ in range(3):
        server.post(CHAT, json=answered("x" * 1000))

    assert failure(client).code == "bad_answer"


@pytest.mark.parametrize(
    "error",
    [requests.ConnectionError("refused"), requests.ConnectTimeout("late"), requests.ReadTimeout("late")],
)
def test_a_failed_connection_is_tried_again(
    client: OpenAIClient, server: responses.RequestsMock, error: Exception
) -> None:
    server.post(CHAT, body=error)
    server.post(CHAT, json=answered("Once."))

    assert complete(client).text == "Once."


# What is learned about a server

REJECTS_NEW_NAME = error_body(
    "Unsupported parameter: 'max_completion_tokens'.",
    code="unsupported_parameter",
    param="max_completion_tokens",
)
REJECTS_OLD_NAME = error_body(
    "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
    code="unsupported_parameter",
    param="max_tokens",
)
REJECTS_SCHEMA = error_body("'response_format' is not supported.", param="response_format")
REJECTS_USAGE = error_body("Unknown field: stream_options", param="stream_options")


def test_the_other_name_of_the_limit_is_tried_at_once_and_remembered(
    client: OpenAIClient, server: responses.RequestsMock, pauses: list[float]
) -> None:
    server.post(CHAT, status=400, json=REJECTS_NEW_NAME)
    server.post(CHAT, json=answered())
    server.post(CHAT, json=answered())
    complete(client)
    complete(client)

    assert [sent(server, n).get("max_completion_tokens") for n in range(3)] == [500, None, None]
    assert [sent(server, n).get("max_tokens") for n in range(3)] == [None, 500, 500]
    assert pauses == []


def test_a_server_that_changes_its_mind_is_followed_back(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, status=400, json=REJECTS_NEW_NAME)
    server.post(CHAT, json=answered())
    server.post(CHAT, status=400, json=REJECTS_OLD_NAME)
    server.post(CHAT, json=answered())
    complete(client)
    complete(client)

    assert [("max_tokens" in sent(server, n)) for n in range(4)] == [False, True, True, False]


def test_a_schema_that_is_not_taken_is_left_out_from_then_on(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, status=400, json=REJECTS_SCHEMA)
    server.post(CHAT, json=answered('{"title": "A"}'))
    server.post(CHAT, json=answered('{"title": "B"}'))

    assert complete(client, schema=SCHEMA).value == {"title": "A"}
    assert complete(client, schema=SCHEMA).value == {"title": "B"}
    assert ["response_format" in sent(server, n) for n in range(3)] == [True, False, False]


def test_a_stream_does_without_its_usage_if_the_server_does_not_know_it(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, status=400, json=REJECTS_USAGE)
    server.post(CHAT, body=events({"delta": {"content": "Once"}, "finish_reason": "stop"}))

    assert list(client.stream(MESSAGES, max_tokens=500, deadline=soon())) == ["Once"]
    assert sent(server)["stream"] is True
    assert "stream_options" not in sent(server)


def test_only_one_field_is_changed_for_one_question(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, status=400, json=REJECTS_NEW_NAME)
    server.post(CHAT, status=400, json=REJECTS_SCHEMA)

    with pytest.raises(UnsupportedField):
        complete(client, schema=SCHEMA)


def test_a_limit_that_is_too_large_does_not_change_its_name(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    body = error_body(
        "max_completion_tokens is too large: 500.", code="invalid_value", param="max_completion_tokens"
    )
    server.post(CHAT, status=400, json=body)
    server.post(CHAT, json=answered())

    assert failure(client).code == "bad_request"
    complete(client)
    assert "max_completion_tokens" in sent(server)


# Streams


def events(*choices: dict[str, Any] | str | None, done: bool = True) -> bytes:
    """An event stream: a chunk for each choice, none for None, and raw text as it is."""
    lines = []
    for choice in choices:
        body: Any = (
            {"choices": [{"index": 0, **choice}] if choice else []} if not isinstance(choice, str) else choice
        )
        lines.append(body if isinstance(body, str) else f"data: {json.dumps(body, ensure_ascii=False)}\n\n")
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def words(*texts: str) -> list[dict[str, Any]]:
    return [{"delta": {"content": text}, "finish_reason": None} for text in texts]


STOP: dict[str, Any] = {"delta": {}, "finish_reason": "stop"}


def streamed(client: OpenAIClient, *, schema: Schema | None = None) -> list[str]:
    return list(client.stream(MESSAGES, schema=schema, max_tokens=500, deadline=soon()))


def broken(client: OpenAIClient) -> tuple[list[str], StoryfarmError]:
    """The pieces that came before the failure, and the failure."""
    pieces: list[str] = []
    with pytest.raises(StoryfarmError) as raised:
        pieces.extend(client.stream(MESSAGES, max_tokens=500, deadline=soon()))
    return pieces, raised.value


def test_the_pieces_of_a_stream_come_in_order(client: OpenAIClient, server: responses.RequestsMock) -> None:
    server.post(CHAT, body=events(*words("Once ", "upon", " a time 🐶"), STOP))

    assert streamed(client) == ["Once ", "upon", " a time 🐶"]


def whole(client: OpenAIClient, *, schema: Schema | None = None) -> Completion:
    """What a stream gives once it has ended."""
    pieces = client.stream(MESSAGES, schema=schema, max_tokens=500, deadline=soon())
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            completion: Completion = end.value
            return completion


def test_a_stream_gives_the_whole_answer_in_the_end(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    usage = 'data: {"model": "real-7", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}'
    server.post(CHAT, body=events(*words('{"title": ', '"A dog"}'), STOP, f"{usage}\n\n"))
    completion = whole(client, schema=SCHEMA)

    assert completion.text == '{"title": "A dog"}'
    assert completion.value == {"title": "A dog"}
    assert completion.outcome is Outcome.DONE
    assert (completion.provider, completion.model, completion.usage) == ("openai", "real-7", Usage(3, 5))


def test_a_stream_that_stopped_at_the_token_limit_is_known_to_be_cut(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, body=events(*words("Once"), {"delta": {}, "finish_reason": "length"}))

    assert whole(client).outcome is Outcome.CUT


def test_chunks_without_choices_or_text_and_comments_are_passed_over(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    usage = 'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}\n\n'
    role = {"delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    empty = {"delta": {"content": None}, "finish_reason": None}
    nothing = {"delta": None, "finish_reason": None}
    server.post(
        CHAT, body=events(None, ": keep-alive\n\n", role, *words("Once"), empty, nothing, STOP, usage)
    )

    assert streamed(client) == ["Once"]


def test_a_chunk_that_says_there_is_no_error_is_none(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    chunk = 'data: {"error": null, "choices": [{"delta": {"content": "Once"}, "finish_reason": "stop"}]}\n\n'
    server.post(CHAT, body=events(chunk))

    assert streamed(client) == ["Once"]


def test_nothing_behind_the_mark_of_the_end_is_read(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, body=events(*words("Once"), STOP) + events(*words("Twice")))

    assert streamed(client) == ["Once"]


def test_a_stream_that_has_its_finish_reason_needs_no_mark_of_the_end(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.post(CHAT, body=events(*words("Once"), STOP, done=False))

    assert streamed(client) == ["Once"]


@pytest.mark.parametrize("done", [True, False])
def test_an_end_without_a_finish_reason_is_a_cut_story(
    client: OpenAIClient, server: responses.RequestsMock, done: bool
) -> None:
    server.post(CHAT, body=events(*words("Once"), done=done))
    pieces, error = broken(client)

    assert pieces == ["Once"]
    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == ("stream_broken", True)


def test_an_error_inside_a_stream_ends_it_and_is_not_tried_again(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    wrong = f"data: {json.dumps(error_body('Overloaded', kind='server_error'))}\n\n"
    server.post(CHAT, body=events(*words("Once"), wrong, *words("Twice"), STOP))
    pieces, error = broken(client)

    assert pieces == ["Once"]
    assert isinstance(error, ProviderError)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ({"delta": {"refusal": "I cannot."}, "finish_reason": None}, "content_refused"),
        ({"delta": {}, "finish_reason": "content_filter"}, "content_filtered"),
    ],
)
def test_a_refusal_inside_a_stream_ends_it(
    client: OpenAIClient, server: responses.RequestsMock, last: dict[str, Any], code: str
) -> None:
    server.post(CHAT, body=events(*words("Once"), last))
    pieces, error = broken(client)

    assert pieces == ["Once"]
    assert isinstance(error, ContentRefused)
    assert error.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        "data: {cut\n\n",
        "data: 3\n\n",
        "data: null\n\n",
        'data: ["Once"]\n\n',
        'data: {"choices": 3}\n\n',
        'data: {"choices": [3]}\n\n',
        'data: {"choices": [{"delta": {"content": ["Once"]}}]}\n\n',
        'data: {"choices": {"a": 1}}\n\n',
    ],
)
def test_an_event_that_cannot_be_read_is_a_failure_of_the_provider(
    client: OpenAIClient, server: responses.RequestsMock, wrong: str
) -> None:
    server.post(CHAT, body=events(*words("Once"), wrong, STOP))
    pieces, error = broken(client)

    assert pieces == ["Once"]
    assert (type(error), error.code) == (ProviderError, "bad_answer")


def test_a_stream_is_tried_again_only_before_it_begins(
    client: OpenAIClient, server: responses.RequestsMock, pauses: list[float]
) -> None:
    server.post(CHAT, status=503)
    server.post(CHAT, body=events(*words("Once"), STOP))

    assert streamed(client) == ["Once"]
    assert len(pauses) == 1


# Secrets


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 500])
def test_the_key_is_in_no_error_and_no_log_even_if_the_server_repeats_it(
    client: OpenAIClient,
    server: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    body = error_body(f"Incorrect API key provided: {KEY}", code=KEY, param=KEY)
    for _ in range(3 if status in (429, 500) else 1):
        server.post(CHAT, status=status, json=body, headers={"X-Key": KEY})
    with structlog.testing.capture_logs() as logged:
        error = failure(client)

    assert logged
    assert KEY not in f"{error!r} {error} {error.problem()} {logged} {caplog.text}"


def test_the_key_is_in_no_chain_of_errors_of_a_failed_connection(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    for _ in range(3):
        server.post(CHAT, body=requests.ConnectionError("refused"))
    error: BaseException | None = failure(client)

    while error is not None:
        assert KEY not in f"{error!r} {vars(error)}"
        error = error.__cause__ or error.__context__


# Models


def test_the_models_are_listed_as_the_server_tells_them(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    listed = [{"id": "gpt-6-luna", "shutdown_date": "2027-05-01"}, "not a model", {"id": "other"}]
    server.get(f"{BASE}/models", json={"object": "list", "data": listed})

    assert client.models(deadline=soon()) == [listed[0], listed[2]]
    assert server.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("body", ["[]", "{}", '{"data": 3}', "null", "<html>"])
def test_a_server_that_lists_no_models_is_told_from_one_without_any(
    client: OpenAIClient, server: responses.RequestsMock, body: str
) -> None:
    server.get(f"{BASE}/models", body=body)
    with pytest.raises(ProviderError) as raised:
        client.models(deadline=soon())

    assert raised.value.code == "bad_answer"


def test_a_wrong_key_is_told_when_the_models_are_asked_for(
    client: OpenAIClient, server: responses.RequestsMock
) -> None:
    server.get(f"{BASE}/models", status=401, json=error_body(code="invalid_api_key"))
    with pytest.raises(ProviderError) as raised:
        client.models(deadline=soon())

    assert raised.value.code == "bad_key"


# What is counted


@pytest.mark.parametrize(("status", "outcome"), [(200, "ok"), (401, "bad_key")])
def test_every_call_is_counted_by_its_outcome(
    client: OpenAIClient, server: responses.RequestsMock, status: int, outcome: str
) -> None:
    def count() -> float:
        labels = {"provider": "openai", "outcome": outcome}
        return REGISTRY.get_sample_value("storyfarm_provider_seconds_count", labels) or 0.0

    before = count()
    server.post(CHAT, status=status, json=answered())
    if status == 200:
        complete(client)
    else:
        failure(client)

    assert count() == before + 1
