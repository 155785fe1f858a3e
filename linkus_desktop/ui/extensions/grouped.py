"""Colleagues under the headings of their groups (DIR-1)."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer

from linkus_desktop.pbx.colleagues import ColleagueRole, ColleaguesFilter
from linkus_desktop.ui.extensions.words import spoken

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
NO_GROUP = "Others"


class GroupedRole(IntEnum):
    """What this model gives besides the roles of `ColleagueRole`."""

    HEADING = Qt.ItemDataRole.UserRole + 100
    """Text of a heading; None in the row of a person."""
    COUNT = Qt.ItemDataRole.UserRole + 101
    """How many people are under a heading."""


class GroupedColleagues(QAbstractListModel):
    """Rows of a `ColleaguesFilter` with a heading before each group.

    A person in several groups stands in each of them, one in none under `Others`. Where nobody has a
    group there are no headings at all. States follow row by row; other people mean a new arrangement.
    """

    def __init__(self, people: ColleaguesFilter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._people = people
        self._rows: list[str | int] = []
        self._counts: dict[str, int] = {}
        self._groups: list[tuple[str, ...]] = []
        self._arrange = QTimer(self)
        self._arrange.setSingleShot(True)
        self._arrange.setInterval(0)
        self._arrange.timeout.connect(self.arrange)
        for signal in (people.rowsInserted, people.rowsRemoved, people.modelReset, people.layoutChanged):
            signal.connect(self._later)
        people.dataChanged.connect(self._on_data)
        self.arrange()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Headings and people."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The roles of `ColleagueRole` for people, `GroupedRole` for headings."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if isinstance(row, str):
            if role in (GroupedRole.HEADING, Qt.ItemDataRole.DisplayRole):
                return row
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return f"Group {row}, {self._counts[row]}"
            return self._counts[row] if role == GroupedRole.COUNT else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(self._people.index(row, 0))
        return self._people.data(self._people.index(row, 0), role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """A heading cannot be selected."""
        if index.isValid() and index.row() < len(self._rows) and isinstance(self._rows[index.row()], str):
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def arrange(self) -> None:
        """Put everybody under the headings anew."""
        self._arrange.stop()
        members: dict[str, list[int]] = {}
        self._groups = []
        for row in range(self._people.rowCount()):
            groups = self._people.index(row, 0).data(ColleagueRole.GROUPS) or []
            self._groups.append(tuple(groups))
            for group in groups or [NO_GROUP]:
                members.setdefault(group, []).append(row)
        self.beginResetModel()
        self._counts = {group: len(rows) for group, rows in members.items()}
        self._rows = []
        for group in sorted(members, key=lambda g: (g == NO_GROUP, g.casefold())):
            if set(members) != {NO_GROUP}:
                self._rows.append(group)
            self._rows.extend(members[group])
        self.endResetModel()

    def row_of(self, number: str) -> int:
        """The first row of that person, -1 if there is none."""
        for row, what in enumerate(self._rows):
            if isinstance(what, int) and self._people.index(what, 0).data(ColleagueRole.NUMBER) == number:
                return row
        return -1

    def _later(self) -> None:
        self._arrange.start()

    def _on_data(self, first: Index, last: Index, _roles: object = None) -> None:
        if self._arrange.isActive():
            return
        changed = range(first.row(), last.row() + 1)
        for row in changed:
            groups = tuple(self._people.index(row, 0).data(ColleagueRole.GROUPS) or [])
            if row >= len(self._groups) or groups != self._groups[row]:
                self._later()
                return
        for row, what in enumerate(self._rows):
            if isinstance(what, int) and what in changed:
                self.dataChanged.emit(self.index(row), self.index(row))
