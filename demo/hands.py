"""Hands and eyes inside a client: they act on its real windows as a person would, and read what is written.

Widgets are found by what a screen reader calls them, never by their names in the code. A command is tried
again until it can be done or its time is over: a button that is not there yet is waited for.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QTabBar,
    QTableView,
    QToolButton,
    QWidget,
)

POLL_MS = 50
WITHIN_S = 60.0
MOST_ROWS = 50

Command = dict[str, Any]


class NotYet(Exception):
    """The command cannot be done now; the text says what is missing."""


class CommandEvent(QEvent):
    """A command on its way to the thread of the windows."""

    KIND = QEvent.Type(QEvent.registerEventType())

    def __init__(self, command: Command) -> None:
        super().__init__(self.KIND)
        self.command = command


class Hands(QObject):
    """Carries out one command after the other.

    Signals: done(object reply): `{"ok": True, …}`, or `{"ok": False, "error": text, "seen": [texts]}`.
    """

    done = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._timer: QTimer | None = None
        self._command: Command = {}
        self._deadline = 0.0

    def post(self, command: Command) -> None:
        """Take a command; may be called in any thread, and before there is an application."""
        QCoreApplication.postEvent(self, CommandEvent(command))

    def event(self, event: QEvent) -> bool:
        """Start on a command that was posted."""
        if not isinstance(event, CommandEvent):
            return super().event(event)
        if self._timer is None:
            self._timer = QTimer(self, interval=POLL_MS)
            self._timer.timeout.connect(self._try)
        self._command = event.command
        self._deadline = time.monotonic() + self._command.get("within", WITHIN_S)
        self._timer.start()
        return True

    def _try(self) -> None:
        assert self._timer is not None
        try:
            reply = attempt(self._command)
        except NotYet as missing:
            if time.monotonic() < self._deadline:
                return
            reply = {"ok": False, "error": str(missing), "seen": list(texts())}
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is an answer: silence would be a riddle
            reply = {"ok": False, "error": repr(error), "seen": []}
        self._timer.stop()
        self.done.emit({"ok": True, **reply})


def attempt(command: Command) -> dict[str, Any]:
    """Do what a command says, once.

    Raises:
        NotYet: it cannot be done now.
    """
    match command["do"]:
        case "type":
            _type(command["into"], command["text"], enter=command.get("enter", False))
        case "click":
            _click(command["what"])
        case "choose":
            _choose(command["what"])
        case "see":
            return {"text": _see(command["texts"])}
        case "miss":
            if any(all(part in text for part in command["texts"]) for text in texts()):
                raise NotYet(f"{_quoted(command['texts'])} still stands there")
        case "place":
            _main_window().setGeometry(QRect(*command["at"]))
        case "picture":
            _picture(Path(command["path"]), screen=command.get("screen", False))
        case unknown:
            raise ValueError(f"unknown command {unknown!r}")
    return {}


def _windows() -> list[QWidget]:
    return [window for window in QApplication.topLevelWidgets() if window.isVisible()]


def _visible(kind: type[QWidget]) -> Iterator[QWidget]:
    for window in _windows():
        if isinstance(window, kind):
            yield window
        for widget in window.findChildren(kind):
            if widget.isVisible():
                yield widget


def texts() -> Iterator[str]:
    """Everything that is written in visible windows, or said by a screen reader."""
    for widget in _visible(QWidget):
        for text in (widget.windowTitle() if widget.isWindow() else "", widget.accessibleName()):
            if text:
                yield text
        if isinstance(widget, (QLabel, QAbstractButton)) and widget.text():
            yield widget.text()
        if isinstance(widget, QMenu):
            yield from (_line(action) for action in widget.actions() if action.isVisible())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _row_texts(widget)


def _row_texts(view: QAbstractItemView) -> Iterator[str]:
    model, root = view.model(), QModelIndex()
    columns = view.horizontalHeader().count() if isinstance(view, QTableView) else 1
    for row in range(min(model.rowCount(root), MOST_ROWS)):
        for column in range(columns):
            index = model.index(row, column, root)
            for role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole):
                if text := index.data(role):
                    yield str(text)


def _find(kind: type[QWidget], name: str) -> QWidget:
    for widget in _visible(kind):
        label = widget.text() if isinstance(widget, QAbstractButton) else ""
        if name in (widget.accessibleName(), label) and widget.isEnabled():
            return widget
    raise NotYet(f"there is no {'field' if kind is QLineEdit else 'button'} {name!r} that can be used")


def _type(into: str, text: str, *, enter: bool) -> None:
    field = _find(QLineEdit, into)
    field.activateWindow()
    field.setFocus()
    assert isinstance(field, QLineEdit)
    field.clear()
    QTest.keyClicks(field, text)
    if enter:
        QTest.keyClick(field, Qt.Key.Key_Return)


def _click(what: str) -> None:
    """A button; else a tab, or a cell of a table, that is written so."""
    try:
        button = _find(QAbstractButton, what)
    except NotYet:
        if not _click_tab(what) and not _click_cell(what):
            raise
        return
    menu = button.menu() if isinstance(button, QToolButton) else None
    if menu is None:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    else:  # a click would last until the menu is closed
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))


def _click_tab(what: str) -> bool:
    for bar in _visible(QTabBar):
        assert isinstance(bar, QTabBar)
        for tab in range(bar.count()):
            if bar.tabText(tab) == what:
                QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(tab).center())
                return True
    return False


def _click_cell(what: str) -> bool:
    for table in _visible(QTableView):
        assert isinstance(table, QTableView)
        model = table.model()
        for row in range(min(model.rowCount(), MOST_ROWS)):
            for column in range(model.columnCount()):
                index = model.index(row, column)
                if index.data() == what:
                    table.scrollTo(index)
                    place = table.visualRect(index).center()
                    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
                    return True
    return False


def _choose(what: str) -> None:
    """A line of an open menu, by what it begins with; one that leads to another menu opens it."""
    for menu in _visible(QMenu):
        assert isinstance(menu, QMenu)
        for action in menu.actions():
            if action.isVisible() and action.isEnabled() and _line(action).startswith(what):
                QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
                return
    raise NotYet(f"there is no line {what!r} in a menu that can be chosen")


def _line(action: QAction) -> str:
    return action.text().replace("&&", "&").replace("\t", " ")


def _see(wanted: list[str]) -> str:
    """The first text that holds all of these parts."""
    for text in texts():
        if all(part in text for part in wanted):
            return text
    raise NotYet(f"{_quoted(wanted)} is written nowhere")


def _quoted(wanted: list[str]) -> str:
    return repr(" … ".join(wanted))


def _main_window() -> QMainWindow:
    for window in _windows():
        if isinstance(window, QMainWindow):
            return window
    raise NotYet("there is no main window")


def _picture(path: Path, *, screen: bool) -> None:
    if screen:
        picture = QGuiApplication.primaryScreen().grabWindow(0)
    else:
        windows = _windows()
        if not windows:
            raise NotYet("there is no window to take a picture of")
        picture = (next((w for w in windows if isinstance(w, QMainWindow)), windows[0])).grab()
    if not picture.save(str(path)):
        raise NotYet(f"{path} cannot be written")
