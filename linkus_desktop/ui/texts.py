"""How times, durations and numbers are written."""

import html
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QDate, QLocale
from PySide6.QtGui import Qt

# Names of people and queues come from outside, a caller's even from a carrier. Where Qt would find more in
# them than letters, one of the next two is needed.


def plain_tip(text: str) -> str:
    """A tooltip that shows this text as it is: Qt takes one that looks like HTML for that, with pictures."""
    if not Qt.mightBeRichText(text):
        return text
    return f"<p style='white-space: pre-wrap'>{html.escape(text)}</p>"


def on_button(text: str) -> str:
    """A text for a button or a menu, where an ampersand marks a key, and a tab what stands at the right."""
    return text.replace("&", "&&").replace("\t", " ")


def duration(seconds: float) -> str:
    """`0:00:07`, `1:02:03`: always h:mm:ss, so that a column of them can be read."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}"


def relative(moment: datetime, now: datetime) -> str:
    """A moment as a list shows it: the time today, `Yesterday`, the weekday within a week, else the date."""
    local, today = moment.astimezone(), now.astimezone()
    days = (today.date() - local.date()).days
    clock = f"{local:%H:%M}"
    if days <= 0:
        return clock
    if days == 1:
        return f"Yesterday {clock}"
    if days < 7:
        return f"{QLocale().dayName(local.isoweekday(), QLocale.FormatType.ShortFormat)} {clock}"
    date = QDate(local.year, local.month, local.day)
    return str(QLocale().toString(date, QLocale.FormatType.ShortFormat))


def absolute(moment: datetime) -> str:
    """A moment in full, for tooltips, in the zone of this machine."""
    return f"{moment.astimezone():%A, %d %B %Y, %H:%M:%S}"


def until(moment: datetime, start: datetime) -> str:
    """When something ends that began at `start`: `13:30`, or `Friday 09:00` where that is another day."""
    local = moment.astimezone()
    clock = f"{local:%H:%M}"
    if local.date() == start.astimezone().date():
        return clock
    return f"{QLocale().dayName(local.isoweekday(), QLocale.FormatType.LongFormat)} {clock}"


def since(moment: datetime, now: datetime) -> str:
    """How long ago, roughly: `just now`, `5 min`, `3 h`, `2 days`."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min"
    if passed < timedelta(days=1):
        return f"{passed // timedelta(hours=1)} h"
    days = passed.days
    return f"{days} day" if days == 1 else f"{days} days"


def now_utc() -> datetime:
    """The moment, aware."""
    return datetime.now(UTC)
