"""What the hot keys do: call the number that is marked in another program, answer, hang up (SIP-2)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from linkus_desktop.calls import emergency
from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.remote.desk import Desk
from linkus_desktop.remote.words import Action, Answer, ExitCode, Order
from linkus_desktop.sip.number import number_in

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings
    from linkus_desktop.workplace import Workplace

DIAL = "hot_key_dial"
ANSWER = "hot_key_answer"
KEYS = (DIAL, ANSWER)
"""Names of the keys, and of their settings."""
_SHOWN = 40


class HotKeyActions(QObject):
    """Binds the keys that the settings name, and acts when they are pressed.

    Args:
        workplace: whose window, phone and session it acts on.
    """

    def __init__(self, keys: HotKeys, settings: "Settings", workplace: "Workplace") -> None:
        super().__init__(workplace)
        self._keys = keys
        self._settings = settings
        self._workplace = workplace
        self._desk = Desk(lambda: workplace)
        self._do: dict[str, Callable[[], None]] = {DIAL: keys.read_marked, ANSWER: self._answer}
        keys.pressed.connect(self._on_pressed)
        keys.marked.connect(self._on_marked)
        keys.not_marked.connect(self._on_not_marked)
        settings.changed.connect(self._on_setting)
        if not keys.unavailable:
            for name in KEYS:
                keys.bind(name, settings.value(name))

    def _on_setting(self, name: str) -> None:
        if name in KEYS and not self._keys.unavailable:
            self._keys.bind(name, self._settings.value(name))

    def _on_pressed(self, name: str) -> None:
        self._do[name]()

    def _on_marked(self, text: str) -> None:
        number = number_in(text)
        window = self._workplace.window
        self._workplace.raise_window()
        if number is None:
            window.show_problem(f"There is no single number in what is marked: “{_shown(text)}”.")
        elif window.callers.is_emergency(number):
            window.offer_number(number, emergency.ASK)
        elif self._settings.hot_key_dials == "at_once":
            window.dial(number)
        else:
            window.offer_number(number)

    def _on_not_marked(self, why: str) -> None:
        """The number can be pasted, or typed."""
        window = self._workplace.window
        self._workplace.raise_window()
        window.open_room("phone")
        window.rooms.phone().dialler.number.setFocus()
        window.show_problem(why)

    def _answer(self) -> None:
        """What rings is answered, else the current call ends; the focus stays where it is."""
        answer = self._desk.take(Order(Action.ANSWER))
        if answer.code is ExitCode.NO_CALL:
            answer = self._desk.take(Order(Action.HANGUP))
        if answer.code is not ExitCode.DONE:
            self._tell(answer)

    def _tell(self, answer: Answer) -> None:
        text = answer.text
        if answer.code is ExitCode.NO_CALL and not self._workplace.window.phone.calls:
            text = "There is no call to answer or to end."
        self._workplace.window.show_problem(text)
        QApplication.alert(self._workplace.window)


def _shown(text: str) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
