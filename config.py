"""Settings: every environment variable, read and checked once."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values

from plans import Plan, read_plans
from prices import read_prices


class InvalidSettings(Exception):
    """All faults of the configuration at once; `faults` has one sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(["The configuration has faults:", *(f"  - {fault}" for fault in faults)]))
        self.faults = faults


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    parse.__doc__ = f"a whole number from {low:,} to {high:,}"
    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        number = float(text)
        if not low <= number <= high:
            raise ValueError
        return number

    parse.__doc__ = f"a number from {low:g} to {high:g}"
    return parse


def _choice(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError
        return text.lower()

    parse.__doc__ = "one of " + ", ".join(words)
    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        if text and (parts.scheme not in schemes or not parts.netloc or parts.query):
            raise ValueError
        return text.rstrip("/")

    parse.__doc__ = f"a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    return parse


def _sandbox(text: str) -> str:
    """auto, on, off, or the URL of a sandbox that runs apart"""
    return text.lower() if text.lower() in ("auto", "on", "off") else _url("http")(text)


def _text(text: str) -> str:
    """text"""
    return text


def _key(text: str) -> str:
    """a key without spaces, line breaks or characters beyond ASCII"""
    # What no HTTP header takes is found here, before a library repeats it in an error.
    if not all("!" <= char <= "~" for char in text):
        raise ValueError
    return text


def signing_key(text: str) -> str:
    """a Standard Webhooks secret: whsec_ and 24 to 64 bytes in base64"""
    encoded = text.removeprefix("whsec_")
    if text and (encoded == text or not 24 <= len(base64.b64decode(encoded, validate=True)) <= 64):
        raise ValueError
    return text


def _postgres_url(text: str) -> str:
    """a URL such as postgresql://user:password@host:5432/name"""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/")):
        raise ValueError
    return text


def _switch(text: str) -> bool:
    """yes or no (true or false)"""
    if text.lower() not in ("yes", "no", "true", "false"):
        raise ValueError
    return text.lower() in ("yes", "true")


def _ids(text: str) -> frozenset[int]:
    """Discord ids (whole numbers), separated by commas"""
    return frozenset(int(part) for part in text.split(",") if part.strip())


def _snowflake(text: str) -> int | None:
    """a Discord id (a whole number)"""
    return int(text) if text else None


def _order(*words: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = _names(text)
        if not set(names) <= set(words) or len(set(names)) < len(names):
            raise ValueError
        return names

    parse.__doc__ = f"some of {', '.join(words)}, each once, separated by commas"
    return parse


def _size(text: str) -> str:
    """a size such as 1024x1024: both numbers divisible by 16, at most 3 to 1"""
    width, height = map(int, text.lower().split("x"))
    if min(width, height) < 16 or width % 16 or height % 16 or max(width, height) > 3 * min(width, height):
        raise ValueError
    return f"{width}x{height}"


_API_KEY = re.compile(r"([A-Za-z0-9_-]{1,60})(?:/([A-Za-z0-9_-]{1,60}))?=([!-~]{16,})")


def _api_keys(text: str) -> tuple[tuple[str, str, str], ...]:
    found = [_API_KEY.fullmatch(part.strip()) for part in text.split(",") if part.strip()]
    keys = tuple((match[1], match[2] or "", match[3]) for match in found if match)
    if None in found or len({key for _, _, key in keys}) < len(keys):
        raise ValueError
    return keys


_api_keys.__doc__ = (
    "name=key or name/plan=key, separated by commas: names of 1 to 60 letters, digits, - and _, and "
    "keys of at least 16 visible characters, each once"
)


def _values(text: str) -> tuple[str, ...]:
    """values, separated by commas"""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _names(text: str) -> tuple[str, ...]:
    """names, separated by commas"""
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _setting(
    default: str, parse: Callable[[str], Any], help: str, *, secret: bool = False, may_be_empty: bool = False
) -> Any:
    """`may_be_empty`: an empty variable is a value of its own, not the default."""
    return field(
        default=parse(default),
        repr=not secret,
        metadata={
            "default": default,
            "parse": parse,
            "help": help,
            "secret": secret,
            "may_be_empty": may_be_empty,
        },
    )


# What else text and pictures can come from: where the sandbox has it, and what is left out without one.
_SANDBOX_PATHS = {
    "azure_openai_endpoint": "/azure",
    "gemini_base_url": "/gemini/v1beta/openai",
    "huggingface_base_url": "/huggingface/v1",
    "compatible_base_url": "/compatible/v1",
    "midjourney_proxy_url": "/proxy/mj",
}
_OTHER_KEYS = (
    "azure_openai_api_key",
    "azure_openai_endpoint",
    "gemini_api_key",
    "huggingface_api_key",
    "compatible_base_url",
    "compatible_api_key",
    "midjourney_proxy_url",
    "midjourney_proxy_secret",
)


def _table_setting(parse: Callable[[str], dict[str, Any]], help: str) -> Any:
    """A setting of a kind of its own, since its value cannot be shared as a default."""
    setting = _setting("", parse, help)
    return field(default_factory=dict, metadata=setting.metadata)


TEXT_PROVIDERS = ("openai", "azure", "gemini", "huggingface", "compatible")
IMAGE_PROVIDERS = ("openai-edit", "azure-edit", "openai", "gemini", "midjourney-proxy", "midjourney")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting; the environment variable has the field's name in capitals."""

    port: int = _setting("8080", _whole(1, 65535), "Port that the service listens on.")
    host: str = _setting("0.0.0.0", _text, "Address that the service listens on.")  # noqa: S104
    data_dir: Path = _setting("data", Path, "Folder of the database and the pictures.")
    storage_url: str = _setting(
        "",
        _text,
        "Where pictures are kept: empty for DATA_DIR/images, or an object store such as s3://bucket/path.",
    )
    public_url: str = _setting(
        "", _url("http", "https"), "Address in picture links; empty takes the one the caller used."
    )
    database_url: str = _setting(
        "",
        _postgres_url,
        "PostgreSQL for several processes or machines; empty keeps everything in DATA_DIR.",
        secret=True,
    )
    max_in_flight: int = _setting(
        "500", _whole(1, 10_000), "Requests that may be held at once; more get 503 and Retry-After."
    )
    one_core: bool = _setting(
        "yes",
        _switch,
        "Keep the threads on one core, where they fight less over Python's lock (MAX_IN_FLIGHT to 1000).",
    )
    max_streams: int = _setting(
        "200", _whole(1, 10_000), "Live streams of events that may be open at once; more get 503."
    )
    max_sockets: int = _setting(
        "200", _whole(1, 10_000), "Players' WebSockets that may be open at once; more are turned away."
    )
    max_queued: int = _setting(
        "1000", _whole(1, 1_000_000), "Jobs that may wait for a free worker; more get 503 and Retry-After."
    )
    job_threads: int = _setting(
        "16", _whole(0, 1000), "Background jobs that each process does at once; 0 leaves them to workers."
    )
    job_lease_seconds: float = _setting(
        "15", _number(0.5, 600), "A background job whose process gives no sign for so long is begun again."
    )
    listener_lease_seconds: float = _setting(
        "6", _number(0.5, 60), "Another process hears the channel when the one that did is silent so long."
    )
    job_retention_days: float = _setting(
        "30", _number(0.01, 3650), "Days after which a job that has ended is removed with its pictures."
    )
    plans: dict[str, Plan] = _table_setting(
        read_plans,
        "What callers may use in a month: free: calls=100 tokens=500000 pictures=60 cost=2; pro: cost=50. "
        "What a plan does not name is unlimited.",
    )
    default_plan: str = _setting(
        "", _text, "Plan of those who have none of PLANS; empty does not limit them."
    )
    callback_secret: str = _setting(
        "", signing_key, "Signs the calls to a job's callback_url; empty refuses callbacks.", secret=True
    )
    callback_private: bool = _setting(
        "no", _switch, "Whether callback_url may be http and lead into private networks."
    )
    auth_jwks_url: str = _setting(
        "",
        _url("http", "https"),
        "Keys of the issuer whose tokens sign callers in (JWKS); empty takes none.",
    )
    auth_issuer: str = _setting("", _text, "Issuer of the tokens, exactly as their iss has it.")
    auth_audience: str = _setting("", _text, "Audience (aud) that tokens must name; empty takes any.")
    auth_authorized_parties: tuple[str, ...] = _setting(
        "",
        _values,
        "Origins whose pages' tokens are taken (azp), such as https://stories.example; empty takes any.",
    )
    auth_plan_claim: str = _setting("plan", _text, "Claim of the tokens that names the caller's plan.")
    auth_cookie: str = _setting(
        "__session", _text, "Cookie in which the issuer leaves its token for our own pages (Clerk's)."
    )
    api_keys: tuple[tuple[str, str, str], ...] = _setting(
        "",
        _api_keys,
        "Keys for programs: name=key or name/plan=key, separated by commas. With these or AUTH_JWKS_URL "
        "everybody must sign in.",
        secret=True,
    )
    images_public: bool = _setting(
        "no", _switch, "With sign-in: whether who knows a picture's address may see it, not only its owner."
    )
    request_timeout: float = _setting(
        "120",
        _number(1, 3600),
        "Seconds that a request waits for its story and picture unless it says otherwise.",
    )
    request_timeout_max: float = _setting(
        "300", _number(1, 3600), "The longest timeout, in seconds, that a request may ask for."
    )
    story_words: int = _setting(
        "400", _whole(50, 2000), "Length of a story, in words, unless the request says otherwise."
    )
    adventure_pixels: int = _setting(
        "256", _whole(32, 1024), "Width and height of an adventure's pictures, in pixels."
    )
    adventure_colours: int = _setting("32", _whole(2, 256), "Colours that such a picture has at most.")
    cache_hours: float = _setting(
        "168", _number(0, 8760), "Hours for which the writer's answers are given again to equal requests."
    )
    cache_max_entries: int = _setting(
        "10000", _whole(1, 10_000_000), "The newest answers that are kept for that, of all callers together."
    )
    sandbox: str = _setting(
        "auto",
        _sandbox,
        "auto: stand in for what has no keys; on: stand in for everything; off: missing keys are an error; "
        "or the URL of a sandbox that runs apart.",
    )
    sandbox_story_seconds: float = _setting("1.5", _number(0, 600), "How long the sandbox takes for a story.")
    sandbox_image_seconds: float = _setting("4", _number(0, 600), "How long the sandbox takes for a picture.")
    sandbox_image_pixels: int = _setting(
        "2048", _whole(32, 4096), "Width and height of the sandbox's grid of four pictures."
    )
    openai_api_key: str = _setting("", _key, "Key of the text model's service.", secret=True)
    openai_base_url: str = _setting(
        "https://api.openai.com/v1",
        _url("http", "https"),
        "Address of the text model; any OpenAI-compatible server works (Ollama: http://localhost:11434/v1).",
    )
    openai_model: str = _setting("gpt-6-luna", _text, "Name of the text model.")
    openai_image_model: str = _setting(
        "gpt-image-2.5-flare", _text, "OpenAI's model for pictures without a reference."
    )
    openai_edit_model: str = _setting(
        "gpt-image-2.5-sunburst", _text, "OpenAI's model for pictures with references."
    )
    text_providers: tuple[str, ...] = _setting(
        ",".join(TEXT_PROVIDERS),
        _order(*TEXT_PROVIDERS),
        "Order in which text models are asked; those without a key or address are left out.",
    )
    azure_openai_endpoint: str = _setting(
        "", _url("http", "https"), "Azure: address of the resource, such as https://NAME.openai.azure.com."
    )
    azure_openai_api_key: str = _setting("", _key, "Azure: key of the resource.", secret=True)
    azure_openai_deployment: str = _setting("", _text, "Azure: deployment of the text model.")
    azure_openai_image_deployment: str = _setting("", _text, "Azure: deployment of the image model.")
    azure_openai_api_version: str = _setting(
        "", _text, "Azure: a version such as 2025-04-01-preview takes the classic paths; empty the v1 ones."
    )
    gemini_api_key: str = _setting("", _key, "Gemini: key.", secret=True)
    gemini_base_url: str = _setting(
        "https://generativelanguage.googleapis.com/v1beta/openai", _url("http", "https"), "Gemini: address."
    )
    gemini_model: str = _setting("gemini-3.8-flash", _text, "Gemini: text model.")
    gemini_image_model: str = _setting("gemini-3.1-flash-image", _text, "Gemini: image model.")
    huggingface_api_key: str = _setting("", _key, "Hugging Face: token.", secret=True)
    huggingface_base_url: str = _setting(
        "https://router.huggingface.co/v1", _url("http", "https"), "Hugging Face: address of the router."
    )
    huggingface_model: str = _setting("", _text, "Hugging Face: text model, as org/name:provider.")
    compatible_base_url: str = _setting(
        "", _url("http", "https"), "Any other compatible server, such as http://localhost:8000/v1."
    )
    compatible_api_key: str = _setting("", _key, "Its key, if it wants one.", secret=True)
    compatible_model: str = _setting("", _text, "Its text model.")
    model_prices: dict[str, tuple[float, float]] = _table_setting(
        read_prices,
        "Prices of models that differ from the known ones, in dollars for a million tokens in/out: "
        "my-model=0.10/0.50, other=0/0.",
    )
    image_providers: tuple[str, ...] = _setting(
        ",".join(IMAGE_PROVIDERS),
        _order(*IMAGE_PROVIDERS),
        "Order in which image models are asked for a storybook; those without a key are left out.",
    )
    story_image_providers: tuple[str, ...] = _setting(
        "midjourney",
        _order(*IMAGE_PROVIDERS),
        "The same for POST /api/generate-story; name more, and they stand in when MidJourney is silent.",
    )
    enable_native_gpt_image1: bool = _setting(
        "yes", _switch, "Whether OpenAI's own API draws with reference pictures (openai-edit)."
    )
    async_illustrations: bool = _setting(
        "yes", _switch, "Whether a storybook is answered before its pictures are painted."
    )
    image_concurrency: int = _setting(
        "12", _whole(1, 200), "Pictures of storybooks that are painted at the same time."
    )
    image_size: str = _setting("1024x1024", _size, "Size of a storybook's pictures, in pixels.")
    image_edit_timeout_ms: int = _setting(
        "180000", _whole(1000, 3_600_000), "Milliseconds that one picture of a storybook may take."
    )
    generated_image_max_files: int = _setting(
        "10000", _whole(0, 10_000_000), "The newest pictures that are kept; 0 keeps any number."
    )
    generated_image_max_mb: int = _setting(
        "20000", _whole(0, 100_000_000), "Megabytes of pictures that are kept; 0 keeps any amount."
    )
    webhook_url: str = _setting(
        "", _url("http", "https"), "Discord webhook that posts the commands.", secret=True
    )
    discord_bot_token: str = _setting("", _key, "Token of the bot that hears the channel.", secret=True)
    discord_channel_id: int | None = _setting(
        "", _snowflake, "Channel that the bot hears; empty takes the webhook's."
    )
    discord_api_url: str = _setting(
        "https://discord.com/api/v10", _url("http", "https"), "Discord's REST address."
    )
    discord_gateway_url: str = _setting("wss://gateway.discord.gg", _url("ws", "wss"), "Discord's gateway.")
    discord_cdn_hosts: tuple[str, ...] = _setting(
        "cdn.discordapp.com,media.discordapp.net", _names, "Hosts from which pictures may be fetched."
    )
    midjourney_bot_ids: frozenset[int] = _setting(
        "936929561302675456,1022952195194359889", _ids, "Discord users that are MidJourney (and niji)."
    )
    midjourney_prompt_limit: int = _setting(
        "350",
        _whole(120, 1500),
        "Longest /imagine prompt in characters; long ones are cut in MidJourney's echo.",
    )
    midjourney_signature: str = _setting(
        "Uncle Mark's Yorkie Farm",
        _text,
        "Words added to every picture's prompt; empty adds none.",
        may_be_empty=True,
    )
    midjourney_late_hours: float = _setting(
        "24", _number(0, 168), "Hours for which a picture that comes after the answer is still taken."
    )
    midjourney_proxy_url: str = _setting(
        "",
        _url("http", "https"),
        "A midjourney-proxy, such as http://host:8080/mj. It drives a user's account, which breaks Discord's "
        "and MidJourney's terms: accounts do get banned. Empty uses none.",
    )
    midjourney_proxy_secret: str = _setting("", _key, "Its secret, if it wants one.", secret=True)
    midjourney_proxy_hook: str = _setting(
        "",
        _url("http", "https"),
        "Address at which the proxy reaches this service, to tell of news at once; empty only looks now and "
        "then.",
    )
    firebase_database_url: str = _setting(
        "",
        _url("http", "https"),
        "Firebase Realtime Database that gets a copy of each picture set; empty for none.",
    )
    firebase_token: str = _setting("", _key, "Token for it, if it wants one.", secret=True)
    midjourney_concurrency: int = _setting(
        "12", _whole(1, 100), "Pictures that the proxy paints at the same time."
    )
    log_level: str = _setting("info", _choice("debug", "info", "warning", "error"), "How much is logged.")
    log_format: str = _setting("text", _choice("text", "json"), "Form of the log lines.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, env_file: str | Path = ".env") -> Self:
        """Settings from `env_file` and the environment, which wins.

        Raises InvalidSettings with every fault at once: the variable, what it got and what it wants.
        """
        source: dict[str, str | None] = {
            **dotenv_values(env_file),
            **(os.environ if environ is None else environ),
        }
        values: dict[str, Any] = {}
        faults: list[str] = []
        for item in fields(cls):
            given = source.get(item.name.upper())
            text = (given or "").strip()
            if not text and not (item.metadata["may_be_empty"] and given is not None):
                continue
            try:
                values[item.name] = item.metadata["parse"](text)
            except ValueError:
                shown = "a value that is not shown" if item.metadata["secret"] else repr(text[:80])
                wants = item.metadata["parse"].__doc__
                faults.append(f"{item.name.upper()} is {shown}; it must be {wants}.")
        settings = cls(**values)
        faults += settings._contradictions()
        if faults:
            raise InvalidSettings(faults)
        return settings

    def _contradictions(self) -> list[str]:
        faults = []
        if bool(self.webhook_url) != bool(self.discord_bot_token) and self.sandbox in ("auto", "off"):
            there, missing = (
                ("WEBHOOK_URL", "DISCORD_BOT_TOKEN")
                if self.webhook_url
                else ("DISCORD_BOT_TOKEN", "WEBHOOK_URL")
            )
            faults.append(f"{there} is set but {missing} is not; pictures need both.")
        if self.sandbox == "off" and not self.has_text:
            faults.append(
                "OPENAI_API_KEY is not set; give a key (or OPENAI_BASE_URL), or leave SANDBOX at auto."
            )
        if self.sandbox == "off" and not (self.webhook_url or self.discord_bot_token):
            faults.append(
                "WEBHOOK_URL and DISCORD_BOT_TOKEN are not set; give both, or leave SANDBOX at auto."
            )
        for prefix, (has, *needed) in self._halves().items():
            faults += [
                f"{prefix} is set but {name.upper()} is not; set both."
                for name in needed
                if has and not getattr(self, name)
            ]
        if self.request_timeout > self.request_timeout_max:
            faults.append("REQUEST_TIMEOUT is larger than REQUEST_TIMEOUT_MAX; it must not be.")
        if self.default_plan and self.default_plan not in self.plans:
            faults.append(
                f"DEFAULT_PLAN is {self.default_plan[:80]!r}; it must be the name of one of PLANS, or empty."
            )
        return faults

    def _halves(self) -> dict[str, tuple[Any, ...]]:
        """What is of no use without something else: the variable, its value, and what it needs."""
        return {
            "AZURE_OPENAI_API_KEY": (self.azure_openai_api_key, "azure_openai_endpoint"),
            "AZURE_OPENAI_ENDPOINT": (self.azure_openai_endpoint, "azure_openai_api_key"),
            "AZURE_OPENAI_DEPLOYMENT": (self.azure_openai_deployment, "azure_openai_endpoint"),
            "AZURE_OPENAI_IMAGE_DEPLOYMENT": (self.azure_openai_image_deployment, "azure_openai_endpoint"),
            "HUGGINGFACE_API_KEY": (self.huggingface_api_key, "huggingface_model"),
            "MIDJOURNEY_PROXY_SECRET": (self.midjourney_proxy_secret, "midjourney_proxy_url"),
            "AUTH_JWKS_URL": (self.auth_jwks_url, "auth_issuer"),
            "AUTH_ISSUER": (self.auth_issuer, "auth_jwks_url"),
            "AUTH_AUDIENCE": (self.auth_audience, "auth_jwks_url"),
            "AUTH_AUTHORIZED_PARTIES": (self.auth_authorized_parties, "auth_jwks_url"),
            "COMPATIBLE_BASE_URL": (self.compatible_base_url, "compatible_model"),
            "COMPATIBLE_MODEL": (self.compatible_model, "compatible_base_url"),
        }

    @property
    def sandbox_url(self) -> str:
        """Where a sandbox runs apart; empty if it runs inside the service or not at all."""
        return self.sandbox if self.sandbox.startswith("http") else ""

    @property
    def needs_sign_in(self) -> bool:
        """Whether callers must say who they are; else there is one local user."""
        return bool(self.auth_jwks_url or self.api_keys)

    @property
    def has_openai(self) -> bool:
        """Whether OpenAI is configured: a key, or a server of one's own, which may need none."""
        return bool(self.openai_api_key) or self.openai_base_url != type(self).openai_base_url

    @property
    def picture_seconds(self) -> float:
        """How long one picture may take with one provider."""
        return self.image_edit_timeout_ms / 1000

    @property
    def has_azure(self) -> bool:
        return bool(self.azure_openai_endpoint and self.azure_openai_api_key)

    @property
    def has_text(self) -> bool:
        """Whether any text model is configured."""
        others = (
            self.has_azure and self.azure_openai_deployment,
            self.gemini_api_key,
            self.huggingface_api_key and self.huggingface_model,
            self.compatible_base_url and self.compatible_model,
        )
        return self.has_openai or any(others)

    @property
    def has_discord(self) -> bool:
        return bool(self.webhook_url and self.discord_bot_token)

    @property
    def sandboxes_text(self) -> bool:
        return self.sandbox != "off" and not (self.sandbox == "auto" and self.has_text)

    @property
    def sandboxes_discord(self) -> bool:
        return self.sandbox != "off" and not (self.sandbox == "auto" and self.has_discord)

    @property
    def sandboxed(self) -> bool:
        """Whether the sandbox stands in for anything."""
        return self.sandboxes_text or self.sandboxes_discord

    def secrets(self) -> frozenset[str]:
        """The values that must never be seen in a log, an error or an answer."""
        secret = [item.name for item in fields(self) if item.metadata["secret"] and item.name != "api_keys"]
        values = [getattr(self, name) for name in secret] + [key for _, _, key in self.api_keys]
        values.append(urlsplit(self.database_url).password or "")
        return frozenset(value for value in values if value)

    def pointed_at_sandbox(self, url: str) -> Self:
        """These settings with the sandbox at `url` in place of whatever it stands in for.

        Keys given beside the URL of a sandbox are sent there, so that a wrong key can be tried out.
        """
        own = self if self.sandbox_url else type(self)()
        text: dict[str, Any] = (
            {
                "openai_base_url": f"{url}/v1",
                "openai_api_key": own.openai_api_key or "sandbox-key",
                "openai_model": own.openai_model,
                "openai_image_model": own.openai_image_model,
                "openai_edit_model": own.openai_edit_model,
                **{name: getattr(own, name) for name in _OTHER_KEYS},
                **{name: f"{url}{path}" for name, path in _SANDBOX_PATHS.items() if getattr(own, name)},
            }
            if self.sandboxes_text
            else {}
        )
        discord: dict[str, Any] = (
            {
                "webhook_url": f"{url}/api/webhooks/1000000000000000003/sandbox-webhook-token",
                "discord_bot_token": own.discord_bot_token or "sandbox-bot-token",
                "discord_channel_id": None,
                "discord_api_url": f"{url}/api/v10",
                "discord_gateway_url": f"{url.replace('http', 'ws', 1)}/gateway",
                "discord_cdn_hosts": (urlsplit(url).netloc,),
            }
            if self.sandboxes_discord
            else {}
        )
        return replace(self, **text, **discord)
