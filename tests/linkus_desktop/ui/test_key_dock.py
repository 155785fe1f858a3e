"""KEY-1: where the panel of function keys is, and what room it takes."""

from datetime import timedelta

import pytest
from fakes import FakeCall
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.keys.dock import LEAST
from linkus_desktop.ui.widgets.buttons import WordButton

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")


def test_columns_a_window_of_its_own_and_the_place_are_remembered_KEY_1(panel, window, world, qtbot):
    panel.set_columns(2)
    qtbot.waitUntil(lambda: panel.grid.columns == 2)
    panel.float_requested.emit()
    assert window.keys.isFloating()
    assert "Back into the window" in [action.text() for action in panel.menu().actions()]
    window.close()
    again = world.window()
    assert again.keys.panel.columns == 2
    assert again.keys.isFloating()
    again.keys.panel.float_requested.emit()
    assert not again.keys.isFloating()


def test_closing_the_window_of_its_own_hides_the_keys_KEY_1(panel, window, world, qtbot):
    panel.float_requested.emit()
    window.keys.close()
    assert not window.toolbar.keys.isChecked()
    window.keys.toggle()
    assert window.keys.isVisible()


def test_the_compact_window_has_no_room_for_docked_keys_but_their_shortcuts_work(panel, window, world, qtbot):
    window.size_of.set_compact(True)
    assert not window.keys.isVisible()
    assert window.width() <= 360
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert world.phone.dialled == ["1003"]
    window.size_of.set_compact(False)
    window.resize(1180, 760)  # the screen of the tests is too small for the place that is remembered
    assert window.keys.isVisible()


def test_where_there_is_no_room_there_are_fewer_columns_and_nothing_is_cut_off(panel, window, qtbot):
    window.resize(1060, 560)
    panel.set_columns(3)
    QTest.qWait(50)
    assert panel.isVisible()
    assert panel.grid.columns < 3
    assert window.centralWidget().width() >= 816
    bar = panel.area.horizontalScrollBar()
    assert bar.maximum() == 0
    window.resize(1600, 700)
    panel.set_columns(3)
    qtbot.waitUntil(lambda: panel.grid.columns == 3)


def test_a_narrow_window_keeps_its_rooms_and_a_click_shows_the_keys_beside_it(panel, window, qtbot):
    window.resize(880, 560)
    qtbot.waitUntil(lambda: not window.keys.isVisible())
    assert not window.toolbar.keys.isChecked()
    qtbot.mouseClick(window.toolbar.keys, Qt.MouseButton.LeftButton)
    assert window.keys.isVisible()
    assert window.keys.isFloating()
    (back,) = (action for action in panel.menu().actions() if action.text() == "Back into the window")
    assert not back.isEnabled()
    window.resize(1180, 700)
    assert panel.menu().actions()[4].isEnabled()


@pytest.mark.parametrize("while_shown", [True, False])
def test_beside_the_keys_no_button_of_a_call_is_cut_off_KEY_1(panel, window, world, while_shown):
    panel.set_columns(2)
    window.setVisible(while_shown)
    call = FakeCall("1002", "Ben Carter", CallState.ACTIVE, talked=timedelta(seconds=9))
    world.phone.add(call)
    world.tell_recording(call, "recording", actions=["pause"])
    window.show()
    QApplication.processEvents()
    (card,) = window.calls.cards
    assert len(card.buttons()) == 7
    for button in card.buttons():
        assert button.width() >= button.sizeHint().width(), button.text()


def test_a_question_does_not_make_the_panel_wider_BOSS_4(panel, window):
    window.resizeDocks([window.keys], [LEAST], Qt.Orientation.Horizontal)
    QApplication.processEvents()
    before = panel.width()
    panel.acts.question.emit("Switch Grace Okafor off as your secretary?", "Switch off", lambda: None)
    QApplication.processEvents()
    assert panel.message.isVisible()
    assert panel.width() == before
    for button in panel.message.findChildren(WordButton):
        assert button.width() >= button.sizeHint().width(), button.text()
        assert panel.rect().contains(QRect(button.mapTo(panel, QPoint()), button.size()))
