"""Another program on the same display: it marks text, takes keys, and a finger that presses them (XTEST)."""

import contextlib
import ctypes
import os
import secrets
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QSocketNotifier

from demo.display import write_authority
from linkus_desktop.hotkeys.xcb import Connection, _Cookie

SELECTION_REQUEST = 30
_FAKE_INPUT = 2
_PRESS, _RELEASE = 2, 3
CONTROL, ALT, SHIFT = 0xFFE3, 0xFFE9, 0xFFE1


@contextlib.contextmanager
def display(folder: Path) -> Iterator[tuple[str, Path]]:
    """A virtual display: its name, and the file with the key to it."""
    authority = folder / "Xauthority"
    write_authority(authority, secrets.token_bytes(16))
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    process = subprocess.Popen(
        [*command, "-noreset", "-auth", str(authority)], pass_fds=(write_end,), stderr=subprocess.DEVNULL
    )
    os.close(write_end)
    try:
        number = os.read(read_end, 16)
        assert number.strip(), "Xvfb ended at once"
        yield f":{number.decode().strip()}", authority
    finally:
        os.close(read_end)
        process.terminate()
        process.wait(30)


class _Request(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_size_t),
        ("ext", ctypes.c_void_p),
        ("opcode", ctypes.c_uint8),
        ("isvoid", ctypes.c_uint8),
    )


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class OtherProgram(Connection):
    """Marks `marked` (by target's name); `hangs`: it answers nobody who asks."""

    def __init__(self, display: str) -> None:
        super().__init__(display)
        lib, pointer, u32, u8 = self._xcb, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint8
        lib.xcb_set_selection_owner.argtypes = (pointer, u32, u32, u32)
        lib.xcb_change_property.argtypes = (pointer, u8, u32, u32, u32, u8, u32, ctypes.c_char_p)
        lib.xcb_send_event.argtypes = (pointer, u8, u32, u32, ctypes.c_char_p)
        lib.xcb_send_request.argtypes = (pointer, ctypes.c_int, pointer, pointer)
        for name in ("set_selection_owner", "change_property", "send_event"):
            getattr(lib, f"xcb_{name}").restype = _Cookie
        lib.xcb_query_extension.argtypes = (pointer, ctypes.c_uint16, ctypes.c_char_p)
        lib.xcb_query_extension.restype = _Cookie
        lib.xcb_query_extension_reply.argtypes = (pointer, _Cookie, pointer)
        lib.xcb_query_extension_reply.restype = pointer
        lib.xcb_get_input_focus.argtypes, lib.xcb_get_input_focus.restype = (pointer,), _Cookie
        lib.xcb_get_input_focus_reply.argtypes = (pointer, _Cookie, pointer)
        lib.xcb_get_input_focus_reply.restype = pointer
        self._xtest = self._reply("query_extension", lib.xcb_query_extension(self._c, 5, b"XTEST"), 12)[9]
        self.marked: dict[str, bytes] = {}
        self.type_given: str | None = None
        self.asked = 0
        self._keys = self.keysyms()
        self._serving: QSocketNotifier | None = None

    def serve(self) -> None:
        """Answer who asks for the marked text, in Qt's loop."""
        self._serving = QSocketNotifier(self.descriptor, QSocketNotifier.Type.Read)
        self._serving.activated.connect(self.answer_all)
        self.answer_all()

    def mark(self, text: str | bytes, selection: str = "PRIMARY", target: str = "UTF8_STRING") -> None:
        """Somebody marks a text in this program."""
        self.marked = {target: text.encode() if isinstance(text, str) else text}
        self._xcb.xcb_set_selection_owner(self._c, self.window, self.atom(selection), 0)
        self.settle()

    def press(self, *keysyms: int, release: bool = True) -> None:
        """Press keys, the last of which is the one, and let them go."""
        codes = [next(code for code, syms in self._keys.items() if sym in syms) for sym in keysyms]
        time.sleep(0.002)  # no finger presses a key in the millisecond in which it has left it
        for code in codes:
            self._fake(_PRESS, code)
        if release:
            self.let_go(*keysyms)
        self.settle()

    def let_go(self, *keysyms: int) -> None:
        """The finger leaves the keys."""
        for sym in reversed(keysyms):
            self._fake(_RELEASE, next(code for code, syms in self._keys.items() if sym in syms))
        self.settle()

    def rewrite_key(self, keycode: int, *keysyms: int) -> None:
        """The user chooses another layout: this key has other signs."""
        request = struct.pack("=BBHBBH", 0, 1, 2 + len(keysyms), keycode, len(keysyms), 0)
        self._send(100, request + struct.pack(f"={len(keysyms)}I", *keysyms))
        self.settle()
        self._keys = self.keysyms()

    def settle(self) -> None:
        """Until the X server has done all that was asked."""
        self._reply("get_input_focus", self._xcb.xcb_get_input_focus(self._c), 12)

    def close(self) -> None:
        if self._serving is not None:
            self._serving.setEnabled(False)
        super().close()

    def _fake(self, kind: int, keycode: int) -> None:
        body = struct.pack("=BBHBBHIII", 0, _FAKE_INPUT, 9, kind, keycode, 0, 0, self.root, 0)
        self._send(self._xtest, body + bytes(16))

    def _send(self, opcode: int, request_bytes: bytes) -> None:
        body = ctypes.create_string_buffer(request_bytes, len(request_bytes))
        parts = (_Part * 3)()
        parts[2].base, parts[2].length = ctypes.cast(body, ctypes.c_void_p), len(request_bytes)
        request = _Request(1, None, opcode, 1)
        first = ctypes.byref(parts, 2 * ctypes.sizeof(_Part))  # xcb wants two free places before it
        self._xcb.xcb_send_request(self._c, 0, first, ctypes.byref(request))
        self.flush()

    def answer_all(self) -> None:
        """Whoever has asked by now."""
        while event := self._xcb.xcb_poll_for_event(self._c):
            raw = ctypes.string_at(event, 32)
            self._free(event)
            if raw[0] & 0x7F == SELECTION_REQUEST:
                self._answer(raw)

    def _answer(self, raw: bytes) -> None:
        self.asked += 1
        time, _owner, requestor, selection, target, into = struct.unpack_from("=6I", raw, 4)
        data = next((d for name, d in self.marked.items() if self.atom(name) == target), None)
        if data is None:
            into = 0
        else:
            type_ = self.atom(self.type_given) if self.type_given else target
            most = min(len(data), 200_000)  # without BIG-REQUESTS no more fits; more goes by INCR
            self._xcb.xcb_change_property(self._c, 0, requestor, into, type_, 8, most, data)
        told = struct.pack("=BBHIIIII", 31, 0, 0, time, requestor, selection, target, into) + bytes(8)
        self._xcb.xcb_send_event(self._c, 0, requestor, 0, told)
        self.flush()
