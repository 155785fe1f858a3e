"""The keys in columns: one stop of the Tab key, arrows go from key to key, dragging puts them in order."""

from itertools import pairwise

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QGridLayout, QWidget

from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.keys.button import KeyButton
from linkus_desktop.ui.theme import tokens

GAP = 8
MIME = "application/x-linkus-function-key"


class KeyGrid(QWidget):
    """Lays buttons out and moves the focus among them; what the keys are is not its concern.

    Attributes: buttons: in their order.
    Signals:
        pressed(int row), menu_requested(int row, QPoint global), moved(int row, int to),
        edit_requested(int row), remove_requested(int row), tip_wanted(int row): a tooltip is to be shown.
    """

    pressed = Signal(int)
    menu_requested = Signal(int, QPoint)
    moved = Signal(int, int)
    edit_requested = Signal(int)
    remove_requested = Signal(int)
    tip_wanted = Signal(int)

    def __init__(self, blinker: Blinker) -> None:
        super().__init__()
        self.buttons: list[KeyButton] = []
        self._blinker = blinker
        self._columns = 1
        self._movable = False
        self._current = 0
        self._drop_at = -1
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(8, 8, 8, 8)
        self._layout.setSpacing(GAP)
        self._layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName("Function keys")
        blinker.beat.connect(self._on_beat)

    @property
    def columns(self) -> int:
        """How many keys stand beside each other."""
        return self._columns

    @property
    def current(self) -> int:
        """The row that has, or last had, the focus."""
        return self._current

    def set_columns(self, columns: int) -> None:
        """So many keys side by side."""
        if columns != self._columns:
            self._columns = columns
            self._arrange()

    def set_movable(self, movable: bool) -> None:
        """Whether the order may be changed."""
        self._movable = movable
        self.setAcceptDrops(movable)
        for button in self.buttons:
            button.movable = movable

    def set_count(self, count: int) -> None:
        """So many buttons; those that stay are kept."""
        had_focus = any(button.hasFocus() for button in self.buttons)
        while len(self.buttons) > count:
            button = self.buttons.pop()
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        while len(self.buttons) < count:
            self.buttons.append(self._made(len(self.buttons)))
        self._arrange()
        self._current = max(0, min(self._current, count - 1))
        self._follow_focus()
        if had_focus and count:
            self.focus(self._current)

    def focus(self, row: int) -> None:
        """The focus goes to a key."""
        if 0 <= row < len(self.buttons):
            self._current = row
            self._follow_focus()
            self.buttons[row].setFocus(Qt.FocusReason.OtherFocusReason)

    def follow_blinking(self) -> None:
        """Beat while something blinks."""
        self._blinker.want(self, any(button.blinks for button in self.buttons))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that a button does not take by itself."""
        if event.type() is QEvent.Type.FocusIn and isinstance(watched, KeyButton):
            self._current = watched.row
            self._follow_focus()
            watched.update()
        elif event.type() is QEvent.Type.FocusOut and isinstance(watched, KeyButton):
            watched.update()
        elif event.type() is QEvent.Type.ToolTip and isinstance(watched, KeyButton):
            self.tip_wanted.emit(watched.row)
        elif event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Only a key of this panel."""
        if self._dragged(event) >= 0:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where it would go."""
        if self._dragged(event) >= 0:
            self._show_drop(self.place_at(event.position().toPoint()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It goes nowhere."""
        self._show_drop(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        """It goes here."""
        row = self._dragged(event)
        self._show_drop(-1)
        if row >= 0:
            event.acceptProposedAction()
            self.moved.emit(row, self.place_at(event.position().toPoint()))

    def place_at(self, point: QPoint) -> int:
        """Before which key something that is dropped here would stand; the number of keys: at the end."""
        for button in self.buttons:
            box = button.geometry()
            if point.y() > box.bottom() + GAP // 2:
                continue
            middle = box.center()
            if (self._columns == 1 and point.y() <= middle.y()) or (
                self._columns > 1 and point.x() <= middle.x()
            ):
                return button.row
            ends_line = (button.row + 1) % self._columns == 0
            if ends_line and self._columns > 1:
                return button.row + 1
        return len(self.buttons)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line that shows where a key goes."""
        if self._drop_at < 0 or not self.buttons:
            return
        painter = QPainter(self)
        painter.fillRect(self._drop_line(), QColor(tokens(self).accent))

    def _made(self, row: int) -> KeyButton:
        button = KeyButton(self._blinker)
        button.row = row
        button.movable = self._movable
        button.clicked.connect(self._on_clicked)
        button.menu_requested.connect(self._on_menu)
        button.drag_started.connect(self._on_drag)
        button.installEventFilter(self)
        return button

    def _arrange(self) -> None:
        for button in self.buttons:
            self._layout.removeWidget(button)
        for row, button in enumerate(self.buttons):
            self._layout.addWidget(button, row // self._columns, row % self._columns)
            button.show()
        for column in range(4):
            self._layout.setColumnStretch(column, 1 if column < self._columns else 0)
        for one, other in pairwise(self.buttons):
            QWidget.setTabOrder(one, other)

    def _follow_focus(self) -> None:
        """One stop of the Tab key, whatever many keys there are."""
        for button in self.buttons:
            here = button.row == self._current
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if here else Qt.FocusPolicy.ClickFocus)

    def _on_key(self, event: QKeyEvent) -> bool:
        row, key = self._current, event.key()
        steps: dict[int, int] = {
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
        }
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if key in steps:
            if alt:
                self._move_by(row, steps[key])
            else:
                self.focus(row + steps[key])
        elif key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self.focus(0 if key == Qt.Key.Key_Home else len(self.buttons) - 1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            self.buttons[row].click()
        elif key == Qt.Key.Key_F2:
            self.edit_requested.emit(row)
        elif key == Qt.Key.Key_Delete:
            self.remove_requested.emit(row)
        else:
            return False
        return True

    def _move_by(self, row: int, step: int) -> None:
        to = max(0, min(row + step, len(self.buttons) - 1))
        if self._movable and to != row:
            self.moved.emit(row, to if to < row else to + 1)

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, KeyButton):
            self.pressed.emit(button.row)

    def _on_menu(self, button: KeyButton, where: QPoint) -> None:
        self.focus(button.row)
        self.menu_requested.emit(button.row, where)

    def _on_drag(self, button: KeyButton) -> None:
        drag = QDrag(self)
        mime = QMimeData()
        mime.setData(MIME, QByteArray(str(button.row).encode()))
        drag.setMimeData(mime)
        drag.setPixmap(button.grab())
        drag.setHotSpot(button.rect().center())
        drag.exec(Qt.DropAction.MoveAction)
        self._show_drop(-1)

    def _dragged(self, event: QDropEvent) -> int:
        """The row that is dragged; -1 if that is something else."""
        text = bytes(event.mimeData().data(MIME).data())
        return int(text) if text.isdigit() and self._movable and int(text) < len(self.buttons) else -1

    def _show_drop(self, place: int) -> None:
        if place != self._drop_at:
            self._drop_at = place
            self.update()

    def _drop_line(self) -> QRect:
        at_end = self._drop_at >= len(self.buttons)
        box = self.buttons[-1 if at_end else self._drop_at].geometry()
        if self._columns == 1:
            y = box.bottom() + GAP // 2 if at_end else box.top() - GAP // 2 - 1
            return QRect(box.left(), y, box.width(), 3)
        x = box.right() + GAP // 2 if at_end else box.left() - GAP // 2 - 1
        return QRect(x, box.top(), 3, box.height())

    def _on_beat(self) -> None:
        for button in self.buttons:
            if button.blinks:
                button.beat()
