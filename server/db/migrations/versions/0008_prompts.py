"""What is heard of prompts.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "prompt_recordings",
        sa.Column("prompt", sa.String(63), nullable=False),
        sa.Column("language", sa.String(7), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("prompt", "language", name=op.f("pk_prompt_recordings")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("prompt_recordings")
