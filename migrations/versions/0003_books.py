"""Where pictures belong and what they take, calls of image models, descriptors and uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("pictures", sa.Column("album", sa.Text))
    op.add_column("pictures", sa.Column("slot", sa.Text))
    op.add_column("pictures", sa.Column("request_id", sa.Text))
    op.add_column("pictures", sa.Column("size_bytes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("pictures", sa.Column("expired_at", sa.Double))
    op.create_index("ix_pictures_album", "pictures", ["album"])
    op.create_index("ix_pictures_created_at", "pictures", ["created_at"])
    op.create_table(
        "attempts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("likeness", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("cost", sa.Double),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
    )
    op.create_index("ix_attempts_request_id", "attempts", ["request_id"])
    op.create_index("ix_attempts_job_id", "attempts", ["job_id"])
    op.create_table(
        "descriptors",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_descriptors_created_at", "descriptors", ["created_at"])
    op.create_table(
        "uploads",
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("mime", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_uploads_created_at", "uploads", ["created_at"])
