"""Calls, the personal logs of them, presence, and blocked SIP addresses.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "calls",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("caller_name", sa.String(255), nullable=False),
        sa.Column("dialled", sa.String(80), nullable=False),
        sa.Column("callee", sa.String(80), nullable=True),
        sa.Column("callee_name", sa.String(255), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("caller_leg", sa.String(128), nullable=False),
        sa.Column("answered_leg", sa.String(128), nullable=True),
        sa.Column("legs", sa.JSON(), nullable=False),
        sa.Column("bridge_id", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_ended_at"), "calls", ["ended_at"])
    op.create_index("ix_calls_started_at_id", "calls", ["started_at", "id"])
    op.create_table(
        "call_log",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_log")),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_log_call_id_calls"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_call_log_call_id"), "call_log", ["call_id"])
    op.create_index("ix_call_log_owner_started_at_id", "call_log", ["owner", "started_at", "id"])
    op.create_table(
        "presence",
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("note", sa.String(255), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_presence")),
    )
    op.create_table(
        "sip_blocks",
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_sip_blocks")),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("sip_blocks", "presence", "call_log", "calls"):
        op.drop_table(table)
