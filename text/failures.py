"""Reads the error answers of OpenAI-compatible servers, which come in many shapes."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any

from errors import ContentRefused, ProviderError, StoryfarmError
from text.endpoint import LIMIT_NAMES, Advice

_REFUSED_CODES = frozenset(
    {"content_filter", "moderation_blocked", "content_policy_violation", "contentFilter"}
)
# What tells a field that is unknown from one with a wrong value ("max_tokens is too large").
_COMPLAINTS = ("unsupported", "not support", "unknown", "unrecognized", "extra", "unavailable")
# Fields that can be left out.
_OPTIONAL = (
    "response_format",
    "stream_options",
    "output_format",
    "partial_images",
    "background",
    "stream",
)
_RETRIED = frozenset({408, 409, 425, 429})
_NO_ADVICE = Advice()


class UnsupportedField(ProviderError):
    """The server does not know a field of the request: `field` can be renamed or left out."""

    def __init__(self, field: str, advice: Advice) -> None:
        super().__init__(f"{advice.who} does not take the field {field}.", code="bad_request", permanent=True)
        self.field = field


class _Failure:
    """An error answer, read tolerantly: objects, arrays, strings, `detail`, and HTML of proxies."""

    def __init__(self, status: int, body: Any, retry_after: float | None) -> None:
        self.status = status
        self.retry_after = retry_after
        if isinstance(body, list):
            body = body[0] if body else {}
        error = body.get("error", body) if isinstance(body, dict) else body
        fields: Mapping[str, Any] = error if isinstance(error, dict) else {}
        self.type = str(fields.get("type") or "")
        self.code = str(fields.get("code") or "")
        self.param = str(fields.get("param") or "")
        plain = error if isinstance(error, str) else ""
        self.message = str(fields.get("message") or fields.get("detail") or plain)


# What a status means when nothing more exact is known: (code, permanent, what to do about it).
_STATUS = {
    400: ("bad_request", True, "{who} refused the request (400)."),
    401: ("bad_key", True, "{who} refused the key. Check {key}."),
    403: ("bad_key", True, "{who} does not let this key use the model. Check {key} and its project."),
    404: (
        "no_such_model",
        True,
        "{who} does not know the model, or its address is wrong. Check {model} and {url}.",
    ),
    408: ("provider_busy", False, "{who} was too slow (408)."),
    429: ("rate_limited", False, "{who} asks for fewer requests. Try again in a moment."),
}


def error_in(
    status: int,
    body: Any,
    headers: Mapping[str, str] = MappingProxyType({}),
    advice: Advice = _NO_ADVICE,
) -> StoryfarmError:
    """The failure that an error answer tells of: refused, hopeless, or worth another attempt.

    `body` is the parsed JSON, {} where there was none. Nothing of it is put into the error's text.
    """
    failure = _Failure(status, body, _retry_after(headers))
    if failure.code in _REFUSED_CODES or failure.type in _REFUSED_CODES:
        return ContentRefused("The provider's content filter refused the prompt.", code="content_filtered")
    if failure.status == 429 and _quota_is_used_up(failure):
        return ProviderError(
            f"{advice.who} says that the account has no credit left. Check its plan and billing.",
            code="no_credit",
            permanent=True,
        )
    if failure.status in (400, 422) and (field := _unsupported_field(failure)):
        return UnsupportedField(field, advice)
    code, permanent, detail = _STATUS.get(
        failure.status,
        (
            "provider_failed",
            failure.status < 500 and failure.status not in _RETRIED,
            f"{{who}} failed ({failure.status}).",
        ),
    )
    said = detail.format(who=advice.who, key=advice.key, model=advice.model, url=advice.url)
    return ProviderError(said, code=code, permanent=permanent, retry_after=failure.retry_after)


def _quota_is_used_up(failure: _Failure) -> bool:
    return failure.type == "insufficient_quota" or failure.code in (
        "insufficient_quota",
        "credit_balance_exhausted",
        "project_spend_limit_exceeded",
    )


def _unsupported_field(failure: _Failure) -> str:
    """'max_tokens' from "Unsupported parameter: 'max_tokens' is not supported with this model."."""
    complaint = f"{failure.code} {failure.message}"
    if not any(word in complaint.lower() for word in _COMPLAINTS):
        return ""
    names = (*LIMIT_NAMES, *_OPTIONAL)
    if failure.param in names:
        return failure.param
    # The first one named is the one complained about; advice such as "use ... instead" comes behind it.
    named = [name for name in names if re.search(rf"\b{name}\b", failure.message)]
    return min(named, key=failure.message.find, default="")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: from `retry-after-ms`, or `retry-after`, which may be a float or a date."""
    with contextlib.suppress(ValueError, KeyError):
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    text = headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return max(0.0, float(text))
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return None
