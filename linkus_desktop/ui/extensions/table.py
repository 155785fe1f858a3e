"""Colleagues as a sortable table."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from linkus_desktop.pbx.colleagues import ColleagueRole, ColleaguesFilter
from linkus_desktop.ui.extensions.words import spoken, state_words
from linkus_desktop.ui.lamps import Lamp, lamp_of

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
SORT = Qt.ItemDataRole.UserRole + 200
_ORDER = {lamp: i for i, lamp in enumerate(Lamp)}


class Column(IntEnum):
    """The columns."""

    NAME = 0
    NUMBER = 1
    STATE = 2
    NOTE = 3
    GROUPS = 4


TITLES = ("Name", "Extension", "State", "Note", "Groups")


class ColleagueTable(QAbstractTableModel):
    """Spreads the rows of a `ColleaguesFilter` over columns; its roles go through."""

    def __init__(self, people: ColleaguesFilter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._people = people
        people.dataChanged.connect(self._on_data)
        for about, done in (
            (people.modelAboutToBeReset, people.modelReset),
            (people.layoutAboutToBeChanged, people.layoutChanged),
            (people.rowsAboutToBeInserted, people.rowsInserted),
            (people.rowsAboutToBeRemoved, people.rowsRemoved),
        ):
            about.connect(self._begin)
            done.connect(self._end)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """One row a colleague."""
        return 0 if parent.isValid() else self._people.rowCount()

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """See `Column`."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a cell, what to sort it by, and the roles of `ColleagueRole`."""
        if not index.isValid():
            return None
        person = self._people.index(index.row(), 0)
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(person, Column(index.column()))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _spoken(person, Column(index.column()))
        if role == SORT:
            if index.column() == Column.STATE:
                return _ORDER[lamp_of(person.data(ColleagueRole.STATE))]
            return _text(person, Column(index.column())).casefold()
        return person.data(role)

    def _begin(self, *_: object) -> None:
        self.beginResetModel()

    def _end(self, *_: object) -> None:
        self.endResetModel()

    def _on_data(self, first: Index, last: Index, _roles: object = None) -> None:
        self.dataChanged.emit(self.index(first.row(), 0), self.index(last.row(), len(Column) - 1))


class SortedColleagues(QSortFilterProxyModel):
    """Sorts the table by a column."""

    def __init__(self, table: ColleagueTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSortRole(SORT)
        self.setDynamicSortFilter(True)
        self.setSourceModel(table)


def _spoken(person: QModelIndex, column: Column) -> str:
    """The first cell says the whole row, the others what they are and what they hold."""
    if column is Column.NAME:
        return spoken(person)
    return f"{TITLES[column]}: {_text(person, column) or 'none'}"


def _text(person: QModelIndex, column: Column) -> str:
    state = person.data(ColleagueRole.STATE)
    match column:
        case Column.NAME:
            return str(person.data(ColleagueRole.NAME))
        case Column.NUMBER:
            return str(person.data(ColleagueRole.NUMBER))
        case Column.STATE:
            return state_words(state)
        case Column.NOTE:
            return state.presence.note if state is not None else ""
        case _:
            return ", ".join(person.data(ColleagueRole.GROUPS) or [])
