"""The tables. Times are epoch seconds; Discord's ids are 64-bit snowflakes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    or_,
    text,
)

metadata = MetaData()


def is_one_of(column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """IN for values that are known beforehand: SQLAlchemy expands its own `in_` anew for each call."""
    return or_(false(), *(column == value for value in values))


jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("request", JSON, nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    # Whoever holds the lease works on the job, until it lapses; every write names it.
    Column("lease", Text),
    Column("lease_until", Double),
    Column("attempts", Integer, nullable=False),
    Column("rung_at", Double, nullable=False),
    Column("last_event", Integer, nullable=False),
    Index("ix_jobs_state", "state"),
    Index("ix_jobs_owner", "owner", "created_at", "id"),
)

events = Table(
    "events",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Double, nullable=False, index=True),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # When it is tried next, once the job has ended. None: there is nothing more to do.
    Column("due_at", Double, index=True),
    Column("outcome", Text),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Double, nullable=False),
    Column("note", Text, nullable=False),
)

commands = Table(
    "commands",
    metadata,
    Column("id", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("channel_id", BigInteger),
    Column("command_id", BigInteger),
    Column("progress_id", BigInteger),
    Column("painting_id", Text),
    Column("final_id", BigInteger),
    Column("attachment_id", BigInteger),
    Column("source_url", Text),
    Column("is_grid", Integer),
    Column("percent", Integer),
    Column("preview_url", Text),
    Column("error", JSON(none_as_null=True)),
    Column("created_at", Double, nullable=False),
    Column("closed_at", Double),
    Index(
        "uq_commands_open_seed",
        "seed",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_commands_closed_at", "closed_at"),
)

pictures = Table(
    "pictures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("file", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("position", Integer),
    Column("mime", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("alt", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("seed", BigInteger),
    Column("source_url", Text),
    Column("created_at", Double, nullable=False),
    # What it belongs to, such as a book's id, and its place there, such as page-3.
    Column("album", Text),
    Column("slot", Text),
    # The request that it was made for; several providers may have answered that.
    Column("request_id", Text),
    Column("size_bytes", Integer, nullable=False),
    # When its file was removed to make room; its row stays, so that one can say so.
    Column("expired_at", Double),
    Index("ix_pictures_album", "album"),
    Index("ix_pictures_created_at", "created_at"),
)

# Calls of image models: written before they are made.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", Text, nullable=False, index=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("likeness", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", JSON(none_as_null=True)),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost", Double),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
)

# Pictures that are wanted of a midjourney-proxy, by the ids of their requests.
proxy_tasks = Table(
    "proxy_tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("task_id", Text),
    Column("created_at", Double, nullable=False),
    Column("submitted_at", Double),
    Column("counted", Boolean, nullable=False, server_default=false()),
)

# Which job a picture set's name stands for.
picture_sets = Table(
    "picture_sets",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Double, nullable=False),
)

# How pictures look, in words, by the hash of their bytes.
descriptors = Table(
    "descriptors",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
)

uploads = Table(
    "uploads",
    metadata,
    Column("file", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("mime", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
)

# What owners have used in a month, and what is reserved for jobs that are under way. In these three tables
# costs are in millionths of a dollar.
usage = Table(
    "usage",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("pictures", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Index("ix_usage_month", "month"),
)

# What a job has reserved and not spent yet. Not removed with the job: it has to be taken off the usage.
holds = Table(
    "holds",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("pictures", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Index("ix_holds_owner", "owner", "month"),
)

# What a job has really used.
spendings = Table(
    "spendings",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("pictures", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
)

channels = Table(
    "channels",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("last_message_id", BigInteger, nullable=False),
)

# Which job has the answer to a request that was paid for once.
answers = Table(
    "answers",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Double, nullable=False, index=True),
)

answer_counts = Table(
    "answer_counts",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("hits", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
)

# How stories stand whose texts are with their writers.
drafts = Table(
    "drafts",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("summary", Text, nullable=False),
    Column("scenes_told", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("has_ending", Integer, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
)

projects = Table(
    "projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("words", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("made_from", Text, nullable=False),
    Index("ix_projects_owner", "owner", "updated_at"),
)

# Interactive stories. `head` is the turn that the player is at, `turns` the highest number so far.
adventures = Table(
    "adventures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("setup", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("head", Integer, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False, index=True),
    Index("ix_adventures_owner", "owner", "updated_at"),
)

# A tree: `parent` is the turn before, 0 for the first. `told` is JSON: narration, choices, memory.
adventure_turns = Table(
    "adventure_turns",
    metadata,
    Column("adventure", Text, ForeignKey("adventures.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, nullable=False),
    Column("choice", Text, nullable=False),
    Column("told", JSON(none_as_null=True)),
    Column("picture", Text),
    Column("problem", JSON(none_as_null=True)),
    Column("job_id", Text, nullable=False),
    Column("picture_job_id", Text),
    Column("created_at", Double, nullable=False),
)

adventure_saves = Table(
    "adventure_saves",
    metadata,
    Column("adventure", Text, ForeignKey("adventures.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("turn", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
)

# What players are told, in its order; kept for the newest turns only.
adventure_events = Table(
    "adventure_events",
    metadata,
    Column("adventure", Text, ForeignKey("adventures.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("turn", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("data", JSON, nullable=False),
)
