"""The Extensions room: everybody in a table, one of them in full."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSplitter, QWidget

from linkus_desktop.pbx.colleagues import ColleaguesFilter, ColleaguesModel
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.detail import ColleagueDetail
from linkus_desktop.ui.extensions.table import ColleagueTable, SortedColleagues
from linkus_desktop.ui.extensions.table_view import ColleagueTableView
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.frames import columns, frame, rows
from linkus_desktop.ui.widgets.list_states import ListStates

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_VIEW = "extensions.splitter"
_DETAIL = (264, 320)
"""Width of the details in a narrow window and in a wide one, until the user draws at it (logical pixels)."""
_WIDE = 1000


class ExtensionsWorkspace(QWidget):
    """Signals: call_requested(str number), pick_up_requested(str number)."""

    call_requested = Signal(str)
    pick_up_requested = Signal(str)

    def __init__(
        self,
        colleagues: ColleaguesModel,
        settings: "Settings",
        blinker: Blinker,
        pictures: Pictures | None = None,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__()
        self._colleagues = colleagues
        self._settings = settings
        self.people = ColleaguesFilter(colleagues, self)
        self.table = ColleagueTableView(
            SortedColleagues(ColleagueTable(self.people, self), self), settings, blinker, pictures
        )
        self.states = ListStates(self.table, row_height=48)
        self.detail = ColleagueDetail(colleagues, blinker, pictures, clock)
        self.search, self.group = QLineEdit(), QComboBox()
        self.unregistered = QCheckBox("Show those not registered")
        self._build()
        self._connect()
        self._fill_groups()
        self._follow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the table gets more of the room."""
        super().resizeEvent(event)
        if self._settings.view(_VIEW) is None:
            detail = _DETAIL[self.width() >= _WIDE]
            self.splitter.setSizes([self.width() - detail, detail])

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_lens"):
            self._lens.setIcon(icon("search", tokens(self).muted))

    def _build(self) -> None:
        self.search.setProperty("quiet", "true")
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search extensions")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Search by name, extension or note")
        self.search.setMinimumWidth(112)
        self.search.setMaximumWidth(280)
        self._lens = self.search.addAction(
            icon("search", tokens(self).muted), QLineEdit.ActionPosition.LeadingPosition
        )
        self.group.setAccessibleName("Group")
        self.group.setMinimumWidth(120)
        self.unregistered.setChecked(True)
        head = frame("bar")
        bar = columns(head, gap=12)
        bar.setContentsMargins(16, 12, 16, 12)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.group)
        bar.addWidget(self.unregistered)
        bar.addStretch(1)
        left = QWidget()
        layout = rows(left)
        layout.addWidget(head)
        layout.addWidget(self.table, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        columns(self).addWidget(self.splitter)
        state = self._settings.view(_VIEW)
        if state:
            self.splitter.restoreState(state)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._on_text)
        self.group.activated.connect(self._on_group)
        self.unregistered.toggled.connect(self._on_unregistered)
        self.table.call_requested.connect(self.call_requested)
        self.detail.call_requested.connect(self.call_requested)
        self.table.pick_up_requested.connect(self._pick_up)
        self.detail.pick_up_requested.connect(self._pick_up)
        self.table.chosen.connect(self.detail.show_number)
        self.states.action.connect(self._show_all)
        self.splitter.splitterMoved.connect(self._remember)
        self._colleagues.groups_changed.connect(self._fill_groups)
        self._colleagues.known_changed.connect(self._follow)
        self._colleagues.modelReset.connect(self._follow)

    def _pick_up(self, number: str) -> None:
        if self._colleagues.can_be_picked_up(number):
            self.pick_up_requested.emit(number)

    def _remember(self) -> None:
        self._settings.set_view(_VIEW, bytes(self.splitter.saveState().data()))

    def _on_text(self, text: str) -> None:
        self.people.set_text(text)
        self._follow()

    def _on_group(self) -> None:
        self.people.set_group(self.group.currentData())
        self._follow()

    def _on_unregistered(self, shown: bool) -> None:
        self.people.set_show_unregistered(shown)
        self._follow()

    def _show_all(self) -> None:
        self.search.clear()
        self.group.setCurrentIndex(0)
        self._on_group()
        self.unregistered.setChecked(True)

    def _fill_groups(self) -> None:
        chosen = self.group.currentData()
        groups = self._colleagues.groups()
        self.group.clear()
        self.group.addItem("All groups", None)
        for name in groups:
            self.group.addItem(name, name)
        self.group.setCurrentIndex(groups.index(chosen) + 1 if chosen in groups else 0)
        self.group.setVisible(bool(groups))

    def _follow(self, *_: object) -> None:
        nobody = self._colleagues.rowCount() == 0
        self.states.set_loading(nobody and not self._colleagues.known)
        if self._colleagues.rowCount() <= 1:
            self.states.set_empty(
                "No colleagues yet", "Extensions appear here when your administrator adds them."
            )
        else:
            self.states.set_empty("Nobody found", "No colleague matches this search.", "Show everybody")
