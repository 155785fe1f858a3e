"""The audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class AuditRow(Base):
    """Who did what to what, when, from where. `detail` never holds a secret."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(255))
    address: Mapped[str] = mapped_column(String(63))
    action: Mapped[str] = mapped_column(String(63), index=True)
    subject: Mapped[str] = mapped_column(String(255), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
