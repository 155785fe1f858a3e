"""Languages that are installed, and those of extensions; ring tones.

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the column."""
    op.create_table(
        "languages",
        sa.Column("language", sa.String(7), nullable=False),
        sa.Column("folder", sa.String(63), nullable=False),
        sa.Column("installed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("language", name=op.f("pk_languages")),
    )
    op.create_table(
        "ring_tone_sounds",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ring_tone_sounds")),
    )
    op.add_column("extensions", sa.Column("language", sa.String(7), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("extensions", "language")
    op.drop_table("ring_tone_sounds")
    op.drop_table("languages")
