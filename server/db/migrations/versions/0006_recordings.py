"""Recordings of calls.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("caller_name", sa.String(255), nullable=False),
        sa.Column("callee", sa.String(80), nullable=False),
        sa.Column("callee_name", sa.String(255), nullable=False),
        sa.Column("rule", sa.String(63), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
    )
    op.create_index(op.f("ix_recordings_ended_at"), "recordings", ["ended_at"])
    op.create_index("ix_recordings_started_at_id", "recordings", ["started_at", "id"])
    op.create_table(
        "recording_owners",
        sa.Column("recording_id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "owner", name=op.f("pk_recording_owners")),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_recording_owners_recording_id_recordings"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_recording_owners_owner"), "recording_owners", ["owner"])


def downgrade() -> None:
    """Drop them."""
    for table in ("recording_owners", "recordings"):
        op.drop_table(table)
