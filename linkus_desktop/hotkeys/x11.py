"""Hot keys on X11, and the text that is marked in another program's window (ICCCM, section 2).

Another program's answer is waited for by the socket, with a time limit: one that hangs holds up nothing here.
"""

import logging
from dataclasses import dataclass, field
from itertools import cycle

from PySide6.QtCore import QObject, QSocketNotifier, QTimer

from linkus_desktop.hotkeys.keys import NoHotKey, parse
from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.hotkeys.xcb import Connection, KeyEvent, MappingEvent, SelectionEvent, XcbError

logger = logging.getLogger(__name__)

ANSWER_WITHIN_MS = 1500
"""A program that has not given its marked text by then counts as hung."""
LOST = "The display has gone: hot keys work again after the next login."
TOO_LONG = "What is marked is too long to be a number."
NOTHING = "Nothing is marked. Mark a number, then press the hot key."
SILENT = "The program with the marked text does not answer. Copy the number by hand."
NO_SUCH_KEY = "This keyboard has no such key."
TAKEN = "Another program has this key. Choose another one."

_SHIFT, _LOCK, _CONTROL, _MOD1 = 1, 2, 4, 8
_NUM_LOCK = 0xFF7F
_ALT = frozenset({0xFFE9, 0xFFEA})
_SUPER = frozenset({0xFFEB, 0xFFEC})
_HELD = 0xFF
"""The eight modifiers; above them are the buttons of the mouse."""
_BYTES = HotKeys.LONGEST * 4
_PROPERTIES = 16
"""An answer that comes too late finds its property out of use."""


@dataclass(slots=True)
class _Bound:
    keys: str
    keycode: int = 0
    modifiers: int = 0
    grabbed: list[int] = field(default_factory=list)
    released_at: int = -1


@dataclass(frozen=True, slots=True)
class _Asked:
    selection: int
    target: int
    property: int
    time: int


class X11HotKeys(HotKeys):
    """On the display that the program is on."""

    unavailable = ""

    def __init__(self, parent: QObject | None = None, *, display: str | None = None) -> None:
        """Raises `XcbError` without a display."""
        super().__init__(parent)
        self._x = x = Connection(display)
        self._primary, self._clipboard = x.atom("PRIMARY"), x.atom("CLIPBOARD")
        self._utf8, self._latin1, self._incr = x.atom("UTF8_STRING"), x.atom("STRING"), x.atom("INCR")
        self._properties = cycle([x.atom(f"_LINKUS_MARKED_{i}") for i in range(_PROPERTIES)])
        self._bound: dict[str, _Bound] = {}
        self._asked: _Asked | None = None
        self._next: list[tuple[int, int]] = []
        self._time = 0
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(ANSWER_WITHIN_MS)
        self._patience.timeout.connect(self._on_silence)
        self._readable = QSocketNotifier(x.descriptor, QSocketNotifier.Type.Read, self)
        self._readable.activated.connect(self._read)
        self._learn()

    def bind(self, name: str, keys: str) -> None:
        """See `HotKeys`."""
        if self._x.lost:
            self._bound.pop(name, None)
            self._problems[name] = LOST if keys else ""
            self.changed.emit(name)
            return
        old = self._bound.get(name)
        if (old.keys if old else "") == keys and not self.problem(name):
            return
        if old is not None:
            self._release(self._bound.pop(name))
        self._problems.pop(name, None)
        if keys:
            self._grab(name, keys)
        self._x.flush()
        self._read_soon()
        self.changed.emit(name)

    def read_marked(self) -> None:
        """PRIMARY, which is what is marked; what was copied only where nobody has marked anything."""
        if self._x.lost:
            self.not_marked.emit(LOST)
            return
        self._next = [
            (selection, target)
            for selection in (self._primary, self._clipboard)
            for target in (self._utf8, self._latin1)
        ]
        self._patience.start()
        self._ask()

    def close(self) -> None:
        """See `HotKeys`."""
        self._patience.stop()
        self._readable.setEnabled(False)
        self._x.close()
        self._bound.clear()

    def _learn(self) -> None:
        """Which keys there are, and which of Mod1 to Mod5 are Alt, the system's key and Num Lock."""
        self._keysyms = self._x.keysyms()
        masks = {code: 1 << row for row, codes in enumerate(self._x.modifiers()) for code in codes}
        by_sym: dict[int, int] = {}
        for code, mask in masks.items():
            for sym in self._keysyms.get(code, ()):
                by_sym.setdefault(sym, mask)
        self._alt = next((by_sym[sym] for sym in sorted(_ALT) if sym in by_sym), _MOD1)
        self._super = next((by_sym[sym] for sym in sorted(_SUPER) if sym in by_sym), 0)
        num_lock = by_sym.get(_NUM_LOCK, 0)
        self._locks = sorted({0, _LOCK, num_lock, _LOCK | num_lock})

    def _grab(self, name: str, keys: str) -> None:
        bound = self._bound[name] = _Bound(keys)
        try:
            key = parse(keys)
        except NoHotKey as error:
            self._problems[name] = str(error)
            return
        bound.keycode = self._keycode(key.keysym)
        if not bound.keycode or (key.meta and not self._super):
            self._problems[name] = NO_SUCH_KEY
            return
        bound.modifiers = (
            key.control * _CONTROL | key.alt * self._alt | key.shift * _SHIFT | key.meta * self._super
        )
        for lock in self._locks:  # Caps Lock and Num Lock would make another combination of it
            if not self._x.grab_key(bound.keycode, bound.modifiers | lock):
                self._release(bound)
                self._problems[name] = LOST if self._x.lost else TAKEN
                return
            bound.grabbed.append(bound.modifiers | lock)

    def _keycode(self, keysym: int) -> int:
        """The key with this sign; if several, the one that has it without shift."""
        columns = max((len(syms) for syms in self._keysyms.values()), default=0)
        for column in range(columns):
            for code, syms in self._keysyms.items():
                if syms[column] == keysym:
                    return code
        return 0

    def _release(self, bound: _Bound) -> None:
        if not self._x.lost:
            for modifiers in bound.grabbed:
                self._x.ungrab_key(bound.keycode, modifiers)
        bound.grabbed.clear()

    def _read_soon(self) -> None:
        """Events that came while a reply was waited for are read already: the socket is silent on them."""
        QTimer.singleShot(0, self, self._read)

    def _read(self) -> None:
        events = self._x.events()
        for event in events:
            if isinstance(event, KeyEvent):
                self._on_key(event)
            elif isinstance(event, SelectionEvent):
                self._on_selection(event)
        if any(isinstance(event, MappingEvent) for event in events):
            self._on_mapping()
        if self._x.lost and self._readable.isEnabled():
            self._readable.setEnabled(False)
            logger.warning("The connection to the X server is lost; hot keys do not work any more.")
            for name in self._bound:
                self._problems[name] = LOST
                self.changed.emit(name)

    def _on_key(self, event: KeyEvent) -> None:
        held = event.state & _HELD
        for name, bound in self._bound.items():
            if bound.keycode != event.keycode:
                continue
            if not event.down:
                bound.released_at = event.time
            elif held in bound.grabbed and event.time != bound.released_at:
                self._time = event.time  # a key held down repeats: up and down at the same moment
                self.pressed.emit(name)
                return

    def _on_mapping(self) -> None:
        try:
            self._learn()
        except XcbError as error:
            logger.warning("The keyboard cannot be read. %s", error)
            return
        for name, bound in list(self._bound.items()):
            self._release(bound)
            self._problems.pop(name, None)
            self._grab(name, bound.keys)
            self.changed.emit(name)
        self._x.flush()
        self._read_soon()

    def _ask(self) -> None:
        if not self._next:
            self._answer(None, NOTHING)
            return
        selection, target = self._next.pop(0)
        self._asked = _Asked(selection, target, next(self._properties), self._time)
        self._x.convert(selection, target, self._asked.property, self._time)
        self._read_soon()

    def _on_selection(self, event: SelectionEvent) -> None:
        asked = self._asked
        if asked is None or (event.selection, event.target) != (asked.selection, asked.target):
            return
        late = event.property != asked.property if event.property else event.time != asked.time
        if late:
            return  # the answer to an earlier question
        text = None
        if event.property:
            found = self._x.take_property(asked.property, _BYTES)
            if found.type == self._incr or found.bytes_after:
                self._answer(None, TOO_LONG)
                return
            if found.format == 8:
                text = found.value.decode("utf-8" if asked.target == self._utf8 else "latin-1", "replace")
        if text is None or not text.strip("\0 \t\r\n"):
            self._ask()
        elif len(text) > self.LONGEST:
            self._answer(None, TOO_LONG)
        else:
            self._answer(text, "")

    def _on_silence(self) -> None:
        self._answer(None, SILENT)

    def _answer(self, text: str | None, problem: str) -> None:
        self._asked, self._next = None, []
        self._patience.stop()
        if text is None:
            self.not_marked.emit(problem)
        else:
            self.marked.emit(text)
