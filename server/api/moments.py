"""Moments in the addresses of requests."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

from server.contract.base import Instant


def utc(moment: datetime) -> datetime:
    """The same moment in UTC, as the database has it.

    Raises:
        ValueError: at either end of the calendar there is no such one.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment is outside the calendar") from error


Moment = Annotated[Instant, AfterValidator(utc)]
"""A moment, with a zone."""
