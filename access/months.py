"""Calendar months in UTC, such as "2026-11"."""

from __future__ import annotations

from datetime import UTC, datetime

from utils import iso


def month_of(moment: float) -> str:
    """The month of a time in epoch seconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m")


def months_before(month: str, count: int) -> str:
    """The month that was `count` months before."""
    year, number = map(int, month.split("-"))
    return "{:04d}-{:02d}".format(*_counted(year * 12 + number - 1 - count))


def begin_of_next(month: str) -> datetime:
    year, number = map(int, month.split("-"))
    return datetime(*_counted(year * 12 + number), 1, tzinfo=UTC)


def resets_at(month: str) -> str:
    """When the next month begins, as RFC 3339 text."""
    return iso(begin_of_next(month).timestamp())


def _counted(months: int) -> tuple[int, int]:
    """(year, month) of so many months since the year 0."""
    return months // 12, months % 12 + 1
