"""OPS-5: keyboard and screen reader. What a screen reader is told, by Qt's own accessibility interfaces."""

import fakes
import pytest
from fakes import FakeCall, agent, colleague
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.errors import CertificateUnknown
from linkus_desktop.sip.values import CallState, Quality, TransferState
from linkus_desktop.store.settings import Settings
from linkus_desktop.ui.incoming_window import IncomingWindow
from linkus_desktop.ui.login_window import LoginWindow
from linkus_desktop.ui.password_dialog import PasswordDialog
from linkus_desktop.ui.temporary_status_dialog import TemporaryStatusDialog
from tests.linkus_desktop.ui.fake_queues import board, waiting_caller

MEASURED = Quality("G722", True, 0.0, None, 3.0, None, 4.3)
SPOKEN = Qt.ItemDataRole.AccessibleTextRole
NAME = QAccessible.Text.Name


def name_of(widget: QWidget) -> str:
    """What a screen reader says of a widget."""
    return QAccessible.queryAccessibleInterface(widget).text(NAME)


def nameless(window: QWidget) -> list[str]:
    """What can be operated and has no name, in all rooms."""
    return [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in window.findChildren(QWidget)
        if not is_part(widget)
        and not is_put_away(widget)
        and (widget.focusPolicy() is not Qt.FocusPolicy.NoFocus or isinstance(widget, QAbstractButton))
        and not name_of(widget)
    ]


def without_tooltip(window: QWidget) -> list[str]:
    """Buttons that show an icon only and do not say what it is."""
    return [
        type(button).__name__
        for button in window.findChildren(QAbstractButton)
        if isinstance(button, QPushButton | QToolButton) and not is_part(button) and not is_put_away(button)
        if not button.text() and not button.toolTip()
    ]


def is_part(widget: QWidget) -> bool:
    """Something Qt made inside a control that has a name itself."""
    parent = widget.parent()
    return (
        widget.objectName().startswith("qt_")
        or isinstance(widget.window().parent(), QComboBox)
        or (isinstance(parent, QLineEdit) and type(widget).__name__ == "QToolButton")
        or (isinstance(parent, QAbstractItemView) and type(widget).__name__ in {"QAbstractButton", "QWidget"})
    )


def is_put_away(widget: QWidget) -> bool:
    """Hidden for a reason of its own, and not because another room is open."""
    while not widget.isWindow():
        if widget.isHidden() and not isinstance(widget.parent(), QStackedWidget):
            return True
        widget = widget.parentWidget()
    return False


def main_window(world, qtbot, room="phone"):
    window = world.window()
    qtbot.addWidget(window)
    window.show()
    window.open_room(room)
    return window


def add_rules(window):
    """A line of each list in the preferences that begins empty."""
    page = window.rooms.room("preferences")
    for form in (page.ringing.callers, page.ringing.alerts, page.pop_ups):
        form.add.click()


def in_every_room(world, qtbot):
    world.tell_agents(agent(), agent("6401", state="paused"))
    world.tell_boards(board("6400", "Support", waiting_caller()))
    window = main_window(world, qtbot)
    for state in (CallState.ACTIVE, CallState.HELD, CallState.INCOMING, CallState.RINGING_OUT):
        world.phone.add(FakeCall("1002", "Ben Carter", state)).measured = MEASURED
    add_rules(window)
    for room in window.rail.rooms:
        window.open_room(room)
    assert {"call_log", "queues"} <= set(window.rail.rooms)
    page = window.rooms.room("call_log").queue_page
    page.filters.dates.setCurrentIndex(page.filters.dates.count() - 1)
    window.calls.cards[0].keypad_button.setChecked(True)
    window.message.say("Something happened.", ("Try again", int))
    return window


def transferring(world, qtbot):
    """The transfer panel is open for a call, and another one is a consultation."""
    window = main_window(world, qtbot)
    first = world.phone.add(FakeCall("1002", "Ben Carter", CallState.ACTIVE))
    world.phone.consult(first, "1003").turn(CallState.ACTIVE)
    first.progress(TransferState.FAILED, "1004", "Busy")
    window.transfers.choose(window.calls.card_of(first))
    window.transfers.panel.say("That did not work.")
    return window


def conferring(world, qtbot):
    window = main_window(world, qtbot)
    for number in ("1002", "1003"):
        world.phone.add(FakeCall(number, "Somebody", CallState.ACTIVE))
    world.phone.merge()
    return window


def asking_login(_world, _qtbot):
    window = LoginWindow(Settings())
    window.show()
    window.ask_fingerprint(CertificateUnknown(ServerAddress("pbx.example.com"), "AA:BB"))
    return window


WINDOWS = {
    "main": in_every_room,
    "transfer": transferring,
    "conference": conferring,
    "login": asking_login,
    "incoming": lambda *_: IncomingWindow(FakeCall("1004", "David Kim", CallState.INCOMING)),
    "password": lambda *_: PasswordDialog(fakes.FakeSession()),
    "temporary status": lambda *_: TemporaryStatusDialog(fakes.FakeSession()),
}


@pytest.mark.parametrize("make", WINDOWS.values(), ids=WINDOWS)
def test_every_control_has_a_name_and_every_icon_a_tooltip_OPS_5(theme, world, qtbot, make):
    window = make(world, qtbot)
    qtbot.addWidget(window)
    assert nameless(window) == []
    assert without_tooltip(window) == []


def rows_of(view) -> list[str]:
    """What is said of the rows of a list, or of the first cells of a table."""
    model = view.model()
    return [model.index(row, 0).data(SPOKEN) for row in range(model.rowCount())]


def test_a_screen_reader_hears_the_state_of_colleagues_in_words_OPS_5(world, theme, qtbot):
    window = main_window(world, qtbot)
    view = window.rooms.phone().colleagues.view
    said = rows_of(view)
    assert "Group Support, 3" in said
    assert "Ben Carter, 1002: In a call" in said
    assert "Chiara Rossi, 1003: Lunch break – Back at 13:30" in said
    reader = QAccessible.queryAccessibleInterface(view)
    assert reader.child(said.index("Ben Carter, 1002: In a call")).text(NAME) == "Ben Carter, 1002: In a call"
    world.tell(colleague("1002", "Ben Carter", "Sales"))
    assert "Ben Carter, 1002: Available" in rows_of(view)


def test_a_screen_reader_hears_the_cells_of_the_extensions_OPS_5(world, theme, qtbot):
    window = main_window(world, qtbot, "extensions")
    table = window.stack.currentWidget().table
    said = rows_of(table)
    assert "Hugo Lindqvist, 1008: Not registered · Off work" in said
    row = said.index("Grace Okafor, 1007: Business trip – Lagos until Friday")
    cells = [table.model().index(row, column).data(SPOKEN) for column in range(1, 5)]
    assert cells == [
        "Extension: 1007",
        "State: Business trip",
        "Note: Lagos until Friday",
        "Groups: Management",
    ]


def test_a_screen_reader_hears_kind_time_and_result_of_calls_OPS_5(world, theme, qtbot):
    window = main_window(world, qtbot, "call_log")
    for view in (window.stack.currentWidget().table, window.rooms.phone().recent.view):
        said = rows_of(view)
        assert said[0].startswith("Missed call, David Kim, 1004, Thursday, 12 March 2026")
        assert said[0].endswith("not seen yet")
        assert said[1].startswith("Incoming call, Ben Carter, 1002, ")
        assert said[1].endswith(", 0:04:14")
        assert said[3].endswith(", Busy")


def test_the_match_that_the_arrows_choose_is_said_at_the_field_OPS_5(window, qtbot):
    window.search.setFocus()
    qtbot.keyClicks(window.search, "okafor")
    qtbot.keyClick(window.search, Qt.Key.Key_Down)
    assert window.search.accessibleDescription().startswith("Grace Okafor, 1007: Business trip")
    qtbot.keyClicks(window.search, "x")
    assert window.search.accessibleDescription() == ""
