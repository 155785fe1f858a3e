"""Calls, the personal logs of them, presence, and blocked SIP addresses."""

from datetime import datetime

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class CallRow(Base):
    """One call. Written when it starts, so that a later server process can take it over.

    `visits`: extensions that it came to before `callee`. `boss`: for whom these are called
    (BOSS-1). `caller_leg`, `answered_leg`, `legs` (every phone that was dialled) and `bridge_id` are ids of
    the switch.
    """

    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    caller: Mapped[str] = mapped_column(String(80))
    caller_name: Mapped[str] = mapped_column(String(255))
    dialled: Mapped[str] = mapped_column(String(80))
    callee: Mapped[str | None] = mapped_column(String(80))
    callee_name: Mapped[str] = mapped_column(String(255))
    outcome: Mapped[str | None] = mapped_column(String(32))
    sip_code: Mapped[int | None] = mapped_column(Integer)
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    caller_leg: Mapped[str] = mapped_column(String(128))
    answered_leg: Mapped[str | None] = mapped_column(String(128))
    legs: Mapped[list[str]] = mapped_column(JSON)
    bridge_id: Mapped[str] = mapped_column(String(128))
    caller_trunk: Mapped[str] = mapped_column(String(63), server_default="")
    boss: Mapped[str] = mapped_column(String(80), server_default="")
    visits: Mapped[list[dict[str, str]]] = mapped_column(JSON, server_default="[]")

    __table_args__ = (Index("ix_calls_started_at_id", "started_at", "id"),)


class CallLogRow(Base):
    """One call in one extension's personal log (LOG-1)."""

    __tablename__ = "call_log"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    owner: Mapped[str] = mapped_column(String(80))
    direction: Mapped[str] = mapped_column(String(16))
    number: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(255))
    outcome: Mapped[str] = mapped_column(String(32))
    sip_code: Mapped[int | None] = mapped_column(Integer)
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime]
    seen: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (Index("ix_call_log_owner_started_at_id", "owner", "started_at", "id"),)


class CallQualityRow(Base):
    """How a call sounded at one extension, as its client has told (SIP-8). Units as in `CallQuality`."""

    __tablename__ = "call_quality"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(80), primary_key=True)
    codec: Mapped[str | None] = mapped_column(String(32))
    encrypted: Mapped[bool | None] = mapped_column(Boolean)
    measured_s: Mapped[float | None] = mapped_column(Float)
    mos: Mapped[float | None] = mapped_column(Float)
    mos_worst: Mapped[float | None] = mapped_column(Float)
    loss_received: Mapped[float | None] = mapped_column(Float)
    loss_sent: Mapped[float | None] = mapped_column(Float)
    jitter_ms: Mapped[float | None] = mapped_column(Float)
    jitter_worst_ms: Mapped[float | None] = mapped_column(Float)
    round_trip_ms: Mapped[float | None] = mapped_column(Float)


class PresenceRow(Base):
    """The presence an extension has chosen (PRES-1). No row: available, without a note.

    A temporary one (PRES-5) has `until`, and what comes back then in `previous_status` and `previous_note`.
    """

    __tablename__ = "presence"

    number: Mapped[str] = mapped_column(String(80), primary_key=True)
    status: Mapped[str] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(String(255))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    previous_status: Mapped[str | None] = mapped_column(String(32))
    previous_note: Mapped[str | None] = mapped_column(String(255))


class SipBlockRow(Base):
    """An address whose SIP requests are, or were lately, refused unseen."""

    __tablename__ = "sip_blocks"

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime]
    duration_s: Mapped[float] = mapped_column(Float)
