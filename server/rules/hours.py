"""Whether a moment is inside business hours or on a holiday, by the clock on the wall of a time zone.

What a wall clock shows decides. Where it is put forward, times that it skips do not happen: a period that
begins at 02:30 begins at 03:00 then. Where it is put back, an hour happens twice, and a period in it holds
twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.contract.hours import ByHand, Holidays, TimeCondition, Weekday, WeeklyPeriod

_DAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something holds, and why, in words."""

    holds: bool
    why: str


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo | None:
    """A zone of the IANA database; None if there is no such one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as "Europe"
        return None


def local_time(now: datetime, zone: tzinfo | None) -> datetime | None:
    """What the clock on the wall shows at a moment; None if that cannot be said."""
    if zone is None or now.tzinfo is None:
        return None
    try:
        return now.astimezone(zone)
    except (OverflowError, ValueError):  # at either end of the calendar
        return None


def is_holiday(holidays: Holidays, day: date) -> bool:
    """Whether `day` is one of these."""
    return any(_on(dates.first, dates.last or dates.first, day, dates.yearly) for dates in holidays.dates)


def _on(first: date, last: date, day: date, yearly: bool) -> bool:
    if not yearly:
        return first <= day <= last
    start, end, this = ((when.month, when.day) for when in (first, last, day))
    if start <= end:
        return start <= this <= end
    return this >= start or this <= end


def on_holiday(name: str, known: Mapping[str, Holidays], wall: datetime | None) -> Verdict:
    """Whether it is a day of the list with this name. A list or a time that is not known: no."""
    if wall is None:
        return Verdict(False, "what day it is cannot be said: the system's time zone is unknown")
    if (holidays := known.get(name)) is None:
        return Verdict(False, f"the list of holidays {name!r} does not exist")
    if is_holiday(holidays, wall.date()):
        return Verdict(True, f"{wall.date()} is in the holidays {name!r}")
    return Verdict(False, f"{wall.date()} is not in the holidays {name!r}")


def in_hours(
    name: str,
    conditions: Mapping[str, TimeCondition],
    holidays: Mapping[str, Holidays],
    wall: datetime | None,
) -> Verdict:
    """Whether the time condition with this name holds at `wall` (see `local_time`).

    Whatever is not known counts as closed: the condition, a list of holidays that it excludes, the time.
    """
    condition = conditions.get(name)
    if condition is not None and condition.by_hand is not ByHand.AUTOMATIC:
        return Verdict(condition.by_hand is ByHand.OPEN, f"{name!r} is {condition.by_hand} by hand")
    if wall is None:
        return Verdict(False, "what time it is cannot be said: the system's time zone is unknown")
    if condition is None:
        return Verdict(False, f"the time condition {name!r} does not exist: it counts as closed")
    shown = f"{_DAYS[wall.weekday()].value.capitalize()} {wall:%Y-%m-%d %H:%M}"
    reason = f"{shown} is outside {name!r}"
    for period in condition.periods:
        began = _began(period, wall)
        if began is None:
            continue
        closed = _closed(condition, holidays, began)
        if closed is None:
            return Verdict(True, f"{shown} is inside {name!r}: {period.start} to {period.end}")
        reason = f"{shown} is outside {name!r}: {closed}"
    return Verdict(False, reason)


def _began(period: WeeklyPeriod, wall: datetime) -> date | None:
    """The day on which the period began that `wall` is in; None if it is in none."""
    start, end, now = _minutes(period.start), _minutes(period.end), wall.hour * 60 + wall.minute
    today = wall.date()
    over_midnight = end < start
    if _DAYS[today.weekday()] in period.days and start <= now and (over_midnight or now < end):
        return today
    if over_midnight and now < end and today > date.min:
        yesterday = today - timedelta(days=1)
        if _DAYS[yesterday.weekday()] in period.days:
            return yesterday
    return None


def _closed(condition: TimeCondition, holidays: Mapping[str, Holidays], day: date) -> str | None:
    """Why the condition does not hold on a whole day; None if it may."""
    if condition.months and day.month not in condition.months:
        return f"not in month {day.month}"
    if condition.days_of_month and day.day not in condition.days_of_month:
        return f"not on day {day.day} of a month"
    for name in condition.except_holidays:
        if (known := holidays.get(name)) is None:
            return f"the list of holidays {name!r} does not exist: it counts as closed"
        if is_holiday(known, day):
            return f"{day} is in the holidays {name!r}"
    return None


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
