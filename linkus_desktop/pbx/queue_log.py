"""The logs of the queues as one table for views: pages from the server, changes live (Q-9, LOG-2)."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from linkus_desktop.pbx.batch import Batch
from linkus_desktop.pbx.errors import is_lasting
from linkus_desktop.pbx.queue_log_lines import (
    CHANGING,
    RESULT_TEXTS,
    TITLES,
    LogFilter,
    QueueLogColumn,
    QueueLogRole,
    has_result,
    sort_key,
    text_of,
)
from linkus_desktop.pbx.tasks import spawn
from server.contract.agents import CallResult, QueueLogEntry
from server.contract.queue_log import QueueLogPage, QueueLogView

if TYPE_CHECKING:
    from linkus_desktop.pbx.live import LiveTopic

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

PAGE = 100
"""Lines that are asked for at a time."""


class QueueLogApi(Protocol):
    """What the model asks of the server; see `Api`."""

    async def queue_log(self, query: Mapping[str, str | int]) -> QueueLogPage:
        """A page of the logs."""

    async def set_queue_result(self, queue: str, entry: int, result: CallResult) -> object:
        """Tell how far a call was dealt with."""

    async def delete_queue_calls(self, ids: Iterable[int]) -> None:
        """Delete own answered calls from one's own view."""


class QueueLogModel(QAbstractTableModel):
    """The calls that fit the filter, the newest first, one row each; older ones are fetched as views ask.

    Nothing is asked before `open`. What is told live takes its place if it fits the filter. After a lost
    connection everything is asked anew, since nobody knows what was missed.

    Attributes:
        wanted: the filter.
        queues: of which one may see something, by number; None: not told yet.
        loading: lines are on their way. problem: why they did not come; "": nothing went wrong.

    Signals:
        state_changed(): any of these, or `known`.
        failed(str, object): what was not done and why; a callable that tries it again, None where that is of
            no use.
        done(): something was done; what was said before is over.
    """

    state_changed = Signal()
    failed = Signal(str, object)
    done = Signal()

    def __init__(
        self,
        topic: "LiveTopic[QueueLogEntry]",
        api: QueueLogApi,
        name_of: Callable[[str], str],
        parent: QObject | None = None,
        *,
        run: Callable[..., object] = spawn,
    ) -> None:
        """`name_of` gives the name of a colleague by number; "" for nobody."""
        super().__init__(parent)
        self._topic, self._api, self._name_of, self._run = topic, api, name_of, run
        self.wanted = LogFilter()
        self.queues: dict[str, QueueLogView] | None = None
        self.loading = False
        self.problem = ""
        self._entries: list[QueueLogEntry] = []
        self._next: str | None = None
        self._asked = 0
        """Counts the requests for the first page: an answer to an older one is of no use."""
        self._failed: str | None = None
        """Before what the lines were wanted that did not come, while there is a `problem`."""
        self._opened = False
        self._told: set[str] = set()
        """Keys that were told while a page was on its way: they may be newer than the page."""
        self._changing: set[int] = set()
        topic.reset.connect(self._on_snapshot)
        topic.changed.connect(self._on_changed)
        topic.became_unknown.connect(self.state_changed)

    # What is so

    @property
    def known(self) -> bool:
        """Whether changes are told: the connection stands."""
        return self._topic.known

    @property
    def may_see(self) -> bool:
        """Whether there is a log that one may see, as far as is known."""
        return bool(self.queues)

    def entry(self, row: int) -> QueueLogEntry:
        """The call in a row."""
        return self._entries[row]

    def queue_name(self, number: str) -> str:
        """A queue's name, or its number."""
        view = (self.queues or {}).get(number)
        return (view.name if view is not None else "") or number

    def agent_name(self, number: str) -> str:
        """Who an agent, or the operator of a result, is: the name, or the number."""
        return self._name_of(number) or number

    def changing(self, entry_id: int) -> bool:
        """Whether a new result of this call is on its way."""
        return entry_id in self._changing

    # What is asked

    def open(self) -> None:
        """Somebody looks: ask for the log, if that was not done."""
        if not self._opened:
            self._opened = True
            self.reload()

    def filter(self, wanted: LogFilter) -> None:
        """Want other calls."""
        if wanted != self.wanted:
            self.wanted = wanted
            if self._opened:
                self.reload()

    def reload(self) -> None:
        """Ask for the newest lines; those that are there stay until the answer is."""
        self._asked += 1
        self._ask(None)

    def try_again(self) -> None:
        """Ask once more for what did not come; what is there stays."""
        if self._failed is None or not self.problem:
            self.reload()
        else:
            self._ask(self._failed)

    @property
    def has_older(self) -> bool:
        """Whether the server has older lines that fit."""
        return self._next is not None

    def canFetchMore(self, parent: Index = _NOWHERE) -> bool:
        """Whether there are older lines, which are not on their way."""
        return not parent.isValid() and self._next is not None and not self.loading and not self.problem

    def fetchMore(self, parent: Index = _NOWHERE) -> None:
        """Ask for the next page."""
        if self.canFetchMore(parent):
            self._ask(self._next)

    def set_result(self, ids: Iterable[int], result: CallResult) -> None:
        """Tell the server how far these calls were dealt with; they change when it says so."""
        by_id = {entry.id: entry for entry in self._entries}
        known = [by_id[entry_id] for entry_id in dict.fromkeys(ids) if entry_id in by_id]
        wanted = [entry for entry in known if entry.agent is None and entry.result is not result]

        def ended(failures: list[tuple[int, Exception]]) -> None:
            if not failures:
                self.done.emit()
                return
            tried = [entry_id for entry_id, error in failures if not is_lasting(error)]
            again = (lambda: self.set_result(tried, result)) if tried else None
            count = len(failures)
            what = "The processing result was" if count == 1 else f"{count} processing results were"
            self.failed.emit(f"{what} not changed. {failures[0][1]}", again)

        batch = Batch([entry.id for entry in wanted], ended)
        for entry in wanted:
            self._set_result(entry, result, batch)

    async def delete(self, ids: Iterable[int]) -> None:
        """Delete own answered calls; they leave the table when the server says so. Raises `PbxError`."""
        wanted = list(ids)
        if wanted:
            await self._api.delete_queue_calls(wanted)

    def _set_result(self, entry: QueueLogEntry, result: CallResult, batch: Batch[int]) -> None:
        def finish(error: Exception | None = None) -> None:
            self._changing.discard(entry.id)
            self._emit_row(self._row_of(entry.id))
            batch.answered(entry.id, error)

        self._changing.add(entry.id)
        self._emit_row(self._row_of(entry.id))
        asking = self._api.set_queue_result(entry.queue, entry.id, result)
        self._run(asking, on_done=lambda _: finish(), on_error=finish)

    def _ask(self, before: str | None) -> None:
        asked = self._asked
        query = self.wanted.query() | {"limit": PAGE} | ({"before": before} if before else {})

        def done(page: QueueLogPage) -> None:
            if asked == self._asked:
                self._take(page, further=before is not None)

        def failed(error: Exception) -> None:
            if asked == self._asked:
                self.loading, self.problem, self._failed = False, str(error), before
                self.state_changed.emit()

        self._told.clear()
        self.loading, self.problem = True, ""
        self.state_changed.emit()
        asking: Coroutine[Any, Any, QueueLogPage] = self._api.queue_log(query)
        self._run(asking, on_done=done, on_error=failed)

    def _take(self, page: QueueLogPage, *, further: bool) -> None:
        self.loading = False
        self.queues = {view.queue: view for view in page.queues}
        self._next = page.next
        if further:
            known = {entry.id for entry in self._entries}
            new = [entry for entry in page.entries if entry.id not in known]
            if new:
                first = len(self._entries)
                self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
                self._entries += new
                self.endInsertRows()
        elif [entry.id for entry in page.entries] == [entry.id for entry in self._entries] and page.entries:
            self._entries = list(page.entries)
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._entries) - 1, QueueLogColumn.RESULT))
        else:
            self.beginResetModel()
            self._entries = list(page.entries)
            self.endResetModel()
        told, self._told = frozenset(self._told), set()
        self._follow(told)
        self.state_changed.emit()

    # What is told

    def _on_snapshot(self) -> None:
        if self._opened:
            self.reload()
        self.state_changed.emit()

    def _on_changed(self, keys: frozenset[str]) -> None:
        if self.loading:
            self._told |= keys
        self._follow(keys)

    def _follow(self, keys: frozenset[str]) -> None:
        if not self._opened:
            return
        rows = {str(entry.id): row for row, entry in enumerate(self._entries)}
        gone = []
        for key in keys & rows.keys():
            entry = self._topic.get(key)
            if entry is None or not self.wanted.fits(entry):
                gone.append(rows[key])
            elif entry != self._entries[rows[key]]:
                self._entries[rows[key]] = entry
                self._emit_row(rows[key])
        for row in sorted(gone, reverse=True):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._entries[row]
            self.endRemoveRows()
        for key in sorted(keys - rows.keys()):
            new = self._topic.get(key)
            if new is not None and self.wanted.fits(new):
                self._insert(new)

    def _insert(self, entry: QueueLogEntry) -> None:
        place = _place(entry)
        row = next((r for r, e in enumerate(self._entries) if _place(e) < place), len(self._entries))
        if row == len(self._entries) and self._next is not None:
            return  # it comes with the page that it is of
        self.beginInsertRows(QModelIndex(), row, row)
        self._entries.insert(row, entry)
        self.endInsertRows()

    def _row_of(self, entry_id: int) -> int:
        return next((row for row, entry in enumerate(self._entries) if entry.id == entry_id), -1)

    def _emit_row(self, row: int) -> None:
        if row >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, QueueLogColumn.RESULT))

    # As a table

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """One row a call."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """See `QueueLogColumn`."""
        return 0 if parent.isValid() else len(QueueLogColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The title of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See `QueueLogColumn` and `QueueLogRole`."""
        if not index.isValid() or not 0 <= index.row() < len(self._entries):
            return None
        entry, column = self._entries[index.row()], QueueLogColumn(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(self, entry, column)
        if role == QueueLogRole.ENTRY:
            return entry
        return sort_key(self, entry, column) if role == QueueLogRole.SORT else None

    def result_text(self, entry: QueueLogEntry) -> str:
        """How far a call was dealt with, who said so, and whether by itself; "" for an answered one."""
        if self.changing(entry.id):
            return CHANGING
        if not has_result(entry):
            return ""
        who = f" · {self.agent_name(entry.result_by)}" if entry.result_at else ""
        return RESULT_TEXTS[entry.result] + who + (" · automatic" if entry.automatic else "")


def _place(entry: QueueLogEntry) -> tuple[datetime, int]:
    return entry.joined, entry.id
