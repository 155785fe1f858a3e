"""Recordings of calls (SIP-5, LOG-1)."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class RecordingRow(Base):
    """A recording. Its id is the id of its call, which may be deleted before it."""

    __tablename__ = "recordings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    caller: Mapped[str] = mapped_column(String(80))
    caller_name: Mapped[str] = mapped_column(String(255))
    callee: Mapped[str] = mapped_column(String(80))
    callee_name: Mapped[str] = mapped_column(String(255))
    rule: Mapped[str] = mapped_column(String(63))
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    seconds: Mapped[float] = mapped_column(Float)
    size: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_recordings_started_at_id", "started_at", "id"),)


class RecordingOwnerRow(Base):
    """An extension whose recording it is."""

    __tablename__ = "recording_owners"

    recording_id: Mapped[str] = mapped_column(
        ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True
    )
    owner: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
