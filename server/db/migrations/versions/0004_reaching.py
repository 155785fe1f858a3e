"""How extensions are reached, and temporary presence.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the columns that tell what comes back."""
    op.create_table(
        "reaching",
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("extension_id", name=op.f("pk_reaching")),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name=op.f("fk_reaching_extension_id_extensions"),
            ondelete="CASCADE",
        ),
    )
    op.add_column("presence", sa.Column("until", UtcDateTime(), nullable=True))
    op.add_column("presence", sa.Column("previous_status", sa.String(32), nullable=True))
    op.add_column("presence", sa.Column("previous_note", sa.String(255), nullable=True))


def downgrade() -> None:
    """Drop them; temporary presence stays for good."""
    for column in ("previous_note", "previous_status", "until"):
        op.drop_column("presence", column)
    op.drop_table("reaching")
