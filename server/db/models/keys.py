"""Function keys (KEY-1)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class FunctionKeysRow(Base):
    """The keys of an extension in order, as `contract.keys.FunctionKey`. No row: they were never set."""

    __tablename__ = "function_keys"

    extension_id: Mapped[int] = mapped_column(
        ForeignKey("extensions.id", ondelete="CASCADE"), primary_key=True
    )
    keys: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    revision: Mapped[int]
    changed_at: Mapped[datetime]
