"""Mailboxes: settings, messages, greetings (VM-1 to VM-6). The sound is in files, named by the ids."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class MailboxRow(Base):
    """Settings of a mailbox, as `contract.voicemail.VoicemailSettings`. No row: the defaults."""

    __tablename__ = "mailboxes"

    number: Mapped[str] = mapped_column(String(80), primary_key=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    pin_hash: Mapped[str | None] = mapped_column(String(255))
    changed_at: Mapped[datetime]


class VoicemailMessageRow(Base):
    """A message in a mailbox."""

    __tablename__ = "voicemail_messages"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    box: Mapped[str] = mapped_column(String(80))
    caller: Mapped[str] = mapped_column(String(80))
    caller_name: Mapped[str] = mapped_column(String(255))
    received_at: Mapped[datetime]
    seconds: Mapped[float] = mapped_column(Float)
    heard: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (Index("ix_voicemail_messages_box_received_at", "box", "received_at"),)


class VoicemailGreetingRow(Base):
    """A personal greeting of a mailbox."""

    __tablename__ = "voicemail_greetings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    box: Mapped[str] = mapped_column(String(80), index=True)
    name: Mapped[str] = mapped_column(String(63))
    seconds: Mapped[float] = mapped_column(Float)
    created_at: Mapped[datetime]
