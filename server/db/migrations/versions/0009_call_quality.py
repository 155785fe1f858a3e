"""How calls sounded.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "call_quality",
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("codec", sa.String(32), nullable=True),
        sa.Column("encrypted", sa.Boolean(), nullable=True),
        sa.Column("measured_s", sa.Float(), nullable=True),
        sa.Column("mos", sa.Float(), nullable=True),
        sa.Column("mos_worst", sa.Float(), nullable=True),
        sa.Column("loss_received", sa.Float(), nullable=True),
        sa.Column("loss_sent", sa.Float(), nullable=True),
        sa.Column("jitter_ms", sa.Float(), nullable=True),
        sa.Column("jitter_worst_ms", sa.Float(), nullable=True),
        sa.Column("round_trip_ms", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("call_id", "owner", name=op.f("pk_call_quality")),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_quality_call_id_calls"), ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("call_quality")
