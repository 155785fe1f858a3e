"""Queues at work, their calls, and what their agents did.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "queue_state",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_queue_state"),
    )
    op.create_table(
        "queue_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("queue", sa.String(8), nullable=False),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("caller_name", sa.String(255), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ending", sa.String(16), nullable=False),
        sa.Column("agent", sa.String(8), nullable=True),
        sa.Column("missed", sa.JSON(), nullable=False),
        sa.Column("result", sa.String(16), nullable=False, server_default="not_dealt"),
        sa.Column("result_by", sa.String(80), nullable=False, server_default=""),
        sa.Column("result_at", UtcDateTime(), nullable=True),
        sa.Column("result_automatic", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_queue_calls"),
    )
    op.create_index("ix_queue_calls_queue_joined_at_id", "queue_calls", ["queue", "joined_at", "id"])
    op.create_table(
        "agent_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(8), nullable=False),
        sa.Column("extension", sa.String(8), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("before", sa.String(16), nullable=True),
        sa.Column("after", sa.String(16), nullable=True),
        sa.Column("reason", sa.String(63), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_changes"),
    )
    op.create_index("ix_agent_changes_queue_at_id", "agent_changes", ["queue", "at", "id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("agent_changes")
    op.drop_table("queue_calls")
    op.drop_table("queue_state")
