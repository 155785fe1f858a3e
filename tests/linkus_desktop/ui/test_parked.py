"""SIP-4 in the window: a call is parked from the transfer panel; parked calls are shown and taken."""

from datetime import timedelta

import pytest
from fakes import NOW, FakeCall, World
from PySide6.QtCore import Qt

from linkus_desktop.sip.values import CallState, TransferState
from server.contract.parking import ParkedCall

CTRL = Qt.KeyboardModifier.ControlModifier


def parked(slot: str = "6900", number: str = "1007", name: str = "Grace", waits_s: int = 45) -> ParkedCall:
    return ParkedCall(slot=slot, number=number, name=name, by="1002", since=NOW - timedelta(seconds=waits_s))


def tell(world: World, *calls: ParkedCall) -> None:
    """These calls are parked now."""
    world.session.live.parked.take_snapshot({call.slot: call for call in calls})


@pytest.fixture
def call(window, world):
    """A call with Ben."""
    return world.phone.add(FakeCall("1002", "Ben Carter", CallState.ACTIVE))


def test_ctrl_t_and_ctrl_p_park_the_call_and_the_card_says_so(window, call, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
    panel = window.transfers.panel
    assert panel.park.isVisible()
    qtbot.keyClick(panel.field, Qt.Key.Key_P, CTRL)
    assert call.transfer_progress.to == "*5"
    assert not panel.isVisible()
    card = window.calls.card_of(call)
    assert card.state.text() == "Transferring to a parking slot…"
    call.progress(TransferState.DONE, "*5")
    assert card.state.text() == "Transferred to a parking slot"


def test_without_a_code_nothing_can_be_parked_CODE_1(window, world, call, qtbot):
    world.session.me = world.session.me.model_copy(update={"feature_codes": {}})
    world.session.me_changed.emit()
    qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
    panel = window.transfers.panel
    assert not panel.park.isVisible()
    qtbot.keyClick(panel.field, Qt.Key.Key_P, CTRL)
    assert call.transfer_progress.to == ""


def test_the_strip_is_there_only_while_calls_are_parked(window, world):
    assert not window.parked.isVisible()
    tell(world, parked(), parked("6902", "00420777000111", "A caller from outside whose name is very long"))
    assert window.parked.isVisible()
    first, second = window.parked.buttons.values()
    assert first.text() == "6900  Grace Okafor  0:00:45"
    assert second.text() == "6902  A caller from… is very long  0:00:45"
    assert first.accessibleName() == "Take the call of Grace Okafor from slot 6900"
    assert "parked by Ben Carter" in first.toolTip()
    tell(world)
    assert not window.parked.isVisible()


def test_a_parked_call_is_taken_by_mouse_and_by_keyboard(window, world, qtbot):
    tell(world, parked(), parked("6901", "1003"))
    window.parked.buttons["6901"].click()
    assert world.phone.dialled == ["6901"]
    assert [card.state.text() for card in window.calls.cards] == ["Picking up…"]
    window.parked.buttons["6900"].setFocus()
    qtbot.keyClick(window.parked.buttons["6900"], Qt.Key.Key_Space)
    assert world.phone.dialled == ["6901", "6900"]


def test_while_the_server_is_away_no_parked_call_can_be_taken_KEY_5(window, world):
    tell(world, parked())
    world.session.live.parked.forget()
    button = window.parked.buttons["6900"]
    assert not button.isEnabled()
    assert button.text() == "6900  Grace Okafor", "no time goes on that nobody knows of"
    assert button.toolTip() == button.accessibleDescription()
    assert button.toolTip().startswith("Not connected")
    assert not window.parked._second.isActive()
    tell(world, parked())
    assert button.isEnabled()
    assert button.text() == "6900  Grace Okafor  0:00:45"
    assert "parked by" in button.toolTip()
