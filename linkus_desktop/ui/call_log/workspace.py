"""The Call Logs room."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QStackedWidget, QTabBar, QWidget

from linkus_desktop.pbx.blocking import Blocking, Change
from linkus_desktop.pbx.call_log import CallLogColumn, CallLogModel, CallLogRole
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.ui.call_log.block_button import BlockButton
from linkus_desktop.ui.call_log.player import RecordingPlayer
from linkus_desktop.ui.call_log.rows import CallLogRows, Kind
from linkus_desktop.ui.call_log.sound import SoundLine
from linkus_desktop.ui.call_log.table import CallTable
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.queue_log.page import QueueLogPage
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, frame, rows
from linkus_desktop.ui.widgets.list_states import ListStates
from linkus_desktop.ui.widgets.undo_bar import UNDO_MS, UndoBar
from server.contract.recording import Recording

if TYPE_CHECKING:
    from linkus_desktop.sip.audio.listening import Listening
    from linkus_desktop.store.settings import Settings

SEEN_AFTER_MS = 1500
"""Missed calls count as seen when the log has been on the screen this long."""


PERSONAL, QUEUE = range(2)
"""The tabs (LOG-2)."""


class CallLogWorkspace(QWidget):
    """Own calls by kind and text, and in a tab beside them those of queues (LOG-2).

    Deletions can be taken back.

    Signals: call_requested(str number), problem(str text).
    """

    call_requested = Signal(str)
    problem = Signal(str)

    def __init__(
        self,
        call_log: CallLogModel,
        settings: "Settings",
        *,
        clock: Callable[[], datetime] = now_utc,
        listening: "Listening | None" = None,
        blocking: Blocking | None = None,
        queue_page: QueueLogPage | None = None,
        undo_ms: int = UNDO_MS,
        seen_after_ms: int = SEEN_AFTER_MS,
    ) -> None:
        super().__init__()
        self._log = call_log
        self.rows = CallLogRows(call_log, self)
        self.blocking = blocking
        self.table = CallTable(self.rows, settings, clock, blocking)
        self.states = ListStates(self.table, row_height=40)
        self.undo_bar = UndoBar(self, undo_ms=undo_ms)
        recordings = call_log.recordings
        self.player = (
            RecordingPlayer(recordings, listening)
            if recordings is not None and listening is not None
            else None
        )
        self.sound = SoundLine()
        self.queue_page = queue_page
        self.tabs, self._pages = QTabBar(), QStackedWidget()
        self.search = QLineEdit()
        self.kinds: dict[Kind, WordButton] = {}
        self.call_back = WordButton("Call back", icon_name="phone", shortcut="Return")
        self.block = BlockButton(blocking)
        self.delete = WordButton("Delete", icon_name="delete", shortcut="Del")
        self._seen = QTimer(self)
        self._seen.setSingleShot(True)
        self._seen.setInterval(seen_after_ms)
        self._seen.timeout.connect(self._mark_seen)
        self._build()
        self._connect()
        self._follow()

    def delete_calls(self, ids: Sequence[str]) -> None:
        """Delete calls; for five seconds it can be taken back."""
        gone = list(ids)
        text = "Call deleted." if len(gone) == 1 else f"{len(gone)} calls deleted."
        self.rows.hide(gone)
        self.undo_bar.offer(text, lambda: self._really_delete(gone), lambda: self._put_back(gone))
        self._follow()

    def finish_deletions(self) -> None:
        """Do what waits for its undo now: the window closes."""
        self.undo_bar.finish()
        if self.queue_page is not None:
            self.queue_page.finish_deletions()

    def set_has_queues(self, has_queues: bool) -> None:
        """Whether the user has to do with queues: who has not sees no tabs."""
        self.tabs.setVisible(has_queues and self.queue_page is not None)
        if self.tabs.isHidden():
            self.tabs.setCurrentIndex(PERSONAL)

    def showEvent(self, event: QShowEvent) -> None:
        """Looking at missed calls makes them seen, after a moment."""
        super().showEvent(event)
        self._watch_missed()
        if self.blocking is not None:
            self.blocking.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Looked away too soon."""
        super().hideEvent(event)
        self._seen.stop()
        self.pause()

    def pause(self) -> None:
        """Be silent."""
        if self.player is not None:
            self.player.pause()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_lens"):
            self._lens.setIcon(icon("search", tokens(self).muted))

    def _build(self) -> None:
        head = frame("bar")
        bar = columns(head, gap=8)
        bar.setContentsMargins(16, 12, 16, 12)
        group = QButtonGroup(self)
        for kind in Kind:
            button = WordButton(kind.value, tip=f"Show {kind.value.lower()} calls")
            button.setCheckable(True)
            button.setChecked(kind is Kind.ALL)
            button.clicked.connect(self._on_kind_button)
            group.addButton(button)
            self.kinds[kind] = button
            bar.addWidget(button)
        self.search.setProperty("quiet", "true")
        self.search.setPlaceholderText("Search name or number")
        self.search.setAccessibleName("Search the call log")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(280)
        self._lens = self.search.addAction(
            icon("search", tokens(self).muted), QLineEdit.ActionPosition.LeadingPosition
        )
        bar.addSpacing(8)
        bar.addWidget(self.search, 100)  # all that is left, up to its most
        bar.addStretch(1)
        bar.addWidget(self.call_back)
        bar.addWidget(self.block)
        bar.addWidget(self.delete)
        personal = QWidget()
        layout = rows(personal)
        layout.addWidget(head)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.sound)
        if self.player is not None:
            layout.addWidget(self.player)
        self._build_tabs(personal)

    def _build_tabs(self, personal: QWidget) -> None:
        self.tabs.setAccessibleName("Which calls")
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.addTab("Personal")
        self._pages.addWidget(personal)
        if self.queue_page is not None:
            self.tabs.addTab("Queue")
            self._pages.addWidget(self.queue_page)
        self.tabs.hide()
        self.tabs.currentChanged.connect(self._on_tab)
        layout = rows(self)
        layout.addWidget(self.tabs)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self.table)

    def _on_tab(self, tab: int) -> None:
        """The other calls; the focus goes there when the room gets it."""
        self._pages.setCurrentIndex(tab)
        page = self.queue_page if tab == QUEUE else None
        self.setFocusProxy(page or self.table)
        self._watch_missed()

    def _on_kind_button(self) -> None:
        for kind, button in self.kinds.items():
            if button.isChecked():
                self._on_kind(kind)

    def _on_delete(self) -> None:
        self.delete_calls(self.table.selected_ids())

    def _connect(self) -> None:
        self.search.textChanged.connect(self._on_text)
        self.table.call_requested.connect(self.call_requested)
        self.table.delete_requested.connect(self.delete_calls)
        self.call_back.clicked.connect(self._call_back)
        self.delete.clicked.connect(self._on_delete)
        self.table.selectionModel().selectionChanged.connect(self._follow)
        self.rows.layoutChanged.connect(self._follow)
        self._log.modelReset.connect(self._follow)
        self._log.dataChanged.connect(self._follow)
        self._log.missed_changed.connect(self._on_missed)
        self._log.known_changed.connect(self._follow)
        self.states.action.connect(self._show_all)
        if self.blocking is not None:
            self.blocking.changed.connect(self._follow)
            self.blocking.done.connect(self._on_blocked)
            self.blocking.failed.connect(self.problem)
        if self.player is not None and self._log.recordings is not None:
            self.table.play_requested.connect(self.player.play)
            self.player.delete_requested.connect(self._delete_recording)
            self._log.recordings.changed.connect(self._follow)

    def _on_kind(self, kind: Kind) -> None:
        self.rows.set_kind(kind)
        self._follow()

    def _on_missed(self, _count: int) -> None:
        self._watch_missed()

    def _watch_missed(self) -> None:
        """Missed calls are seen by looking at them, not at those of queues."""
        if self._log.missed and self.isVisible() and self.tabs.currentIndex() == PERSONAL:
            self._seen.start()
        else:
            self._seen.stop()

    def _on_text(self, text: str) -> None:
        self.rows.set_text(text)
        self._follow()

    def _show_all(self) -> None:
        self.search.clear()
        self.kinds[Kind.ALL].click()

    def _call_back(self) -> None:
        index = self.table.currentIndex()
        if index.isValid() and (number := self.rows.entry(index).number):
            self.call_requested.emit(number)

    def _on_blocked(self, change: Change) -> None:
        """It is done; for five seconds it can be taken back."""
        self.undo_bar.offer(change.text, lambda: None, change.undo)

    def _put_back(self, ids: list[str]) -> None:
        self.rows.unhide(ids)
        self._follow()

    def _really_delete(self, ids: list[str]) -> None:
        def failed(error: Exception) -> None:
            self._put_back(ids)
            self.problem.emit(f"The calls were not deleted. {error}")

        spawn(self._log.delete(ids), on_error=failed)

    def _delete_recording(self, recording: Recording) -> None:
        """Delete a recording, and not its call; for five seconds it can be taken back."""
        recordings = self._log.recordings
        if recordings is None:
            return
        recordings.hide(recording.id)

        def put_back() -> None:
            recordings.unhide(recording.id)

        def failed(error: Exception) -> None:
            put_back()
            self.problem.emit(f"The recording was not deleted. {error}")

        def really() -> None:
            spawn(recordings.delete([recording.id]), on_error=failed)

        self.undo_bar.offer("Recording deleted.", really, put_back)

    def _mark_seen(self) -> None:
        spawn(self._log.mark_seen(), on_error=lambda error: self.problem.emit(str(error)))

    def _follow(self, *_: object) -> None:
        selected = len(self.table.selected_ids())
        self.call_back.setEnabled(selected == 1)
        self.delete.setEnabled(selected > 0)
        self.delete.setText("Delete" if selected < 2 else f"Delete {selected}")
        self._follow_selected()
        nothing = self._log.rowCount() == 0
        self.states.set_loading(nothing and not self._log.known)
        if nothing:
            self.states.set_empty(
                "No calls yet", "Your calls appear here, the newest first. Make one with Ctrl+K."
            )
        else:
            self.states.set_empty("No such calls", "No call matches this filter.", "Show all calls")

    def _follow_selected(self) -> None:
        """Player and line of the sound are about the one call that is selected."""
        recordings = self._log.recordings
        self.table.setColumnHidden(CallLogColumn.RECORDING, recordings is None or not recordings.may_listen)
        selected = self.table.selectionModel().selectedRows()
        index = selected[0] if len(selected) == 1 else None
        entry = self.rows.entry(index) if index is not None else None
        self.sound.follow(entry)
        self.block.follow(entry)
        if self.player is None:
            return
        recording = index.data(CallLogRole.RECORDING) if index is not None else None
        self.player.show_recording(recording, entry)
