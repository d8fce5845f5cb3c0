"""Discord's webhook: posts commands into the channel at the pace that Discord allows."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from errors import ProviderError, ProviderTimeout
from http_session import no_longer_than, open_session, send
from midjourney.command import message_content
from midjourney.provider import Posted
from utils import remaining

_READ_SECONDS = 15.0
# Discord takes about 5 posts in 2 seconds for each webhook.
_WINDOW_SECONDS = 2.0
_NEVER_MENTION: dict[str, list[str]] = {"parse": []}


@dataclass(frozen=True)
class WebhookPlace:
    """Where a webhook posts, by Discord's ids."""

    webhook_id: int
    channel_id: int
    name: str


class DiscordWebhook:
    """A webhook by its URL, which is a secret: it never appears in an error."""

    def __init__(self, url: str, *, threads: int = 64) -> None:
        self._session = open_session(threads)
        headers = {"Content-Type": "application/json"}
        self._post = requests.Request("POST", f"{url}?wait=true", headers=headers).prepare()
        self._get = requests.Request("GET", url).prepare()
        self._pace = _Pace()

    def post(self, content: str, *, deadline: float) -> Posted:
        """Post `content` (at most 2,000 characters) without pinging anybody, when it is its turn.

        Raises ProviderTimeout if its turn does not come before `deadline` (a monotonic time), and
        ProviderError: a permanent one was not posted, of any other nobody knows.
        """
        body = json.dumps({"content": content, "allowed_mentions": _NEVER_MENTION}).encode()
        while True:
            self._pace.wait_for_turn(deadline)
            request = self._post.copy()
            request.prepare_body(body, None)
            response = self._send(request, deadline)
            if response.status_code != 429:
                break
            self._pace.slow_down(_retry_after(response))
        message = _object_in(response)
        try:
            return Posted(int(message["channel_id"]), int(message["id"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ProviderError("Discord did not say where the command stands.", code="bad_answer") from error

    def place(self, *, deadline: float) -> WebhookPlace:
        """Where the webhook posts. Posts nothing. Raises ProviderError or ProviderTimeout."""
        found = _object_in(self._send(self._get.copy(), deadline))
        try:
            return WebhookPlace(int(found["id"]), int(found["channel_id"]), str(found.get("name") or ""))
        except (KeyError, TypeError, ValueError) as error:
            raise ProviderError(
                "Discord's answer about the webhook is unknown.", code="bad_answer"
            ) from error

    def close(self) -> None:
        self._session.close()

    def _send(self, request: requests.PreparedRequest, deadline: float) -> requests.Response:
        timeout = no_longer_than(deadline, _READ_SECONDS)
        response = None
        with suppress(requests.RequestException):
            response = send(self._session, request, timeout)
            with response:
                response.content  # noqa: B018  (reads it, so that the connection is free again)
        if response is None:
            # Raised out here, since the library's own error holds the webhook's URL, even as a context.
            raise ProviderError("Discord could not be reached.", code="discord_unreachable")
        self._pace.learn(response)
        if response.status_code not in (200, 429):
            raise _failure(response.status_code)
        return response


def send_midjourney_command(webhook: DiscordWebhook, line: str, *, deadline: float) -> Posted:
    """Post the /imagine line in a code block, for a person in the channel to paste and run.

    Text from a webhook never triggers MidJourney by itself; see DiscordWebhook.post for what is raised.
    """
    return webhook.post(message_content(line), deadline=deadline)


class _Pace:
    """How many posts are free until when, as Discord's X-RateLimit headers say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit: float = 1_000_000
        self._left: float = self._limit
        self._reset_at = 0.0

    def wait_for_turn(self, deadline: float) -> None:
        while (pause := self._take()) > 0:
            if pause >= remaining(deadline):
                raise ProviderTimeout(
                    "Discord takes no more commands for now, and the request's time ends before it does.",
                    code="discord_rate_limited",
                )
            time.sleep(pause)

    def _take(self) -> float:
        """0 if this thread may post now, else the seconds until it should ask again."""
        with self._lock:
            now = time.monotonic()
            if now >= self._reset_at:
                self._left = self._limit
                # Until an answer says more; else all who wait would post before the first one comes.
                self._reset_at = now + _WINDOW_SECONDS
            if self._left > 0:
                self._left -= 1
                return 0.0
            return max(self._reset_at - now, 0.001)

    def learn(self, response: requests.Response) -> None:
        headers = response.headers
        try:
            left = int(headers["X-RateLimit-Remaining"])
            reset_after = float(headers["X-RateLimit-Reset-After"])
            limit = int(headers["X-RateLimit-Limit"])
        except (KeyError, ValueError):
            return
        with self._lock:
            self._limit = max(1, limit)
            self._left = min(self._left, left)
            self._reset_at = time.monotonic() + reset_after

    def slow_down(self, seconds: float) -> None:
        with self._lock:
            self._left = 0
            self._reset_at = time.monotonic() + seconds


def _retry_after(response: requests.Response) -> float:
    """Seconds: {"message": "You are being rate limited.", "retry_after": 0.65, "global": false}."""
    try:
        return max(0.05, float(response.json()["retry_after"]))
    except (ValueError, KeyError, TypeError):
        return 1.0


def _failure(status: int) -> ProviderError:
    if status in (401, 403, 404):
        return ProviderError(
            "Discord does not know the webhook; it may be deleted. Make a new one and set WEBHOOK_URL.",
            code="webhook_gone",
            permanent=True,
        )
    return ProviderError(
        f"Discord did not take the command ({status}).", code="discord_failed", permanent=status < 500
    )


def _object_in(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise ProviderError("Discord's answer is not JSON.", code="bad_answer") from error
    return body if isinstance(body, dict) else {}
