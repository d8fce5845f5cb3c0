"""What the error answers of OpenAI-compatible servers tell. Bodies are as those servers send them."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, formatdate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from errors import ContentRefused, ProviderError, StoryfarmError
from text.failures import UnsupportedField, error_in

NOW = 1_794_205_529.0


def openai(
    message: str = "No.", *, kind: str = "", code: str = "", param: str | None = None
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code or None}}


def failure(status: int, body: Any = None, **headers: str) -> ProviderError:
    """The ProviderError that an answer tells of; header names with underscores for dashes."""
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    error = error_in(status, {} if body is None else body, named)
    assert isinstance(error, ProviderError)
    return error


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (302, "provider_failed", True),
        (400, "bad_request", True),
        (401, "bad_key", True),
        (403, "bad_key", True),
        (404, "no_such_model", True),
        (405, "provider_failed", True),
        (408, "provider_busy", False),
        (409, "provider_failed", False),
        (413, "provider_failed", True),
        (422, "provider_failed", True),
        (425, "provider_failed", False),
        (429, "rate_limited", False),
        (500, "provider_failed", False),
        (502, "provider_failed", False),
        (503, "provider_failed", False),
        (504, "provider_failed", False),
        (529, "provider_failed", False),
    ],
)
def test_the_status_decides_whether_another_attempt_can_help(status: int, code: str, permanent: bool) -> None:
    error = failure(status)

    assert (error.code, error.permanent) == (code, permanent)


@pytest.mark.parametrize(
    "body",
    [
        openai(kind="insufficient_quota", code="insufficient_quota"),
        openai(kind="insufficient_quota", code="credit_balance_exhausted"),
        openai(kind="insufficient_quota"),
        openai(kind="requests", code="credit_balance_exhausted"),
        openai(code="project_spend_limit_exceeded"),
        [openai(code="insufficient_quota")],
    ],
)
def test_an_account_without_credit_is_not_asked_again(body: Any) -> None:
    error = failure(429, body, retry_after="1")

    assert (error.code, error.permanent, error.retry_after) == ("no_credit", True, None)


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "slow_down"])
def test_too_many_requests_are_asked_again_after_the_time_that_the_server_names(code: str) -> None:
    error = failure(429, openai(kind="requests", code=code), retry_after="3")

    assert (error.code, error.permanent, error.retry_after) == ("rate_limited", False, 3.0)


@pytest.mark.parametrize(
    "code", ["content_filter", "moderation_blocked", "content_policy_violation", "contentFilter"]
)
@pytest.mark.parametrize("shape", [lambda body: body, lambda body: [body], lambda body: body["error"]])
def test_a_refused_prompt_is_told_from_a_bad_request(code: str, shape: Any) -> None:
    for body in (openai(code=code), openai(kind=code)):
        error = error_in(400, shape(body))
        assert isinstance(error, ContentRefused)
        assert error.code == "content_filtered"


@pytest.mark.parametrize(
    ("status", "body", "field"),
    [
        # OpenAI, gpt-5 and later
        (
            400,
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                code="unsupported_parameter",
                param="max_tokens",
            ),
            "max_tokens",
        ),
        # the same through a proxy that leaves `param` out: the first name is the one complained about
        (
            400,
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            ),
            "max_tokens",
        ),
        (400, openai("Unknown name.", code="unknown_parameter", param="stream_options"), "stream_options"),
        (
            400,
            openai("This response_format type is unavailable now", kind="invalid_request_error"),
            "response_format",
        ),
        (
            400,
            openai(
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported.",
                param="response_format",
            ),
            "response_format",
        ),
        # vLLM and FastAPI
        (
            422,
            {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
            "stream_options",
        ),
        (400, {"detail": "Unrecognized request argument: max_completion_tokens"}, "max_completion_tokens"),
        (400, {"error": "unknown field max_completion_tokens"}, "max_completion_tokens"),
        (400, "unknown field max_completion_tokens", "max_completion_tokens"),
        # Gemini answers an array with numeric codes
        (
            400,
            [
                {
                    "error": {
                        "code": 400,
                        "message": 'Unknown name "stream_options"',
                        "status": "INVALID_ARGUMENT",
                    }
                }
            ],
            "stream_options",
        ),
    ],
)
def test_a_field_that_the_server_does_not_know_is_named(status: int, body: Any, field: str) -> None:
    error = error_in(status, body)

    assert isinstance(error, UnsupportedField)
    assert error.field == field
    assert error.permanent


@pytest.mark.parametrize(
    "body",
    [
        openai("Unsupported value: 'temperature' does not support 0.2.", param="temperature"),
        openai(
            "max_completion_tokens is too large: 8000. This model takes at most 4096.",
            code="invalid_value",
            param="max_completion_tokens",
        ),
        openai("The prompt is too long."),
    ],
)
def test_a_field_that_is_known_but_has_a_wrong_value_is_a_bad_request(body: Any) -> None:
    error = failure(400, body)

    assert not isinstance(error, UnsupportedField)
    assert error.code == "bad_request"


def test_a_field_is_not_blamed_for_a_failure_of_the_server() -> None:
    assert not isinstance(
        failure(500, openai("unknown error in max_tokens", param="max_tokens")), UnsupportedField
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9.0),
        ({"Retry_After": "7"}, 7.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": formatdate(NOW + 20, usegmt=True)}, 20.0),
        ({"retry_after": formatdate(NOW + 20)}, 20.0),
        (
            {"retry_after": format_datetime(datetime.fromtimestamp(NOW + 20, timezone(timedelta(hours=5))))},
            20.0,
        ),
        ({"retry_after": formatdate(NOW - 20, usegmt=True)}, 0.0),
    ],
)
def test_the_pause_is_read_in_seconds_milliseconds_or_as_a_date(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], seconds: float | None
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)

    assert failure(503, **headers).retry_after == seconds


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_header_gives_a_pause_or_none(milliseconds: str, seconds: str) -> None:
    pause = failure(503, retry_after_ms=milliseconds, retry_after=seconds).retry_after

    assert pause is None or pause >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "type", "code", "param", "detail"]) | st.text(), inner
        )
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.integers(300, 599), JSON)
def test_any_body_gives_a_failure(status: int, body: Any) -> None:
    assert isinstance(error_in(status, body), StoryfarmError)


@settings(deadline=None)
@given(st.integers(300, 599), st.text("abcdef", min_size=8))
def test_nothing_of_the_body_is_put_into_the_failure(status: int, secret: str) -> None:
    secret = f"sk-{secret}"
    for body in (openai(secret, kind=secret, code=secret, param=secret), [openai(secret)], {"error": secret}):
        assert secret not in json.dumps(error_in(status, body).problem())
