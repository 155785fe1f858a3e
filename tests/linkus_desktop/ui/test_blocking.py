"""DIR-5: a number is blocked from the call log in one click, and unblocked."""

from datetime import timedelta

import fakes
import pytest

from linkus_desktop.pbx.errors import NotConnected
from server.contract.calls import Outcome
from server.contract.reaching import CallerRule, ReachingSettings

CALLER = "+420530335533"
CALLS = (
    fakes.logged_call(CALLER, "", outcome=Outcome.MISSED, ago=timedelta(minutes=1)),
    fakes.logged_call("", "", ago=timedelta(minutes=2)),
    fakes.logged_call("1002", "Ben Carter", ago=timedelta(minutes=3)),
)
OUTSIDE, WITHHELD, COLLEAGUE = range(3)


@pytest.fixture
def world():
    return fakes.World(calls=CALLS)


@pytest.fixture
def room(window):
    window.open_room("call_log")
    return window.stack.currentWidget()


@pytest.fixture
def menu(room):
    """The words of the menu of a row, with what they do."""

    def of(row):
        room.table.clearSelection()  # Qt may still hold a Ctrl that another test pressed: that toggles
        room.table.selectRow(row)
        return {action.text(): action.trigger for action in room.table.menu().actions()}

    return of


def patterns(world):
    return [rule.pattern for rule in world.session.api.settings.caller_rules]


def test_one_click_blocks_and_undo_takes_it_back_DIR_5(world, room, menu):
    menu(OUTSIDE)["Block this number"]()
    assert patterns(world) == [CALLER]
    assert room.undo_bar.text == f"{CALLER} is blocked."
    assert room.undo_bar.isVisible()
    room.undo_bar.undo_button.click()
    assert patterns(world) == []
    assert "Block this number" in menu(OUTSIDE)


def test_a_blocked_number_is_unblocked_by_the_same_menu_DIR_5(world, room, menu):
    menu(OUTSIDE)["Block this number"]()
    room.undo_bar.finish()
    assert patterns(world) == [CALLER]
    shown = menu(OUTSIDE)
    assert "Block this number" not in shown
    shown["Unblock this number"]()
    assert patterns(world) == []
    assert room.undo_bar.text == f"{CALLER} is not blocked any more."
    room.undo_bar.undo_button.click()
    assert patterns(world) == [CALLER]


def test_the_button_does_the_same_for_the_selected_call_DIR_5(world, room):
    assert not room.block.isEnabled()
    room.table.selectRow(OUTSIDE)
    assert (room.block.text(), room.block.isEnabled()) == ("Block", True)
    room.block.click()
    assert patterns(world) == [CALLER]
    assert room.block.text() == "Unblock"
    room.block.click()
    assert patterns(world) == []
    assert room.block.text() == "Block"


@pytest.mark.parametrize(("row", "why"), [(WITHHELD, "withheld the number"), (COLLEAGUE, "colleague")])
def test_colleagues_and_who_has_no_number_are_not_blocked_and_it_is_said_why_DIR_5(room, menu, row, why):
    assert not any("lock" in text for text in menu(row))
    assert not room.block.isEnabled()
    assert why in room.block.toolTip()
    assert why in room.block.accessibleDescription()


def test_in_a_narrow_window_the_search_keeps_its_room_DIR_5(window, room, qtbot):
    room.table.selectRow(OUTSIDE)
    room.block.click()
    window.resize(880, 560)
    qtbot.waitUntil(lambda: window.width() == 880)
    assert room.search.width() >= 100
    assert room.block.width() >= room.block.sizeHint().width()


def test_the_window_keeps_the_keyboard_when_the_room_is_built_DIR_5(window, room):
    assert window.isActiveWindow()
    assert room.block.window() is window


def test_several_calls_are_not_blocked_at_once_DIR_5(room):
    room.table.selectAll()
    assert not room.block.isEnabled()
    assert not any("lock" in action.text() for action in room.table.menu().actions())


def test_a_colleague_whom_a_rule_blocks_can_be_unblocked_DIR_5(world, window, menu):
    rule = CallerRule.model_validate({"pattern": "1002", "destination": {"kind": "hang_up", "value": ""}})
    world.session.api.settings = ReachingSettings(caller_rules=[rule])
    window.rooms.room("call_log").blocking.refresh()
    menu(COLLEAGUE)["Unblock this number"]()
    assert patterns(world) == []


def test_what_goes_wrong_is_told_in_the_window_DIR_5(world, window, room, menu):
    block = menu(OUTSIDE)["Block this number"]
    world.session.api.problem = NotConnected("The network is down.")
    block()
    assert "The number was not blocked." in window.message.text
    assert "network is down" in window.message.text
    assert not room.undo_bar.isVisible()


def test_the_preferences_show_the_rule_and_keep_what_is_being_typed_DIR_5(world, window, menu, room):
    window.open_room("preferences")
    section = window.stack.currentWidget().reaching
    section.prefix.setText("7")
    section.prefix.textEdited.emit("7")
    window.open_room("call_log")
    menu(OUTSIDE)["Block this number"]()
    window.open_room("preferences")
    assert [row.pattern.text() for row in section.rules.rules] == [CALLER]
    assert section.prefix.text() == "7"
    assert world.session.api.settings.mobile_prefix == ""
    section.save.click()
    assert patterns(world) == [CALLER]
    assert world.session.api.settings.mobile_prefix == "7"


def test_an_account_without_a_phone_blocks_nothing_DIR_5(world, theme, qtbot):
    world.session.sip = None
    window = world.window()
    qtbot.addWidget(window)
    window.show()
    window.open_room("call_log")
    room = window.stack.currentWidget()
    room.table.selectRow(OUTSIDE)
    assert room.block.isHidden()
    assert not any("lock" in action.text() for action in room.table.menu().actions())
