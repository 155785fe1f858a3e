"""Accounts, extensions, sessions, throttle, audit.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user", sa.String(63), nullable=False),
        sa.Column("role", sa.String(31), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("user", name="uq_accounts_user"),
    )
    op.create_table(
        "avatars",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(31), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_avatars"),
    )
    op.create_table(
        "extensions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("number", sa.String(8), nullable=False),
        sa.Column("first_name", sa.String(63), nullable=False),
        sa.Column("last_name", sa.String(63), nullable=False),
        sa.Column("email", sa.String(255), nullable=True),
        sa.Column("email_key", sa.String(255), nullable=True),
        sa.Column("mobile", sa.String(31), nullable=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("client_enabled", sa.Boolean, nullable=False),
        sa.Column("srtp", sa.String(31), nullable=False),
        sa.Column("sip_secret", sa.LargeBinary, nullable=False),
        sa.Column("avatar", sa.String(64), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extensions"),
        sa.UniqueConstraint("account_id", name="uq_extensions_account_id"),
        sa.UniqueConstraint("number", name="uq_extensions_number"),
        sa.UniqueConstraint("email_key", name="uq_extensions_email_key"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_extensions_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.hash"], name="fk_extensions_avatar_avatars"),
    )
    op.create_table(
        "extension_groups",
        sa.Column("extension_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("extension_id", "name", name="pk_extension_groups"),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name="fk_extension_groups_extension_id_extensions",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_extension_groups_name", "extension_groups", ["name"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(43), nullable=False),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("access_hash", sa.String(64), nullable=False),
        sa.Column("access_expires_at", UtcDateTime, nullable=False),
        sa.Column("previous_access_hash", sa.String(64), nullable=True),
        sa.Column("previous_access_expires_at", UtcDateTime, nullable=True),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("address", sa.String(63), nullable=False),
        sa.Column("client_kind", sa.String(31), nullable=False),
        sa.Column("client_version", sa.String(63), nullable=False),
        sa.Column("client_platform", sa.String(63), nullable=False),
        sa.Column("client_host", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("access_hash", name="uq_sessions_access_hash"),
        sa.UniqueConstraint("previous_access_hash", name="uq_sessions_previous_access_hash"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_sessions_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(43), nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("replaced_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_refresh_tokens_session_id_sessions", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(127), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("locked_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_throttle"),
    )
    op.create_index("ix_throttle_changed_at", "throttle", ["changed_at"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("address", sa.String(63), nullable=False),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_action", "audit", ["action"])
    op.create_index("ix_audit_subject", "audit", ["subject"])


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    for table in (
        "audit",
        "throttle",
        "refresh_tokens",
        "sessions",
        "extension_groups",
        "extensions",
        "avatars",
        "accounts",
    ):
        op.drop_table(table)
