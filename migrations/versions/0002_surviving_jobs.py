"""Leases and events of jobs, idempotency keys, callbacks, what runs once, and huey's tables on PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# huey creates its own tables on SQLite. On PostgreSQL two processes that do so together get in each
# other's way (UniqueViolation), so here they are made once: huey 3.5.4, huey/storage.py.
_HUEY_TABLES = {
    "huey_kv": "queue text NOT NULL, key text NOT NULL, value bytea NOT NULL, PRIMARY KEY (queue, key)",
    "huey_schedule": "id bigserial PRIMARY KEY, queue text NOT NULL, data bytea NOT NULL,"
    " timestamp double precision NOT NULL",
    "huey_task": "id bigserial PRIMARY KEY, queue text NOT NULL, data bytea NOT NULL,"
    " priority double precision NOT NULL DEFAULT 0.0",
    "huey_counter": "queue text NOT NULL, key text NOT NULL, value bigint NOT NULL DEFAULT 0,"
    " PRIMARY KEY (queue, key)",
}


def upgrade() -> None:
    op.add_column("jobs", sa.Column("lease", sa.Text))
    op.add_column("jobs", sa.Column("lease_until", sa.Double))
    for name, kind in (("attempts", sa.Integer), ("rung_at", sa.Double), ("last_event", sa.Integer)):
        op.add_column("jobs", sa.Column(name, kind, nullable=False, server_default="0"))
    op.create_index("ix_jobs_owner", "jobs", ["owner", "created_at", "id"])
    op.add_column("commands", sa.Column("percent", sa.Integer))
    op.add_column("commands", sa.Column("preview_url", sa.Text))
    op.create_table(
        "events",
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_idempotency_keys_job_id", "idempotency_keys", ["job_id"])
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "callbacks",
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Double),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("ix_callbacks_due_at", "callbacks", ["due_at"])
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":
        for table, columns in _HUEY_TABLES.items():
            op.execute(f"CREATE TABLE {table} ({columns})")
        op.execute("CREATE INDEX huey_schedule_queue_timestamp ON huey_schedule (queue, timestamp)")
        op.execute("CREATE INDEX huey_task_queue_priority_id ON huey_task (queue, priority DESC, id)")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for table in _HUEY_TABLES:
            op.execute(f"DROP TABLE {table}")
    for table in ("leases", "callbacks", "idempotency_keys", "events"):
        op.drop_table(table)
    op.drop_index("ix_jobs_owner", "jobs")
    for table, columns in (
        ("commands", ("preview_url", "percent")),
        ("jobs", ("last_event", "rung_at", "attempts", "lease_until", "lease")),
    ):
        for column in columns:
            op.drop_column(table, column)
