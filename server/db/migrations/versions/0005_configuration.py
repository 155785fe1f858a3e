"""What an administrator configures.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "configuration",
        sa.Column("kind", sa.String(31), nullable=False),
        sa.Column("key", sa.String(63), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_configuration")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("configuration")
