"""Lines of the queues' log that the agent who answered has deleted.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, so far nothing is deleted; and an index for the log of all queues."""
    op.add_column(
        "queue_calls",
        sa.Column("deleted_by_agent", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_queue_calls_joined_at_id", "queue_calls", ["joined_at", "id"])


def downgrade() -> None:
    """Drop them: the lines are there again."""
    op.drop_index("ix_queue_calls_joined_at_id", "queue_calls")
    op.drop_column("queue_calls", "deleted_by_agent")
