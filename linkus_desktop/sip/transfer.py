"""A transfer as the PBX is asked for it, and what it tells of it (SIP-4; RFC 3515, 3891, 5589)."""

import logging
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from linkus_desktop.sip import headers
from linkus_desktop.sip.pj_call import TransactionEvent
from linkus_desktop.sip.reasons import refer_refused, text_for
from linkus_desktop.sip.values import (
    TRANSFER_TRANSITIONS,
    CallEnd,
    PhoneError,
    TransferProgress,
    TransferState,
)

_log = logging.getLogger(__name__)

SETTLE_MS = 400
"""How long a leg must be up: asked in the same breath as the ACK, some PBXs accept and then do nothing."""
HOLD_WAIT_MS = 3_000
"""How long the other end's hold is waited for; after that the transfer is asked for without it."""
ANSWER_WAIT_MS = 8_000
"""A REFER without any answer is given up; PJSIP would wait for 32 s (RFC 3261)."""
FIRST_NOTICE_WAIT_MS = 10_000
"""An accepted REFER is followed by a NOTIFY at once (RFC 3515, 2.4.4); one that never comes is given up."""
NOTICE_WAIT_MS = 120_000
"""How long the target may ring between two notices."""

_SILENT = "The PBX does not answer"
_UNTOLD = "The PBX did not say whether it worked"
_NOT_NOW = "The call cannot be transferred right now"


class Transfer(QObject):
    """Asks once, follows what becomes of it, and may be asked again after a failure.

    Attributes:
        progress: the state, and with a failure why.

    Signals:
        changed(): `progress` is another one.
        done(): the other end was handed over.
        failed(): it was not.
    """

    changed = Signal()
    done = Signal()
    failed = Signal()

    def __init__(self, is_settled: Callable[[], bool], parent: QObject | None = None) -> None:
        """`is_settled`: the other end is on hold, or will not be."""
        super().__init__(parent)
        self.progress = TransferProgress()
        self._is_settled = is_settled
        self._send: Callable[[], bool] | None = None
        self._key: int | None = None
        self._sequence = ""
        self._challenged = False
        self._accepted = False
        self._untold = False
        self._settling = QTimer(self, singleShot=True)
        self._settling.timeout.connect(self.proceed)
        self._patience = QTimer(self, singleShot=True)
        self._patience.timeout.connect(self._out_of_patience)

    def ask(self, to: str, send: Callable[[], bool], *, settle_ms: int = 0) -> None:
        """Call `send`, which sends the REFER, once the other end is on hold and `settle_ms` have passed.

        `send` tells False where that is not possible. Raises `PhoneError` while a transfer is under way.
        """
        if self.progress.under_way:
            raise PhoneError("This call is being transferred already.")
        self._send = send
        self._key, self._sequence = None, ""
        self._challenged = self._accepted = self._untold = False
        self._become(TransferProgress(TransferState.ASKED, to))
        self._patience.start(HOLD_WAIT_MS)
        self._settling.start(settle_ms)

    def proceed(self) -> None:
        """The call has moved on: send the REFER if it is due."""
        if self._send is not None and not self._settling.isActive() and self._is_settled():
            self._ask_now()

    def on_transaction(self, event: TransactionEvent) -> None:
        """A request within the call moved on."""
        if event.method == "REFER" and event.ours:
            self._on_answer(event)
        elif event.method == "NOTIFY" and not event.ours and event.message:
            notice = headers.refer_notice(event.message)
            if notice is not None:
                self._on_notice(notice)

    def ended(self, *, by_us: bool) -> CallEnd | None:
        """The call is over; how it ended, where that has to do with the transfer.

        A PBX may end our leg by itself once it has accepted (RFC 5589, 6.1); if it tells that the target
        rings, it would also have told the success first, so the other end has hung up.
        """
        self._send = None
        self._settling.stop()
        self._patience.stop()
        if self.progress.state is TransferState.ASKED and self._accepted and not by_us:
            self._succeed()
        if self.progress.state is TransferState.DONE:
            return CallEnd(200, "Transferred", by_us=by_us, transferred=True)
        if self.progress.under_way:
            self._fail("The call ended", quiet=True)
            return None if by_us else CallEnd(200, "Hung up before the transfer was done", by_us=False)
        return None

    def _ask_now(self) -> None:
        send, self._send = self._send, None
        self._settling.stop()
        self._patience.start(ANSWER_WAIT_MS)
        if send is not None and not send():
            self._fail(_NOT_NOW)

    def _on_answer(self, event: TransactionEvent) -> None:
        if not event.final:
            self._key = event.key  # also once more with the secret, in place of the first
            return
        if event.key != self._key or not self.progress.under_way:
            return
        self._key = None
        if event.code in (401, 407) and not self._challenged:
            self._challenged = True  # PJSIP asks again with the secret
        elif event.code >= 300:
            _log.info("The PBX refused a transfer with %d", event.code)
            self._fail(refer_refused(event.code, headers.reasons(event.message)))
        else:
            self._on_accepted(event.message)

    def _on_accepted(self, message: str) -> None:
        told, self._accepted = self._accepted, True
        self._sequence = next(iter(headers.header_values(message, "CSeq")), "").partition(" ")[0]
        if "false" in [value.lower() for value in headers.header_values(message, "Refer-Sub")]:
            self._succeed()  # RFC 4488: no notice will follow
        elif not told:
            self._patience.start(FIRST_NOTICE_WAIT_MS)

    def _on_notice(self, notice: headers.ReferNotice) -> None:
        if notice.event_id and self._sequence and notice.event_id != self._sequence:
            return  # of an earlier REFER
        if self._untold and 200 <= notice.code < 300:
            self._succeed()
        if not self.progress.under_way:
            return
        self._accepted = True
        if 200 <= notice.code < 300:
            self._succeed()
        elif notice.code >= 300:
            self._fail(text_for(notice.code, notice.reasons))
        elif notice.last:
            self._fail(_UNTOLD, untold=True)
        else:
            self._patience.start(NOTICE_WAIT_MS)
            if notice.code > 100 and self.progress.state is TransferState.ASKED:
                self._become(replace(self.progress, state=TransferState.RINGING))

    def _out_of_patience(self) -> None:
        if self._send is not None:
            self._ask_now()  # on hold or not
        elif self.progress.under_way:
            self._fail(_UNTOLD if self._accepted else _SILENT, untold=True)

    def _succeed(self) -> None:
        self._patience.stop()
        self._untold = False
        self._become(replace(self.progress, state=TransferState.DONE, text=""))
        self.done.emit()

    def _fail(self, text: str, *, untold: bool = False, quiet: bool = False) -> None:
        self._patience.stop()
        self._untold = untold
        self._become(replace(self.progress, state=TransferState.FAILED, text=text))
        if not quiet:
            self.failed.emit()

    def _become(self, progress: TransferProgress) -> None:
        if progress.state not in TRANSFER_TRANSITIONS[self.progress.state]:
            raise AssertionError(
                f"A transfer cannot go from {self.progress.state.name} to {progress.state.name}"
            )
        self.progress = progress
        self.changed.emit()
