"""Time conditions (business hours are one) and holidays (ADMIN-2)."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.base import Line, Request
from server.contract.configuration import AtLeastOne, ConfigObject, ObjectName, Reference, References

Start = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""`HH:MM`, 00:00 to 23:59."""

End = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""`HH:MM`, 00:00 to 24:00."""


class Weekday(StrEnum):
    """Days of the week in the order of ISO 8601."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class WeeklyPeriod(Request):
    """From `start`, included, to `end`, excluded, on each of `days`, by the clock on the wall.

    An `end` before `start` is on the next day. The whole day is 00:00 to 24:00.
    """

    days: Annotated[tuple[Weekday, ...], Field(max_length=7), AtLeastOne()]
    start: Start
    end: End

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.start == self.end:
            raise ValueError("start and end are the same; the whole day is 00:00 to 24:00")
        return self


class ByHand(StrEnum):
    """What a time condition was switched to by hand; its place is the digit behind the code (CODE-1)."""

    AUTOMATIC = "automatic"
    """Its periods decide."""
    OPEN = "open"
    CLOSED = "closed"


class TimeCondition(ConfigObject):
    """When something holds: in any of `periods`; a break is the time between two of them.

    It holds only in `months` and on `days_of_month` (empty: all), and not on the days of `except_holidays`.
    Of a period that ends on the next day, these ask for the day on which it began. `by_hand` goes before all
    of this, until it is automatic again.
    """

    name: ObjectName = ""
    periods: Annotated[tuple[WeeklyPeriod, ...], Field(max_length=100), AtLeastOne()]
    months: Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(max_length=12)] = ()
    days_of_month: Annotated[tuple[Annotated[int, Field(ge=1, le=31)], ...], Field(max_length=31)] = ()
    except_holidays: References = ()
    by_hand: ByHand = ByHand.AUTOMATIC

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        return [Reference("holidays", name, "except_holidays") for name in self.except_holidays]

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        periods = "; ".join(
            f"{', '.join(day[:3] for day in period.days)} {period.start}-{period.end}"
            for period in self.periods
        )
        return periods if self.by_hand is ByHand.AUTOMATIC else f"{self.by_hand} by hand; {periods}"


class HolidayDates(Request):
    """A day, or all days from `first` to `last`, both included; `yearly`: in every year.

    29 February, yearly, is in leap years only.
    """

    label: Line = Field("", max_length=63)
    first: date
    last: date | None = None
    yearly: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last is not None:
            if self.last < self.first:
                raise ValueError(f"last ({self.last}) is before first ({self.first})")
            if self.yearly and (self.last - self.first).days >= 365:
                raise ValueError("yearly dates must be less than a year long")
        return self


class Holidays(ConfigObject):
    """A named list of days, such as the public holidays of a country."""

    name: ObjectName = ""
    dates: Annotated[tuple[HolidayDates, ...], Field(max_length=500), AtLeastOne()]

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"{len(self.dates)} dates"
