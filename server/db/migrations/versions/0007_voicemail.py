"""Mailboxes, their messages and greetings.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "mailboxes",
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("pin_hash", sa.String(255), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_mailboxes")),
    )
    op.create_table(
        "voicemail_messages",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("box", sa.String(80), nullable=False),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("caller_name", sa.String(255), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("heard", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail_messages")),
    )
    op.create_index("ix_voicemail_messages_box_received_at", "voicemail_messages", ["box", "received_at"])
    op.create_table(
        "voicemail_greetings",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("box", sa.String(80), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail_greetings")),
    )
    op.create_index(op.f("ix_voicemail_greetings_box"), "voicemail_greetings", ["box"])


def downgrade() -> None:
    """Drop them; the files stay."""
    for table in ("voicemail_greetings", "voicemail_messages", "mailboxes"):
        op.drop_table(table)
