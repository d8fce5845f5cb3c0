"""Logs: events with fields, one line each, with every known secret masked."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Collection, MutableMapping
from typing import Any

import structlog

# What looks like a secret even if it is not one of ours: a webhook's URL, and what follows "Bearer" or "Bot".
_LOOKS_SECRET = re.compile(r"(?<=/webhooks/)\d+/[\w-]+|(?<=Bearer )\S+|(?<=Bot )[\w.-]{20,}")
MASK = "[hidden]"


class Masking:
    """A structlog processor that masks `secrets`, and what looks like one, in every field."""

    def __init__(self, secrets: Collection[str]) -> None:
        # A webhook's token is a secret apart from its URL as well.
        tokens = {secret.rsplit("/", 1)[-1] for secret in secrets if "/webhooks/" in secret}
        parts = tokens | set(secrets)
        known = sorted((re.escape(part) for part in parts if len(part) >= 6), key=len, reverse=True)
        self._known = re.compile("|".join(known)) if known else None

    def __call__(
        self, _logger: object, _name: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for key, value in event.items():
            # structlog's own fields (_record ...) are taken out before the line is written.
            if not isinstance(value, int | float | None) and not key.startswith("_"):
                event[key] = self.mask(repr(value) if isinstance(value, BaseException) else str(value))
        return event

    def mask(self, text: str) -> str:
        if self._known:
            text = self._known.sub(MASK, text)
        return _LOOKS_SECRET.sub(MASK, text)


def set_up_logs(*, level: str, form: str, secrets: Collection[str]) -> None:
    """Send the service's own events and all libraries' logs to the standard output, masked.

    `level`: debug, info, warning or error; `form`: "text" (key=value) or "json".
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        Masking(secrets),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True, bool_as_flag=False
        )
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
    logging.getLogger("discord.client").setLevel(logging.ERROR)  # it warns of voice, which is not used
