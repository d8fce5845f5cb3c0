"""Log lines, and that no secret is ever in one."""

from __future__ import annotations

import io
import json
import logging
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from errors import ProviderError
from logs import MASK, Masking, set_up_logs

KEY = "sk-very-secret-0123456789"
WEBHOOK = "https://discord.com/api/webhooks/123456/webhook-token_abcdef"
BOT = "bot-token-very-secret.0123"
SECRETS = (KEY, WEBHOOK, BOT)
FORMS = ("text", "json")
OTHERS_WEBHOOK = "https://discord.com/api/v10/webhooks/987654/someone-elses_token?wait=true"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.contextvars.clear_contextvars()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lines(form: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Sets up the logs at the level debug; gives what was logged."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stdout", written)
    set_up_logs(level="debug", form=form, secrets=SECRETS)
    return lambda: written.getvalue().splitlines()


def fields(line: str) -> dict[str, str]:
    """The fields of a line in either form."""
    if line.startswith("{"):
        return {name: str(value) for name, value in json.loads(line).items()}
    return dict(part.partition("=")[::2] for part in shlex.split(line))


def test_an_event_is_one_line_of_fields(lines: Callable[[], list[str]]) -> None:
    structlog.get_logger().info("story.finished", id="abc", story_s=1.5, note="two words")
    (line,) = lines()

    found = fields(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "level": "info",
        "event": "story.finished",
        "id": "abc",
        "story_s": "1.5",
        "note": "two words",
    }


@pytest.mark.parametrize("secret", [KEY, WEBHOOK, BOT, "webhook-token_abcdef"])
@pytest.mark.parametrize(
    "place",
    [
        lambda secret: {"text": f"before {secret} after"},
        lambda secret: {"error": ProviderError(f"It said {secret}.")},
        lambda secret: {"found": [1, {"a": (secret,)}]},
        lambda secret: {"found": {secret: secret}},
        lambda secret: {"found": {1, secret}},
        lambda secret: {"found": secret.encode()},
        lambda secret: {"found": Shown(secret)},
    ],
)
def test_a_known_secret_is_masked_wherever_it_stands(
    lines: Callable[[], list[str]], secret: str, place: Callable[[str], dict[str, Any]]
) -> None:
    structlog.get_logger().info("it.happened", **place(secret))
    (line,) = lines()

    assert secret not in line
    assert MASK in line


class Shown:
    """An object whose text has a secret in it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return f"<Shown {self._secret}>"


def test_a_secret_in_the_event_itself_is_masked(lines: Callable[[], list[str]]) -> None:
    structlog.get_logger().warning(f"key {KEY} and %s", BOT)
    (line,) = lines()

    assert KEY not in line
    assert BOT not in line


def test_a_secret_in_the_context_is_masked(lines: Callable[[], list[str]]) -> None:
    structlog.contextvars.bind_contextvars(request=KEY)
    structlog.get_logger().info("it.happened")
    (line,) = lines()

    assert KEY not in line


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (OTHERS_WEBHOOK, f"https://discord.com/api/v10/webhooks/{MASK}?wait=true"),
        ("/api/webhooks/1/abc HTTP/1.1", f"/api/webhooks/{MASK} HTTP/1.1"),
        ("Authorization: Bearer sk-of-someone", f"Authorization: Bearer {MASK}"),
        ("Bot MTIzNDU2.GabcDE.abcdefghijk", f"Bot {MASK}"),
        ("Bot commands are nice", "Bot commands are nice"),
        ("webhooks/1/a is no path", "webhooks/1/a is no path"),
    ],
)
def test_what_looks_like_a_secret_is_masked_too(text: str, masked: str) -> None:
    assert Masking([]).mask(text) == masked


def test_a_short_secret_does_not_blot_out_every_text() -> None:
    assert Masking(["a", "", "https://example/hook/ab"]).mask("a cab") == "a cab"


def test_of_two_secrets_the_longer_one_is_masked_whole() -> None:
    assert Masking(["secret", "secret-and-more"]).mask("secret-and-more") == MASK


def test_signs_that_mean_something_in_patterns_are_taken_as_they_are() -> None:
    assert Masking(["s.cr(t+[x]"]).mask("s.cr(t+[x] sxcr(t") == f"{MASK} sxcr(t"


def test_numbers_and_truth_values_stay_what_they_are() -> None:
    event = {"n": 3, "s": 1.5, "yes": True, "none": None}

    assert Masking(SECRETS)(None, "", dict(event)) == event


def test_a_traceback_is_masked_with_every_error_in_its_chain(lines: Callable[[], list[str]]) -> None:
    try:
        try:
            raise ValueError(f"Invalid header value: 'Bearer {KEY}'")
        except ValueError as error:
            raise ProviderError(f"POST {WEBHOOK}") from error
    except ProviderError:
        structlog.get_logger().exception("request.broke", path="/")
    (line,) = lines()

    assert "ProviderError" in line
    assert "ValueError" in line
    assert not [secret for secret in (*SECRETS, "webhook-token_abcdef") if secret in line]


def test_what_libraries_log_has_the_same_form_and_is_masked(lines: Callable[[], list[str]]) -> None:
    logging.getLogger("urllib3").warning("Retrying %s with %s", OTHERS_WEBHOOK, KEY)
    (line,) = lines()

    found = fields(line)
    assert (found["level"], found["logger"]) == ("warning", "urllib3")
    assert found["event"] == f"Retrying https://discord.com/api/v10/webhooks/{MASK}?wait=true with {MASK}"


def test_a_traceback_of_a_library_is_masked(lines: Callable[[], list[str]]) -> None:
    try:
        raise ValueError(f"Bot {BOT}")
    except ValueError:
        logging.getLogger("discord.client").exception("It broke with %s", KEY)
    (line,) = lines()

    assert "ValueError" in line
    assert not [secret for secret in SECRETS if secret in line]


def test_chatter_of_libraries_is_left_out(lines: Callable[[], list[str]]) -> None:
    logging.getLogger("urllib3").info("Starting new HTTPS connection")

    assert lines() == []


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_only_what_is_important_enough_is_logged(
    form: str, capsys: pytest.CaptureFixture[str], level: str, seen: list[str]
) -> None:
    set_up_logs(level=level, form=form, secrets=())
    log = structlog.get_logger()
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("it.happened")

    assert [fields(line)["level"] for line in capsys.readouterr().out.splitlines()] == seen


def test_what_spans_lines_stays_on_one(lines: Callable[[], list[str]]) -> None:
    structlog.get_logger().info("it.happened", prompt='a "dog"\nlevel=error')
    (line,) = lines()

    assert fields(line)["level"] == "info"


def test_logs_that_are_set_up_twice_are_not_written_twice(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(level="info", form=form, secrets=())
    set_up_logs(level="info", form=form, secrets=())
    logging.getLogger("library").warning("once")

    assert len(capsys.readouterr().out.splitlines()) == 1
