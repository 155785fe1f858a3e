"""What an administrator configures: trunks, routes, hours and the like, one row an object."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class ConfigurationRow(Base):
    """One object. The model of its kind (`server.contract.kinds`) is the schema of `body`.

    `secret` is encrypted with the key file of the data folder (`server.services.vault`).
    """

    __tablename__ = "configuration"

    kind: Mapped[str] = mapped_column(String(31), primary_key=True)
    key: Mapped[str] = mapped_column(String(63), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]
