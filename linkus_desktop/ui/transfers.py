"""What the panel of calls, the transfer panel and the phone have to do with each other (SIP-4)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QTimer, Signal

from linkus_desktop.sip.values import PhoneError
from linkus_desktop.ui.call_card import CallCard
from linkus_desktop.ui.call_panel import CallPanel
from linkus_desktop.ui.conference_card import ConferenceCard
from linkus_desktop.ui.transfer_panel import ADD, TransferPanel
from linkus_desktop.ui.widgets.buttons import WordButton

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call, Telephone


PARKING = "a parking slot"
"""What the target of a transfer is called by which a call is parked."""


class Transfers(QObject):
    """Opens the transfer panel for a card, and passes on what is chosen there.

    Signals: problem(str): why a consultation could not be completed, or calls not be merged.
    """

    problem = Signal(str)

    def __init__(
        self, phone: "Telephone", calls: CallPanel, panel: TransferPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.panel = panel
        self._phone = phone
        self._calls = calls
        self._call: Call | None = None
        self._park_code = ""
        self._adding = False
        self._joining: dict[Call, Call] = {}
        self._soon = QTimer(self)  # not while the phone is telling of the call
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._join)
        calls.transfer_requested.connect(self.choose)
        calls.add_requested.connect(self.choose_addition)
        calls.complete_requested.connect(self._complete)
        calls.back_requested.connect(self._go_back)
        calls.merge_requested.connect(self._merge)
        calls.arranged.connect(self._follow)
        panel.now_requested.connect(self._now)
        panel.ask_requested.connect(self._ask)
        panel.park_requested.connect(self._park)
        panel.closed.connect(self._on_closed)

    def choose(self, card: CallCard) -> None:
        """Ask whom the call of a card is to be transferred to."""
        self._call, self._adding = card.call, False
        self.panel.open(card.name.text(), card.call.number, self._place_of(card))

    def choose_addition(self, card: CallCard | ConferenceCard) -> None:
        """Ask whom to call into the conversation of a card."""
        if isinstance(card, ConferenceCard):
            call: Call = self._phone.conference.calls[0]
            who = "the conference"
        else:
            call, who = card.call, f"the call with {card.name.text()}"
        self._call, self._adding = call, True
        self.panel.open(who, call.number, self._place_of(card), ADD)

    def set_park_code(self, code: str) -> None:
        """Where a call is transferred to for being parked; "": nowhere."""
        self._park_code = code
        self.panel.can_park = bool(code)
        self.panel.park.setVisible(bool(code) and not self._adding)

    def _park(self) -> None:
        call, code = self._call, self._park_code
        if call is not None:
            self._do(lambda: call.park(code))

    def _now(self, number: str) -> None:
        call = self._call
        if call is not None:
            self._do(lambda: self._add(call, number) if self._adding else call.transfer(number))

    def _ask(self, number: str) -> None:
        call = self._call
        if call is not None:
            self._do(lambda: self._reach(call, number))

    def _reach(self, call: "Call", number: str) -> "Call":
        """Call somebody about this call; a conference is not transferred, so for one that is a plain call."""
        if call in self._phone.conference.calls:
            return self._phone.dial(number)
        return self._phone.consult(call, number)

    def _add(self, call: "Call", number: str) -> None:
        made = self._reach(call, number)
        if made.end is None:
            self._joining[made] = call
            made.changed.connect(self._soon.start)

    def _join(self) -> None:
        """Whoever was called to be added and has answered is brought in."""
        for made, call in list(self._joining.items()):
            if made.end is None and call.end is None and not made.talking:
                continue  # it rings there still
            del self._joining[made]
            if made.end is None and call.end is None:
                self._bring_in(call, made)

    def _bring_in(self, call: "Call", made: "Call") -> None:
        try:
            self._phone.bring_in(call, made)
        except PhoneError as error:
            self.problem.emit(str(error))

    def _do(self, action: Callable[[], object]) -> None:
        try:
            action()
        except PhoneError as error:
            self.panel.say(str(error))
        else:
            self._close()

    def _complete(self, consultation: "Call") -> None:
        try:
            self._phone.complete(consultation)
        except PhoneError as error:
            self.problem.emit(str(error))

    def _go_back(self, consultation: "Call") -> None:
        self._phone.go_back(consultation)

    def _merge(self) -> None:
        try:
            self._phone.merge()
        except PhoneError as error:
            self.problem.emit(str(error))

    def _follow(self) -> None:
        """The cards moved, or the call is over: stay below its card, or go."""
        if self._call is None:
            return
        card, button = self._opener()
        if card is None or button is None:
            self._close()
        else:
            self.panel.move_below(self._place_of(card))

    def _opener(self) -> tuple[CallCard | ConferenceCard | None, WordButton | None]:
        """The card that the panel belongs to, and the button that opens it; None if it is not offered now."""
        if self._call is None:
            return None, None
        if self._adding and self._call in self._phone.conference.calls:
            return self._calls.conference, self._calls.conference.add
        card = self._calls.card_of(self._call)
        if card is None:
            return None, None
        wanted = card.add if self._adding else card.transfer
        return card, wanted if wanted in card.buttons() else None

    def _close(self) -> None:
        had_focus = self.panel.isAncestorOf(self.panel.focusWidget() or self.panel)
        self.panel.hide()
        self._on_closed(had_focus=had_focus)

    def _on_closed(self, *, had_focus: bool = True) -> None:
        """The focus goes back to the card."""
        card, button = self._opener()
        self._call = None
        if had_focus and card is not None:
            (button or (card.buttons()[-1] if isinstance(card, CallCard) else card.hang_up)).setFocus()

    def _place_of(self, card: CallCard | ConferenceCard) -> QRect:
        return QRect(card.mapTo(self.panel.over, QPoint(0, 0)), card.size())
