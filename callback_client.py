"""Posts finished jobs, signed, to addresses that requests named."""

from __future__ import annotations

import http.client
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from standardwebhooks.webhooks import Webhook

from errors import InvalidRequest, ProviderError, ProviderTimeout
from public_http import Forbidden, PublicHttp, read_url
from utils import remaining

_MOST_BYTES = 65_536  # of an answer, of which only the head is wanted
_LONGEST_PAUSE = 86_400.0


def check_callback_url(url: str, *, allow_private: bool) -> str:
    """`url`, if a job may be posted there as far as can be said without asking DNS.

    `allow_private`: http and addresses of our own network are good too. Raises InvalidRequest.
    """
    try:
        read_url(url, allow_private=allow_private)
    except Forbidden as fault:
        raise InvalidRequest(f"callback_url {fault}.", code="invalid_field", field="callback_url") from None
    return url


class CallbackClient:
    """Posts with the signature that https://www.standardwebhooks.com describes.

    `secret`: as `config.signing_key` takes it, but not empty. Nothing is left to close.
    """

    def __init__(self, secret: str, *, allow_private: bool) -> None:
        self._webhook = Webhook(secret)
        self._http = PublicHttp(allow_private=allow_private, most_bytes=_MOST_BYTES, only_head=True)

    def post(self, url: str, *, message_id: str, body: bytes, sent_at: datetime, deadline: float) -> None:
        """Post `body` (JSON) once, without following redirects; any 2xx is success.

        `message_id` is the same for each attempt, `sent_at` (with a time zone) is the attempt's own time.
        Raises ProviderError (permanent for a forbidden address or 410 Gone) or ProviderTimeout.
        """
        headers = self._headers(message_id, body, sent_at.astimezone(UTC))
        answer = None
        try:
            with suppress(OSError, http.client.HTTPException):
                answer = self._http.send("POST", url, headers=headers, body=body, deadline=deadline)
        except Forbidden as fault:
            raise ProviderError(
                f"The callback's address {fault}.", code="callback_failed", permanent=True
            ) from None
        if answer is None:
            # Raised out here, since the libraries' own errors can hold what the other side sent.
            raise _no_answer(deadline)
        if not 200 <= answer.status < 300:
            raise ProviderError(
                f"The callback's address answered {answer.status}.",
                code="callback_failed",
                permanent=answer.status == 410,
                retry_after=_retry_after(answer.headers.get("Retry-After", "")),
            )

    def _headers(self, message_id: str, body: bytes, sent_at: datetime) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": self._webhook.sign(message_id, sent_at, body.decode()),
        }


def _no_answer(deadline: float) -> ProviderError | ProviderTimeout:
    if remaining(deadline) < 0.1:
        return ProviderTimeout("The callback's address did not answer in time.", code="callback_timeout")
    return ProviderError(
        "The callback's address could not be reached. Is it right, and is its certificate valid?",
        code="callback_failed",
    )


def _retry_after(text: str) -> float | None:
    """Seconds from a Retry-After header, which has a number or a date; never more than a day."""
    seconds = None
    with suppress(ValueError, TypeError, OverflowError):
        seconds = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - time.time()
    return None if seconds is None else min(max(0.0, seconds), _LONGEST_PAUSE)
