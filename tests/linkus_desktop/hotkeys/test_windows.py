"""SIP-2: hot keys on Windows, as far as they can be tried elsewhere: only the system is made up."""

import ctypes
import threading
from collections.abc import Iterator
from ctypes import wintypes

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from linkus_desktop.hotkeys.windows import WindowsHotKeys

ALT, CONTROL, NO_REPEAT = 1, 2, 0x4000


class System:
    """Windows, with one key that another program has."""

    def __init__(self) -> None:
        self.keys: dict[int, tuple[int, int]] = {}
        self.taken = {ord("T")}
        self.copied = ""
        self.wakes = threading.Event()
        self.wakes.set()

    def register(self, number: int, modifiers: int, virtual_key: int) -> bool:
        if virtual_key in self.taken:
            return False
        self.keys[number] = (modifiers, virtual_key)
        return True

    def unregister(self, number: int) -> None:
        del self.keys[number]

    def copied_text(self, most: int) -> str:
        self.wakes.wait(30)
        return self.copied[:most]


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def keys(system: System, qapp: QObject) -> Iterator[WindowsHotKeys]:
    made = WindowsHotKeys(system=system)
    yield made
    made.close()
    assert system.keys == {}, "all keys are given back"


def send(keys: WindowsHotKeys, message: int, number: int) -> bool:
    """Windows sends this thread a message; whether it goes no further."""
    told = wintypes.MSG()
    told.message, told.wParam = message, number
    taken, _ = keys._messages.nativeEventFilter(b"windows_generic_MSG", ctypes.addressof(told))
    return taken


def test_a_key_is_had_and_told_and_given_back_SIP_2(keys: WindowsHotKeys, system: System) -> None:
    pressed: list[str] = []
    keys.pressed.connect(pressed.append)
    keys.bind("dial", "Ctrl+Alt+D")
    assert list(system.keys.values()) == [(CONTROL | ALT | NO_REPEAT, ord("D"))]
    (number,) = system.keys
    assert send(keys, 0x0312, number)
    assert not send(keys, 0x0100, number), "an ordinary key goes its way"
    assert not keys._messages.nativeEventFilter(b"xcb_generic_event_t", 0)[0]
    assert pressed == ["dial"]
    keys.bind("dial", "F9")
    assert list(system.keys.values()) == [(NO_REPEAT, 0x78)]
    keys.bind("dial", "")
    assert system.keys == {}


def test_a_key_of_another_program_and_one_that_is_none_are_told_SIP_2(
    keys: WindowsHotKeys, system: System
) -> None:
    keys.bind("dial", "Ctrl+T")
    assert "Another program has this key" in keys.problem("dial")
    keys.bind("dial", "Ctrl+Ж")
    assert "cannot be a hot key" in keys.problem("dial")
    keys.bind("dial", "D")
    assert "needed for typing" in keys.problem("dial")
    keys.bind("dial", "Ctrl+D")
    assert keys.problem("dial") == ""


def test_what_was_copied_is_read_SIP_2(keys: WindowsHotKeys, system: System, qtbot: QtBot) -> None:
    system.copied = "+420 530-335 533"
    with qtbot.waitSignal(keys.marked, timeout=20_000) as told:
        keys.read_marked()
    assert told.args == ["+420 530-335 533"]
    for copied, said in (("", "Nothing is copied"), ("7" * 5000, "too long")):
        system.copied = copied
        with qtbot.waitSignal(keys.not_marked, timeout=20_000) as told:
            keys.read_marked()
        assert said in told.args[0]


def test_a_program_that_hangs_holds_up_nothing_SIP_2(
    keys: WindowsHotKeys, system: System, qtbot: QtBot
) -> None:
    late: list[str] = []
    keys.marked.connect(late.append)
    system.copied = "2001"
    system.wakes.clear()
    with qtbot.waitSignal(keys.not_marked, timeout=20_000) as told:
        keys.read_marked()
    assert "does not answer" in told.args[0]
    system.wakes.set()
    system.copied = "2002"
    with qtbot.waitSignal(keys.marked, timeout=20_000):
        keys.read_marked()
    assert late == ["2002"], "the late answer is not taken for this one"
