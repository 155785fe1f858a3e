"""Calls that ask to be answered by themselves: intercom, paging (SIP-9)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from linkus_desktop.sip.audio.tones import Tone
from linkus_desktop.sip.values import CallState

if TYPE_CHECKING:
    from linkus_desktop.sip.call import Call
    from linkus_desktop.sip.phone import Phone
    from linkus_desktop.store.settings import Settings

ANNOUNCED_MS = 700
"""The tone sounds so long before the microphone opens."""


class AutoAnswer(QObject):
    """Answers such a call after the time it asks for, with a tone before; as the user's settings allow.

    Never while there is any other call: neither would a talk be put on hold by somebody's intercom, nor is it
    clear then whom the user would be speaking to. Such a call rings as any other.

    Args:
        is_colleague: whether a number is one of this PBX.

    Signals: answered(object Call): it was answered without anybody pressing anything.
    """

    answered = Signal(object)

    def __init__(
        self,
        phone: "Phone",
        settings: "Settings",
        is_colleague: Callable[[str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._phone = phone
        self._settings = settings
        self._is_colleague = is_colleague
        self._call: Call | None = None
        self._announcing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_time)
        phone.call_added.connect(self._on_added)
        phone.call_removed.connect(self._on_removed)

    def tone_of(self, call: "Call") -> Tone | None:
        """The tone before a call is answered; None while it rings like others."""
        if call is self._call:
            return Tone.INTERCOM if self._announcing else None
        at_once = self._call is None and call.alert.answer_after_s == 0
        return Tone.INTERCOM if at_once and self._may(call) else None  # it rings before it is told of

    def _may(self, call: "Call") -> bool:
        if call.alert.answer_after_s is None or call.state is not CallState.INCOMING:
            return False
        if call.answering or call.ignored or any(other is not call for other in self._phone.calls):
            return False
        match self._settings.auto_answer:
            case "anybody":
                return True
            case "colleagues":
                return bool(call.number) and self._is_colleague(call.number)
        return False

    def _on_added(self, call: "Call") -> None:
        if self._call is not None:
            self._give_up()
        elif self._may(call):
            self._call = call
            after_s = call.alert.answer_after_s or 0
            if after_s:
                self._timer.start(after_s * 1000)
            else:
                self._announce()

    def _on_removed(self, call: "Call") -> None:
        if call is self._call:
            self._give_up()

    def _on_time(self) -> None:
        call = self._call
        if call is None or not self._may(call):
            self._give_up()
        elif not self._announcing:
            self._announce()
        else:
            self._call, self._announcing = None, False
            call.answered_by_itself = True
            call.answer()
            self.answered.emit(call)

    def _announce(self) -> None:
        self._announcing = True
        self._timer.start(ANNOUNCED_MS)
        self._phone.follow_tones()

    def _give_up(self) -> None:
        """It rings like others from now on, if it still does."""
        self._call, self._announcing = None, False
        self._timer.stop()
        self._phone.follow_tones()
