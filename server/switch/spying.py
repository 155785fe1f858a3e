"""Listening to a call from outside it (WALL-3)."""

from abc import ABC, abstractmethod
from enum import StrEnum


class Whisper(StrEnum):
    """Who hears the third party that listens to a leg."""

    NOBODY = "nobody"
    """Listen."""
    LEG = "leg"
    """Whisper: the leg alone, not whom it talks with."""
    ALL = "all"
    """Barge in: everybody in the call."""


class Spying(ABC):
    """A third party that hears both sides of a leg's call."""

    @abstractmethod
    async def stop(self) -> None:
        """End it; the legs stay up, the listener's alone. Idempotent; never raises."""
