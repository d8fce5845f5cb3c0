"""Adventures, with their turns, saves and events."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _of_adventure() -> sa.Column[str]:
    key = sa.ForeignKey("adventures.id", ondelete="CASCADE")
    return sa.Column("adventure", sa.Text, key, primary_key=True)


def upgrade() -> None:
    op.create_table(
        "adventures",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("setup", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("head", sa.Integer, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )
    op.create_index("ix_adventures_updated_at", "adventures", ["updated_at"])
    op.create_index("ix_adventures_owner", "adventures", ["owner", "updated_at"])
    op.create_table(
        "adventure_turns",
        _of_adventure(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("parent", sa.Integer, nullable=False),
        sa.Column("choice", sa.Text, nullable=False),
        sa.Column("told", sa.JSON),
        sa.Column("picture", sa.Text),
        sa.Column("problem", sa.JSON),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("picture_job_id", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "adventure_saves",
        _of_adventure(),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "adventure_events",
        _of_adventure(),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
