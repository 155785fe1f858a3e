"""Function keys of extensions.

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "function_keys",
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("extension_id", name=op.f("pk_function_keys")),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name=op.f("fk_function_keys_extension_id_extensions"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("function_keys")
