"""What owners use in a month, what is reserved, and what each job has used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_AMOUNT = ("calls", "tokens", "pictures", "cost")


def _amount() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in _AMOUNT]


def upgrade() -> None:
    counted = sa.Column("counted", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("proxy_tasks", counted)
    op.create_table(
        "usage",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("month", sa.Text, primary_key=True),
        *_amount(),
    )
    op.create_index("ix_usage_month", "usage", ["month"])
    op.create_table(
        "holds",
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("month", sa.Text, nullable=False),
        *_amount(),
    )
    op.create_index("ix_holds_owner", "holds", ["owner", "month"])
    op.create_table(
        "spendings",
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        *_amount(),
    )
