"""Settings from the environment and .env, and the two files that tell of them."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from config import InvalidSettings, Settings

ROOT = Path(__file__).parent.parent
WEBHOOK = "https://discord.com/api/webhooks/123/webhook-token-abcdef"
SECRETS = {
    "OPENAI_API_KEY": "sk-very-secret-0123456789",
    "WEBHOOK_URL": WEBHOOK,
    "DISCORD_BOT_TOKEN": "bot-token-very-secret-0123",
}
NAMES = {item.name.upper(): item for item in fields(Settings)}


def read(env_file: Path | str = "/nowhere/.env", **environ: str) -> Settings:
    return Settings.from_env(environ, env_file)


def faults(**environ: str) -> list[str]:
    with pytest.raises(InvalidSettings) as raised:
        read(**environ)
    return raised.value.faults


# Values


def test_without_any_variable_everything_has_its_default() -> None:
    assert read() == Settings()


def test_the_defaults_that_others_rely_on() -> None:
    settings = read()

    assert (settings.port, settings.host) == (8080, "0.0.0.0")
    assert settings.data_dir == Path("data")
    assert settings.openai_base_url == "https://api.openai.com/v1"
    assert settings.discord_cdn_hosts == ("cdn.discordapp.com", "media.discordapp.net")
    assert settings.midjourney_bot_ids == {936929561302675456, 1022952195194359889}
    assert settings.discord_channel_id is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("PORT", " 9000 ", 9000),
        ("DATA_DIR", "/var/lib/storyfarm", Path("/var/lib/storyfarm")),
        ("PUBLIC_URL", "https://stories.example/", "https://stories.example"),
        ("REQUEST_TIMEOUT", "2.5", 2.5),
        ("SANDBOX", "ON", "on"),
        ("SANDBOX", "http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("DISCORD_CHANNEL_ID", "1000000000000000004", 1000000000000000004),
        ("DISCORD_CDN_HOSTS", "A.example, b.example:8000,", ("a.example", "b.example:8000")),
        ("MIDJOURNEY_BOT_IDS", "1, 2", frozenset({1, 2})),
        ("LOG_LEVEL", "DEBUG", "debug"),
        ("LOG_FORMAT", "json", "json"),
    ],
)
def test_a_variable_is_read_as_what_it_means(name: str, text: str, value: Any) -> None:
    assert getattr(read(**{name: text}), name.lower()) == value


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"MIDJOURNEY_SIGNATURE"}))
def test_an_empty_variable_is_as_good_as_none(name: str) -> None:
    assert read(**{name: " "}) == Settings()


def test_an_empty_signature_adds_none() -> None:
    assert read(MIDJOURNEY_SIGNATURE="").midjourney_signature == ""
    assert read().midjourney_signature == "Uncle Mark's Yorkie Farm"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        read().port = 1  # type: ignore[misc]


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("# a comment\nPORT=9001\nexport STORY_WORDS=200\nOPENAI_API_KEY='sk-from-file'\n")
    settings = read(env_file, PORT="9002")

    assert (settings.port, settings.story_words, settings.openai_api_key) == (9002, 200, "sk-from-file")


def test_by_default_the_file_lies_in_the_working_folder_and_the_environment_is_the_process_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("STORY_WORDS=200\nPORT=9001\n")
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "9002")
    settings = Settings.from_env()

    assert (settings.port, settings.story_words) == (9002, 200)


# Faults

WRONG = {
    "PORT": ("http", "a whole number from 1 to 65,535"),
    "PUBLIC_URL": ("stories.example", "a URL that starts with http:// or https://"),
    "MAX_IN_FLIGHT": ("0", "a whole number from 1 to 10,000"),
    "REQUEST_TIMEOUT": ("nan", "a number from 1 to 3600"),
    "REQUEST_TIMEOUT_MAX": ("inf", "a number from 1 to 3600"),
    "STORY_WORDS": ("49", "a whole number from 50 to 2,000"),
    "SANDBOX": ("maybe", "auto, on, off, or the URL of a sandbox that runs apart"),
    "OPENAI_BASE_URL": ("https://api.example/v1?key=1", "a URL that starts with http:// or https://"),
    "DISCORD_CHANNEL_ID": ("#stories", "a Discord id (a whole number)"),
    "DISCORD_GATEWAY_URL": ("https://gateway.example", "a URL that starts with ws:// or wss://"),
    "MIDJOURNEY_BOT_IDS": ("1,two", "Discord ids (whole numbers), separated by commas"),
    "MIDJOURNEY_PROMPT_LIMIT": ("1501", "a whole number from 120 to 1,500"),
    "LOG_LEVEL": ("loud", "one of debug, info, warning, error"),
    "LOG_FORMAT": ("xml", "one of text, json"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_names_the_variable_what_it_got_and_what_it_wants(name: str) -> None:
    got, wants = WRONG[name]

    assert faults(**{name: got}) == [f"{name} is {got!r}; it must be {wants}."]


def test_all_faults_are_told_at_once() -> None:
    found = faults(**{name: got for name, (got, _) in WRONG.items()})

    assert [fault.split(" ")[0] for fault in found] == sorted(WRONG, key=list(NAMES).index)


def test_the_message_has_a_line_for_each_fault() -> None:
    with pytest.raises(InvalidSettings) as raised:
        read(PORT="http", LOG_LEVEL="loud")

    lines = str(raised.value).splitlines()
    assert lines[0] == "The configuration has faults:"
    assert [line.split()[1] for line in lines[1:]] == ["PORT", "LOG_LEVEL"]


def test_a_value_that_is_far_too_long_is_not_repeated_whole() -> None:
    assert len(faults(LOG_LEVEL="x" * 5000)[0]) < 200


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"WEBHOOK_URL": WEBHOOK}, ["WEBHOOK_URL", "DISCORD_BOT_TOKEN", "both"]),
        ({"DISCORD_BOT_TOKEN": "token-of-a-bot"}, ["DISCORD_BOT_TOKEN", "WEBHOOK_URL", "both"]),
        ({"REQUEST_TIMEOUT": "301"}, ["REQUEST_TIMEOUT", "REQUEST_TIMEOUT_MAX"]),
        ({"SANDBOX": "off", "OPENAI_API_KEY": "sk-0123456"}, ["WEBHOOK_URL", "DISCORD_BOT_TOKEN"]),
        (
            {"SANDBOX": "off", "WEBHOOK_URL": WEBHOOK, "DISCORD_BOT_TOKEN": "token-of-a-bot"},
            ["OPENAI_API_KEY", "SANDBOX"],
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_a_fault(environ: dict[str, str], words: list[str]) -> None:
    found = faults(**environ)

    assert len(found) == 1
    assert all(word in found[0] for word in words)


def test_without_the_sandbox_missing_keys_are_told_together() -> None:
    assert len(faults(SANDBOX="off")) == 2


@pytest.mark.parametrize("sandbox", ["on", "http://127.0.0.1:9000"])
def test_with_the_sandbox_half_of_discord_is_enough(sandbox: str) -> None:
    assert read(SANDBOX=sandbox, DISCORD_BOT_TOKEN="token-of-a-bot").sandboxes_discord


# Sign-in

API_KEYS = "mia/gold=mia-key-0123456789, bo=bo=key=0123456789==,"


def test_api_keys_have_a_name_and_perhaps_a_plan() -> None:
    assert read(API_KEYS=API_KEYS).api_keys == (
        ("mia", "gold", "mia-key-0123456789"),
        ("bo", "", "bo=key=0123456789=="),
    )


@pytest.mark.parametrize(
    "keys",
    [
        "mia",
        "=mia-key-0123456789",
        "mia=too-short-key-0",
        "mia=a key with spaces in it",
        "mia=mïa-key-0123456789",
        "uncle mark=uncle-key-0123456789",
        "mia/=mia-key-0123456789",
        "m" * 61 + "=mia-key-0123456789",
        "mia=mia-key-0123456789,bo=mia-key-0123456789",
    ],
)
def test_api_keys_that_cannot_be_are_named_but_not_shown(keys: str) -> None:
    found = faults(API_KEYS=keys)

    assert found[0].startswith("API_KEYS is a value that is not shown; it must be name=key")
    assert "0123456789" not in found[0]


def test_sign_in_is_needed_with_keys_or_an_issuer() -> None:
    assert not read().needs_sign_in
    assert read(API_KEYS=API_KEYS).needs_sign_in
    issuer = {"AUTH_JWKS_URL": "https://clerk.example/jwks", "AUTH_ISSUER": "https://clerk.example/"}
    assert read(**issuer).needs_sign_in
    assert read(**issuer).auth_issuer == "https://clerk.example/"


@pytest.mark.parametrize(
    ("name", "value", "missing"),
    [
        ("AUTH_JWKS_URL", "https://clerk.example/jwks", "AUTH_ISSUER"),
        ("AUTH_ISSUER", "https://clerk.example", "AUTH_JWKS_URL"),
        ("AUTH_AUDIENCE", "storyfarm", "AUTH_JWKS_URL"),
        ("AUTH_AUTHORIZED_PARTIES", "https://stories.example", "AUTH_JWKS_URL"),
    ],
)
def test_half_a_sign_in_is_a_fault(name: str, value: str, missing: str) -> None:
    assert faults(**{name: value}) == [f"{name} is set but {missing} is not; set both."]


def test_api_keys_are_secrets() -> None:
    settings = read(API_KEYS=API_KEYS)

    assert settings.secrets() == {"mia-key-0123456789", "bo=key=0123456789=="}
    assert "mia" not in repr(settings)


# Secrets


def test_secrets_are_not_seen_when_settings_are_shown() -> None:
    settings = read(**SECRETS)
    shown = f"{settings!r} {settings}"

    assert "gpt-6-luna" in shown
    assert not [secret for secret in SECRETS.values() if secret in shown]


def test_secrets_are_known_to_whoever_has_to_mask_them() -> None:
    assert read(**SECRETS).secrets() == frozenset(SECRETS.values())
    assert read().secrets() == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_URL", "discord.com/api/webhooks/123/webhook-token-abcdef"),
        ("OPENAI_API_KEY", "sk-very\nsecret"),
        ("OPENAI_API_KEY", "sk-very secret"),
        ("OPENAI_API_KEY", "“sk-very-secret”"),
        ("DISCORD_BOT_TOKEN", "bot-very\r\nsecret"),
    ],
)
def test_a_secret_with_a_fault_is_named_but_not_shown(name: str, value: str) -> None:
    found = " ".join(faults(**{**SECRETS, name: value}))

    assert name in found
    assert "not shown" in found
    assert "very" not in found
    assert "webhook-token-abcdef" not in found


# The sandbox


@pytest.mark.parametrize(
    ("environ", "text", "discord"),
    [
        ({}, True, True),
        ({"OPENAI_API_KEY": "sk-0123456"}, False, True),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, False, True),
        ({"OPENAI_BASE_URL": "https://api.openai.com/v1/"}, True, True),
        ({"WEBHOOK_URL": WEBHOOK, "DISCORD_BOT_TOKEN": "token-of-a-bot"}, True, False),
        (SECRETS, False, False),
        ({**SECRETS, "SANDBOX": "on"}, True, True),
        ({**SECRETS, "SANDBOX": "off"}, False, False),
        ({**SECRETS, "SANDBOX": "http://127.0.0.1:9000"}, True, True),
    ],
)
def test_what_the_sandbox_stands_in_for(environ: dict[str, str], text: bool, discord: bool) -> None:
    settings = read(**environ)

    assert (settings.sandboxes_text, settings.sandboxes_discord) == (text, discord)
    assert settings.sandboxed == (text or discord)


def test_a_sandbox_that_runs_apart_has_an_address() -> None:
    assert read(SANDBOX="http://127.0.0.1:9000").sandbox_url == "http://127.0.0.1:9000"
    assert [read(SANDBOX=word).sandbox_url for word in ("auto", "on")] == ["", ""]


def test_everything_that_the_sandbox_stands_in_for_points_at_it() -> None:
    live = read().pointed_at_sandbox("http://127.0.0.1:9000")

    assert live.openai_base_url == "http://127.0.0.1:9000/v1"
    assert live.openai_api_key == "sandbox-key"
    assert live.webhook_url.startswith("http://127.0.0.1:9000/api/webhooks/")
    assert live.discord_bot_token == "sandbox-bot-token"
    assert live.discord_api_url == "http://127.0.0.1:9000/api/v10"
    assert live.discord_gateway_url == "ws://127.0.0.1:9000/gateway"
    assert live.discord_cdn_hosts == ("127.0.0.1:9000",)


def test_what_has_keys_stays_where_it_is() -> None:
    text_only = read(OPENAI_API_KEY="sk-0123456", OPENAI_MODEL="other")
    live = text_only.pointed_at_sandbox("http://127.0.0.1:9000")

    assert (live.openai_base_url, live.openai_api_key) == ("https://api.openai.com/v1", "sk-0123456")
    assert live.openai_model == "other"
    assert live.discord_api_url == "http://127.0.0.1:9000/api/v10"


def test_without_a_sandbox_nothing_changes() -> None:
    settings = read(**SECRETS)

    assert settings.pointed_at_sandbox("") == settings


def test_real_keys_never_reach_the_embedded_sandbox() -> None:
    live = read(**SECRETS, SANDBOX="on").pointed_at_sandbox("http://127.0.0.1:9000")

    assert not live.secrets() & set(SECRETS.values())


def test_the_embedded_sandbox_is_asked_for_the_model_that_it_has() -> None:
    live = read(OPENAI_MODEL="other", SANDBOX="on").pointed_at_sandbox("http://127.0.0.1:9000")

    assert live.openai_model == Settings().openai_model


def test_keys_beside_the_address_of_a_sandbox_are_tried_out_on_it() -> None:
    settings = read(**SECRETS, SANDBOX="http://127.0.0.1:9000", OPENAI_MODEL="other")
    live = settings.pointed_at_sandbox(settings.sandbox_url)

    assert live.openai_api_key == SECRETS["OPENAI_API_KEY"]
    assert live.discord_bot_token == SECRETS["DISCORD_BOT_TOKEN"]
    assert live.openai_model == "other"
    assert live.openai_base_url == "http://127.0.0.1:9000/v1"
    assert live.webhook_url.startswith("http://127.0.0.1:9000/")


def test_a_channel_of_the_real_discord_is_not_looked_for_in_the_sandbox() -> None:
    live = read(DISCORD_CHANNEL_ID="123", SANDBOX="on").pointed_at_sandbox("http://127.0.0.1:9000")

    assert live.discord_channel_id is None


# The files that tell of the settings


def test_the_example_file_has_every_setting_with_its_help_and_its_default() -> None:
    blocks = re.split(r"\n\n+", (ROOT / ".env.example").read_text().strip())
    told = {}
    for block in blocks:
        lines = block.split("\n")
        if found := re.fullmatch(r"#([A-Z][A-Z0-9_]*)=(.*)", lines[-1]):
            told[found[1]] = (" ".join(line.removeprefix("# ") for line in lines[:-1]), found[2])

    assert told == {
        name: (item.metadata["help"], "" if item.metadata["secret"] else item.metadata["default"])
        for name, item in NAMES.items()
    }


def test_the_example_file_with_its_marks_taken_away_gives_the_defaults(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    (tmp_path / ".env").write_text(re.sub(r"^#(?=[A-Z][A-Z0-9_]*=)", "", text, flags=re.MULTILINE))

    assert read(tmp_path / ".env") == read(ROOT / ".env.example") == Settings()


def test_the_readme_s_table_has_every_setting() -> None:
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    told = {row[0].strip("`"): row[1:] for row in rows if re.fullmatch("`[A-Z][A-Z0-9_]*`", row[0])}

    assert told == {
        name: [
            f"`{item.metadata['default']}`" if item.metadata["default"] else "",
            item.metadata["help"].replace("|", "\\|"),
        ]
        for name, item in NAMES.items()
    }
