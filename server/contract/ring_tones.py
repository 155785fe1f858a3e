"""Ring tones that administrators upload, beside those of our client (ADMIN-2, Q-5)."""

from typing import Annotated

from pydantic import Field, field_validator

from server.contract.base import Instant, Line, Reply
from server.contract.configuration import ConfigObject, ObjectName
from server.contract.queues import RingTone

SHORTEST_S, LONGEST_S = 0.2, 30.0
"""Seconds of a ring tone, which is heard again and again."""


class UploadedRingTone(ConfigObject):
    """A ring tone by its name, which is none of the client's own. What is heard is uploaded."""

    name: ObjectName = ""
    description: Annotated[Line, Field(max_length=255)] = ""

    @field_validator("name")
    @classmethod
    def _is_not_built_in(cls, name: str) -> str:
        if name in frozenset(RingTone):
            raise ValueError(f"{name} is the name of a tone that the client has")
        return name

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return self.description


class RingToneSound(Reply):
    """What is heard of a ring tone; `duration_s` in seconds, `size` in bytes, `hash`: SHA-256 of the WAV."""

    hash: str
    duration_s: float
    size: int
    uploaded_at: Instant


class RingTones(Reply):
    """The sounds of all ring tones that were uploaded, by their hashes: what a client may be told to ring."""

    hashes: list[str]
