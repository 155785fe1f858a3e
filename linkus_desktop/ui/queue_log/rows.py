"""The lines of the queues' log as they are shown: sorted, without those that wait for their deletion."""

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from linkus_desktop.pbx.queue_log import QueueLogModel
from linkus_desktop.pbx.queue_log_lines import QueueLogColumn, QueueLogRole
from linkus_desktop.ui.queue_log.words import spoken
from server.contract.agents import QueueLogEntry

Index = QModelIndex | QPersistentModelIndex


class QueueLogRows(QSortFilterProxyModel):
    """The rows in the order that the user wants; what is wanted at all the server decides."""

    def __init__(self, log: QueueLogModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._hidden: set[int] = set()
        self.setSourceModel(log)
        self.setSortRole(QueueLogRole.SORT)
        self.setDynamicSortFilter(True)

    def hide(self, ids: Iterable[int]) -> None:
        """Show these no more."""
        self.beginFilterChange()
        self._hidden.update(ids)
        self.endFilterChange()

    def unhide(self, ids: Iterable[int]) -> None:
        """Show these again."""
        self.beginFilterChange()
        self._hidden.difference_update(ids)
        self.endFilterChange()

    def entry(self, index: Index) -> QueueLogEntry:
        """The call in a row."""
        entry: QueueLogEntry = index.data(QueueLogRole.ENTRY)
        return entry

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """As the log has it; for screen readers the first cell says the whole row."""
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == QueueLogColumn.END:
            return spoken(self._log, self.entry(index))
        return super().data(index, role)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """See the class."""
        return self._log.entry(source_row).id not in self._hidden

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles stand where their columns do."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)
