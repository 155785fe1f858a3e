"""The rooms, at the left edge."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame

from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_SMALL
from linkus_desktop.ui.widgets.buttons import tooltip
from linkus_desktop.ui.widgets.frames import rows

WIDTH = 64


_NARROWEST = 85
"""Per cent of a font's width that can still be read well."""


class RoomButton(QAbstractButton):
    """A room: its icon, its name below, and how many things wait in it."""

    def __init__(self, icon_name: str, name: str, shortcut: str) -> None:
        super().__init__()
        self._icon_name = icon_name
        self._badge = 0
        self.setText(name)
        self.setCheckable(True)
        self.setFixedSize(QSize(WIDTH - 4, 56))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.setToolTip(tooltip(name, shortcut))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def badge(self) -> str:
        """What the badge says; empty without one."""
        return "" if not self._badge else ("99+" if self._badge > 99 else str(self._badge))

    def set_badge(self, count: int, what: str = "missed") -> None:
        """Show how many things wait; 0 shows nothing."""
        self._badge = count
        self.setAccessibleName(f"{self.text()}, {count} {what}" if count else self.text())
        self.update()

    def name_width(self) -> int:
        """How wide the name is written, logical pixels."""
        return QFontMetrics(self._name_font()).horizontalAdvance(self.text())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Icon over name."""
        painter, t = QPainter(self), tokens(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = self.rect().adjusted(1, 2, -1, -2)
        if self.isChecked():
            painter.setBrush(QColor(t.accent_soft))
            painter.drawRoundedRect(ground, 8, 8)
        elif self.underMouse() or self.isDown():
            painter.setBrush(QColor(t.pressed))
            painter.drawRoundedRect(ground, 8, 8)
        colour = t.accent if self.isChecked() else t.muted
        ratio = self.devicePixelRatioF()
        painter.drawPixmap((self.width() - 22) // 2, 8, pixmap(self._icon_name, colour, 22, ratio))
        painter.setFont(self._name_font())
        painter.setPen(QColor(t.text if self.isChecked() else t.muted))
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRect(0, 33, self.width(), 16), Qt.AlignmentFlag.AlignCenter, name)
        if self._badge:
            self._paint_badge(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(ground, 8, 8)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.update()

    def _name_font(self) -> QFont:
        """Small, and as much narrower as a long name needs in a wide font."""
        font = sized(self.font(), TYPE_SMALL)
        needed = QFontMetrics(font).horizontalAdvance(self.text())
        if needed > self.width() - 2:
            font.setStretch(max(_NARROWEST, 100 * (self.width() - 2) // needed))
        return font

    def _paint_badge(self, painter: QPainter) -> None:
        t = tokens(self)
        painter.setFont(sized(self.font(), TYPE_SMALL, weight=QFont.Weight.DemiBold))
        width = max(18, painter.fontMetrics().horizontalAdvance(self.badge) + 10)
        rect = QRect(min(self.width() // 2 + 5, self.width() - width - 1), 4, width, 18)
        painter.setPen(QPen(QColor(t.rail), 2))
        painter.setBrush(QColor(t.danger))
        painter.drawRoundedRect(rect, 9, 9)
        painter.setPen(QColor(t.on_danger))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.badge)


class Rail(QFrame):
    """The rooms that work, top to bottom; the last one at the bottom.

    Signals: chosen(str key).
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "rail")
        self.setFixedWidth(WIDTH)
        self.setAccessibleName("Rooms")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.rooms: dict[str, RoomButton] = {}
        self._top = rows(gap=4)
        self._bottom = rows(gap=4)
        layout = rows(self)
        layout.setContentsMargins(2, 8, 2, 8)
        layout.addLayout(self._top)
        layout.addStretch(1)
        layout.addLayout(self._bottom)

    def add(self, key: str, icon_name: str, name: str, shortcut: str, *, bottom: bool = False) -> None:
        """Add a room."""
        button = RoomButton(icon_name, name, shortcut)
        button.clicked.connect(self._on_button)
        self._group.addButton(button)
        self.rooms[key] = button
        (self._bottom if bottom else self._top).addWidget(button)

    def _on_button(self) -> None:
        for key, button in self.rooms.items():
            if button is self.sender():
                self.chosen.emit(key)

    def choose(self, key: str) -> None:
        """Show which room is open."""
        self.rooms[key].setChecked(True)
