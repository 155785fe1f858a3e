"""The notice of an emergency call, which nobody can locate (SIP-12), and of its call-back (PRES-8)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtGui import QAccessible, QAccessibleEvent, QShowEvent

from linkus_desktop.calls.desk_call import DeskCall
from linkus_desktop.calls.emergency import CALL_BACK, DESK_NOT_LOCATED, NOT_LOCATED
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.widgets.message import Message

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call
    from linkus_desktop.ui.callers import Callers


def notice_words(call: "Call", callers: "Callers | None") -> str:
    """What whoever makes an emergency call, or is called back, has to know as long as it lasts; else "".

    What is picked up or parked was dialled by somebody else.
    """
    if call.emergency_call_back and call.incoming and call.state is not CallState.ENDED:
        return CALL_BACK
    urgent = callers is not None and callers.is_emergency(call.number)
    if not urgent or call.incoming or call.picks_up or call.state is CallState.ENDED:
        return ""
    return DESK_NOT_LOCATED if isinstance(call, DeskCall) else NOT_LOCATED


class EmergencyNotice(Message):
    """Stays as long as the call: it cannot be closed."""

    def follow(self, call: "Call", callers: "Callers | None") -> None:
        """Show what this call has to say."""
        words = notice_words(call, callers)
        if words and words != self.text:
            self.say(words, warning=True)
        elif not words and self.text:
            self.clear()

    def showEvent(self, event: QShowEvent) -> None:
        """A screen reader hears it once it is on the screen: the card is filled before that."""
        super().showEvent(event)
        if not event.spontaneous():
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def changeEvent(self, event: QEvent) -> None:
        """The icon follows the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.text:
            self.tint()
