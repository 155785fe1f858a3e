"""The own picture with its presence: a menu of statuses, the note, the account (PRES-1, PRES-5, AUTH-4)."""

from datetime import timedelta

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget, QWidgetAction

from linkus_desktop.ui import texts
from linkus_desktop.ui.avatars import paint_avatar
from linkus_desktop.ui.icons import icon, pixmap
from linkus_desktop.ui.lamps import PRESENCE_WORDS, lamp_of_presence, paint_lamp
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_SMALL, Tokens
from linkus_desktop.ui.widgets.frames import rows
from server.contract.presence import Presence, PresenceChange, PresenceStatus


class PresenceButton(QToolButton):
    """Shows who is logged in and their status; its menu changes it.

    Signals: presence_chosen(object PresenceChange), temporary_requested(), password_requested(),
    log_out_requested().
    """

    presence_chosen = Signal(object)
    temporary_requested = Signal()
    password_requested = Signal()
    log_out_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._name, self._number = "", ""
        self._picture: QPixmap | None = None
        self._presence: Presence | None = None
        self._wide = True
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self.note = QLineEdit()
        self.note.setPlaceholderText("Note for colleagues (Enter to set)")
        self.note.setAccessibleName("Note for colleagues")
        self.note.setMaxLength(255)
        self.note.setMinimumWidth(272)
        self.note.returnPressed.connect(self._on_note)
        self._statuses: dict[PresenceStatus, QAction] = {}
        self._fill_menu()
        self.set_wide(True)

    @property
    def status_words(self) -> str:
        """The status in words; what is not known is not guessed."""
        return PRESENCE_WORDS[self._presence.status] if self._presence else "Status unknown"

    def set_person(self, name: str, number: str) -> None:
        """Who is logged in."""
        self._name, self._number = name, number
        self._follow()

    def set_picture(self, picture: QPixmap | None) -> None:
        """The own avatar."""
        if picture is not self._picture:
            self._picture = picture
            self.update()

    def set_presence(self, presence: Presence | None) -> None:
        """The own status as the server has it; None: unknown now."""
        self._presence = presence
        for action in self._statuses.values():
            action.setEnabled(presence is not None)
        self.note.setEnabled(presence is not None)
        self._temporary.setEnabled(presence is not None)
        if presence is not None:
            self._statuses[presence.status].setChecked(True)
            for status, action in self._statuses.items():
                mark = (
                    "\t✓" if status is presence.status else ""
                )  # where shortcuts stand: icons take the left
                action.setText(PRESENCE_WORDS[status] + mark)
            if not self.note.hasFocus():
                self.note.setText(presence.note)
        self._follow()

    def set_wide(self, wide: bool) -> None:
        """With the name and status in words, or the picture only."""
        self._wide = wide
        self.setFixedSize(QSize(200 if wide else 40, 40))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_statuses"):
            self._tint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture with lamp, name, status."""
        super().paintEvent(event)
        painter, t = QPainter(self), tokens(self)
        paint_avatar(painter, QRectF(4, 4, 32, 32), self._name, self._number, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._presence is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.surface))
            painter.drawEllipse(QRectF(23, 23, 16, 16))
            paint_lamp(painter, QRectF(24.5, 24.5, 13, 13), lamp_of_presence(self._presence.status), t)
        if self._wide:
            self._paint_words(painter, t)

    def _paint_words(self, painter: QPainter, t: Tokens) -> None:
        room = self.rect().adjusted(46, 5, -22, -5)
        left, middle = Qt.AlignmentFlag.AlignLeft, Qt.TextElideMode.ElideMiddle
        painter.setFont(sized(self.font(), 13))
        painter.setPen(QColor(t.text))
        name = painter.fontMetrics().elidedText(self._name, middle, room.width())
        painter.drawText(room, left | Qt.AlignmentFlag.AlignTop, name)
        painter.setFont(sized(self.font(), TYPE_SMALL))
        painter.setPen(QColor(t.muted))
        note = f" – {self._presence.note}" if self._presence and self._presence.note else ""
        words = painter.fontMetrics().elidedText(
            self.status_words + note, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, left | Qt.AlignmentFlag.AlignBottom, words)
        arrow = pixmap("chevron-down", t.muted, 16, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - 20, (self.height() - 16) // 2, arrow)

    def _on_status(self, chosen: QAction) -> None:
        for status, action in self._statuses.items():
            if action is chosen:
                self._choose(status)

    def _fill_menu(self) -> None:
        group = QActionGroup(self)
        for status, word in PRESENCE_WORDS.items():
            action = self._menu.addAction(word)
            action.setCheckable(True)
            group.addAction(action)
            self._statuses[status] = action
        group.triggered.connect(self._on_status)
        holder = QWidget()
        rows(holder, margin=8).addWidget(self.note)
        note = QWidgetAction(self._menu)
        note.setDefaultWidget(holder)
        self._menu.addAction(note)
        self._temporary = self._menu.addAction("Temporary status…", self.temporary_requested.emit)
        self._menu.addSeparator()
        self._password = self._menu.addAction("Change password…", self.password_requested.emit)
        self._log_out = self._menu.addAction("Log out", self.log_out_requested.emit)
        self._tint()
        self.set_presence(None)

    def _tint(self) -> None:
        t = tokens(self)
        for status, action in self._statuses.items():
            action.setIcon(_lamp_icon(status, t))
        self._temporary.setIcon(icon("clock", t.muted))
        self._password.setIcon(icon("password", t.muted))
        self._log_out.setIcon(icon("log-out", t.muted))

    def _choose(self, status: PresenceStatus) -> None:
        """A note that was typed goes along; else the status brings its own (PRES-2)."""
        note = self.note.text().strip()
        typed = self._presence is None or note != self._presence.note
        self.presence_chosen.emit(PresenceChange(status=status, note=note if typed else None))

    def _on_note(self) -> None:
        if self._presence is not None:
            left = self._presence.until - texts.now_utc() if self._presence.until else None
            change = PresenceChange(
                status=self._presence.status,
                note=self.note.text().strip(),
                for_minutes=max(1, -(-left // timedelta(minutes=1))) if left else None,
            )
            self.presence_chosen.emit(change)
            self._menu.close()

    def _follow(self) -> None:
        note = f" – {self._presence.note}" if self._presence and self._presence.note else ""
        presence = self._presence
        until = f" until {texts.until(presence.until, presence.since)}" if presence and presence.until else ""
        whole = (
            f"{self._name} ({self._number}): {self.status_words}{until}{note}" if self._number else self._name
        )
        self.setToolTip(texts.plain_tip(whole))
        self.setAccessibleName(f"Your presence. {whole}")
        self.update()


def _lamp_icon(status: PresenceStatus, t: Tokens) -> QIcon:
    picture = QPixmap(32, 32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_lamp(painter, QRectF(0, 0, 32, 32), lamp_of_presence(status), t)
    painter.end()
    picture.setDevicePixelRatio(2)
    return QIcon(picture)
