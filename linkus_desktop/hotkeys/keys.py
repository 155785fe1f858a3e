"""Which combinations may be hot keys, and what X11 and Windows call them; no I/O."""

from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

_Key = Qt.Key
_Modifier = Qt.KeyboardModifier

# Qt key: (keysym of X11, virtual key of Windows)
_NAMED: dict[Qt.Key, tuple[int, int]] = {
    _Key.Key_Space: (0x20, 0x20),
    _Key.Key_Return: (0xFF0D, 0x0D),
    _Key.Key_Enter: (0xFF8D, 0x0D),
    _Key.Key_Escape: (0xFF1B, 0x1B),
    _Key.Key_Tab: (0xFF09, 0x09),
    _Key.Key_Backspace: (0xFF08, 0x08),
    _Key.Key_Insert: (0xFF63, 0x2D),
    _Key.Key_Delete: (0xFFFF, 0x2E),
    _Key.Key_Home: (0xFF50, 0x24),
    _Key.Key_End: (0xFF57, 0x23),
    _Key.Key_PageUp: (0xFF55, 0x21),
    _Key.Key_PageDown: (0xFF56, 0x22),
    _Key.Key_Left: (0xFF51, 0x25),
    _Key.Key_Up: (0xFF52, 0x26),
    _Key.Key_Right: (0xFF53, 0x27),
    _Key.Key_Down: (0xFF54, 0x28),
    _Key.Key_Pause: (0xFF13, 0x13),
    _Key.Key_ScrollLock: (0xFF14, 0x91),
    _Key.Key_Print: (0xFF61, 0x2C),
}
_XKB_NAMES = {
    0x20: "space",
    0xFF0D: "Return",
    0xFF8D: "KP_Enter",
    0xFF1B: "Escape",
    0xFF09: "Tab",
    0xFF08: "BackSpace",
    0xFF63: "Insert",
    0xFFFF: "Delete",
    0xFF50: "Home",
    0xFF57: "End",
    0xFF55: "Prior",
    0xFF56: "Next",
    0xFF51: "Left",
    0xFF52: "Up",
    0xFF53: "Right",
    0xFF54: "Down",
    0xFF13: "Pause",
    0xFF14: "Scroll_Lock",
    0xFF61: "Print",
}
_ALONE = frozenset({_Key.Key_Pause, _Key.Key_ScrollLock})
"""Keys that nothing is typed with, as the function keys."""
_LAST_FUNCTION_KEY = 24


class NoHotKey(ValueError):
    """This combination cannot be a hot key; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class HotKey:
    """One combination.

    Attributes:
        keysym: of X11; letters as without shift.
        virtual_key: of Windows, 0 if it has no fixed one.
        control, alt, shift, meta: what is held down with it; `meta` is the key with the system's sign.
    """

    keysym: int
    virtual_key: int
    control: bool
    alt: bool
    shift: bool
    meta: bool


def parse(keys: str) -> HotKey:
    """Read the portable form of `QKeySequence`, such as `Ctrl+Alt+D`; raises `NoHotKey`."""
    sequence = QKeySequence.fromString(keys, QKeySequence.SequenceFormat.PortableText)
    if sequence.count() != 1:
        raise NoHotKey("A hot key is one key, with others held down.")
    combination = sequence[0]  # type: ignore[index]  # PySide6's stubs do not tell of it
    if not isinstance(combination, QKeyCombination):
        raise NoHotKey("A hot key is one key, with others held down.")
    key, modifiers = combination.key(), combination.keyboardModifiers()
    keysym, virtual_key, typed = _codes(key)
    held = _Modifier.ControlModifier | _Modifier.AltModifier | _Modifier.MetaModifier
    if typed and not modifiers & held:
        raise NoHotKey(
            "That key is needed for typing. "
            "Hold down Ctrl, Alt or the system's key with it, or take a function key."
        )
    return HotKey(
        keysym,
        virtual_key,
        control=bool(modifiers & _Modifier.ControlModifier),
        alt=bool(modifiers & _Modifier.AltModifier),
        shift=bool(modifiers & _Modifier.ShiftModifier),
        meta=bool(modifiers & _Modifier.MetaModifier),
    )


def trigger(keys: str) -> str:
    """As the XDG shortcuts specification writes it, such as `CTRL+ALT+d`; raises `NoHotKey`."""
    key = parse(keys)
    held = (("CTRL", key.control), ("ALT", key.alt), ("SHIFT", key.shift), ("LOGO", key.meta))
    return "+".join([*(name for name, is_held in held if is_held), _xkb_name(key.keysym)])


def _xkb_name(keysym: int) -> str:
    if keysym in _XKB_NAMES:
        return _XKB_NAMES[keysym]
    if 0 <= keysym - 0xFFBE < _LAST_FUNCTION_KEY:
        return f"F{keysym - 0xFFBE + 1}"
    character = chr(keysym & 0xFFFFFF)
    return character if character.isascii() and character.isalnum() else f"U{ord(character):04X}"


def _codes(key: Qt.Key) -> tuple[int, int, bool]:
    """Keysym, virtual key, and whether something is typed with it."""
    if key in _NAMED:
        return *_NAMED[key], key not in _ALONE
    number = key.value - _Key.Key_F1.value
    if 0 <= number < _LAST_FUNCTION_KEY:
        return 0xFFBE + number, 0x70 + number, False
    code = key.value
    if 0x30 <= code <= 0x39:
        return code, code, True
    if 0x41 <= code <= 0x5A:
        return code + 0x20, code, True  # X11 names the letter that comes without shift
    if 0x21 <= code <= 0x7E or 0xA1 <= code <= 0xFF:
        return code, 0, True  # Latin-1 keysyms are the characters themselves
    if 0x100 <= code < 0x110000:
        return 0x01000000 + ord(chr(code).lower()), 0, True  # X11 protocol, appendix A: Unicode keysyms
    raise NoHotKey("That key cannot be a hot key.")
