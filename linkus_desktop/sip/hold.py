"""Hold and resume as the other end is told of them: one offer at a time, and the last wish counts (SIP-4)."""

import logging
import random
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from linkus_desktop.sip.pj_call import TransactionEvent

_log = logging.getLogger(__name__)

GLARE_WAIT_S = {True: (2.1, 4.0), False: (0.0, 2.0)}
"""Bounds of the wait after 491 (RFC 3261, 14.1); longer for the caller, so that both do not collide again."""
_BUSY_WAIT_MS = 200


class Offerer(Protocol):
    """Who can offer; both tell False where that is not possible right now."""

    def offer_hold(self) -> bool:
        """Offer `sendonly`."""

    def offer_resume(self) -> bool:
        """Offer `sendrecv`."""


class Holding(QObject):
    """Makes a call held or not, as `wanted`.

    No offer may be made while another is under way (RFC 3261, 14.1; RFC 3311, 5.1), also none of those that
    PJSIP makes by itself: to lock the codec after an answer that leaves several, or to refresh the session.
    PJSIP would take the new offer and send the old one. So a wish that comes meanwhile waits.

    `is_held` tells what has been agreed, None while the call is not answered. `refused` is emitted after the
    other end did not agree to a change; `wanted` is then what it was.
    """

    refused = Signal()

    def __init__(
        self, is_held: Callable[[], bool | None], *, caller: bool, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.wanted = False
        self._is_held = is_held
        self._caller = caller
        self._offerer: Offerer | None = None
        self._offering = False
        self._under_way: dict[str, int] = {}  # method: key of its transaction; one of each at most
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self.reconcile)

    def attach(self, offerer: Offerer) -> None:
        """Offer through this one."""
        self._offerer = offerer

    def release(self) -> None:
        """The call is over: offer nothing any more."""
        self._offerer = None
        self._retry.stop()

    def on_transaction(self, event: TransactionEvent) -> None:
        """A request within the call moved on."""
        if not event.ours or event.method not in {"INVITE", "UPDATE"} or self._is_held() is None:
            return
        if not event.final:
            self._under_way[event.method] = event.key  # also once more with the secret, in place of the first
            return
        if self._under_way.get(event.method) != event.key:
            return  # the INVITE that made the call, or one that was sent again
        del self._under_way[event.method]
        if event.method == "INVITE" and self._offering:
            self._offering = False
            self._answered(event.code)
        else:
            self.reconcile()

    def reconcile(self) -> None:
        """Offer what is wanted, if it is not what has been agreed and nothing else is under way."""
        held = self._is_held()
        if held is None or held == self.wanted or self._offerer is None:
            return
        if self._offering or self._under_way or self._retry.isActive():
            return
        self._offering = True
        if not (self._offerer.offer_hold() if self.wanted else self._offerer.offer_resume()):
            self._offering = False  # PJSIP is in the middle of another negotiation
            self._retry.start(_BUSY_WAIT_MS)

    def _answered(self, code: int) -> None:
        if code == 491:  # both sides offered at once
            low, high = GLARE_WAIT_S[self._caller]
            self._retry.start(round(1000 * random.uniform(low, high)))  # noqa: S311  a wait, not a secret
        elif code >= 300:
            _log.warning("The other end refused hold or resume with %d", code)
            self.wanted = bool(self._is_held())
            self.refused.emit()
        else:
            self.reconcile()
