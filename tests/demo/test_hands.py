"""The demo's hands act on windows as a person does: what cannot be seen cannot be pressed."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPushButton,
    QTabBar,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from demo.hands import Hands, NotYet, attempt

pytestmark = pytest.mark.window


class Window(QMainWindow):
    """A field, a button that shows a hidden label, and a button that is off."""

    def __init__(self) -> None:
        super().__init__()
        body = QWidget()
        layout = QVBoxLayout(body)
        self.field = QLineEdit()
        self.field.setAccessibleName("Name")
        self.typed: list[str] = []
        self.field.returnPressed.connect(lambda: self.typed.append(self.field.text()))
        self.label = QLabel("it worked")
        self.label.hide()
        self.go = QPushButton("Go")
        self.go.clicked.connect(self.label.show)
        self.off = QPushButton("Off")
        self.off.setEnabled(False)
        for widget in (self.field, self.go, self.off, self.label):
            layout.addWidget(widget)
        self.setCentralWidget(body)


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    """The window, on the screen."""
    made = Window()
    qtbot.addWidget(made)
    made.show()
    return made


def test_typing_replaces_what_was_there_and_enter_sends_it(window: Window) -> None:
    """Through key events, so that what the field does on them happens."""
    window.field.setText("old")

    attempt({"do": "type", "into": "Name", "text": "Aiko", "enter": True})

    assert window.typed == ["Aiko"]


def test_a_hidden_text_is_not_seen_until_the_button_shows_it(window: Window) -> None:
    """Seeing means visible."""
    with pytest.raises(NotYet, match="'it worked' is written nowhere"):
        attempt({"do": "see", "texts": ["it worked"]})

    attempt({"do": "click", "what": "Go"})

    assert attempt({"do": "see", "texts": ["worked"]}) == {"text": "it worked"}
    with pytest.raises(NotYet, match="still stands there"):
        attempt({"do": "miss", "texts": ["it worked"]})


def test_a_button_that_is_off_cannot_be_pressed(window: Window) -> None:
    """As for a person."""
    with pytest.raises(NotYet, match="no button 'Off' that can be used"):
        attempt({"do": "click", "what": "Off"})


def test_a_picture_of_the_window_is_saved(window: Window, tmp_path: Path) -> None:
    """With what is really on it."""
    attempt({"do": "picture", "path": str(tmp_path / "window.png")})

    assert (tmp_path / "window.png").read_bytes().startswith(b"\x89PNG")


def test_a_command_waits_for_its_moment(window: Window, qtbot: QtBot) -> None:
    """The button comes later than the command."""
    window.go.hide()
    hands = Hands()
    hands.post({"do": "click", "what": "Go", "within": 5})
    qtbot.waitUntil(lambda: hands._timer is not None)

    with qtbot.waitSignal(hands.done) as done:
        window.go.show()

    assert done.args == [{"ok": True}]
    assert window.label.isVisible()


def test_a_command_that_cannot_be_done_says_what_is_seen_instead(window: Window, qtbot: QtBot) -> None:
    """So that a failing demo explains itself."""
    hands = Hands()

    with qtbot.waitSignal(hands.done) as done:
        hands.post({"do": "see", "texts": ["never"], "within": 0})

    assert done.args is not None
    reply = done.args[0]
    assert not reply["ok"]
    assert "Go" in reply["seen"]


@pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")
def test_a_line_of_a_menu_is_chosen_by_what_it_begins_with(window: Window, qtbot: QtBot) -> None:
    button = QToolButton(window)
    button.setAccessibleName("More")
    menu, chosen = QMenu(button), []
    menu.addAction("Off").setEnabled(False)
    below = menu.addMenu("Tea && milk\tNow")
    below.addAction("With sugar", lambda: chosen.append("sugar"))
    button.setMenu(menu)
    button.show()
    attempt({"do": "click", "what": "More"})
    assert attempt({"do": "see", "texts": ["Tea & milk Now"]})
    with pytest.raises(NotYet):
        attempt({"do": "choose", "what": "Off"})
    attempt({"do": "choose", "what": "Tea & milk"})
    qtbot.waitUntil(below.isVisible)
    attempt({"do": "choose", "what": "With"})
    assert chosen == ["sugar"]
    assert not menu.isVisible()


def test_tabs_and_cells_are_pressed_by_what_is_written_there(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    tabs, table = QTabBar(), QTableWidget(2, 2)
    for text in ("Personal", "Queue"):
        tabs.addTab(text)
    table.setItem(1, 1, QTableWidgetItem("Not dealt with"))
    layout = QVBoxLayout(window)
    layout.addWidget(tabs)
    layout.addWidget(table)
    window.show()
    attempt({"do": "click", "what": "Queue"})
    assert tabs.currentIndex() == 1
    attempt({"do": "click", "what": "Not dealt with"})
    assert (table.currentRow(), table.currentColumn()) == (1, 1)
    with pytest.raises(NotYet, match="no button 'Dealt'"):
        attempt({"do": "click", "what": "Dealt"})
