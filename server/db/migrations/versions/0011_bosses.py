"""For whom a call is: secretaries are called for their boss.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("calls", sa.Column("boss", sa.String(80), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("calls", "boss")
