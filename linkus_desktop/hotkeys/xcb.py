"""The few requests of the X11 protocol that hot keys need, by the library that Qt itself speaks X11 with.

A connection of its own, so that nothing that happens here can disturb Qt's; the library finds the display and
the key to it as it does for Qt.
"""

import ctypes
import struct
from collections.abc import Callable
from dataclasses import dataclass

KEY_PRESS = 2
KEY_RELEASE = 3
SELECTION_NOTIFY = 31
MAPPING_NOTIFY = 34
ANY_TYPE = 0
_INPUT_ONLY = 2
_GRAB_MODE_ASYNC = 1
_EVENT_BYTES = 32
_COPY_FROM_PARENT = 0

_LIBRARY = "libxcb.so.1"
_SIGNS = "libxkbcommon.so.0"
_OLD_KEYSYMS = range(0x100, 0x2100)
"""Those of single alphabets, older than the ones of Unicode: layouts still name their letters by them."""
_UNICODE = 0x01000000

_Sizes = Callable[[bytes], int]


class XcbError(Exception):
    """There is no library, no display, or no connection to it any more."""


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _ScreenIterator(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("rem", ctypes.c_int), ("index", ctypes.c_int))


@dataclass(frozen=True, slots=True)
class Property:
    """What stood in a property of a window, as much as was asked for, and how much there is besides."""

    type: int
    format: int
    value: bytes
    bytes_after: int


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key that we have went down or up; `time` in the X server's milliseconds."""

    down: bool
    keycode: int
    time: int
    state: int


@dataclass(frozen=True, slots=True)
class SelectionEvent:
    """The answer to `convert`; `property` 0: refused, or nobody has that selection."""

    time: int
    selection: int
    target: int
    property: int


@dataclass(frozen=True, slots=True)
class MappingEvent:
    """The keyboard has another layout."""


_U8, _U16, _U32, _INT, _POINTER = (
    ctypes.c_uint8,
    ctypes.c_uint16,
    ctypes.c_uint32,
    ctypes.c_int,
    ctypes.c_void_p,
)
_S16 = ctypes.c_int16
_PROTOTYPES: dict[str, tuple[object, tuple[object, ...]]] = {
    "connect": (_POINTER, (ctypes.c_char_p, ctypes.POINTER(_INT))),
    "connection_has_error": (_INT, (_POINTER,)),
    "disconnect": (None, (_POINTER,)),
    "get_file_descriptor": (_INT, (_POINTER,)),
    "flush": (_INT, (_POINTER,)),
    "generate_id": (_U32, (_POINTER,)),
    "get_setup": (_POINTER, (_POINTER,)),
    "setup_roots_iterator": (_ScreenIterator, (_POINTER,)),
    "screen_next": (None, (ctypes.POINTER(_ScreenIterator),)),
    "create_window": (
        _Cookie,
        (_POINTER, _U8, _U32, _U32, _S16, _S16, _U16, _U16, _U16, _U16, _U32, _U32, _POINTER),
    ),
    "intern_atom": (_Cookie, (_POINTER, _U8, _U16, ctypes.c_char_p)),
    "intern_atom_reply": (_POINTER, (_POINTER, _Cookie, _POINTER)),
    "grab_key_checked": (_Cookie, (_POINTER, _U8, _U32, _U16, _U8, _U8, _U8)),
    "ungrab_key": (_Cookie, (_POINTER, _U8, _U32, _U16)),
    "request_check": (_POINTER, (_POINTER, _Cookie)),
    "convert_selection": (_Cookie, (_POINTER, _U32, _U32, _U32, _U32, _U32)),
    "delete_property": (_Cookie, (_POINTER, _U32, _U32)),
    "get_property": (_Cookie, (_POINTER, _U8, _U32, _U32, _U32, _U32, _U32)),
    "get_property_reply": (_POINTER, (_POINTER, _Cookie, _POINTER)),
    "get_keyboard_mapping": (_Cookie, (_POINTER, _U8, _U8)),
    "get_keyboard_mapping_reply": (_POINTER, (_POINTER, _Cookie, _POINTER)),
    "get_modifier_mapping": (_Cookie, (_POINTER,)),
    "get_modifier_mapping_reply": (_POINTER, (_POINTER, _Cookie, _POINTER)),
    "poll_for_event": (_POINTER, (_POINTER,)),
}


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(library, f"xcb_{name}")
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise XcbError(str(error)) from error
    return library


def _signs() -> Callable[[int], int]:
    """From a keysym to the one of Unicode, where it is an older one."""
    try:
        to_unicode = ctypes.CDLL(_SIGNS).xkb_keysym_to_utf32
    except (OSError, AttributeError):  # Qt needs that library, too
        return lambda sym: sym
    to_unicode.argtypes, to_unicode.restype = (_U32,), _U32
    return lambda sym: _UNICODE + to_unicode(sym) if sym in _OLD_KEYSYMS else sym


class Connection:
    """A connection to the display of this session (`DISPLAY`), with a window that is never seen.

    Requests are sent at once; a reply is one turn to the X server and back, never to another program.

    Attributes:
        root, window: the screen's window, and ours.

    Raises:
        XcbError: there is no display.
    """

    def __init__(self, display: str | None = None) -> None:
        self._xcb = _library()
        self._free = ctypes.CDLL(None).free
        self._free.argtypes, self._free.restype = (_POINTER,), None
        screen = _INT(0)
        self._c = self._xcb.xcb_connect(display.encode() if display else None, ctypes.byref(screen))
        if self._xcb.xcb_connection_has_error(self._c):
            self.close()
            raise XcbError("The display cannot be reached.")
        setup = self._xcb.xcb_get_setup(self._c)
        screens = self._xcb.xcb_setup_roots_iterator(setup)
        for _ in range(screen.value):
            self._xcb.xcb_screen_next(ctypes.byref(screens))
        self._keycodes: tuple[int, int] = struct.unpack("BB", ctypes.string_at(setup + 34, 2))
        self.root: int = struct.unpack("=I", ctypes.string_at(screens.data, 4))[0]
        self.window: int = self._xcb.xcb_generate_id(self._c)
        self._xcb.xcb_create_window(
            self._c, 0, self.window, self.root, -1, -1, 1, 1, 0, _INPUT_ONLY, _COPY_FROM_PARENT, 0, None
        )
        self.flush()

    @property
    def descriptor(self) -> int:
        """To wait for: readable when events may be there."""
        return int(self._xcb.xcb_get_file_descriptor(self._c))

    @property
    def lost(self) -> bool:
        """Whether the X server has gone."""
        return self._c is None or bool(self._xcb.xcb_connection_has_error(self._c))

    def close(self) -> None:
        """End it; the X server gives all keys of it back."""
        if self._c is not None:
            self._xcb.xcb_disconnect(self._c)
            self._c = None

    def flush(self) -> None:
        """Send what waits to be sent."""
        self._xcb.xcb_flush(self._c)

    def atom(self, name: str) -> int:
        """The number of a name."""
        cookie = self._xcb.xcb_intern_atom(self._c, 0, len(name), name.encode())
        return int(struct.unpack_from("=I", self._reply("intern_atom", cookie, 12), 8)[0])

    def grab_key(self, keycode: int, modifiers: int) -> bool:
        """Have a key in every window; whether nobody else has it."""
        cookie = self._xcb.xcb_grab_key_checked(
            self._c, 0, self.root, modifiers, keycode, _GRAB_MODE_ASYNC, _GRAB_MODE_ASYNC
        )
        error = self._xcb.xcb_request_check(self._c, cookie)
        if error:
            self._free(error)
        return not error and not self.lost

    def ungrab_key(self, keycode: int, modifiers: int) -> None:
        """Give it back."""
        self._xcb.xcb_ungrab_key(self._c, keycode, self.root, modifiers)

    def convert(self, selection: int, target: int, into: int, time: int) -> None:
        """Ask whoever has the selection to write it into a property of our window."""
        self._xcb.xcb_delete_property(self._c, self.window, into)
        self._xcb.xcb_convert_selection(self._c, self.window, selection, target, into, time)
        self.flush()

    def take_property(self, name: int, most: int) -> Property:
        """At most `most` bytes of a property of our window, which is deleted if that is all of it."""
        cookie = self._xcb.xcb_get_property(self._c, 1, self.window, name, ANY_TYPE, 0, (most + 3) // 4)
        head, rest = self._reply_with_data("get_property", cookie, 32, _property_bytes)
        type_, after = struct.unpack_from("=II", head, 8)
        return Property(type_, head[1], rest[:most], after)

    def keysyms(self) -> dict[int, list[int]]:
        """What is written on each key, by its keycode: without and with shift, then other groups.

        Letters are named by Unicode (X11 protocol, appendix A), Latin-1 ones by themselves.
        """
        first, last = self._keycodes
        cookie = self._xcb.xcb_get_keyboard_mapping(self._c, first, last - first + 1)
        head, rest = self._reply_with_data("get_keyboard_mapping", cookie, 32, _length_bytes)
        columns = head[1]
        signs = _signs()
        syms = [signs(sym) for sym in struct.unpack(f"={len(rest) // 4}I", rest)]
        return {first + row: syms[row * columns : (row + 1) * columns] for row in range(last - first + 1)}

    def modifiers(self) -> list[list[int]]:
        """The keycodes of Shift, Lock, Control, Mod1 to Mod5."""
        cookie = self._xcb.xcb_get_modifier_mapping(self._c)
        head, rest = self._reply_with_data("get_modifier_mapping", cookie, 32, _length_bytes)
        columns = head[1]
        return [[code for code in rest[row * columns : (row + 1) * columns] if code] for row in range(8)]

    def events(self) -> "list[KeyEvent | SelectionEvent | MappingEvent]":
        """What has happened since the last time; does not wait."""
        found: list[KeyEvent | SelectionEvent | MappingEvent] = []
        while self._c is not None and (event := self._xcb.xcb_poll_for_event(self._c)):
            raw = ctypes.string_at(event, _EVENT_BYTES)
            self._free(event)
            kind = raw[0] & 0x7F
            if kind in {KEY_PRESS, KEY_RELEASE}:
                time = struct.unpack_from("=I", raw, 4)[0]
                state = struct.unpack_from("=H", raw, 28)[0]
                found.append(KeyEvent(kind == KEY_PRESS, raw[1], time, state))
            elif kind == SELECTION_NOTIFY:
                time, _requestor, selection, target, into = struct.unpack_from("=5I", raw, 4)
                found.append(SelectionEvent(time, selection, target, into))
            elif kind == MAPPING_NOTIFY:
                found.append(MappingEvent())
        return found

    def _reply(self, name: str, cookie: _Cookie, size: int) -> bytes:
        return self._reply_with_data(name, cookie, size, lambda _: 0)[0]

    def _reply_with_data(self, name: str, cookie: _Cookie, size: int, more: _Sizes) -> tuple[bytes, bytes]:
        """The head of a reply, and `more(head)` bytes behind it."""
        reply = getattr(self._xcb, f"xcb_{name}_reply")(self._c, cookie, None)
        if not reply:
            raise XcbError("The display does not answer.")
        try:
            head = ctypes.string_at(reply, size)
            return head, ctypes.string_at(reply + size, more(head))
        finally:
            self._free(reply)


def _property_bytes(head: bytes) -> int:
    return int(struct.unpack_from("=I", head, 16)[0]) * head[1] // 8


def _length_bytes(head: bytes) -> int:
    return int(struct.unpack_from("=I", head, 4)[0]) * 4
