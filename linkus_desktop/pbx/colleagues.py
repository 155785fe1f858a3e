"""The colleagues and what they are doing, as models for views (A.6, KEY-3, KEY-5)."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)

from linkus_desktop.pbx.live import LiveTopic
from server.contract.extensions import CallState, ExtensionState

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ColleagueRole(IntEnum):
    """What `ColleaguesModel.data` gives, besides the name (DisplayRole)."""

    NUMBER = Qt.ItemDataRole.UserRole + 1
    """str."""
    NAME = Qt.ItemDataRole.UserRole + 2
    """str; the number where there is no name."""
    STATE = Qt.ItemDataRole.UserRole + 3
    """ExtensionState; while it may be stale, with call UNKNOWN and registered None."""
    GROUPS = Qt.ItemDataRole.UserRole + 4
    """list of str."""
    AVATAR = Qt.ItemDataRole.UserRole + 5
    """Hash of the picture (see `Avatars`), or None."""
    IS_ME = Qt.ItemDataRole.UserRole + 6
    """Whether this is the logged-in extension itself."""


class ColleaguesModel(QAbstractListModel):
    """All extensions the user may see, the own one included, one row each.

    A change updates single rows; only a snapshot with other extensions in it resets the model.

    Attributes:
        pick_up_code: what is dialled before a number to take the call that rings there (CODE-1); "": nothing.

    Signals:
        groups_changed(): `groups()` gives another answer.
        known_changed(bool): the states are (no longer) what the server says now.
    """

    groups_changed = Signal()
    known_changed = Signal(bool)

    def __init__(
        self, topic: LiveTopic[ExtensionState], own_number: str | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.pick_up_code = ""
        self._topic = topic
        self._own = own_number
        self._numbers: list[str] = []
        self._states: dict[str, ExtensionState] = {}
        self._row: dict[str, int] = {}
        self._groups: list[str] = []
        topic.reset.connect(self._on_snapshot)
        topic.changed.connect(self._on_changed)
        topic.became_unknown.connect(self._on_unknown)
        if len(topic):
            self._refill()

    @property
    def known(self) -> bool:
        """Whether the states are what the server says now."""
        return self._topic.known

    def groups(self) -> list[str]:
        """Every group that somebody is in, sorted."""
        return list(self._groups)

    def state(self, number: str) -> ExtensionState | None:
        """The state of an extension, shown as unknown while it may be stale; None if there is none such."""
        state = self._states.get(number)
        return state if state is None or self._topic.known else _unknown(state)

    def can_be_picked_up(self, number: str) -> bool:
        """Whether a call rings at this extension that may be taken (SIP-4, DIR-1)."""
        state = self.state(number)
        return bool(self.pick_up_code) and state is not None and state.call is CallState.RINGING

    def row_of(self, number: str) -> int:
        """The row of an extension, -1 if there is none such."""
        return self._row.get(number, -1)

    def repaint(self, number: str) -> None:
        """Something shown of this extension changed that is not in its state, such as its picture."""
        row = self.row_of(number)
        if row >= 0:
            self._emit_rows(row, row)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """One row an extension."""
        return 0 if parent.isValid() else len(self._numbers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See `ColleagueRole`."""
        if not index.isValid() or not 0 <= index.row() < len(self._numbers):
            return None
        state = self._states[self._numbers[index.row()]]
        if role == ColleagueRole.STATE:
            return state if self._topic.known else _unknown(state)
        if role == ColleagueRole.IS_ME:
            return state.number == self._own
        get = _DATA.get(role)
        return get(state) if get else None

    def _on_snapshot(self) -> None:
        if set(self._topic.items) == set(self._numbers):
            self._states = dict(self._topic.items)
            self._emit_rows(0, len(self._numbers) - 1)
            self._follow_groups()
        else:
            self._refill()
        self.known_changed.emit(True)

    def _on_changed(self, keys: frozenset[str]) -> None:
        for key in keys:
            state = self._topic.get(key)
            if state is None:
                self._remove(key)
            elif key in self._row:
                self._states[key] = state
            else:
                self._insert(key, state)
        rows = sorted(self._row[key] for key in keys if key in self._row)  # after rows have moved
        for first, last in _runs(rows):
            self._emit_rows(first, last)
        self._follow_groups()

    def _on_unknown(self) -> None:
        self._emit_rows(0, len(self._numbers) - 1)
        self.known_changed.emit(False)

    def _refill(self) -> None:
        self.beginResetModel()
        self._states = dict(self._topic.items)
        self._numbers = sorted(self._states)
        self._index_rows()
        self.endResetModel()
        self._follow_groups()

    def _insert(self, number: str, state: ExtensionState) -> None:
        row = len(self._numbers)  # the filter sorts; here the end will do
        self.beginInsertRows(QModelIndex(), row, row)
        self._numbers.append(number)
        self._states[number] = state
        self._row[number] = row
        self.endInsertRows()

    def _remove(self, number: str) -> None:
        row = self._row.get(number)
        if row is None:
            return
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._numbers[row]
        del self._states[number]
        self._index_rows()
        self.endRemoveRows()

    def _index_rows(self) -> None:
        self._row = {number: row for row, number in enumerate(self._numbers)}

    def _emit_rows(self, first: int, last: int) -> None:
        if first <= last:
            self.dataChanged.emit(self.index(first), self.index(last))

    def _follow_groups(self) -> None:
        groups = sorted(
            {group for state in self._states.values() for group in state.groups}, key=str.casefold
        )
        if groups != self._groups:
            self._groups = groups
            self.groups_changed.emit()


class ColleaguesFilter(QSortFilterProxyModel):
    """Colleagues by text, group and registration, sorted by name, without the own extension."""

    def __init__(self, model: ColleaguesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._group: str | None = None
        self._show_unregistered = True
        self._show_own = False
        self._without = ""
        self.setSourceModel(model)
        self.setDynamicSortFilter(True)
        self.setSortRole(ColleagueRole.NAME)
        self.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setSortLocaleAware(True)
        self.sort(0)

    def set_text(self, text: str) -> None:
        """Show only those whose name, number or note has every word of `text`."""
        self.beginFilterChange()
        self._words = text.casefold().split()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_group(self, group: str | None) -> None:
        """Show only this group; None: all."""
        self.beginFilterChange()
        self._group = group
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_show_unregistered(self, show: bool) -> None:
        """Whether those without a registered phone are shown (those that are unknown always are)."""
        self.beginFilterChange()
        self._show_unregistered = show
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_show_own(self, show: bool) -> None:
        """Whether the own extension is shown."""
        self.beginFilterChange()
        self._show_own = show
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_without(self, number: str) -> None:
        """Leave out this extension; empty: nobody."""
        self.beginFilterChange()
        self._without = number
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """See the class."""
        model = self.sourceModel()
        index = model.index(source_row, 0, source_parent)
        state = model.data(index, ColleagueRole.STATE)
        if not isinstance(state, ExtensionState) or (self._without and state.number == self._without):
            return False
        if not self._show_own and model.data(index, ColleagueRole.IS_ME):
            return False
        if self._group is not None and self._group not in state.groups:
            return False
        if not self._show_unregistered and state.registered is False:
            return False
        if not self._words:
            return True
        text = f"{state.name} {state.number} {state.presence.note}".casefold()
        return all(word in text for word in self._words)


_DATA: dict[int, Callable[[ExtensionState], Any]] = {
    Qt.ItemDataRole.DisplayRole: lambda state: state.name or state.number,
    ColleagueRole.NAME: lambda state: state.name or state.number,
    ColleagueRole.NUMBER: lambda state: state.number,
    ColleagueRole.GROUPS: lambda state: list(state.groups),
    ColleagueRole.AVATAR: lambda state: state.avatar,
}


def _unknown(state: ExtensionState) -> ExtensionState:
    return state.model_copy(update={"call": CallState.UNKNOWN, "registered": None, "phones": 0})


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Sorted rows as ranges of neighbours."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
