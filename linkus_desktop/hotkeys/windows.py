"""Hot keys on Windows: RegisterHotKey, whose messages come through Qt's own loop.

What is marked in another program cannot be asked for there without pressing keys in it; what was copied can.
It is read on a thread of its own: a program that has copied something may have to be waited for.
"""

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from ctypes import wintypes
from typing import Any, Protocol

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, QTimer, Signal

from linkus_desktop.hotkeys.keys import NoHotKey, parse
from linkus_desktop.hotkeys.port import HotKeys

logger = logging.getLogger(__name__)

ANSWER_WITHIN_MS = 1500
NOTHING = "Nothing is copied. Copy a number (Ctrl+C), then press the hot key."
SILENT = "The program with the copied text does not answer. Type the number by hand."
TOO_LONG = "What is copied is too long to be a number."
NO_SUCH_KEY = "This key cannot be a hot key on Windows. Choose another one."
TAKEN = "Another program has this key. Choose another one."

_WM_HOTKEY = 0x0312
_ALT, _CONTROL, _SHIFT, _WIN, _NO_REPEAT = 1, 2, 4, 8, 0x4000
_UNICODE_TEXT = 13


class Win32(Protocol):
    """What of the system is needed."""

    def register(self, number: int, modifiers: int, virtual_key: int) -> bool:
        """Have a key; whether nobody else has it."""

    def unregister(self, number: int) -> None:
        """Give it back."""

    def copied_text(self, most: int) -> str:
        """At most so many characters of what was copied; may wait for another program. Raises `OSError`."""


class _System:
    """The real one; for `user32` and `kernel32` see Microsoft's Win32 documentation."""

    _user: Any
    _kernel: Any

    def __init__(self) -> None:
        if sys.platform != "win32":
            raise OSError("this is not Windows")
        self._user = ctypes.WinDLL("user32", use_last_error=True)
        self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        self._user.RegisterHotKey.argtypes = (wintypes.HWND, ctypes.c_int, wintypes.UINT, wintypes.UINT)
        self._user.UnregisterHotKey.argtypes = (wintypes.HWND, ctypes.c_int)
        self._user.OpenClipboard.argtypes = (wintypes.HWND,)
        self._user.GetClipboardData.argtypes = (wintypes.UINT,)
        self._user.GetClipboardData.restype = wintypes.HANDLE
        for name, result in (("GlobalLock", ctypes.c_void_p), ("GlobalSize", ctypes.c_size_t)):
            getattr(self._kernel, name).argtypes = (wintypes.HANDLE,)
            getattr(self._kernel, name).restype = result
        self._kernel.GlobalUnlock.argtypes = (wintypes.HANDLE,)

    def register(self, number: int, modifiers: int, virtual_key: int) -> bool:
        return bool(self._user.RegisterHotKey(None, number, modifiers, virtual_key))

    def unregister(self, number: int) -> None:
        self._user.UnregisterHotKey(None, number)

    def copied_text(self, most: int) -> str:
        if not self._user.OpenClipboard(None):
            raise OSError("the clipboard is in use")
        try:
            handle = self._user.GetClipboardData(_UNICODE_TEXT)
            place = self._kernel.GlobalLock(handle) if handle else None
            if not place:
                return ""
            try:
                length = min(most, self._kernel.GlobalSize(handle) // 2)
                text = ctypes.string_at(place, length * 2).decode("utf-16-le", "replace")
                return text.partition("\0")[0]
            finally:
                self._kernel.GlobalUnlock(handle)
        finally:
            self._user.CloseClipboard()


class _Messages(QAbstractNativeEventFilter):
    """Hears of hot keys among the messages of this thread."""

    def __init__(self, pressed: Callable[[int], None]) -> None:
        super().__init__()
        self._pressed = pressed

    def nativeEventFilter(
        self, kind: QByteArray | bytes | bytearray | memoryview, message: int
    ) -> tuple[bool, int]:
        """See Qt."""
        if QByteArray(kind).data() == b"windows_generic_MSG":
            told = wintypes.MSG.from_address(int(message))
            if told.message == _WM_HOTKEY:
                self._pressed(int(told.wParam))
                return True, 0
        return False, 0


class WindowsHotKeys(HotKeys):
    """Raises `OSError` where this is not Windows and no `system` is given."""

    unavailable = ""
    _read = Signal(int, str)

    def __init__(self, parent: QObject | None = None, *, system: Win32 | None = None) -> None:
        super().__init__(parent)
        self._system = system or _System()
        self._numbers: dict[str, int] = {}
        self._held: dict[str, str] = {}
        self._messages = _Messages(self._on_number)
        self._listening = False
        self._question = 0
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(ANSWER_WITHIN_MS)
        self._patience.timeout.connect(self._on_silence)
        self._read.connect(self._on_read)

    def bind(self, name: str, keys: str) -> None:
        """See `HotKeys`."""
        if self._held.get(name, "") == keys and not self.problem(name):
            return
        self._problems.pop(name, None)
        number = self._numbers.setdefault(name, len(self._numbers) + 1)
        if self._held.pop(name, ""):
            self._system.unregister(number)
        if keys:
            self._problems[name] = self._register(number, keys)
            if not self._problems[name]:
                self._held[name] = keys
        self._listen(bool(self._held))
        self.changed.emit(name)

    def read_marked(self) -> None:
        """What was copied; see the module."""
        self._question += 1
        self._patience.start()
        reading = threading.Thread(
            target=self._read_on_thread, args=(self._question,), name="clipboard", daemon=True
        )
        reading.start()

    def close(self) -> None:
        """See `HotKeys`."""
        self._patience.stop()
        self._question += 1
        for name in list(self._held):
            self._system.unregister(self._numbers[name])
        self._held.clear()
        self._listen(False)

    def _register(self, number: int, keys: str) -> str:
        """Why the key cannot be had; "" if it is ours now."""
        try:
            key = parse(keys)
        except NoHotKey as error:
            return str(error)
        if not key.virtual_key:
            return NO_SUCH_KEY
        modifiers = key.alt * _ALT | key.control * _CONTROL | key.shift * _SHIFT | key.meta * _WIN
        free = self._system.register(number, modifiers | _NO_REPEAT, key.virtual_key)
        return "" if free else TAKEN

    def _listen(self, wanted: bool) -> None:
        """Messages are looked at only while there are keys: there are many of them."""
        application = QCoreApplication.instance()
        if wanted == self._listening or application is None:
            return
        self._listening = wanted
        if wanted:
            application.installNativeEventFilter(self._messages)
        else:
            application.removeNativeEventFilter(self._messages)

    def _on_number(self, number: int) -> None:
        for name, mine in self._numbers.items():
            if mine == number and name in self._held:
                self.pressed.emit(name)

    def _read_on_thread(self, question: int) -> None:
        try:
            text = self._system.copied_text(self.LONGEST + 1)
        except OSError as error:
            logger.warning("The clipboard cannot be read: %s", error)
            text = ""
        self._read.emit(question, text)

    def _on_read(self, question: int, text: str) -> None:
        if question != self._question or not self._patience.isActive():
            return  # it came too late
        self._patience.stop()
        if len(text) > self.LONGEST:
            self.not_marked.emit(TOO_LONG)
        elif text.strip():
            self.marked.emit(text)
        else:
            self.not_marked.emit(NOTHING)

    def _on_silence(self) -> None:
        self._question += 1
        self.not_marked.emit(SILENT)
