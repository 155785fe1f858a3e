"""The agents of one queue, and what a manager does for them (Q-6)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu, QWidget

from linkus_desktop.pbx.queue_boards import QueueBoards
from linkus_desktop.ui.agents.pause_menu import PauseMenu
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.queues.columns import agent_columns
from linkus_desktop.ui.queues.rows import Rows
from linkus_desktop.ui.queues.view import BoardView
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.list_states import ListStates
from linkus_desktop.ui.widgets.row_cells import ROW
from server.contract.agents import AgentStatus, AgentSwitch

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_VIEW = "queues.agents.1"
_SELECT = "Select agents first."


class AgentsPanel(QWidget):
    """A table with buttons above it; its context menu has the same actions."""

    def __init__(
        self, boards: QueueBoards, settings: "Settings", blinker: Blinker, clock: Callable[[], datetime]
    ) -> None:
        super().__init__()
        self._boards = boards
        self._queue = ""
        self.rows: Rows[AgentStatus] = Rows(agent_columns(boards), lambda one: one.extension, clock, self)
        self.table: BoardView[AgentStatus] = BoardView(
            self.rows, "Agents", _VIEW, settings, blinker, many=True
        )
        self.states = ListStates(self.table, row_height=ROW)
        self.states.set_empty("No agents", "Agents are added to a queue by the administrator.")
        self.log_in = WordButton("Log in")
        self.log_out = WordButton("Log out")
        self.pause = WordButton("Pause")
        self.resume = WordButton("Resume")
        self.reasons = PauseMenu(boards, self._order_pause, self)
        self._build()
        self.follow_selection()

    def follow(self, queue: str) -> None:
        """Show the agents of this queue as they are now."""
        if queue != self._queue:
            self._queue = queue
            self.table.clearSelection()
        self.rows.follow(self._boards.agents_of(queue) if queue else [])
        self.rows.repaint()
        self.follow_selection()

    def follow_selection(self, *_: object) -> None:
        """What can be done with those who are selected now."""
        for button, why in zip(
            (self.log_in, self.log_out, self.pause, self.resume), self._why_not(), strict=True
        ):
            button.forbid(why)

    def menu(self) -> QMenu:
        """The actions that are possible now."""
        menu = QMenu(self)
        for button, why in zip(
            (self.log_in, self.log_out, self.pause, self.resume), self._why_not(), strict=True
        ):
            if why:
                continue
            if button is self.pause:
                menu.addMenu(PauseMenu(self._boards, self._order_pause, menu))
            else:
                menu.addAction(button.text(), button.click)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The actions, at the mouse or at the row."""
        menu = self.menu()
        if not menu.isEmpty():
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            centre = self.table.visualRect(self.table.currentIndex()).center()
            by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
            menu.popup(event.globalPos() if by_mouse else self.table.viewport().mapToGlobal(centre))

    def _build(self) -> None:
        self.pause.setMenu(self.reasons)
        self.log_in.clicked.connect(partial(self._order, AgentSwitch(logged_in=True)))
        self.log_out.clicked.connect(partial(self._order, AgentSwitch(logged_in=False)))
        self.resume.clicked.connect(partial(self._order, AgentSwitch(paused=False)))
        head = columns(gap=8)
        head.setContentsMargins(16, 8, 16, 8)
        head.addWidget(label("Agents", "body"))
        head.addStretch(1)
        for button in (self.log_in, self.log_out, self.pause, self.resume):
            head.addWidget(button)
        layout = rows(self)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self.table.selectionModel().selectionChanged.connect(self.follow_selection)

    def _why_not(self) -> tuple[str, str, str, str]:
        """Why the selected cannot log in, log out, pause, resume; "": they can."""
        if not self._boards.known:
            return ("The states of the agents are not known now.",) * 4
        chosen = self.table.selected()
        if not chosen:
            return (_SELECT,) * 4
        return (
            "" if _some(chosen, _may_log_in) else "They are logged in already.",
            ""
            if _some(chosen, _may_log_out)
            else "Static agents cannot log out, and the others are logged out already.",
            ""
            if _some(chosen, lambda one: one.logged_in)
            else "They are logged out: only who is logged in can pause.",
            "" if _some(chosen, lambda one: one.paused) else "None of them is paused.",
        )

    def _order_pause(self, reason: str) -> None:
        self._order(AgentSwitch(paused=True, reason=reason))

    def _order(self, change: AgentSwitch, *_: object) -> None:
        fits: Callable[[AgentStatus], bool]
        if change.logged_in is not None:
            fits = _may_log_in if change.logged_in else _may_log_out
        else:
            fits = _is_logged_in if change.paused else _is_paused
        chosen = [one.extension for one in self.table.selected() if fits(one)]
        self._boards.switch(self._queue, chosen, change)


def _some(chosen: list[AgentStatus], fits: Callable[[AgentStatus], bool]) -> bool:
    return any(map(fits, chosen))


def _may_log_in(one: AgentStatus) -> bool:
    return one.dynamic and not one.logged_in


def _may_log_out(one: AgentStatus) -> bool:
    return one.dynamic and one.logged_in


def _is_logged_in(one: AgentStatus) -> bool:
    return one.logged_in


def _is_paused(one: AgentStatus) -> bool:
    return one.paused
