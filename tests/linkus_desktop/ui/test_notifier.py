"""SIP-9: notifications of the desktop."""

import json
import sys
from datetime import timedelta

import pytest
from fakes import NOW, FakeCall
from PySide6.QtWidgets import QSystemTrayIcon

from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.notifier import Notifier, NotifySend, Tray, desktop


class FakeDesktop:
    def __init__(self):
        self.messages = []
        self.busy = False

    def show(self, title, text):
        self.messages.append((title, text))
        self.busy = True

    def hide(self):
        self.busy = False


@pytest.fixture
def shown():
    return FakeDesktop()


@pytest.fixture
def notifier(world, window, shown):
    return Notifier(world.phone, window.callers, window, find=lambda _notifier: shown)


def test_who_calls_is_told_until_it_rings_no_more_SIP_9(world, notifier, shown):
    call = world.phone.add(FakeCall("1002", "", CallState.INCOMING))
    notifier.tell_ringing(call)
    assert shown.messages == [("Ben Carter calls", "1002 · Incoming call")]
    assert shown.busy
    call.finish()
    assert not shown.busy


def test_for_whom_the_call_is_stands_there_BOSS_1(world, notifier, shown):
    call = FakeCall("1002", "", CallState.INCOMING)
    call.called_for = Party("1003", "Somebody")
    notifier.tell_ringing(world.phone.add(call))
    assert shown.messages[0][1].startswith("1002 · Incoming call for ")


def test_a_call_back_of_the_emergency_service_is_told_as_such_PRES_8(world, notifier, shown):
    call = FakeCall("112", "", CallState.INCOMING)
    call.emergency_call_back = True
    notifier.tell_ringing(world.phone.add(call))
    ((_, text),) = shown.messages
    assert text.endswith("this is probably the emergency service calling back.")


def test_the_queue_and_the_wait_stand_there_SIP_9(world, window, shown):
    notifier = Notifier(world.phone, window.callers, window, find=lambda _: shown, clock=lambda: NOW)
    call = FakeCall("1002", "", CallState.INCOMING)
    call.called_for, call.waiting_since = Party("6400", "Support"), NOW - timedelta(seconds=65)
    notifier.tell_ringing(world.phone.add(call))
    assert shown.messages[0][1] == "1002 · Incoming call for Support, waits 0:01:05"


def test_an_automatic_answer_is_told_SIP_9(world, notifier, shown):
    call = world.phone.add(FakeCall("1002", "", CallState.ACTIVE))
    notifier.tell_answered(call)
    assert shown.messages == [("Answered automatically: Ben Carter", "1002 · They can hear you.")]


def test_an_anonymous_caller_is_told_SIP_9(world, notifier, shown):
    notifier.tell_ringing(world.phone.add(FakeCall("", "", CallState.INCOMING)))
    assert shown.messages == [("Unknown caller calls", "Incoming call")]


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_system_without_notifications_is_no_trouble_SIP_9(world, window, path):
    notifier = Notifier(world.phone, window.callers, window)
    assert desktop(notifier) is None, "the offscreen platform has no tray"
    notifier.tell_ringing(FakeCall("1", "", CallState.INCOMING))


@pytest.mark.skipif(sys.platform != "linux", reason="a program of Linux desktops")
def test_a_desktop_without_a_tray_is_told_by_its_own_program_SIP_9(world, window, path, qtbot):
    out = path / "out"
    program = path / "notify-send"
    program.write_text(
        f"#!{sys.executable} -IS\nimport json, sys\n"
        f"with open({str(out) + '.part'!r}, 'w') as f: f.write(json.dumps(sys.argv[1:]))\n"
        f"import os; os.rename({str(out) + '.part'!r}, {str(out)!r})\n"
    )
    program.chmod(0o755)
    notifier = Notifier(world.phone, window.callers, window)
    assert isinstance(desktop(notifier), NotifySend)
    notifier.tell_ringing(FakeCall("<b>2", "--help $(id)", CallState.INCOMING))
    qtbot.waitUntil(out.exists, timeout=20_000)
    *_, mark, title, text = json.loads(out.read_text())
    assert (mark, title) == ("--", "--help $(id) calls"), "the caller's name is no option"
    assert text == "&lt;b&gt;2 · Incoming call"


def test_a_press_on_the_trays_notification_is_told_SIP_9(world, window, qtbot, monkeypatch):
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    notifier = Notifier(world.phone, window.callers, window)
    tray = desktop(notifier)
    assert isinstance(tray, Tray)
    with qtbot.waitSignal(notifier.activated):
        tray._icon.messageClicked.emit()
    with qtbot.waitSignal(notifier.activated):
        tray._icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
