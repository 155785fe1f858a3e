"""Login sessions and their refresh tokens (AUTH-7). Tokens are kept as SHA-256 hashes only."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class SessionRow(Base):
    """One login of one client. Deleting the row ends the session.

    `confirmed`: the newest tokens have been used, so their owner has received them.
    `previous_access_hash` lives on for a moment, for requests that were on their way during a refresh.
    `expires_at`: the end of the newest refresh token, and so of the session unless it is refreshed.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    access_hash: Mapped[str] = mapped_column(String(64), unique=True)
    access_expires_at: Mapped[datetime]
    previous_access_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    previous_access_expires_at: Mapped[datetime | None]
    confirmed: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(String(63))
    client_kind: Mapped[str] = mapped_column(String(31))
    client_version: Mapped[str] = mapped_column(String(63))
    client_platform: Mapped[str] = mapped_column(String(63))
    client_host: Mapped[str] = mapped_column(String(255))


class RefreshTokenRow(Base):
    """A refresh token, also after its use, so that a second use is recognised.

    `replaced_at` is None for the one that is valid now.
    """

    __tablename__ = "refresh_tokens"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class LoginLinkRow(Base):
    """A login link that was not used yet (AUTH-2); its token is kept as a SHA-256 hash only."""

    __tablename__ = "login_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
