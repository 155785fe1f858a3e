"""What the panel of calls, the transfer panel and the phone have to do with each other (SIP-4)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, Signal

from linkus_desktop.sip.values import PhoneError
from linkus_desktop.ui.call_card import CallCard
from linkus_desktop.ui.call_panel import CallPanel
from linkus_desktop.ui.transfer_panel import TransferPanel

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
        calls.transfer_requested.connect(self.choose)
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
        self._call = card.call
        self.panel.open(card.name.text(), card.call.number, self._place_of(card))

    def set_park_code(self, code: str) -> None:
        """Where a call is transferred to for being parked; "": nowhere."""
        self._park_code = code
        self.panel.park.setVisible(bool(code))

    def _park(self) -> None:
        self._now(self._park_code)

    def _now(self, number: str) -> None:
        call = self._call
        if call is not None:
            self._do(lambda: call.transfer(number))

    def _ask(self, number: str) -> None:
        call = self._call
        if call is not None:
            self._do(lambda: self._phone.consult(call, number))

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
        card = self._calls.card_of(self._call)
        if card is None or card.transfer not in card.buttons():
            self._close()
        else:
            self.panel.move_below(self._place_of(card))

    def _close(self) -> None:
        had_focus = self.panel.isAncestorOf(self.panel.focusWidget() or self.panel)
        self.panel.hide()
        self._on_closed(had_focus=had_focus)

    def _on_closed(self, *, had_focus: bool = True) -> None:
        """The focus goes back to the card."""
        card = self._calls.card_of(self._call) if self._call is not None else None
        self._call = None
        if had_focus and card is not None:
            buttons = card.buttons()
            (card.transfer if card.transfer in buttons else buttons[-1]).setFocus()

    def _place_of(self, card: CallCard) -> QRect:
        return QRect(card.mapTo(self.panel.over, QPoint(0, 0)), card.size())
