"""The webhook: posts at Discord's pace, says plainly what failed, and never shows its URL."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from functools import partial

import pytest
import requests
import responses

from discord_webhook import DiscordWebhook, WebhookPlace, send_midjourney_command
from errors import ProviderError, ProviderTimeout, StoryfarmError
from midjourney.provider import Posted

TOKEN = "very-secret-token"
URL = f"https://discord.com/api/webhooks/123/{TOKEN}"
MESSAGE = {"id": "700", "channel_id": "2"}
LINE = "/imagine prompt: @everyone a dog --seed 7"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("discord_webhook.time", clock)
    monkeypatch.setattr("utils.time", clock)
    return clock


@pytest.fixture
def discord() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def webhook() -> Iterator[DiscordWebhook]:
    webhook = DiscordWebhook(URL)
    yield webhook
    webhook.close()


def send(webhook: DiscordWebhook, clock: Clock, *, seconds: float = 60.0) -> Posted:
    return send_midjourney_command(webhook, LINE, deadline=clock.now + seconds)


def limits(limit: int, remaining: int, reset_after: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset-After": f"{reset_after}",
    }


def test_a_command_is_posted_in_a_code_block_and_pings_nobody(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    discord.post(URL, json=MESSAGE)
    assert send(webhook, clock) == Posted(channel_id=2, message_id=700)

    (call,) = discord.calls
    assert call.request.url == f"{URL}?wait=true"
    assert call.request.headers["Content-Type"] == "application/json"
    assert call.request.body is not None
    assert json.loads(call.request.body) == {
        "content": f"```\n{LINE}\n```",
        "allowed_mentions": {"parse": []},
    }


def test_nobody_waits_while_discord_sets_no_limit(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    discord.post(URL, json=MESSAGE)
    for _ in range(20):
        send(webhook, clock)

    assert clock.sleeps == []


def test_the_last_free_post_of_a_window_is_followed_by_a_pause(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    for left in (2, 1, 0, 2):
        discord.post(URL, json=MESSAGE, headers=limits(3, left, 1.5))
    for _ in range(4):
        send(webhook, clock)

    assert clock.sleeps == [1.5]
    assert len(discord.calls) == 4


def test_a_window_that_has_passed_is_not_waited_for(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    discord.post(URL, json=MESSAGE, headers=limits(1, 0, 2.0))
    send(webhook, clock)
    clock.now += 2.5
    send(webhook, clock)

    assert clock.sleeps == []


def test_answers_out_of_order_free_no_post(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    for left in (0, 4, 1):
        discord.post(URL, json=MESSAGE, headers=limits(5, left, 2.0))
    send(webhook, clock)
    discord.get(URL, json={"id": "123", "channel_id": "2"}, headers=limits(5, 4, 2.0))
    webhook.place(deadline=clock.now + 9)
    send(webhook, clock)

    assert clock.sleeps == [2.0]


def test_posts_at_the_start_of_a_window_do_not_exceed_it_before_the_first_answer(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    discord.post(URL, json=MESSAGE, headers=limits(3, 0, 2.0))
    send(webhook, clock)
    clock.now += 2.5
    discord.replace("POST", URL, json=MESSAGE)  # answers that are under way: nothing is learned yet
    for _ in range(4):
        send(webhook, clock)

    assert len(clock.sleeps) == 1


def test_after_a_429_the_command_is_posted_when_discord_said(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    limited = {"message": "You are being rate limited.", "retry_after": 0.65, "global": False}
    discord.post(URL, status=429, json=limited)
    discord.post(URL, status=429, json=limited | {"retry_after": 2})
    discord.post(URL, json=MESSAGE)

    assert send(webhook, clock) == Posted(2, 700)
    assert clock.sleeps == [0.65, 2.0]
    assert len({call.request.body for call in discord.calls}) == 1


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"retry_after": null}'])
def test_a_429_that_says_no_time_is_waited_for_a_second(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock, body: str
) -> None:
    discord.post(URL, status=429, body=body)
    discord.post(URL, json=MESSAGE)
    send(webhook, clock)

    assert clock.sleeps == [1.0]


def test_a_turn_that_does_not_come_before_the_deadline_is_not_waited_for(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    discord.post(URL, status=429, json={"retry_after": 30})
    with pytest.raises(ProviderTimeout) as caught:
        send(webhook, clock, seconds=10)

    assert caught.value.code == "discord_rate_limited"
    assert clock.sleeps == []
    assert len(discord.calls) == 1


def test_after_the_deadline_nothing_is_posted(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    with pytest.raises(ProviderTimeout):
        send(webhook, clock, seconds=0)

    assert len(discord.calls) == 0


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_webhook_that_is_gone_is_gone_for_good(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock, status: int
) -> None:
    discord.post(URL, status=status, json={"message": "Unknown Webhook", "code": 10015})
    with pytest.raises(ProviderError, match="WEBHOOK_URL") as caught:
        send(webhook, clock)

    assert (caught.value.code, caught.value.permanent) == ("webhook_gone", True)


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (302, True), (500, False), (503, False)])
def test_only_a_failure_of_discord_itself_leaves_open_whether_it_was_posted(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock, status: int, permanent: bool
) -> None:
    discord.post(URL, status=status, headers={"Location": "https://evil.example"})
    with pytest.raises(ProviderError) as caught:
        send(webhook, clock)

    assert (caught.value.code, caught.value.permanent) == ("discord_failed", permanent)
    assert len(discord.calls) == 1


BROKEN = [
    requests.ConnectionError(f"HTTPSConnectionPool(host='discord.com'): {URL}"),
    requests.ReadTimeout(f"read timed out: {URL}"),
    requests.exceptions.ChunkedEncodingError(URL),
]


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: type(fault).__name__)
def test_a_lost_answer_leaves_open_whether_it_was_posted(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock, fault: Exception
) -> None:
    discord.post(URL, body=fault)
    with pytest.raises(ProviderError) as caught:
        send(webhook, clock)

    assert (caught.value.code, caught.value.permanent) == ("discord_unreachable", False)
    assert len(discord.calls) == 1


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"id": null, "channel_id": "2"}', '{"id": "x"}'])
def test_an_answer_that_says_nothing_leaves_open_where_it_was_posted(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock, body: str
) -> None:
    discord.post(URL, body=body)
    with pytest.raises(ProviderError) as caught:
        send(webhook, clock)

    assert (caught.value.code, caught.value.permanent) == ("bad_answer", False)


def words_of(error: BaseException) -> str:
    """All that an error says, with the errors before it, shown or not."""
    before = [each for each in (error.__cause__, error.__context__) if each]
    return " ".join([str(error), repr(error), repr(vars(error)), *(words_of(each) for each in before)])


FAULTS = [
    *({"body": fault} for fault in BROKEN),
    *({"status": status, "body": "no"} for status in (400, 401, 404, 500)),
    {"body": "<html>"},
    {"body": "{}"},
    {"status": 429, "json": {"retry_after": 999}},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_url_is_never_in_an_error_or_a_log(
    webhook: DiscordWebhook,
    discord: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    fault: dict[str, object],
) -> None:
    caplog.set_level(logging.INFO)
    post, place = partial(webhook.post, LINE), webhook.place
    discord.post(URL, **fault)
    discord.get(URL, **fault)
    for call in (post, place):
        with pytest.raises(StoryfarmError) as caught:
            call(deadline=Clock().now + 60)
        assert TOKEN not in words_of(caught.value)
        assert TOKEN not in str(caught.value.problem())
    written = caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in written
    assert TOKEN not in repr(webhook)


def test_the_place_of_a_webhook_is_read_without_posting(
    webhook: DiscordWebhook, clock: Clock, discord: responses.RequestsMock
) -> None:
    discord.get(URL, json={"id": "123", "channel_id": "2", "name": None})

    assert webhook.place(deadline=clock.now + 9) == WebhookPlace(123, 2, "")
    assert discord.calls[0].request.url == URL
    assert discord.calls[0].request.body is None
