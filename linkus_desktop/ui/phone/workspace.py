"""The Phone room: colleagues at the left, the dial pad and the last calls at the right."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSplitter, QWidget

from linkus_desktop.pbx.call_log import CallLogModel
from linkus_desktop.pbx.colleagues import ColleaguesModel
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.colleague_list import ColleagueList
from linkus_desktop.ui.phone.dialler import Dialler
from linkus_desktop.ui.phone.recent_calls import RecentCalls
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.widgets.frames import columns, frame, rows

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_VIEW = "phone.splitter"
_LOW = 416
"""Below this height the dial pad has lower keys (logical pixels)."""


class PhoneWorkspace(QWidget):
    """List, dial pad and last calls side by side; in the compact window the dial pad alone.

    Signals: call_requested(str number), pick_up_requested(str number), all_calls_requested(),
    search_requested(str text): a name was typed into the dial field.
    """

    call_requested = Signal(str)
    search_requested = Signal(str)
    pick_up_requested = Signal(str)
    all_calls_requested = Signal()

    def __init__(
        self,
        colleagues: ColleaguesModel,
        call_log: CallLogModel,
        settings: "Settings",
        blinker: Blinker,
        pictures: Pictures | None = None,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__()
        self._settings = settings
        self.colleagues = ColleagueList(colleagues, blinker, pictures)
        self.colleagues.setMinimumWidth(240)
        self.dialler = Dialler()
        self.dialler.setMaximumWidth(296)
        self.recent = RecentCalls(call_log, clock)
        dial_side = frame("surface")
        inner = rows(dial_side)
        inner.setContentsMargins(20, 16, 20, 16)
        inner.addWidget(self.dialler)
        inner.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(dial_side)
        scroll.setMinimumWidth(264)
        self._dial_side = scroll
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.colleagues)
        self.splitter.addWidget(scroll)
        self.splitter.addWidget(self.recent)
        self.splitter.setSizes([380, 336, 384])
        for i, stretch in enumerate((3, 2, 3)):
            self.splitter.setStretchFactor(i, stretch)
        columns(self).addWidget(self.splitter)
        state = settings.view(_VIEW)
        if state:
            self.splitter.restoreState(state)
        self.splitter.splitterMoved.connect(self._remember)
        self.colleagues.call_requested.connect(self.call_requested)
        self.colleagues.pick_up_requested.connect(self.pick_up_requested)
        self.dialler.call_requested.connect(self.call_requested)
        self.dialler.search_requested.connect(self.search_requested)
        self.recent.call_requested.connect(self.call_requested)
        self.recent.all_requested.connect(self.all_calls_requested)
        self.setFocusProxy(self.dialler)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Calls above take room: the whole dial pad stays in sight, with lower keys."""
        super().resizeEvent(event)
        self.dialler.pad.set_small(self.height() < _LOW + self.dialler.below)

    def set_compact(self, compact: bool) -> None:
        """The dial pad alone, or everything."""
        self.colleagues.setVisible(not compact)
        self.recent.setVisible(not compact)
        self.dialler.setMaximumWidth(16777215 if compact else 296)

    def set_other_keypad(self, shown: bool) -> None:
        """One dial pad at a time: that of a call is open, which sends tones."""
        self.dialler.pad.setHidden(shown)

    def _remember(self) -> None:
        self._settings.set_view(_VIEW, bytes(self.splitter.saveState().data()))
