"""The own call log as a table for views (LOG-1, A.6)."""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.pbx.recordings import OwnRecordings
from server.contract.calls import CallLogEntry, Direction, Outcome
from server.contract.recording import Recording, RecordingState

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

OUTCOME_TEXTS = {
    Outcome.ANSWERED: "Answered",
    Outcome.ANSWERED_ELSEWHERE: "Answered on another phone",
    Outcome.MISSED: "Missed",
    Outcome.DECLINED: "Declined",
    Outcome.BUSY: "Busy",
    Outcome.NO_ANSWER: "No answer",
    Outcome.CANCELLED: "Cancelled",
    Outcome.UNREGISTERED: "Not registered",
    Outcome.UNKNOWN_NUMBER: "Number does not exist",
    Outcome.FAILED: "Failed",
}
"""What each outcome is called."""

ENDED_EARLY = {
    RecordingState.DISK_FULL: ", disk full",
    RecordingState.INTERRUPTED: ", cut off",
}
"""What is said of a recording that ended before its call."""


class CallLogColumn(IntEnum):
    """The columns."""

    TYPE = 0
    NAME = 1
    NUMBER = 2
    TIME = 3
    DURATION = 4
    OUTCOME = 5
    RECORDING = 6


TITLES = ("Type", "Name", "Number", "Time", "Duration", "Outcome", "Recording")
"""The titles of the columns."""


class CallLogRole(IntEnum):
    """What `CallLogModel.data` gives for any column, besides the text (DisplayRole)."""

    ENTRY = Qt.ItemDataRole.UserRole + 1
    """CallLogEntry."""
    SORT = Qt.ItemDataRole.UserRole + 2
    """What to sort the column by: a str, or a float (seconds; for the time, since the epoch)."""
    MISSED = Qt.ItemDataRole.UserRole + 3
    """bool: an incoming call that was missed."""
    SEEN = Qt.ItemDataRole.UserRole + 4
    """bool: a missed call that the user has looked at, or any other call."""
    RECORDING = Qt.ItemDataRole.UserRole + 5
    """Recording of the call, or None."""


class CallLogApi(Protocol):
    """What the model asks of the server; see `Api`."""

    async def mark_calls_seen(self, ids: Iterable[str] | None = None) -> None:
        """Mark these calls as seen; None: all."""

    async def delete_calls(self, ids: Iterable[str]) -> None:
        """Delete these calls from the own log."""


class CallLogModel(QAbstractTableModel):
    """The own calls, newest first, one row each.

    `DisplayRole` gives plain text (ISO 8601, h:mm:ss); views may format `ENTRY` as they like.

    Attributes:
        recordings: of these calls; None where they are of no interest.

    Signals:
        missed_changed(int): how many missed calls have not been seen.
        known_changed(bool): the log is (no longer) what the server says now.
    """

    missed_changed = Signal(int)
    known_changed = Signal(bool)

    def __init__(
        self,
        topic: LiveTopic[CallLogEntry],
        api: CallLogApi | None = None,
        parent: QObject | None = None,
        *,
        recordings: OwnRecordings | None = None,
    ) -> None:
        super().__init__(parent)
        self.recordings = recordings
        self._topic = topic
        self._api = api
        self._entries: list[CallLogEntry] = []
        self._missed = 0
        topic.reset.connect(self._on_snapshot)
        topic.changed.connect(self._on_changed)
        topic.became_unknown.connect(self._on_unknown)
        if recordings is not None:
            recordings.changed.connect(self._on_recordings)
        if len(topic):
            self._refill()

    @property
    def known(self) -> bool:
        """Whether the log is what the server says now."""
        return self._topic.known

    @property
    def missed(self) -> int:
        """How many missed calls have not been seen."""
        return self._missed

    def entry(self, row: int) -> CallLogEntry:
        """The call in a row."""
        return self._entries[row]

    def recording(self, row: int) -> Recording | None:
        """The recording of the call in a row, if there is one that may be heard."""
        if self.recordings is None:
            return None
        return self.recordings.of_call(self._entries[row].call_id)

    async def mark_seen(self, ids: Iterable[str] | None = None) -> None:
        """Tell the server that the user has seen these missed calls; None: all of them.

        Asks nothing if there is nothing to mark. Raises `PbxError`.
        """
        wanted = None if ids is None else set(ids)
        unseen = [e.id for e in self._entries if _is_unseen(e) and (wanted is None or e.id in wanted)]
        if self._api is not None and unseen:
            await self._api.mark_calls_seen(None if wanted is None else unseen)

    async def delete(self, ids: Iterable[str]) -> None:
        """Delete these calls from the own log; they leave the table when the server says so.

        Raises `PbxError`.
        """
        wanted = list(ids)
        if self._api is not None and wanted:
            await self._api.delete_calls(wanted)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """One row a call."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """See `CallLogColumn`."""
        return 0 if parent.isValid() else len(CallLogColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The title of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See `CallLogColumn` and `CallLogRole`."""
        if not index.isValid() or not 0 <= index.row() < len(self._entries):
            return None
        if role == CallLogRole.RECORDING or index.column() == CallLogColumn.RECORDING:
            recording = self.recording(index.row())
            if role == CallLogRole.RECORDING:
                return recording
            if role == Qt.ItemDataRole.DisplayRole:
                return recording_words(recording)
            if role == CallLogRole.SORT:
                return recording.seconds if recording is not None else -1.0
        get = _DATA.get(role)
        return get(self._entries[index.row()], CallLogColumn(index.column())) if get else None

    def _on_snapshot(self) -> None:
        fresh = _newest_first(self._topic.items.values())
        if fresh and [e.id for e in fresh] == [e.id for e in self._entries]:
            changed = [row for row, (a, b) in enumerate(zip(self._entries, fresh, strict=True)) if a != b]
            self._entries = fresh
            for row in changed:
                self._emit_row(row)
            self._count()
        else:
            self._refill()
        self.known_changed.emit(True)

    def _on_unknown(self) -> None:
        self.known_changed.emit(False)

    def _on_changed(self, keys: frozenset[str]) -> None:
        rows = {entry.id: row for row, entry in enumerate(self._entries)}
        gone = sorted((rows[k] for k in keys if k in rows and self._topic.get(k) is None), reverse=True)
        for key in keys & rows.keys():
            entry = self._topic.get(key)
            if entry is not None:
                self._entries[rows[key]] = entry
                self._emit_row(rows[key])
        for row in gone:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._entries[row]
            self.endRemoveRows()
        for key in sorted(keys - rows.keys()):
            new = self._topic.get(key)
            if new is not None:
                self._insert(new)
        self._count()

    def _on_recordings(self) -> None:
        if self._entries:
            column = CallLogColumn.RECORDING
            self.dataChanged.emit(self.index(0, column), self.index(len(self._entries) - 1, column))

    def _refill(self) -> None:
        self.beginResetModel()
        self._entries = _newest_first(self._topic.items.values())
        self.endResetModel()
        self._count()

    def _insert(self, entry: CallLogEntry) -> None:
        row = next(
            (r for r, e in enumerate(self._entries) if e.started_at <= entry.started_at), len(self._entries)
        )
        self.beginInsertRows(QModelIndex(), row, row)
        self._entries.insert(row, entry)
        self.endInsertRows()

    def _emit_row(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(CallLogColumn) - 1))

    def _count(self) -> None:
        missed = sum(map(_is_unseen, self._entries))
        if missed != self._missed:
            self._missed = missed
            self.missed_changed.emit(missed)


def _newest_first(entries: Iterable[CallLogEntry]) -> list[CallLogEntry]:
    return sorted(entries, key=lambda e: (e.started_at, e.id), reverse=True)


def _is_missed(entry: CallLogEntry) -> bool:
    return entry.direction is Direction.INCOMING and entry.outcome is Outcome.MISSED


def _is_unseen(entry: CallLogEntry) -> bool:
    return _is_missed(entry) and not entry.seen


def _type(entry: CallLogEntry) -> str:
    if _is_missed(entry):
        return "Missed"
    return "Incoming" if entry.direction is Direction.INCOMING else "Outgoing"


def _duration(entry: CallLogEntry) -> str:
    return _clock(entry.talk_s) if entry.answered_at else ""


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def recording_words(recording: Recording | None) -> str:
    """How long a recording is, and whether it is not all of the call; empty for none."""
    if recording is None:
        return ""
    return _clock(recording.seconds) + ENDED_EARLY.get(recording.state, "")


_TEXT: dict[CallLogColumn, Callable[[CallLogEntry], str]] = {
    CallLogColumn.TYPE: _type,
    CallLogColumn.NAME: lambda entry: entry.name or entry.number,
    CallLogColumn.NUMBER: lambda entry: entry.number,
    CallLogColumn.TIME: lambda entry: f"{entry.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
    CallLogColumn.DURATION: _duration,
    CallLogColumn.OUTCOME: lambda entry: OUTCOME_TEXTS[entry.outcome],
}


def _sort_key(entry: CallLogEntry, column: CallLogColumn) -> str | float:
    if column is CallLogColumn.TIME:
        return entry.started_at.timestamp()
    if column is CallLogColumn.DURATION:
        return entry.talk_s
    return _TEXT[column](entry).casefold()


_DATA: dict[int, Callable[[CallLogEntry, CallLogColumn], Any]] = {
    Qt.ItemDataRole.DisplayRole: lambda entry, column: _TEXT[column](entry),
    CallLogRole.ENTRY: lambda entry, _: entry,
    CallLogRole.SORT: _sort_key,
    CallLogRole.MISSED: lambda entry, _: _is_missed(entry),
    CallLogRole.SEEN: lambda entry, _: not _is_unseen(entry),
}
