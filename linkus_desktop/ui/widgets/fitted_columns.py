"""Columns of a table that give way where the window is narrow, and come back with the room."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject
from PySide6.QtWidgets import QTableView

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings


def fitted(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths that fill no more than `room`: all as wanted, or each less by its share of what it can give.

    What cannot be narrowed enough stays at its least widths, and the table scrolls.
    """
    missing = sum(wanted) - room
    slack = [max(0, width - low) for width, low in zip(wanted, least, strict=True)]
    total = sum(slack)
    if missing <= 0 or not total:
        return list(wanted)
    part = min(1.0, missing / total)
    return [int(width - give * part) for width, give in zip(wanted, slack, strict=True)]


class FittedColumns(QObject):
    """Fits the columns of a table into it, and remembers the widths that the user has given them.

    The last column on the screen takes what is left over.

    Args:
        key: under which order, widths and sorting are remembered.
        wanted, least: widths of the columns, in the model's order, logical pixels.
    """

    def __init__(
        self, table: QTableView, settings: "Settings", key: str, wanted: Sequence[int], least: Sequence[int]
    ) -> None:
        super().__init__(table)
        self._table = table
        self._settings = settings
        self._key = key
        self._least = list(least)
        self._fitting = False
        header = table.horizontalHeader()
        for column, width in enumerate(wanted):
            header.resizeSection(column, width)
        saved = settings.view(key)
        if saved:
            header.restoreState(QByteArray(saved))
        header.setStretchLastSection(False)  # of a state that an older version has saved
        self._wanted = [header.sectionSize(column) or width for column, width in enumerate(wanted)]
        header.sectionResized.connect(self._on_resized)
        header.sectionMoved.connect(self._on_changed)
        header.sortIndicatorChanged.connect(self._on_changed)
        table.viewport().installEventFilter(self)
        self.fit()

    def fit(self) -> None:
        """Give each column its width, for the room there is now."""
        room = self._table.viewport().width()
        header = self._table.horizontalHeader()
        in_order = [header.logicalIndex(place) for place in range(header.count())]
        shown = [column for column in in_order if not header.isSectionHidden(column)]
        if not shown:
            return
        widths = fitted([self._wanted[c] for c in shown], [self._least[c] for c in shown], room)
        widths[-1] += max(0, room - sum(widths))
        self._put(dict(zip(shown, widths, strict=True)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The table is wider or narrower now."""
        if event.type() is QEvent.Type.Resize:
            self.fit()
        return super().eventFilter(watched, event)

    def _put(self, widths: Mapping[int, int]) -> None:
        self._fitting = True
        for column, width in widths.items():
            self._table.horizontalHeader().resizeSection(column, width)
        self._fitting = False

    def _on_resized(self, column: int, old: int, new: int) -> None:
        """The user has drawn at a column; from or to nothing, it was shown or hidden."""
        if not self._fitting and old and new:
            self._wanted[column] = new
            self._remember()

    def _on_changed(self, *_: object) -> None:
        self._remember()
        self.fit()

    def _remember(self) -> None:
        """As the user wants it, not as there is room for it now."""
        header = self._table.horizontalHeader()
        now = {c: header.sectionSize(c) for c in range(header.count()) if not header.isSectionHidden(c)}
        self._put({column: self._wanted[column] for column in now})
        self._settings.set_view(self._key, bytes(header.saveState().data()))
        self._put(now)
