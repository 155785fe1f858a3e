"""The outbox of mails, and who gets which ones.

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(31), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("message_id", sa.String(320), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(80), nullable=False),
        sa.Column("follow_up", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.UniqueConstraint("message_id", name="uq_mails_message_id"),
    )
    op.create_index("ix_mails_state_next_at", "mails", ["state", "next_at"])
    op.create_index("ix_mails_digest_recipient", "mails", ["digest", "recipient"])
    op.create_table(
        "mail_preferences",
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("preferences", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name="fk_mail_preferences_extension_id_extensions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("extension_id", name="pk_mail_preferences"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("mail_preferences")
    op.drop_table("mails")
