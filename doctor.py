"""Checks every configured service without paying: what works, what does not, and what to do about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import requests

from config import Settings
from database import UnusableDatabase, bring_up
from discord_webhook import DiscordWebhook
from errors import StoryfarmError
from http_session import open_session
from images.storage import check_storage, open_storage
from jwks_client import JwksClient, TokenRules
from openai_client import OpenAIClient
from providers import image_endpoint, text_endpoints
from sandbox.server import Sandbox
from text.endpoint import Endpoint
from text.lifespans import end_of, is_gone

_SECONDS = 15.0
# The bits of an application's flags that allow the message content intent (full, and for small bots).
_MAY_READ_MESSAGES = (1 << 18) | (1 << 19)
_SOON = timedelta(days=60)
_SIGNS = {True: "ok  ", False: "FAIL", None: "-   "}


@dataclass(frozen=True)
class Row:
    """One line of the report. `good` is None for what could not be looked at because of another fault."""

    service: str
    good: bool | None
    finding: str


def examine(settings: Settings) -> list[Row]:
    """A row for each service, in the order in which a story needs them."""
    standing_in = Sandbox.bind(settings) if settings.sandboxed and not settings.sandbox_url else None
    if standing_in:
        standing_in.start()
    settings = settings.pointed_at_sandbox(standing_in.url if standing_in else settings.sandbox_url)
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("database", _database),
        ("storage", _storage),
        *([("sign-in", _sign_in)] if settings.auth_jwks_url else []),
        *_models(settings),
        ("discord webhook", _webhook),
        ("discord bot", _bot),
    )
    as_bot = (("message content", _intent), ("discord gateway", _gateway))
    try:
        rows = [_row(name, check, settings) for name, check in checks]
        if rows[-1].good:
            return rows + [_row(name, check, settings) for name, check in as_bot]
        return rows + [Row(name, None, "not checked, since the bot cannot sign in") for name, _ in as_bot]
    finally:
        if standing_in:
            standing_in.stop()


def table(rows: Sequence[Row]) -> str:
    """The report as text, a line each."""
    return "\n".join(f"{_SIGNS[row.good]}  {row.service:<17} {row.finding}" for row in rows)


class _Fault(Exception):
    pass


def _row(name: str, check: Callable[[Settings], str], settings: Settings) -> Row:
    try:
        return Row(name, True, check(settings))
    except (_Fault, StoryfarmError) as error:
        return Row(name, False, str(error))
    except requests.RequestException:
        return Row(name, False, "It could not be reached.")
    except OSError as error:
        return Row(name, False, f"It could not be opened: {error.strerror}.")


def _database(settings: Settings) -> str:
    try:
        return bring_up(settings.data_dir, settings.database_url)
    except UnusableDatabase as fault:
        raise _Fault(str(fault)) from None


def _storage(settings: Settings) -> str:
    storage = open_storage(settings.storage_url, settings.data_dir)
    check_storage(storage)
    return f"pictures in {storage.place}"


def _sign_in(settings: Settings) -> str:
    issuer = JwksClient(settings.auth_jwks_url, TokenRules(issuer=settings.auth_issuer))
    try:
        count = issuer.fetch()
    finally:
        issuer.close()
    return f"{count} {'key' if count == 1 else 'keys'} of {settings.auth_issuer}"


def _models(settings: Settings) -> list[tuple[str, Callable[[Settings], str]]]:
    """A row for each model that is configured, for text and for pictures."""
    texts = [
        ("text model" if endpoint.provider == "openai" else f"text {endpoint.provider}", endpoint)
        for endpoint in text_endpoints(settings)
    ]
    names = dict.fromkeys((*settings.image_providers, *settings.story_image_providers))
    pictures = [(f"image {name}", image_endpoint(name, settings)) for name in names]
    return [(name, partial(_model, endpoint)) for name, endpoint in (*texts, *pictures) if endpoint]


def _model(endpoint: Endpoint, _settings: Settings) -> str:
    """Whether the server knows the key and lists the model; Azure's classic paths list none."""
    where = f"{endpoint.model} at {endpoint.base_url}"
    if endpoint.query:
        return f"{where}; not asked, since these paths list no models"
    client = OpenAIClient(endpoint)
    try:
        models = client.models(deadline=time.monotonic() + _SECONDS)
    finally:
        client.close()
    if endpoint.is_deployment:
        return f"{where}; the key is good, deployments are not listed"
    return where + _lifespan(endpoint, models)


def _lifespan(endpoint: Endpoint, models: Sequence[dict[str, Any]]) -> str:
    """What is to be said about the model's end, if it is near. Raises _Fault if it is not served."""
    today = date.today()  # noqa: DTZ011  (a day more or less does not matter)
    names = {str(item.get("id")).removeprefix("models/"): item for item in models}  # Gemini's begin with that
    if is_gone(endpoint.model, today):
        raise _Fault(f"{endpoint.model} is not served any more. Set {endpoint.advice.model} to another one.")
    if endpoint.model not in names:
        raise _Fault(
            f"The server does not list {endpoint.model} at {endpoint.base_url}. "
            f"Check {endpoint.advice.model}."
        )
    end = _day(names[endpoint.model].get("shutdown_date")) or end_of(endpoint.model)
    if end and end <= today:
        raise _Fault(f"This model was shut down on {end}. Set {endpoint.advice.model} to another one.")
    return _going(end)


def _day(text: object) -> date | None:
    """OpenAI lists "shutdown_date": "2026-12-11" for models that are going."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _going(end: date | None) -> str:
    soon = end and end - date.today() < _SOON  # noqa: DTZ011
    return f"; it will be shut down on {end}, choose another one soon" if soon else ""


def _webhook(settings: Settings) -> str:
    webhook = DiscordWebhook(settings.webhook_url)
    try:
        place = webhook.place(deadline=time.monotonic() + _SECONDS)
    finally:
        webhook.close()
    return f"{place.name or 'webhook'} posts into channel {place.channel_id}"


def _bot(settings: Settings) -> str:
    user = _discord(settings, "/users/@me")
    return f"signed in as {user.get('username')}"


def _intent(settings: Settings) -> str:
    application = _discord(settings, "/oauth2/applications/@me")
    if not int(application.get("flags") or 0) & _MAY_READ_MESSAGES:
        raise _Fault(
            "The bot may not read messages: enable the message content intent in Discord's developer portal."
        )
    return "the bot may read messages"


def _gateway(settings: Settings) -> str:
    found = _discord(settings, "/gateway/bot")
    left = found.get("session_start_limit", {}).get("remaining")
    return f"{left} of its starts are left today" if left is not None else "it answers"


def _discord(settings: Settings, path: str) -> dict[str, Any]:
    with open_session(1) as session:
        response = session.get(
            settings.discord_api_url + path,
            headers={"Authorization": f"Bot {settings.discord_bot_token}"},
            timeout=_SECONDS,
            allow_redirects=False,
        )
    if response.status_code == 401:
        raise _Fault("Discord refuses the bot's token. Check DISCORD_BOT_TOKEN.")
    if response.status_code != 200:
        raise _Fault(f"Discord answers {response.status_code}.")
    body = response.json()
    return body if isinstance(body, dict) else {}
