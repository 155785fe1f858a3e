"""The colleagues' table on the screen."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QTableView

from linkus_desktop.pbx.colleagues import ColleagueRole
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.cells import ROW, ColleagueCells
from linkus_desktop.ui.extensions.table import Column, SortedColleagues
from linkus_desktop.ui.lamps import lamp_of
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.widgets.fitted_columns import FittedColumns
from linkus_desktop.ui.widgets.row_table import lay_out_rows

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_VIEW = "extensions.columns"
_WIDTHS = (208, 88, 216, 136, 96)
_LEAST = (184, 80, 128, 72, 64)


class ColleagueTableView(QTableView):
    """Signals: call_requested(str number), pick_up_requested(str number), chosen(str number)."""

    call_requested = Signal(str)
    pick_up_requested = Signal(str)
    chosen = Signal(str)

    def __init__(
        self, model: SortedColleagues, settings: "Settings", blinker: Blinker, pictures: Pictures | None
    ) -> None:
        super().__init__()
        self._settings = settings
        self._blinker = blinker
        self._current = ""
        self.setModel(model)
        self.setItemDelegate(ColleagueCells(self, blinker, pictures))
        self.setAccessibleName("Extensions")
        self.setSortingEnabled(True)
        self.sortByColumn(Column.NAME, Qt.SortOrder.AscendingOrder)
        lay_out_rows(self, least_column=64, height=ROW, many=False)
        self._columns = FittedColumns(self, settings, _VIEW, _WIDTHS, _LEAST)
        self.doubleClicked.connect(self._call)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        model.modelReset.connect(self._restore_current)
        for signal in (model.dataChanged, model.modelReset):
            signal.connect(self._look_for_blinking)
        blinker.beat.connect(self._repaint_blinking)
        self._look_for_blinking()

    def choose(self, number: str) -> None:
        """Make the row of that number the current one."""
        for row in range(self.model().rowCount()):
            index = self.model().index(row, 0)
            if index.data(ColleagueRole.NUMBER) == number:
                self.setCurrentIndex(index)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return calls; Shift+Return takes the call that rings there; copy copies name and number."""
        index = self.currentIndex()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and index.isValid():
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.pick_up_requested.emit(index.data(ColleagueRole.NUMBER))
            else:
                self._call(index)
        elif event.matches(QKeySequence.StandardKey.Copy) and index.isValid():
            line = f"{index.data(ColleagueRole.NAME)} {index.data(ColleagueRole.NUMBER)}"
            QGuiApplication.clipboard().setText(line)
        else:
            super().keyPressEvent(event)

    def _call(self, index: QModelIndex) -> None:
        if number := index.data(ColleagueRole.NUMBER):
            self.call_requested.emit(number)

    def _on_current(self, index: QModelIndex) -> None:
        number = index.data(ColleagueRole.NUMBER) or ""
        if number:
            self._current = number
            self.chosen.emit(number)

    def _restore_current(self) -> None:
        if self._current:
            self.choose(self._current)

    def _blinking_rows(self) -> list[int]:
        model = self.model()
        states = ((row, model.index(row, 0).data(ColleagueRole.STATE)) for row in range(model.rowCount()))
        return [row for row, state in states if lamp_of(state).blinks]

    def _look_for_blinking(self, *_: object) -> None:
        self._blinker.want(self, bool(self._blinking_rows()))

    def _repaint_blinking(self) -> None:
        if self.isVisible():
            for row in self._blinking_rows():
                self.update(self.model().index(row, Column.STATE))
