"""Presence of an extension (PRES-1)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from server.contract.base import Instant, Reply, Request

MAX_TEMPORARY_MIN = 24 * 60
"""The longest temporary status, in minutes (PRES-5)."""

Note = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""What colleagues are told beside a status."""


class PresenceStatus(StrEnum):
    """The statuses of PRES-1."""

    AVAILABLE = "available"
    AWAY = "away"
    BUSINESS_TRIP = "business_trip"
    DO_NOT_DISTURB = "do_not_disturb"
    LUNCH_BREAK = "lunch_break"
    OFF_WORK = "off_work"


class PresenceChange(Request):
    """A new status with its note, for good or for some minutes."""

    status: PresenceStatus
    note: Note | None = None
    """None: the note that the settings of this status have (PRES-2)."""
    for_minutes: int | None = Field(None, ge=1, le=MAX_TEMPORARY_MIN)
    """A temporary status: after so many minutes the one before comes back (PRES-5)."""


class Presence(Reply):
    """A status, its note, since when, and for a temporary one until when."""

    status: PresenceStatus
    note: str
    since: Instant
    until: Instant | None = None
    """When the status before this one comes back (PRES-5); None: this one stays."""
