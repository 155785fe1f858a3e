"""Sound packages of other languages than English."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class LanguageRow(Base):
    """A language that is installed; its sounds are files in `folder`, a name below that of all languages."""

    __tablename__ = "languages"

    language: Mapped[str] = mapped_column(String(7), primary_key=True)
    folder: Mapped[str] = mapped_column(String(63))
    installed_at: Mapped[datetime]
