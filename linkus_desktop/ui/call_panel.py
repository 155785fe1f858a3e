"""The strip above every room while there are calls."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from linkus_desktop.sip.values import Ability, CallState
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.call_card import CallCard
from linkus_desktop.ui.conference_card import ConferenceCard
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.widgets.frames import rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from linkus_desktop.calls.telephone import Call, Telephone
    from linkus_desktop.pbx.recordings import OwnCalls
    from linkus_desktop.ui.callers import Callers

FAILURE_STAYS_MS = 10_000
"""How long the card of a failed call says why, unless it is closed before."""
TRANSFERRED_STAYS_MS = 4_000
"""How long a card says that its call was transferred."""
_TALKING = {CallState.ACTIVE, CallState.HELD}


class CallPanel(QWidget):
    """A card for each call of the phone and one for the conference, the active first; hidden without calls.

    Signals: call_again(str number), count_changed(int), arranged(): cards came, went or moved;
    keypad_shown(bool): the keypad of a call is open, or none is any more;
    transfer_requested, add_requested, complete_requested, back_requested, merge_requested: as those of
    `CallCard`.
    """

    call_again = Signal(str)
    count_changed = Signal(int)
    arranged = Signal()
    keypad_shown = Signal(bool)
    transfer_requested = Signal(object)
    add_requested = Signal(object)
    complete_requested = Signal(object)
    back_requested = Signal(object)
    merge_requested = Signal()

    def __init__(
        self,
        phone: "Telephone",
        blinker: Blinker,
        *,
        callers: "Callers | None" = None,
        own_calls: "OwnCalls | None" = None,
        clock: "Callable[[], datetime]" = now_utc,
        failure_stays_ms: int = FAILURE_STAYS_MS,
    ) -> None:
        super().__init__()
        self._phone = phone
        self._blinker = blinker
        self._callers = callers
        self._own_calls = own_calls
        self._clock = clock
        self._failure_stays_ms = failure_stays_ms
        self._narrow = False
        self._keypad_shown = False
        self.cards: list[CallCard] = []
        self._layout = rows(self, gap=8)
        self._layout.setContentsMargins(16, 12, 16, 4)
        self.conference = ConferenceCard(phone.conference, blinker, callers, own_calls)
        self._layout.addWidget(self.conference)
        phone.conference.changed.connect(self._arrange)
        self.conference.add_requested.connect(self.add_requested)
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._on_second)
        phone.call_added.connect(self.add)
        phone.call_removed.connect(self._on_removed)
        if callers is not None:
            callers.changed.connect(self._follow_parties)
        self.hide()
        for call in phone.calls:
            self.add(call)

    def add(self, call: "Call") -> None:
        """Show a new call."""
        if self.card_of(call) is not None:
            return
        card = CallCard(call, self._blinker, self._callers, self._own_calls)
        card.switch_requested.connect(self._phone.switch_to)
        card.again_requested.connect(self._again)
        card.closed.connect(self.remove)
        card.transfer_requested.connect(self.transfer_requested)
        card.add_requested.connect(self.add_requested)
        card.complete_requested.connect(self.complete_requested)
        card.back_requested.connect(self.back_requested)
        card.merge_requested.connect(self.merge_requested)
        card.keypad_button.toggled.connect(self._on_keypad)
        call.changed.connect(self._arrange)
        card.finished.connect(self._on_ended)
        self.cards.append(card)
        self._layout.addWidget(card)
        self._arrange()

    def card_of(self, call: "Call") -> CallCard | None:
        """The card of a call."""
        return next((card for card in self.cards if card.call is call), None)

    def current(self) -> CallCard | ConferenceCard | None:
        """The card of the active call or conference, else of one that can be acted on."""
        for wanted in (CallState.ACTIVE, CallState.RINGING_OUT, CallState.DIALLING, CallState.HELD):
            for card in self.cards:
                if card.call.state is wanted:
                    return self.conference if self._is_member(card) else card
        return None

    def can_merge(self) -> bool:
        """Whether there are answered calls that could be talked with together."""
        talking = [
            card
            for card in self.cards
            if card.call.state in _TALKING and not card.call.why_not(Ability.MERGE)
        ]
        return len(talking) > 1 and not all(self._is_member(card) for card in talking)

    def ringing(self) -> CallCard | None:
        """The card of the call that came in first and waits for an answer; ignored ones come last."""
        waiting = [card for card in self.cards if card.call.state is CallState.INCOMING]
        return min(waiting, key=lambda card: card.call.ignored, default=None)

    def set_narrow(self, narrow: bool) -> None:
        """Whether there is room for the actions beside the name."""
        self._narrow = narrow
        margin = 8 if narrow else 16
        self._layout.setContentsMargins(margin, 12, margin, 4)
        self._arrange()

    def remove(self, card: CallCard) -> None:
        """Take a card away."""
        if card in self.cards:
            self.cards.remove(card)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
            self._arrange()

    def _again(self, card: CallCard) -> None:
        self.remove(card)
        self.call_again.emit(card.call.number)

    def _on_ended(self, card: CallCard) -> None:
        end = card.call.end
        if end is not None and end.transferred and card.call.transfer_progress.to:
            card.follow()
            card.close_after(TRANSFERRED_STAYS_MS)
        elif end is None or end.by_us or end.transferred or not end.text or end.text == "Missed":
            self.remove(card)
            return
        else:
            card.follow()
            card.close_after(self._failure_stays_ms)
        self._arrange()

    def _is_member(self, card: CallCard) -> bool:
        return card.call in self._phone.conference.calls

    def _on_removed(self, call: "Call") -> None:
        card = self.card_of(call)
        if card is not None and call.state is not CallState.ENDED:
            self.remove(card)

    def _arrange(self) -> None:
        current = self.current()
        talking = sum(card.call.state in _TALKING for card in self.cards)
        self.conference.set_narrow(self._narrow)
        for card in sorted([self.conference, *self.cards], key=lambda card: card is not current):
            self._layout.removeWidget(card)
            self._layout.addWidget(card)
        for card in self.cards:
            card.set_place(current=card is current, others_talk=talking > 1, narrow=self._narrow)
            card.setVisible(not self._is_member(card))
            if card.call.consultation_for is not None:
                card.follow()  # it also tells how the transfer of the other call goes
        self._on_second()
        if bool(self.cards) != self._second.isActive():
            if self.cards:
                self._second.start()
            else:
                self._second.stop()
        self.setVisible(bool(self.cards))
        self._on_keypad()
        self.count_changed.emit(len(self.cards))
        self.arranged.emit()

    def _on_keypad(self, _shown: bool = False) -> None:
        shown = any(card.keypad_button.isChecked() and not card.isHidden() for card in self.cards)
        if shown != self._keypad_shown:
            self._keypad_shown = shown
            self.keypad_shown.emit(shown)

    def _follow_parties(self) -> None:
        for card in self.cards:
            card.follow_party()

    def _on_second(self) -> None:
        now = self._clock()
        self.conference.tick(now)
        for card in self.cards:
            card.tick(now)
