"""Which calls the log shows: by kind and text, without those that wait for their deletion."""

from collections.abc import Iterable
from enum import Enum

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from linkus_desktop.pbx.call_log import CallLogColumn, CallLogModel, CallLogRole
from linkus_desktop.ui.call_log.delegate import is_missed, spoken
from linkus_desktop.ui.call_log.sound import sound_word
from server.contract.calls import CallLogEntry, Direction

Index = QModelIndex | QPersistentModelIndex


class Kind(Enum):
    """What the filter can be set to; the value is its word."""

    ALL = "All"
    MISSED = "Missed"
    INCOMING = "Incoming"
    OUTGOING = "Outgoing"


class CallLogRows(QSortFilterProxyModel):
    """The rows of the log as the user wants them."""

    def __init__(self, model: CallLogModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kind = Kind.ALL
        self._words: list[str] = []
        self._hidden: set[str] = set()
        self.setSourceModel(model)
        self.setSortRole(CallLogRole.SORT)
        self.setDynamicSortFilter(True)

    def set_kind(self, kind: Kind) -> None:
        """Show only calls of this kind."""
        self.beginFilterChange()
        self._kind = kind
        self.endFilterChange()

    def set_text(self, text: str) -> None:
        """Show only calls whose name or number has every word."""
        self.beginFilterChange()
        self._words = text.casefold().split()
        self.endFilterChange()

    def hide(self, ids: Iterable[str]) -> None:
        """Show these no more."""
        self.beginFilterChange()
        self._hidden.update(ids)
        self.endFilterChange()

    def unhide(self, ids: Iterable[str]) -> None:
        """Show these again."""
        self.beginFilterChange()
        self._hidden.difference_update(ids)
        self.endFilterChange()

    def entry(self, index: Index) -> CallLogEntry:
        """The call in a row."""
        entry: CallLogEntry = index.data(CallLogRole.ENTRY)
        return entry

    def ids(self) -> list[str]:
        """Of all rows that are shown."""
        return [self.entry(self.index(row, 0)).id for row in range(self.rowCount())]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """As the log has it; for screen readers the first cell says the whole row."""
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == CallLogColumn.TYPE:
            recorded = ", recorded" if index.data(CallLogRole.RECORDING) is not None else ""
            word = sound_word(self.entry(index).quality)
            return spoken(self.entry(index)) + recorded + (f", sound {word}" if word else "")
        return super().data(index, role)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """See the class."""
        entry: CallLogEntry = self.sourceModel().index(source_row, 0, source_parent).data(CallLogRole.ENTRY)
        if entry.id in self._hidden or not self._of_kind(entry):
            return False
        text = f"{entry.name} {entry.number}".casefold()
        return all(word in text for word in self._words)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles stand where their columns do."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)

    def _of_kind(self, entry: CallLogEntry) -> bool:
        match self._kind:
            case Kind.MISSED:
                return is_missed(entry)
            case Kind.INCOMING:
                return entry.direction is Direction.INCOMING
            case Kind.OUTGOING:
                return entry.direction is Direction.OUTGOING
        return True
