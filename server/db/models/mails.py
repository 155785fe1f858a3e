"""The outbox: mails that are to be sent, and what became of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class MailRow(Base):
    """One mail to one recipient.

    `facts` are what its text is made of, encrypted with the key file of the data folder; they go once the
    mail is sent. Mails with the same `digest` become one while they wait, or are
    about the same thing. `follow_up` is what is
    still to be done once the mail is sent.
    """

    __tablename__ = "mails"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(31))
    recipient: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(320), unique=True)
    facts: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(80))
    follow_up: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_mails_state_next_at", "state", "next_at"),
        Index("ix_mails_digest_recipient", "digest", "recipient"),
    )


class MailPreferencesRow(Base):
    """Which mails an extension gets, as `contract.mail.MailPreferences`. No row: the defaults."""

    __tablename__ = "mail_preferences"

    extension_id: Mapped[int] = mapped_column(
        ForeignKey("extensions.id", ondelete="CASCADE"), primary_key=True
    )
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime]
