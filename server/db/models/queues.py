"""Queues at work, and their logs."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class QueueStateRow(Base):
    """What a later server goes on from (Q-11); `kind` says which model of `rules.queues.stored` `body` is."""

    __tablename__ = "queue_state"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class QueueCallRow(Base):
    """One call of a queue, when it is over there (Q-9). A call may be in a queue more than once.

    `result`: how it was dealt with, since `result_at`, by `result_by`; `result_automatic`: as another call of
    the same caller was. `deleted_by_agent`: it is gone for the agent who answered, and for nobody else.
    """

    __tablename__ = "queue_calls"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    call_id: Mapped[str] = mapped_column(String(36))
    queue: Mapped[str] = mapped_column(String(8))
    caller: Mapped[str] = mapped_column(String(80))
    caller_name: Mapped[str] = mapped_column(String(255))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ending: Mapped[str] = mapped_column(String(16))
    agent: Mapped[str | None] = mapped_column(String(8))
    missed: Mapped[list[str]] = mapped_column(JSON)
    result: Mapped[str] = mapped_column(String(16), server_default="not_dealt")
    result_by: Mapped[str] = mapped_column(String(80), server_default="")
    result_at: Mapped[datetime | None]
    result_automatic: Mapped[bool] = mapped_column(Boolean, server_default=false())
    deleted_by_agent: Mapped[bool] = mapped_column(Boolean, server_default=false())

    __table_args__ = (
        Index("ix_queue_calls_queue_joined_at_id", "queue", "joined_at", "id"),
        Index("ix_queue_calls_joined_at_id", "joined_at", "id"),
    )


class AgentChangeRow(Base):
    """An agent's state in a queue changed (Q-12); no `before`: new there, no `after`: a member no more."""

    __tablename__ = "agent_changes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    queue: Mapped[str] = mapped_column(String(8))
    extension: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime]
    before: Mapped[str | None] = mapped_column(String(16))
    after: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(63))

    __table_args__ = (Index("ix_agent_changes_queue_at_id", "queue", "at", "id"),)
