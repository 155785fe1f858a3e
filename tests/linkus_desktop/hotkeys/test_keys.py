"""SIP-2: which combinations may be hot keys."""

import pytest

from linkus_desktop.hotkeys.keys import NoHotKey, parse


@pytest.mark.parametrize(
    ("keys", "keysym", "virtual_key"),
    [
        ("Ctrl+Alt+D", ord("d"), ord("D")),
        ("Ctrl+Shift+5", ord("5"), ord("5")),
        ("F9", 0xFFC6, 0x78),
        ("Meta+Space", 0x20, 0x20),
        ("Ctrl+Return", 0xFF0D, 0x0D),
        ("Pause", 0xFF13, 0x13),
        ("Ctrl+Ö", 0xD6, 0),
        ("Ctrl+Ж", 0x01000436, 0),
    ],
)
def test_a_combination_has_its_names_on_each_system_SIP_2(keys: str, keysym: int, virtual_key: int) -> None:
    key = parse(keys)
    assert (key.keysym, key.virtual_key) == (keysym, virtual_key)


def test_what_is_held_down_is_known_SIP_2() -> None:
    key = parse("Ctrl+Alt+Shift+Meta+D")
    assert (key.control, key.alt, key.shift, key.meta) == (True, True, True, True)
    plain = parse("F9")
    assert (plain.control, plain.alt, plain.shift, plain.meta) == (False, False, False, False)


@pytest.mark.parametrize("keys", ["D", "Shift+D", "Space", "Return", "5"])
def test_a_key_that_is_typed_with_is_refused_SIP_2(keys: str) -> None:
    with pytest.raises(NoHotKey, match="needed for typing"):
        parse(keys)


@pytest.mark.parametrize("keys", ["", "Ctrl+K, Ctrl+D", "Ctrl+Media Play", "nonsense"])
def test_what_is_no_single_key_is_refused_SIP_2(keys: str) -> None:
    with pytest.raises(NoHotKey):
        parse(keys)
