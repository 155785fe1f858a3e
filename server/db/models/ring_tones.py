"""What is heard of ring tones."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class RingToneRow(Base):
    """A ring tone: WAV, one channel, 16 bit, 16 kHz. `hash` is the SHA-256 of `content`.

    `name` is the key of an object of the configuration.
    """

    __tablename__ = "ring_tone_sounds"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    duration_ms: Mapped[int]
    size: Mapped[int]
    uploaded_at: Mapped[datetime]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
