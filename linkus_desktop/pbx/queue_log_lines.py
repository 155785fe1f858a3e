"""What a line of the queues' logs says, and which lines are wanted (Q-9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from PySide6.QtCore import Qt

from server.contract.agents import CallResult, QueueEnd, QueueLogEntry

END_TEXTS = {
    QueueEnd.ANSWERED: "Answered",
    QueueEnd.PICKED_UP: "Picked up",
    QueueEnd.ABANDONED: "Abandoned",
    QueueEnd.FAILED_OVER: "Timed out",
    QueueEnd.LEFT: "Left queue",
}
"""What each end of the waiting is called."""
RESULT_TEXTS = {
    CallResult.NOT_DEALT: "Not dealt with",
    CallResult.DEALING: "Dealing",
    CallResult.DEALT: "Dealt with",
}
"""What each processing result is called."""
CHANGING = "Changing…"
"""What is said while a result is on its way to the server."""


class QueueLogColumn(IntEnum):
    """The columns."""

    END = 0
    NAME = 1
    NUMBER = 2
    QUEUE = 3
    TIME = 4
    AGENT = 5
    WAIT = 6
    TALK = 7
    RESULT = 8


TITLES = ("Result", "Name", "Number", "Queue", "Time", "Agent", "Wait", "Talk", "Processing result")
"""The titles of the columns."""


class QueueLogRole(IntEnum):
    """What `QueueLogModel.data` gives for any column, besides the text (DisplayRole)."""

    ENTRY = Qt.ItemDataRole.UserRole + 1
    """QueueLogEntry."""
    SORT = Qt.ItemDataRole.UserRole + 2
    """What to sort the column by: a str, or a float (seconds; for the time, since the epoch)."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which calls are wanted.

    Attributes:
        answered: True: by an agent (*Incoming*); False: by nobody (*Missed*).
        since, until: when the caller joined.
        result: *not dealt* are only calls that nobody has answered.
        queue: its number; "": any. text: part of the caller's name or number.
    """

    answered: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    result: CallResult | None = None
    queue: str = ""
    text: str = ""

    def query(self) -> dict[str, str | int]:
        """As `GET /queue-log` takes it."""
        asked: dict[str, str | int | None] = {
            "answered": None if self.answered is None else str(self.answered).lower(),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "result": self.result.value if self.result else None,
            "queue": self.queue or None,
            "q": self.text or None,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def fits(self, entry: QueueLogEntry) -> bool:
        """Whether the server would list this call, too."""
        by_agent = entry.agent is not None
        if self.answered is not None and by_agent is not self.answered:
            return False
        if (self.since and entry.joined < self.since) or (self.until and entry.joined >= self.until):
            return False
        if self.result is not None and entry.result is not self.result:
            return False
        if self.result is CallResult.NOT_DEALT and self.answered is None and by_agent:
            return False
        if self.queue and entry.queue != self.queue:
            return False
        text = self.text.casefold()
        return text in entry.number.casefold() or text in entry.name.casefold()


class Names(Protocol):
    """How queues and people are called; see `queue_log.QueueLogModel`."""

    def queue_name(self, number: str) -> str:
        """A queue's name, or its number."""

    def agent_name(self, number: str) -> str:
        """Who an agent is: the name, or the number."""

    def result_text(self, entry: QueueLogEntry) -> str:
        """How far a call was dealt with, and who said so."""


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


_TEXT: dict[QueueLogColumn, Callable[[Names, QueueLogEntry], str]] = {
    QueueLogColumn.END: lambda _, entry: END_TEXTS[entry.end],
    QueueLogColumn.NAME: lambda _, entry: entry.name or entry.number or "Unknown caller",
    QueueLogColumn.NUMBER: lambda _, entry: entry.number,
    QueueLogColumn.QUEUE: lambda names, entry: names.queue_name(entry.queue),
    QueueLogColumn.TIME: lambda _, entry: f"{entry.joined.astimezone():%Y-%m-%d %H:%M:%S}",
    QueueLogColumn.AGENT: lambda names, entry: names.agent_name(entry.agent) if entry.agent else "",
    QueueLogColumn.WAIT: lambda _, entry: _clock(entry.waited_s),
    QueueLogColumn.TALK: lambda _, entry: _clock(entry.talked_s) if entry.agent else "",
    QueueLogColumn.RESULT: lambda names, entry: names.result_text(entry),
}
_NUMBER: dict[QueueLogColumn, Callable[[QueueLogEntry], float]] = {
    QueueLogColumn.TIME: lambda entry: entry.joined.timestamp(),
    QueueLogColumn.WAIT: lambda entry: entry.waited_s,
    QueueLogColumn.TALK: lambda entry: entry.talked_s,
    QueueLogColumn.RESULT: lambda entry: (
        float(list(CallResult).index(entry.result)) if has_result(entry) else -1.0
    ),
}


def has_result(entry: QueueLogEntry) -> bool:
    """Whether a processing result says something of this call: nobody has answered it, or one was given."""
    return entry.agent is None or entry.result_at is not None


def text_of(names: Names, entry: QueueLogEntry, column: QueueLogColumn) -> str:
    """What a cell says, plainly."""
    return _TEXT[column](names, entry)


def sort_key(names: Names, entry: QueueLogEntry, column: QueueLogColumn) -> str | float:
    """What to sort a column by."""
    number = _NUMBER.get(column)
    return number(entry) if number is not None else text_of(names, entry, column).casefold()
