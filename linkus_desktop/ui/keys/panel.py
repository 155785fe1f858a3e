"""The panel of function keys: what is on it, what can be done, and why something cannot (KEY-1 to KEY-5)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QToolButton, QWidget

from linkus_desktop.pbx.keys import OwnKeys
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.keys.actions import KeyActions
from linkus_desktop.ui.keys.button import NARROWEST
from linkus_desktop.ui.keys.faces import KeyFace, face_of, name_of
from linkus_desktop.ui.keys.grid import GAP, KeyGrid
from linkus_desktop.ui.keys.sources import Sources, Watched
from linkus_desktop.ui.texts import now_utc, on_button
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import IconButton, WordButton
from linkus_desktop.ui.widgets.frames import columns, line, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.list_states import LOADING_AFTER_MS
from linkus_desktop.ui.widgets.message import Message
from linkus_desktop.ui.widgets.undo_bar import UNDO, UndoBar

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings
    from linkus_desktop.ui.keys.dialog import KeyDialog
    from server.contract.keys import FunctionKey

MOST_COLUMNS = 3
USUAL, SCROLL_BAR = 168, 12
"""Width of a key where there is room, and of the bar beside the keys; logical pixels."""
SHORTCUTS = tuple(f"Ctrl+{digit}" for digit in range(1, 10))
"""Of the first keys; see `ui.shortcuts` for all others."""
_COLUMNS = "keys.columns"


class KeysPanel(QWidget):
    """Shows the own keys, and changes them if the user may.

    A change of a state is looked up in an index: only the keys that are about it are looked at, and only
    those that look different then are painted.

    Attributes:
        columns: how many keys the user wants side by side.
        can_dock: the window has room for the panel.

    Signals: float_requested(), hide_requested(), columns_changed().
    """

    columns_changed = Signal()
    float_requested = Signal()
    hide_requested = Signal()

    def __init__(
        self,
        own: OwnKeys,
        sources: Sources,
        actions: KeyActions,
        blinker: Blinker,
        settings: "Settings",
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__()
        self.own, self.sources, self.acts = own, sources, actions
        self._settings = settings
        self._clock = clock
        self.columns = self._saved_columns()
        self.can_dock = True
        self._rows_of: dict[Watched, list[int]] = {}
        self.dialog: KeyDialog | None = None
        self.grid = KeyGrid(blinker)
        self.add = IconButton("add", "Add a function key")
        self.more = IconButton("more", "Function keys: columns, own window")
        self.message = Message(closable=True, narrow=True)
        self.read_only = label(
            "Your administrator has set these keys, and has not permitted you to change them.",
            "small",
            muted=True,
            wrap=True,
        )
        self.stale = label("Not connected: what the lamps show is not known.", "small", muted=True, wrap=True)
        self.empty_title = label("No function keys yet", "title", wrap=True)
        self.empty_text = label("", muted=True, wrap=True)
        self.empty_add = WordButton("Add a key", "primary")
        self.area = QScrollArea()
        self._empty = QWidget()
        self._patience = QTimer(self, singleShot=True, interval=LOADING_AFTER_MS)
        self._second = QTimer(self, interval=1000)
        self._build()
        self.undo_bar = UndoBar(self)
        self._connect()
        self._patience.start()
        self._follow_keys()
        self._follow_state()

    @property
    def faces(self) -> list[KeyFace]:
        """What the keys show, in their order."""
        return [button.face for button in self.grid.buttons if button.face is not None]

    def set_columns(self, count: int) -> None:
        """So many keys side by side, also next time."""
        self.columns = count
        self._settings.set_view(_COLUMNS, str(count).encode())
        self._fit()
        self.columns_changed.emit()

    def sizeHint(self) -> QSize:
        """So wide that the wanted columns have room."""
        return QSize(self.columns * (USUAL + GAP) + GAP + SCROLL_BAR, 400)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for the wanted columns, there are fewer."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - GAP - SCROLL_BAR
        self.grid.set_columns(max(1, min(self.columns, room // (NARROWEST + GAP))))

    def press(self, row: int) -> None:
        """A key is pressed, by mouse, keyboard or shortcut; rows that are not there do nothing."""
        if not 0 <= row < len(self.own.keys):
            return
        key = self.own.keys[row]
        if self.acts.asks(key):
            button = self.grid.buttons[row]
            self.menu_of(row, edit=False).popup(button.mapToGlobal(QPoint(0, button.height())))
        else:
            self.acts.press(key)

    def new_key(self) -> None:
        """Show the window in which a key is made."""
        self._open_dialog(None)

    def edit(self, row: int) -> None:
        """Show the window in which this key is changed."""
        if self.own.may_change and 0 <= row < len(self.own.keys):
            self._open_dialog(row)

    def move_key(self, row: int, to: int) -> None:
        """Put a key before what is at `to`; the focus goes along."""
        if self.own.may_change:
            place = self.own.move(row, to)
            self.grid.focus(place)

    def remove(self, row: int) -> None:
        """Take a key away; for some seconds that can be taken back."""
        if not self.own.may_change or not 0 <= row < len(self.own.keys):
            return
        self.undo_bar.finish()
        name = name_of(self.own.keys[row], self.sources)
        key = self.own.hide(row)

        def back() -> None:
            self.own.restore(row, key)
            self.own.save()
            self.grid.focus(row)

        self.undo_bar.offer("Key removed", self.own.save, back)
        self.undo_bar.setAccessibleName(f"{name} was removed. Undo with {UNDO}")

    def leave(self) -> None:
        """The window is closed: what waits is done, what is being edited is given up."""
        self.undo_bar.finish()
        if self.dialog is not None:
            self.dialog.close()

    def menu(self) -> QMenu:
        """The menu of the panel itself."""
        menu = _menu(self)
        group = QActionGroup(menu)
        for count in range(1, MOST_COLUMNS + 1):
            action = menu.addAction(f"{count} column{'' if count == 1 else 's'}")
            action.triggered.connect(partial(self.set_columns, count))
            action.setCheckable(True)
            action.setChecked(count == self.columns)
            group.addAction(action)
        menu.addSeparator()
        floating = self.window().objectName() == "function-keys"
        place = menu.addAction(
            "Back into the window" if floating else "In a window of its own", self.float_requested.emit
        )
        place.setEnabled(self.can_dock or not floating)
        menu.addAction("Hide the keys", self.hide_requested.emit)
        return menu

    def _build(self) -> None:
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        head = columns(gap=4)
        head.setContentsMargins(16, 8, 8, 8)
        head.addWidget(label("Function keys", "title"), 1)
        head.addWidget(self.add)
        head.addWidget(self.more)
        self.area.setWidget(self.grid)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.grid.setAutoFillBackground(False)
        self.area.viewport().setAutoFillBackground(False)
        empty = rows(self._empty, margin=16, gap=8)
        empty.addWidget(self.empty_title)
        empty.addWidget(self.empty_text)
        button = columns()
        button.addWidget(self.empty_add)
        button.addStretch(1)
        empty.addLayout(button)
        empty.addStretch(1)
        notes = QWidget()
        told = rows(notes, gap=8)
        told.setContentsMargins(GAP, 0, GAP, 0)  # in line with the keys
        for words in (self.stale, self.read_only):
            words.setContentsMargins(8, 4, 8, 0)
        for note in (self.message, self.stale, self.read_only):
            told.addWidget(note)
        layout = rows(self)
        layout.addLayout(head)
        layout.addWidget(line())
        layout.addWidget(self.area, 1)
        layout.addWidget(self._empty, 1)
        layout.addWidget(notes)
        layout.addSpacing(8)

    def _connect(self) -> None:
        self.own.changed.connect(self._follow_keys)
        self.own.state_changed.connect(self._follow_state)
        self.own.failed.connect(self._on_failed)
        self.sources.changed.connect(self._on_sources)
        self.acts.problem.connect(self._say)
        self.acts.question.connect(self._ask)
        self.acts.done.connect(self.message.clear)
        self.grid.pressed.connect(self.press)
        self.grid.menu_requested.connect(self._on_menu)
        self.grid.moved.connect(self.move_key)
        self.grid.edit_requested.connect(self.edit)
        self.grid.remove_requested.connect(self.remove)
        self.grid.tip_wanted.connect(self._on_tip)
        self.add.clicked.connect(self.new_key)
        self.empty_add.clicked.connect(self.new_key)
        self.more.clicked.connect(self._on_more)
        self._second.timeout.connect(self._on_second)
        self._patience.timeout.connect(self._follow_state)

    def _saved_columns(self) -> int:
        saved = self._settings.view(_COLUMNS) or b"1"
        count = int(saved) if saved.isdigit() else 1
        return max(1, min(count, MOST_COLUMNS))

    # What is shown

    def _follow_keys(self) -> None:
        self.grid.set_count(len(self.own.keys))
        self._rows_of = {}
        for row, key in enumerate(self.own.keys):
            for watched in self.sources.watched(key):
                self._rows_of.setdefault(watched, []).append(row)
        self._show(range(len(self.own.keys)))
        self._follow_state()

    def _on_sources(self, changed: frozenset[Watched] | None) -> None:
        if changed is None:
            self._show(range(len(self.own.keys)))
        else:
            self._show({row for watched in changed for row in self._rows_of.get(watched, ())})

    def _show(self, wanted: "range | set[int]") -> None:
        if not wanted:
            return
        now = self._clock()
        for row in wanted:
            face = face_of(self.own.keys[row], self.sources, now)
            shortcut = SHORTCUTS[row] if row < len(SHORTCUTS) else ""
            self.grid.buttons[row].show_face(face, now, shortcut)
        self.grid.follow_blinking()
        timed = any(face.since is not None for face in self.faces)
        if timed != self._second.isActive():
            (self._second.start if timed else self._second.stop)()

    def _on_tip(self, row: int) -> None:
        """How long ago something was is told as of now."""
        self._show({row})

    def _on_second(self) -> None:
        timed = {b.row for b in self.grid.buttons if b.face is not None and b.face.since is not None}
        self._show(timed)

    def _follow_state(self) -> None:
        may, there = self.own.may_change, bool(self.own.keys)
        has_own = bool(self.sources.own)
        loading = has_own and not self.own.ever_known
        self.add.setVisible(may and not loading)
        self.add.setEnabled(not self.own.full)
        self.add.setToolTip("Add a function key" if not self.own.full else "There is no room for another key")
        self.grid.set_movable(may)
        self.area.setVisible(there)
        self._empty.setVisible(not there)
        self.read_only.setVisible(there and not may)
        self.stale.setVisible(there and not self.own.known)
        self.empty_add.setVisible(may and not loading)
        waited = loading and not self._patience.isActive()
        self.empty_title.setText(
            "Loading your keys…" if waited else "" if loading else "No function keys yet"
        )
        whose = (_ADD if may else _ASK) if has_own else _NO_EXTENSION
        self.empty_text.setText("" if loading else _GOOD_FOR + whose)

    # What is done

    def _on_failed(self, text: str, again: bool) -> None:
        actions = (("Try again", self.own.try_again),) if again else ()
        self.message.say(text, *actions)

    def _say(self, text: str) -> None:
        self.message.say(text)

    def _ask(self, text: str, word: str, do: Callable[[], object]) -> None:
        def agreed() -> None:
            self.message.clear()
            do()

        self.message.say(text, (word, agreed), ("Cancel", self.message.clear), warning=True)

    def _on_menu(self, row: int, where: QPoint) -> None:
        self.menu_of(row).popup(where)

    def _on_more(self) -> None:
        self.menu().popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def menu_of(self, row: int, *, edit: bool = True) -> QMenu:
        """What can be done with the key, and if wanted what can be changed about it."""
        t = tokens(self)
        menu = _menu(self)
        key = self.own.keys[row]
        choices = self.acts.choices(key)
        for choice in choices:
            menu.addAction(icon(choice.icon, t.text), on_button(choice.text), choice.do)
        if not choices:
            menu.addAction(icon("play", t.text), "Press this key", partial(self._with, key, self.press))
        if edit and self.own.may_change:
            menu.addSeparator()
            last = len(self.own.keys) - 1
            for name, text, keys, do, possible in (
                ("edit", "Edit…", "F2", self.edit, True),
                ("chevron-up", "Move up", "Alt+Up", self._move_up, row > 0),
                ("chevron-down", "Move down", "Alt+Down", self._move_down, row < last),
                ("delete", "Remove", "Del", self.remove, True),
            ):
                action = menu.addAction(icon(name, t.text, t.control), text, partial(self._with, key, do))
                action.setShortcut(keys)
                action.setEnabled(possible)
        return menu

    def _with(self, key: "FunctionKey", do: Callable[[int], object]) -> None:
        """Do something with this key where it is by now; nothing if it has gone while a menu was open."""
        row = self.own.row_of(key)
        if row is not None:
            do(row)

    def _move_up(self, row: int) -> None:
        self.move_key(row, row - 1)

    def _move_down(self, row: int) -> None:
        self.move_key(row, row + 2)

    def _open_dialog(self, row: int | None) -> None:
        from linkus_desktop.ui.keys.dialog import KeyDialog  # noqa: PLC0415  rarely needed

        if self.dialog is not None:
            self.dialog.close()
        key = self.own.keys[row] if row is not None else None
        self.dialog = KeyDialog(self.own, self.sources, key, self)
        self.dialog.finished.connect(self._on_dialog_closed)
        self.dialog.show()

    def _on_dialog_closed(self, _: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


_GOOD_FOR = (
    "A key shows what a colleague, your secretary, a parking slot or your mailbox is doing, and does the "
    "right thing with one click: call, pick up, park, listen, forward. "
)
_ADD = "Add your first one; you can put them in order later."
_ASK = "Your administrator sets them for you."
_NO_EXTENSION = "They belong to extensions, and your account has none."
