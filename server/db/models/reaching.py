"""How extensions are reached (PRES-2, DIR-5)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class ReachingRow(Base):
    """The settings of an extension, as `contract.reaching.ReachingSettings`. No row: the defaults."""

    __tablename__ = "reaching"

    extension_id: Mapped[int] = mapped_column(
        ForeignKey("extensions.id", ondelete="CASCADE"), primary_key=True
    )
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime]
