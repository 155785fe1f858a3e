"""Emergency calls that were made lately, whose call-back is waited for (PRES-8)."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class EmergencyCallRow(Base):
    """The last emergency call of an extension to this number, over this trunk, that showed this caller ID."""

    __tablename__ = "emergency_calls"

    extension: Mapped[str] = mapped_column(String(8), primary_key=True)
    number: Mapped[str] = mapped_column(String(8), primary_key=True)
    trunk: Mapped[str] = mapped_column(String(32), primary_key=True)
    shown: Mapped[str] = mapped_column(String(80), primary_key=True)
    call_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
