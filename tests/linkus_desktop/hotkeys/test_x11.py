"""SIP-2: hot keys on a real X server, pressed while another program has marked a text."""

import shutil
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from linkus_desktop.hotkeys.x11 import X11HotKeys
from linkus_desktop.hotkeys.xcb import XcbError
from tests.linkus_desktop.hotkeys.other_program import ALT, CONTROL, OtherProgram, display

pytestmark = [
    pytest.mark.window,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="there is no virtual display"),
]
D, E = ord("d"), ord("e")
CYRILLIC_ZHE, UNICODE_ZHE = 0x6D6, 0x01000436
FREE = 97  # a key that only Japanese keyboards have


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, display(tmp_path_factory.mktemp("x")) as (name, authority):
        patch.setenv("XAUTHORITY", str(authority))
        yield name


@pytest.fixture
def keys(screen: str, qapp: QObject) -> Iterator[X11HotKeys]:
    made = X11HotKeys(display=screen)
    yield made
    made.close()


@pytest.fixture
def other(screen: str, qapp: QObject) -> Iterator[OtherProgram]:
    made = OtherProgram(screen)
    yield made
    made.close()


def read(keys: X11HotKeys, qtbot: QtBot) -> str:
    """What is marked, or why nothing is."""
    answers: list[str] = []
    keys.marked.connect(answers.append)
    keys.not_marked.connect(answers.append)
    with qtbot.waitSignals([keys.marked, keys.not_marked], raising=False, timeout=1):
        keys.read_marked()
    qtbot.waitUntil(lambda: bool(answers), timeout=20_000)
    keys.marked.disconnect(answers.append)
    keys.not_marked.disconnect(answers.append)
    return answers[0]


def test_a_key_pressed_in_another_program_is_told_once_SIP_2(
    keys: X11HotKeys, other: OtherProgram, qtbot: QtBot
) -> None:
    pressed: list[str] = []
    keys.pressed.connect(pressed.append)
    keys.bind("dial", "Ctrl+Alt+D")
    assert keys.problem("dial") == ""
    other.press(CONTROL, D)
    with qtbot.waitSignal(keys.pressed, timeout=20_000):
        other.press(CONTROL, ALT, D)
    assert pressed == ["dial"], "not by another combination with the same letter"
    keys.bind("dial", "")
    keys.bind("answer", "Ctrl+Alt+E")
    other.press(CONTROL, ALT, D)
    with qtbot.waitSignal(keys.pressed, timeout=20_000):
        other.press(CONTROL, ALT, E)
    assert pressed == ["dial", "answer"], "a key that was given back is not ours"


def test_num_lock_and_caps_lock_make_no_other_key_of_it_SIP_2(
    keys: X11HotKeys, other: OtherProgram, qtbot: QtBot
) -> None:
    pressed: list[str] = []
    keys.pressed.connect(pressed.append)
    keys.bind("dial", "F9")
    caps, num = 0xFFE5, 0xFF7F
    for locks in ([caps], [num], [caps, num]):
        for lock in locks:
            other.press(lock)
        with qtbot.waitSignal(keys.pressed, timeout=20_000):
            other.press(0xFFC6)
        for lock in locks:
            other.press(lock)
    assert pressed == ["dial"] * 3


def test_a_key_held_down_counts_once_SIP_2(keys: X11HotKeys, other: OtherProgram, qtbot: QtBot) -> None:
    pressed: list[str] = []
    keys.pressed.connect(pressed.append)
    keys.bind("dial", "Ctrl+Alt+D")
    keys.bind("answer", "Ctrl+Alt+E")
    repeats: list[bool] = []
    on_key = keys._on_key

    def count(event: object) -> None:
        repeats.append(event.down)  # type: ignore[attr-defined]
        on_key(event)  # type: ignore[arg-type]

    keys._on_key = count  # type: ignore[method-assign,assignment]
    other.press(CONTROL, ALT, D, release=False)
    qtbot.waitUntil(lambda: repeats.count(True) >= 4, timeout=20_000)  # the X server repeats it
    other.let_go(CONTROL, ALT, D)
    with qtbot.waitSignal(keys.pressed, check_params_cb=lambda name: name == "answer", timeout=20_000):
        other.press(CONTROL, ALT, E)
    assert pressed == ["dial", "answer"]


def test_a_key_of_another_program_is_told_as_taken_at_once_SIP_2(
    keys: X11HotKeys, screen: str, qtbot: QtBot
) -> None:
    theirs = X11HotKeys(display=screen)
    theirs.bind("theirs", "Ctrl+Alt+D")
    keys.bind("dial", "Ctrl+Alt+D")
    assert "Another program has this key" in keys.problem("dial")
    keys.bind("dial", "Ctrl+Alt+E")
    assert keys.problem("dial") == ""
    theirs.close()
    qtbot.waitUntil(lambda: _binds(keys, "Ctrl+Alt+D"), timeout=20_000)


def _binds(keys: X11HotKeys, combination: str) -> bool:
    keys.bind("dial", combination)
    return keys.problem("dial") == ""


def test_a_key_that_the_keyboard_has_not_is_told_SIP_2(keys: X11HotKeys) -> None:
    keys.bind("dial", "Ctrl+Ж")
    assert "no such key" in keys.problem("dial")
    keys.bind("dial", "D")
    assert "needed for typing" in keys.problem("dial")


def test_what_is_marked_elsewhere_is_read_SIP_2(keys: X11HotKeys, other: OtherProgram, qtbot: QtBot) -> None:
    other.serve()
    other.mark("Tel. +420 530-335 533 – ask for Zoë")
    assert read(keys, qtbot) == "Tel. +420 530-335 533 – ask for Zoë"
    other.mark("M\xfcller 2001".encode("latin-1"), target="STRING")
    assert read(keys, qtbot) == "Müller 2001", "of an old program, that has no UTF-8"


def test_what_was_copied_is_read_only_where_nothing_is_marked_SIP_2(
    keys: X11HotKeys, other: OtherProgram, screen: str, qtbot: QtBot
) -> None:
    assert "Nothing is marked" in read(keys, qtbot)
    other.serve()
    other.mark("2001", "CLIPBOARD")
    assert read(keys, qtbot) == "2001"
    marking = OtherProgram(screen)
    marking.serve()
    marking.mark("some words")
    assert read(keys, qtbot) == "some words"
    marking.close()


def test_pictures_and_binary_text_do_no_harm_SIP_2(
    keys: X11HotKeys, other: OtherProgram, qtbot: QtBot
) -> None:
    other.serve()
    other.mark(b"\x89PNG" + bytes(range(256)), target="image/png")
    assert "Nothing is marked" in read(keys, qtbot)
    other.mark(bytes(range(128, 256)))
    assert "�" in read(keys, qtbot)


@pytest.mark.parametrize("by_parts", [False, True])
def test_a_huge_text_is_never_fetched_SIP_2(
    keys: X11HotKeys, other: OtherProgram, qtbot: QtBot, by_parts: bool
) -> None:
    other.serve()
    other.mark(b"\0\0\0\1" if by_parts else b"7" * 5_000_000)
    other.type_given = "INCR" if by_parts else None  # 1 GiB, it says
    fetched: list[int] = []
    take = keys._x.take_property

    def watch(name: int, most: int) -> object:
        found = take(name, most)
        fetched.append(len(found.value))
        return found

    keys._x.take_property = watch  # type: ignore[method-assign,assignment]
    assert "too long" in read(keys, qtbot)
    assert sum(fetched) <= 4 * X11HotKeys.LONGEST
    other.type_given = None
    other.mark("2002")
    assert read(keys, qtbot) == "2002", "the next number is found"


def test_a_program_that_hangs_holds_up_nothing_SIP_2(
    keys: X11HotKeys, other: OtherProgram, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.mark("2001")  # and it never answers
    answers: list[str] = []
    keys.not_marked.connect(answers.append)
    keys.read_marked()
    assert not answers, "the window goes on meanwhile"
    with qtbot.waitSignal(keys.not_marked, timeout=20_000) as told:
        pass
    assert "does not answer" in told.args[0]
    keys.not_marked.disconnect(answers.append)
    other.serve()  # it wakes up, and gives its late answer
    other.mark("2002")
    assert read(keys, qtbot) == "2002"


def test_the_keys_survive_another_keyboard_layout_SIP_2(
    keys: X11HotKeys, other: OtherProgram, qtbot: QtBot
) -> None:
    keys.bind("answer", "Ctrl+Alt+D")
    keys.bind("dial", "Ctrl+Ж")
    assert keys.problem("dial")
    with qtbot.waitSignal(keys.changed, timeout=20_000):
        other.rewrite_key(FREE, CYRILLIC_ZHE)
    qtbot.waitUntil(lambda: keys.problem("dial") == "", timeout=20_000)
    for name, combination in (("answer", (CONTROL, ALT, D)), ("dial", (CONTROL, UNICODE_ZHE))):
        with qtbot.waitSignal(keys.pressed, timeout=20_000) as pressed:
            other.press(*combination)
        assert pressed.args == [name]
    other.rewrite_key(FREE, 0)


def test_a_display_that_goes_is_told_and_no_display_is_an_error_SIP_2(
    tmp_path_factory: pytest.TempPathFactory, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with display(tmp_path_factory.mktemp("gone")) as (name, authority):
        monkeypatch.setenv("XAUTHORITY", str(authority))
        keys = X11HotKeys(display=name)
        keys.bind("dial", "Ctrl+Alt+D")
    qtbot.waitUntil(lambda: bool(keys.problem("dial")), timeout=20_000)
    assert "display has gone" in keys.problem("dial")
    assert "display has gone" in read(keys, qtbot)
    keys.close()
    keys.bind("answer", "Ctrl+Alt+E")
    assert "display has gone" in keys.problem("answer")
    keys.bind("answer", "")
    assert keys.problem("answer") == ""
    with pytest.raises(XcbError):
        X11HotKeys(display=name)
