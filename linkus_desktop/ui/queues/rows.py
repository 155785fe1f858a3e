"""Tables whose rows are told anew all the time: rows keep their place and selection, times run on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.texts import plain_tip

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
ITEM = Qt.ItemDataRole.UserRole + 1
SORT = Qt.ItemDataRole.UserRole + 2
LAMP = Qt.ItemDataRole.UserRole + 3
WARNS = Qt.ItemDataRole.UserRole + 4
"""bool: the cell is painted as a warning, with a sign."""

T = TypeVar("T")


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column.

    Attributes:
        text: what a cell says at a moment. sort: what to sort by; None: by the text.
        runs: the text goes on with the time. width, least: logical pixels.
        lamp: what is lit at its left. warns: whether it is something to look at.
        tip: what the tooltip says besides the text.
    """

    title: str
    text: Callable[[T, datetime], str]
    width: int
    least: int
    sort: Callable[[T], Any] | None = None
    runs: bool = False
    lamp: Callable[[T], Lamp] | None = None
    warns: Callable[[T, datetime], bool] | None = None
    tip: Callable[[T], str] | None = None


class Rows(QAbstractTableModel, Generic[T]):
    """Items as rows; `key` tells which row an item is."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        key: Callable[[T], str],
        clock: Callable[[], datetime],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._key = key
        self._clock = clock
        self._items: list[T] = []
        self._data = self._by_role()

    @property
    def items(self) -> list[T]:
        """As they stand now, in their order."""
        return list(self._items)

    def follow(self, items: Sequence[T]) -> None:
        """These are the rows now; those that stay keep their place in views, and their selection."""
        there = {self._key(item) for item in items}
        for row in range(len(self._items) - 1, -1, -1):
            if self._key(self._items[row]) not in there:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._items[row]
                self.endRemoveRows()
        for row, item in enumerate(items):
            self._place(row, item)

    def tick(self) -> None:
        """The times go on."""
        if self._items:
            for place, column in enumerate(self.columns):
                if column.runs:
                    self.dataChanged.emit(self.index(0, place), self.index(len(self._items) - 1, place))

    def repaint(self) -> None:
        """All cells may say something else now."""
        if self._items:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._items) - 1, len(self.columns) - 1))

    def _place(self, row: int, item: T) -> None:
        key = self._key(item)
        if row >= len(self._items) or self._key(self._items[row]) != key:
            later = next((r for r in range(row, len(self._items)) if self._key(self._items[r]) == key), None)
            if later is None:
                self.beginInsertRows(QModelIndex(), row, row)
                self._items.insert(row, item)
                self.endInsertRows()
                return
            self.beginMoveRows(QModelIndex(), later, later, QModelIndex(), row)
            self._items.insert(row, self._items.pop(later))
            self.endMoveRows()
        if self._items[row] != item:
            self._items[row] = item
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))

    # As a table

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """One row an item."""
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """As given."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, and the roles above; the first cell says the whole row to a screen reader."""
        if not index.isValid() or index.row() >= len(self._items):
            return None
        get = self._data.get(role)
        item, column = self._items[index.row()], self.columns[index.column()]
        return get(item, column, self._clock()) if get is not None else None

    def _by_role(self) -> dict[int, Callable[[T, Column[T], datetime], Any]]:
        return {
            Qt.ItemDataRole.DisplayRole: lambda item, column, now: column.text(item, now),
            Qt.ItemDataRole.ToolTipRole: _tip,
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            ITEM: lambda item, _column, _now: item,
            SORT: lambda item, column, now: (
                column.sort(item) if column.sort else column.text(item, now).casefold()
            ),
            LAMP: lambda item, column, _now: column.lamp(item) if column.lamp else None,
            WARNS: lambda item, column, now: bool(column.warns and column.warns(item, now)),
        }

    def _spoken(self, item: T, column: Column[T], now: datetime) -> str | None:
        if column is not self.columns[0]:
            return None
        first, *others = ((one.title, one.text(item, now)) for one in self.columns)
        return ", ".join([first[1], *(f"{title}: {text}" for title, text in others if text)])


def _tip(item: T, column: Column[T], now: datetime) -> str:
    more = column.tip(item) if column.tip else ""
    return plain_tip("\n".join(part for part in (column.text(item, now), more) if part))


class SortedRows(QSortFilterProxyModel):
    """The rows in the order that the user wants."""

    def __init__(self, source: Rows[Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSortRole(SORT)
        self.setDynamicSortFilter(True)
        self.setSourceModel(source)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles stand where their columns do."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)
