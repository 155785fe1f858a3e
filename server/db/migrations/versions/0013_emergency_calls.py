"""Emergency calls that were made lately.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "emergency_calls",
        sa.Column("extension", sa.String(8), nullable=False),
        sa.Column("number", sa.String(8), nullable=False),
        sa.Column("trunk", sa.String(32), nullable=False),
        sa.Column("shown", sa.String(80), nullable=False),
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("extension", "number", "trunk", "shown", name="pk_emergency_calls"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("emergency_calls")
