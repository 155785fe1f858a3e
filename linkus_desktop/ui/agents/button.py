"""The agent's button in the toolbar: what one is in the queues, and its menu (Q-11)."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QToolButton, QWidget

from linkus_desktop.pbx.agents import OwnQueues
from linkus_desktop.ui.agents.menu import AgentMenu
from linkus_desktop.ui.agents.words import agent_words, how_many, lamp_of_agent, told
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.lamps import Lamp, lit, paint_lamp
from linkus_desktop.ui.texts import duration
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY, TYPE_SMALL
from linkus_desktop.ui.widgets.buttons import tooltip

SHORTCUT = "Ctrl+Shift+Q"
WIDTH, NARROW = 200, 36
_LAMP = 16


class AgentButton(QToolButton):
    """Seen only by who is an agent of a queue; in the compact window its lamp stays.

    Times go on by one timer, and only while it is to be seen.
    """

    def __init__(
        self, own: OwnQueues, blinker: Blinker, clock: Callable[[], datetime], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._own, self._blinker, self._clock = own, blinker, clock
        self._wide = True
        self._lines = ("", "")
        self._lamp = Lamp.UNKNOWN
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu_of_agent = AgentMenu(own, clock, self)
        self.setMenu(self.menu_of_agent)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._on_second)
        own.changed.connect(self.follow)
        blinker.beat.connect(self._on_beat)
        self.set_wide(True)
        self.follow()

    @property
    def lines(self) -> tuple[str, str]:
        """What is written on it."""
        return self._lines

    @property
    def lamp(self) -> Lamp:
        """What is lit on it."""
        return self._lamp

    @property
    def ticks(self) -> bool:
        """Whether its timer runs."""
        return self._second.isActive()

    def set_wide(self, wide: bool) -> None:
        """With its words, or the lamp only."""
        self._wide = wide
        self.setFixedSize(QSize(WIDTH if wide else NARROW, 40))

    def open_menu(self) -> None:
        """By its shortcut; nothing for who is in no queue."""
        if not self.isHidden():
            self.menu_of_agent.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def follow(self) -> None:
        """Show what is so now."""
        if bool(self._own.queues) == self.isHidden():
            self.setVisible(self.isHidden())
        summary = self._own.summary()
        self._lamp = lamp_of_agent(summary.state)
        self._blinker.want(self, self._lamp.blinks)
        whole = told(summary)
        self.setToolTip(tooltip(whole, SHORTCUT))
        self.setAccessibleName(f"Agent status: {agent_words(summary.state, summary.reason)}")
        self.setAccessibleDescription(whole)
        self.menu_of_agent.follow()
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "menu_of_agent"):
            self.menu_of_agent.tint()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: the time goes on."""
        super().showEvent(event)
        self._write()
        self._second.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._second.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lamp and two lines."""
        super().paintEvent(event)
        painter, t = QPainter(self), tokens(self)
        left = 10 if self._wide else (NARROW - _LAMP) / 2
        square = QRectF(left, (self.height() - _LAMP) / 2, _LAMP, _LAMP)
        paint_lamp(painter, square, self._lamp, t, on=lit(self._lamp, self._blinker))
        if not self._wide:
            return
        room = self.rect().adjusted(34, 5, -22, -5)
        start = Qt.AlignmentFlag.AlignLeft
        for text, size, colour, edge in (
            (self._lines[0], TYPE_BODY, t.text, Qt.AlignmentFlag.AlignTop),
            (self._lines[1], TYPE_SMALL, t.muted, Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(sized(self.font(), size))
            painter.setPen(QColor(colour))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, start | edge, shown)
        arrow = pixmap("chevron-down", t.muted, 16, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - 20, (self.height() - 16) // 2, arrow)

    def _write(self) -> None:
        summary = self._own.summary()
        second = how_many(summary) if summary.state is not None else "Queues"
        second = f"{second[:1].upper()}{second[1:]}"
        if summary.since is not None:  # first, so that it is seen whatever follows
            second = f"{duration((self._clock() - summary.since).total_seconds())} · {second}"
        if self._own.busy():
            second = "Changing…"
        lines = agent_words(summary.state, summary.reason), second
        if lines != self._lines:
            self._lines = lines
            self.update()

    def _on_second(self) -> None:
        self._write()
        if self.menu_of_agent.isVisible():
            self.menu_of_agent.tick()

    def _on_beat(self) -> None:
        if self._lamp.blinks:
            self.update()
