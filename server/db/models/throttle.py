"""Counts of wrong passwords, by account and by address (AUTH-6)."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class ThrottleRow(Base):
    """Failures under one key since `since`, and a lock that they led to.

    `level` counts the locks in a row: each is twice as long as the one before.
    """

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(127), primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    level: Mapped[int]
    locked_until: Mapped[datetime | None]
