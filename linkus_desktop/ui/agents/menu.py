"""The menu of an agent: all queues at once, then each (Q-10, Q-11)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from linkus_desktop.pbx.agents import ALL, OwnQueues
from linkus_desktop.ui.agents.pause_menu import PauseMenu
from linkus_desktop.ui.agents.words import in_queue, timed, what_follows
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.lamps import Lamp, paint_lamp
from linkus_desktop.ui.texts import on_button, plain_tip
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.tokens import Tokens
from server.contract.agents import AgentStatus

_BEFORE_ARROW = "\N{NO-BREAK SPACE}" * 3
NAME_WIDTH = 220
"""A queue's name is elided beyond this (logical pixels)."""
WORDS_WIDTH = 200
"""And what one is there, such as the reason of a pause; its time is always seen."""


class QueueMenu(QMenu):
    """One queue: logged in or not, pause, resume. Its title is the queue's line in the menu above."""

    def __init__(self, own: OwnQueues, queue: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._own, self.queue = own, queue
        self._shown: tuple[str, Lamp | None] = ("", None)
        self.setToolTipsVisible(True)
        self.logged_in = self.addAction("Logged in")
        self.logged_in.setCheckable(True)
        self.logged_in.triggered.connect(self._on_log_in)
        self.pause = PauseMenu(own, partial(own.pause, queue=queue), self)
        self.addMenu(self.pause)
        self.resume = self.addAction("Resume", partial(own.resume, queue))

    def follow(self, now: datetime) -> None:
        """Show what is so now; the line changes only if it says something else."""
        one, known = self._own.get(self.queue), self._own.known
        lamp, words = in_queue(one, known=known)
        name = self._own.name_of(self.queue)
        elided = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, NAME_WIDTH)
        shown_words = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, WORDS_WIDTH)
        line = timed(shown_words, one.since, now) if one is not None and known else shown_words
        if self._own.busy(self.queue):
            line = "Changing…"
        shown = f"{on_button(elided)}\t{on_button(line)}{_BEFORE_ARROW}", lamp
        if shown != self._shown:
            if lamp is not self._shown[1]:
                self.setIcon(lamp_icon(lamp, tokens(self)))
            self.setTitle(shown[0])
            self._shown = shown
        if one is not None:
            self._follow_actions(one, may=known and not self._own.busy(self.queue))
            then = what_follows(one)
            told = f"{name}, {self.queue}: {words}" + (f", {then}" if then and known else "")
            self.menuAction().setToolTip(plain_tip(told))

    def tint(self) -> None:
        """Follow the palette."""
        t = tokens(self)
        if self._shown[1] is not None:
            self.setIcon(lamp_icon(self._shown[1], t))
        self.pause.setIcon(icon("pause", t.muted, t.control))
        self.resume.setIcon(icon("play", t.muted, t.control))

    def _follow_actions(self, one: AgentStatus, *, may: bool) -> None:
        self.logged_in.setText("Logged in" if one.dynamic else "Always logged in (static agent)")
        self.logged_in.setChecked(one.logged_in)
        self.logged_in.setEnabled(may and one.dynamic)
        self.pause.setTitle("Another reason" if one.paused else "Pause")
        self.pause.setEnabled(may and one.logged_in)
        self.resume.setEnabled(may and one.paused)

    def _on_log_in(self) -> None:
        one = self._own.get(self.queue)
        if one is None:
            return
        self.logged_in.setChecked(one.logged_in)  # until the server says so
        (self._own.log_out if one.logged_in else self._own.log_in)(self.queue)


class AgentMenu(QMenu):
    """All that an agent can do, and what they are in each queue.

    Attributes: lines: the queues' menus, by number.
    """

    def __init__(self, own: OwnQueues, clock: Callable[[], datetime], parent: QWidget) -> None:
        super().__init__(parent)
        self._own, self._clock = own, clock
        self.lines: dict[str, QueueMenu] = {}
        self.setToolTipsVisible(True)
        self.note = self.addAction("")
        self.note.setEnabled(False)
        self.log_in = self.addAction("Log in to all", partial(own.log_in, ALL))
        self.log_in_last = self.addAction("Log in to last", own.log_in_last)
        self.log_in_last.setToolTip("The queues in which you were when you were last logged in")
        self.log_out = self.addAction("Log out of all", partial(own.log_out, ALL))
        self.pause = PauseMenu(own, own.pause, self)
        self.addMenu(self.pause)
        self.resume = self.addAction("Resume in all", partial(own.resume, ALL))
        self._end = self.addSeparator()
        self.aboutToShow.connect(self.follow)
        self.tint()
        self.follow()

    def follow(self) -> None:
        """Show what is so now."""
        own = self._own
        if list(self.lines) != [one.queue for one in own.queues]:
            self._rebuild()
        self.tick()
        summary, busy = own.summary(), own.busy()
        may = own.known and not busy
        some = [one for one in own.queues if one.dynamic]
        self.note.setText("Changing…" if busy else "Not connected: your state is not known now")
        self.note.setVisible(busy or not own.known)
        for action in (self.log_in, self.log_in_last, self.log_out):
            action.setVisible(own.dynamic)
        self.log_in.setEnabled(may and any(not one.logged_in for one in some))
        self.log_in_last.setEnabled(may and not any(one.logged_in for one in some))
        self.log_out.setEnabled(may and any(one.logged_in for one in some))
        paused = any(one.paused for one in own.queues)
        self.pause.setTitle("Pause in all" if not paused or summary.taking else "Another reason in all")
        self.pause.setEnabled(may and summary.logged_in > 0)
        self.resume.setEnabled(may and paused)

    def tick(self) -> None:
        """The times go on."""
        now = self._clock()
        for line in self.lines.values():
            line.follow(now)

    def tint(self) -> None:
        """Follow the palette."""
        t = tokens(self)
        self.log_in.setIcon(icon("check", t.muted, t.control))
        self.log_in_last.setIcon(icon("refresh", t.muted, t.control))
        self.log_out.setIcon(icon("log-out", t.muted, t.control))
        self.pause.setIcon(icon("pause", t.muted, t.control))
        self.resume.setIcon(icon("play", t.muted, t.control))
        self.note.setIcon(icon("info", t.muted, t.muted))
        for line in self.lines.values():
            line.tint()

    def _rebuild(self) -> None:
        for line in self.lines.values():
            self.removeAction(line.menuAction())
            line.deleteLater()
        self.lines = {}
        for one in self._own.queues:
            line = self.lines[one.queue] = QueueMenu(self._own, one.queue, self)
            line.tint()
            self.addMenu(line)


def lamp_icon(lamp: Lamp, t: Tokens) -> QIcon:
    """A lamp for a line of a menu."""
    picture = QPixmap(32, 32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_lamp(painter, QRectF(0, 0, 32, 32), lamp, t)
    painter.end()
    picture.setDevicePixelRatio(2)
    made = QIcon(picture)
    made.addPixmap(picture, QIcon.Mode.Disabled)
    return made
