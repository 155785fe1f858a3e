"""SIP-9: notifications of the desktop."""

import pytest
from fakes import FakeCall
from PySide6.QtCore import QObject, Signal

from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.notifier import Notifier, system_tray


class FakeTray(QObject):
    messageClicked = Signal()  # noqa: N815  Qt's name
    activated = Signal(object)

    def __init__(self):
        super().__init__()
        self.messages = []
        self.shown = False

    def show(self):
        self.shown = True

    def hide(self):
        self.shown = False

    def setToolTip(self, text):
        self.tip = text

    def showMessage(self, title, text, icon, ms):
        self.messages.append((title, text))


@pytest.fixture
def tray(qapp):
    return FakeTray()


@pytest.fixture
def notifier(world, window, tray):
    return Notifier(world.phone, window.callers, window, tray=lambda _parent: tray)


def test_who_calls_is_told_until_it_rings_no_more_SIP_9(world, notifier, tray, qtbot):
    call = world.phone.add(FakeCall("1002", "", CallState.INCOMING))
    notifier.tell_ringing(call)
    assert tray.messages == [("Ben Carter calls", "1002 · Incoming call")]
    assert tray.shown
    with qtbot.waitSignal(notifier.activated):
        tray.messageClicked.emit()
    call.finish()
    assert not tray.shown


def test_an_automatic_answer_is_told_SIP_9(world, notifier, tray):
    call = world.phone.add(FakeCall("1002", "", CallState.ACTIVE))
    notifier.tell_answered(call)
    assert tray.messages == [("Answered automatically: Ben Carter", "1002 · They can hear you.")]


def test_an_anonymous_caller_is_told_SIP_9(world, notifier, tray):
    notifier.tell_ringing(world.phone.add(FakeCall("", "", CallState.INCOMING)))
    assert tray.messages == [("Unknown caller calls", "Incoming call")]


def test_a_system_without_notifications_is_no_trouble_SIP_9(world, window):
    assert system_tray(window) is None, "the offscreen platform has none"
    Notifier(world.phone, window.callers, window).tell_ringing(FakeCall("1", "", CallState.INCOMING))
