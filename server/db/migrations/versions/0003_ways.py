"""The way of a call: extensions that it came to before the last one, and the trunk it came from.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; earlier calls went straight from extension to extension."""
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("caller_trunk", sa.String(63), nullable=False, server_default=""))
        calls.add_column(sa.Column("visits", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("calls") as calls:
        calls.drop_column("visits")
        calls.drop_column("caller_trunk")
