"""The command line and the doctor."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
import structlog

import cli
from config import Settings
from doctor import Row, examine, table
from sandbox.server import Sandbox

SECRETS = {
    "OPENAI_API_KEY": "sk-very-wrong-0123456789",
    "WEBHOOK_URL": "https://discord.com/api/webhooks/123/webhook-token-abcdef",
    "DISCORD_BOT_TOKEN": "bot-token-very-wrong-0123",
}
SERVICES = [
    "database",
    "storage",
    "text model",
    "image openai-edit",
    "image openai",
    "discord webhook",
    "discord bot",
    "message content",
    "discord gateway",
]


@pytest.fixture(autouse=True)
def a_folder_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .env file and no variable of ours reaches a test; the database is its own."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    running = Sandbox.bind(Settings(sandbox_image_pixels=64))
    running.start()
    yield running
    running.stop()


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command."""
    try:
        code = cli.main(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def rows_in(report: str) -> list[str]:
    return [line[6:23].strip() for line in report.splitlines()]


def bad_rows(report: str) -> list[str]:
    return rows_in("\n".join(line for line in report.splitlines() if line.startswith("FAIL")))


def test_the_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "--help")

    assert code == 0
    for command in ("serve", "sandbox", "doctor", "demo", "migrate"):
        assert f"\n    {command} " in out
    assert "without paying" in out


def test_a_command_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "dance")

    assert code == 2
    assert "dance" in err


def test_wrong_settings_end_every_command_with_all_faults_and_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**SECRETS, "WEBHOOK_URL": SECRETS["WEBHOOK_URL"].removeprefix("https://"), "PORT": "http"}
    for name, value in {**values, "LOG_LEVEL": "loud"}.items():
        monkeypatch.setenv(name, value)

    for command in ("serve", "sandbox", "doctor", "demo", "migrate"):
        code, out, err = said(capsys, command)
        assert (code, out) == (2, "")
        assert all(f"- {name} is " in err for name in ("PORT", "LOG_LEVEL", "WEBHOOK_URL"))
        assert not [value for name, value in values.items() if name in SECRETS and value in err]


def test_serving_is_what_happens_without_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []
    monkeypatch.setattr(cli._Server, "run", lambda self: served.append(self._settings))

    assert cli.main([]) == 0
    assert len(served) == 1


def test_the_database_is_brought_up_to_date(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = said(capsys, "migrate")

    assert code == 0
    assert "up to date" in out
    assert any((tmp_path / "data").iterdir())


def test_the_demo_needs_no_key(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"SANDBOX_STORY_SECONDS": "0", "SANDBOX_IMAGE_SECONDS": "0", "SANDBOX_IMAGE_PIXELS": "64"}
    for name, value in {**quick, "API_KEYS": "mia=mia-key-0123456789"}.items():
        monkeypatch.setenv(name, value)
    code, out, _ = said(capsys, "demo")

    assert code == 0
    assert '"status": "success"' in out


# The doctor


def test_on_the_embedded_sandbox_everything_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "doctor")

    assert code == 0
    assert [line[:4].strip() for line in out.splitlines()] == ["ok"] * len(SERVICES)
    assert rows_in(out) == SERVICES
    assert err == ""


def test_on_a_sandbox_that_runs_apart_everything_is_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.setenv("SANDBOX", sandbox.url)
    code, out, _ = said(capsys, "doctor")

    assert (code, bad_rows(out)) == (0, [])
    assert sandbox.url in out


def test_no_proxy_of_the_environment_stands_between(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.setenv("SANDBOX", sandbox.url)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")

    assert said(capsys, "doctor")[0] == 0


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("DISCORD_BOT_TOKEN", ["discord bot"]),
        ("OPENAI_API_KEY", ["text model", "image openai-edit", "image openai"]),
    ],
)
def test_a_wrong_secret_fails_in_the_right_row_and_is_not_printed(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    name: str,
    rows: list[str],
) -> None:
    monkeypatch.setenv("SANDBOX", sandbox.url)
    monkeypatch.setenv(name, SECRETS[name])
    code, out, err = said(capsys, "doctor")

    assert (code, bad_rows(out)) == (1, rows)
    assert f"Check {name}." in out
    assert SECRETS[name] not in out + err


@pytest.mark.parametrize(
    ("name", "model", "row", "advice"),
    [
        ("OPENAI_MODEL", "gpt-nobody-knows", "text model", "Check OPENAI_MODEL"),
        ("OPENAI_MODEL", "gpt-3.5-turbo", "text model", "Set OPENAI_MODEL"),
        ("OPENAI_IMAGE_MODEL", "dall-e-3", "image openai", "Set OPENAI_IMAGE_MODEL"),
        ("OPENAI_EDIT_MODEL", "gpt-nobody-knows", "image openai-edit", "Check OPENAI_EDIT_MODEL"),
    ],
)
def test_a_wrong_model_fails_in_its_row(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    name: str,
    model: str,
    row: str,
    advice: str,
) -> None:
    monkeypatch.setenv("SANDBOX", sandbox.url)
    monkeypatch.setenv(name, model)
    code, out, _ = said(capsys, "doctor")

    assert (code, bad_rows(out)) == (1, [row])
    assert advice in out


OTHERS = {
    "AZURE_OPENAI_ENDPOINT": "https://farm.openai.azure.com",
    "AZURE_OPENAI_API_KEY": "sandbox-key",
    "AZURE_OPENAI_DEPLOYMENT": "storyfarm-text",
    "AZURE_OPENAI_IMAGE_DEPLOYMENT": "storyfarm-images",
    "GEMINI_API_KEY": "sandbox-key",
    "HUGGINGFACE_API_KEY": "sandbox-key",
    "HUGGINGFACE_MODEL": "storyfarm/teller:sandbox",
    "COMPATIBLE_BASE_URL": "http://localhost:8000/v1",
    "COMPATIBLE_MODEL": "teller",
}


@pytest.mark.parametrize("version", ["", "2025-04-01-preview"])
def test_each_model_that_is_configured_has_a_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, version: str
) -> None:
    for name, value in {**OTHERS, "SANDBOX": sandbox.url, "AZURE_OPENAI_API_VERSION": version}.items():
        monkeypatch.setenv(name, value)
    code, out, _ = said(capsys, "doctor")

    assert (code, bad_rows(out)) == (0, [])
    assert [row for row in rows_in(out) if row.startswith(("text", "image"))] == [
        "text model",
        "text azure",
        "text gemini",
        "text huggingface",
        "text compatible",
        "image openai-edit",
        "image azure-edit",
        "image openai",
        "image gemini",
    ]


def test_a_wrong_key_of_another_provider_fails_in_its_rows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    for name, value in {**OTHERS, "SANDBOX": sandbox.url, "AZURE_OPENAI_API_KEY": "azure-wrong"}.items():
        monkeypatch.setenv(name, value)
    code, out, _ = said(capsys, "doctor")

    assert (code, bad_rows(out)) == (1, ["text azure", "image azure-edit"])
    assert "Check AZURE_OPENAI_API_KEY" in out
    assert "azure-wrong" not in out


def test_a_deployment_may_have_the_name_of_a_model_that_is_gone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    for name, value in {**OTHERS, "SANDBOX": sandbox.url, "AZURE_OPENAI_DEPLOYMENT": "gpt-4"}.items():
        monkeypatch.setenv(name, value)

    assert said(capsys, "doctor")[0] == 0


def test_a_sandbox_that_does_not_run_fails_in_every_row_that_needs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Sandbox.bind(Settings())
    gone.stop()
    monkeypatch.setenv("SANDBOX", gone.url)
    code, out, err = said(capsys, "doctor")

    assert (code, bad_rows(out)) == (1, SERVICES[2:7])
    assert out.count("It could not be reached.") == 1
    assert "Traceback" not in out + err


def test_a_bot_that_may_not_read_messages_is_found_out(settings: Settings) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as discord:
        answer_well(discord, application={"flags": 0})
        rows = rows_by_name(settings)

    assert [name for name, row in rows.items() if not row.good] == ["message content"]
    assert "message content intent" in rows["message content"].finding


@pytest.mark.parametrize("flag", [1 << 18, 1 << 19])
def test_a_bot_may_read_messages_by_either_flag(settings: Settings, flag: int) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as discord:
        answer_well(discord, application={"flags": flag | 1})

        assert rows_by_name(settings)["message content"].good


def test_a_webhook_that_is_gone_is_found_out(settings: Settings) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as discord:
        discord.get(SECRETS["WEBHOOK_URL"], status=404, json={"message": "Unknown Webhook", "code": 10015})
        answer_well(discord)
        rows = rows_by_name(settings)

    assert [name for name, row in rows.items() if not row.good] == ["discord webhook"]
    assert "webhook-token-abcdef" not in table(list(rows.values()))


def shutdown(days: int) -> dict[str, Any]:
    return {"id": "gpt-6-luna", "shutdown_date": (date.today() + timedelta(days)).isoformat()}  # noqa: DTZ011


@pytest.mark.parametrize(
    ("model", "good", "words"),
    [
        ({"id": "gpt-6-luna"}, True, "gpt-6-luna at https://api.openai.com/v1"),
        ({"id": "gpt-6-luna", "shutdown_date": None}, True, "gpt-6-luna"),
        ({"id": "gpt-6-luna", "shutdown_date": "some day"}, True, "gpt-6-luna"),
        (shutdown(400), True, "gpt-6-luna"),
        (shutdown(30), True, "choose another one soon"),
        (shutdown(-1), False, "Set OPENAI_MODEL to another one"),
        ({"id": "other"}, False, "Check OPENAI_MODEL"),
    ],
)
def test_a_model_that_goes_or_is_gone_is_found_out(
    settings: Settings, model: dict[str, Any], good: bool, words: str
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        answer_well(server, model=model)
        row = rows_by_name(settings)["text model"]

    assert row.good == good
    assert words in row.finding
    assert ("soon" in row.finding) == ("soon" in words)


@pytest.mark.parametrize("body", ["<html>", "[]", "null"])
def test_a_discord_that_answers_nonsense_breaks_nothing(settings: Settings, body: str) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as discord:
        discord.get("https://discord.com/api/v10/oauth2/applications/@me", body=body)
        answer_well(discord)

        assert not rows_by_name(settings)["message content"].good


def test_a_broken_database_is_a_row_and_not_a_traceback(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "storyfarm.sqlite3").write_bytes(b"this is no database at all" * 100)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as others:
        answer_well(others)
        rows = rows_by_name(settings)

    assert [name for name, row in rows.items() if not row.good] == ["database"]


def test_a_data_folder_that_is_a_file_is_a_row_and_not_a_traceback(settings: Settings) -> None:
    settings.data_dir.write_text("a file")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as others:
        answer_well(others)
        rows = rows_by_name(settings)

    assert [name for name, row in rows.items() if not row.good] == ["database", "storage"]


@pytest.mark.parametrize("url", ["nonsense", "ftp://pictures", "s3://"])
def test_a_storage_that_is_none_is_a_row_and_not_a_traceback(tmp_path: Path, url: str) -> None:
    settings = Settings.from_env({**SECRETS, "DATA_DIR": str(tmp_path / "data"), "STORAGE_URL": url})
    with responses.RequestsMock(assert_all_requests_are_fired=False) as others:
        answer_well(others)
        rows = rows_by_name(settings)

    assert [name for name, row in rows.items() if not row.good] == ["storage"]


@pytest.mark.parametrize(
    ("answer", "row"),
    [
        (
            {"json": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}]}},
            Row("sign-in", True, "1 key of me"),
        ),
        ({"body": "<html>"}, Row("sign-in", False, "The key set's address answered something else.")),
        ({"status": 404}, Row("sign-in", False, "The key set's address answered 404.")),
    ],
)
def test_the_issuer_s_keys_have_a_row_if_there_is_one(
    settings: Settings, answer: dict[str, Any], row: Row
) -> None:
    settings = replace(settings, auth_jwks_url="https://issuer.example/jwks", auth_issuer="me")
    with responses.RequestsMock() as others:
        answer_well(others)
        others.get("https://issuer.example/jwks", **answer)
        rows = rows_by_name(settings)

    assert rows["sign-in"] == row
    assert rows["discord gateway"].good


def test_the_report_has_a_line_for_each_row() -> None:
    assert table([Row("database", True, "fine"), Row("storage", False, "full")]) == (
        "ok    database          fine\nFAIL  storage           full"
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings without any sandbox; the services behind them are mocked."""
    return Settings.from_env({**SECRETS, "DATA_DIR": str(tmp_path / "data")})


def rows_by_name(settings: Settings) -> dict[str, Row]:
    return {row.service: row for row in examine(settings)}


def answer_well(server: responses.RequestsMock, *, model: Any = None, application: Any = None) -> None:
    """Let every outside service answer as it should, but for what is given."""
    discord = "https://discord.com/api/v10"
    models = [model or {"id": "gpt-6-luna"}, {"id": "gpt-image-2.5-flare"}, {"id": "gpt-image-2.5-sunburst"}]
    server.get("https://api.openai.com/v1/models", json={"data": models})
    server.get(SECRETS["WEBHOOK_URL"], json={"id": "123", "channel_id": "4", "name": "Storyfarm"})
    server.get(f"{discord}/users/@me", json={"id": "5", "username": "storyfarm"})
    server.get(f"{discord}/oauth2/applications/@me", json=application or {"flags": 1 << 18})
    server.get(f"{discord}/gateway/bot", json={"session_start_limit": {"remaining": 999}})


@pytest.mark.parametrize("command", ["serve", "worker", "demo", "migrate"])
def test_a_database_out_of_reach_is_one_sentence_without_the_password(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://farm:hush-hush@127.0.0.1:1/stories")

    code, out, err = said(capsys, command)

    assert (code, out) == (1, "")
    assert err == "PostgreSQL stories at 127.0.0.1 cannot be used. Check DATABASE_URL.\n"


def test_a_folder_that_cannot_hold_the_database_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "a-file" / "data"))

    code, _, err = said(capsys, "migrate")

    assert code == 1
    assert "Check DATA_DIR" in err
    assert str(tmp_path / "a-file" / "data") in err
