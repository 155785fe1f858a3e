"""SIP-2: what a hot key does in the window, and how it is chosen in the preferences."""

from datetime import timedelta

import fakes
import pytest
from PySide6.QtCore import QObject, Qt

from linkus_desktop.hotkeys.actions import ANSWER, DIAL, HotKeyActions
from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.preferences.hot_keys import HotKeysSection


class MadeUpKeys(HotKeys):
    """Pressed by the test; `taken` by another program."""

    unavailable = ""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.bound, self.taken, self.text, self.why = {}, "", "", ""

    def bind(self, name, keys):
        self.bound[name] = keys
        self._problems[name] = "Another program has this key." if keys and keys == self.taken else ""
        self.changed.emit(name)

    def read_marked(self):
        self.not_marked.emit(self.why) if self.why else self.marked.emit(self.text)


class Workplace(QObject):
    def __init__(self, world, window):
        super().__init__(window)
        self.session, self.window, self.raised = world.session, window, 0

    def raise_window(self):
        self.raised += 1


@pytest.fixture
def keys(window):
    return MadeUpKeys(window)


@pytest.fixture
def workplace(world, window, keys):
    made = Workplace(world, window)
    HotKeyActions(keys, world.settings, made)
    return made


@pytest.fixture
def number(window):
    return window.rooms.phone().dialler.number


def press(keys, text):
    keys.text = text
    keys.pressed.emit(DIAL)


def test_the_marked_number_is_put_into_the_dial_field_SIP_2(world, workplace, keys, number):
    press(keys, "call me: +420 530-335 533, thanks")
    assert number.text() == "+420530335533"
    assert number.hasFocus()
    assert workplace.raised == 1
    assert world.phone.dialled == []


def test_it_is_called_at_once_if_that_is_wanted_SIP_2(world, workplace, keys, number):
    world.settings.hot_key_dials = "at_once"
    press(keys, "+420 530-335 533")
    assert world.phone.dialled == ["+420530335533"]
    assert number.text() == ""


@pytest.mark.parametrize("text", ["no number at all", "2001 or 2002", "�\x00\x01", "12.5.2026", "x" * 900])
def test_what_holds_no_number_is_told_and_nothing_is_dialled_SIP_2(world, workplace, window, keys, text):
    world.settings.hot_key_dials = "at_once"
    press(keys, text)
    assert world.phone.dialled == []
    assert "no single number" in window.message.text
    assert len(window.message.text) < 120
    assert window.message.text.isprintable()
    keys.why = "Nothing is marked."
    press(keys, "")
    assert window.message.text == "Nothing is marked."


@pytest.mark.parametrize("text", ["112", "911", "150", "0150", "1 1 2"])
def test_an_emergency_number_is_always_asked_for_first_SIP_12(world, workplace, window, keys, number, text):
    world.session.me = world.session.me.model_copy(update={"emergency_numbers": ["150"]})
    world.settings.hot_key_dials = "at_once"
    press(keys, text)
    assert world.phone.dialled == []
    assert number.text() == text.replace(" ", "")
    assert "emergency number" in window.message.text


def test_one_key_answers_and_hangs_up_SIP_2(world, workplace, window, keys):
    first = world.phone.add(fakes.FakeCall("1002", "Ben", CallState.ACTIVE, talked=timedelta(seconds=9)))
    second = world.phone.add(fakes.FakeCall("1003", "Chiara", CallState.INCOMING))
    keys.pressed.emit(ANSWER)
    assert second.state is CallState.ACTIVE
    first.hold()
    keys.pressed.emit(ANSWER)
    assert second.state is CallState.ENDED
    keys.pressed.emit(ANSWER)
    assert first.state is CallState.ENDED
    assert workplace.raised == 0, "the focus stays where it is"
    keys.pressed.emit(ANSWER)
    assert "no call to answer or to end" in window.message.text


def test_the_keys_follow_the_settings_SIP_2(world, workplace, keys):
    assert keys.bound == {DIAL: "", ANSWER: ""}, "none as delivered"
    world.settings.hot_key_dial = "Ctrl+Alt+D"
    assert keys.bound[DIAL] == "Ctrl+Alt+D"


@pytest.fixture
def section(world, theme, qtbot, workplace, keys):
    made = HotKeysSection(world.settings, keys)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


def test_a_key_is_chosen_by_pressing_it_SIP_2(section, world, keys, qtbot):
    row = section.rows[DIAL]
    row.edit.setFocus()
    qtbot.keyClick(row.edit, Qt.Key.Key_D, CTRL_ALT)
    assert world.settings.hot_key_dial == "Ctrl+Alt+D"
    assert keys.bound[DIAL] == "Ctrl+Alt+D"
    assert not row.told.isVisible()
    row.remove.click()
    assert world.settings.hot_key_dial == ""
    assert keys.bound[DIAL] == ""
    assert not row.remove.isEnabled()


def test_a_key_of_another_program_is_told_at_once_SIP_2(section, keys, qtbot):
    keys.taken = "Ctrl+Alt+D"
    row = section.rows[DIAL]
    qtbot.keyClick(row.edit, Qt.Key.Key_D, CTRL_ALT)
    assert "Another program has this key" in row.told.text()
    assert row.told.isVisible()
    assert row.edit.accessibleDescription() == row.told.text()
    qtbot.keyClick(row.edit, Qt.Key.Key_E, CTRL_ALT)
    assert not row.told.isVisible()


def test_a_key_for_typing_and_a_key_for_both_are_refused_SIP_2(section, world, keys, qtbot):
    row, other = section.rows[DIAL], section.rows[ANSWER]
    qtbot.keyClick(row.edit, Qt.Key.Key_D)
    assert "needed for typing" in row.told.text()
    assert world.settings.hot_key_dial == ""
    qtbot.keyClick(row.edit, Qt.Key.Key_F9)
    assert world.settings.hot_key_dial == "F9"
    qtbot.keyClick(other.edit, Qt.Key.Key_F9)
    assert "Call marked number" in other.told.text()
    assert world.settings.hot_key_answer == ""


def test_the_tab_key_goes_on_from_a_field_for_keys_SIP_2(section, world, qtbot):
    row = section.rows[DIAL]
    row.edit.setFocus()
    qtbot.keyClick(section.focusWidget(), Qt.Key.Key_Tab)
    assert section.focusWidget() not in {row.edit, *row.edit.findChildren(QObject)}
    assert world.settings.hot_key_dial == ""


def test_a_system_without_hot_keys_says_so_SIP_2(world, theme, qtbot):
    none = HotKeys()
    section = HotKeysSection(world.settings, none)
    none.setParent(section)
    qtbot.addWidget(section)
    section.show()
    assert section.unavailable.text() == "Hot keys are not available on this system."
    assert section.unavailable.isVisible()
    assert not section.rows[DIAL].edit.isEnabled()


def test_what_is_wrong_with_all_keys_is_said_once_SIP_2(section, keys):
    for name in (DIAL, ANSWER):
        keys._problems[name] = "This desktop gives no hot keys to programs."
        keys.changed.emit(name)
    assert section.told_of_all.isVisible()
    assert section.told_of_all.text() == "This desktop gives no hot keys to programs."
    assert not any(row.told.isVisible() for row in section.rows.values())
    assert section.rows[ANSWER].edit.accessibleDescription() == section.told_of_all.text()
    keys._problems[DIAL] = ""
    keys.changed.emit(DIAL)
    assert not section.told_of_all.isVisible()
    assert section.rows[ANSWER].told.isVisible()
