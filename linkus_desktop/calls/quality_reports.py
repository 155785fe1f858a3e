"""Tells the server how each answered call of this phone sounded, once it is over (SIP-8)."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer

from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.sip.quality import QualityRecord, Summary
from server.contract.calls import MOS_BEST, CallQualityReport

if TYPE_CHECKING:
    from linkus_desktop.pbx.recordings import OwnCalls
    from linkus_desktop.sip.call import Call
    from linkus_desktop.sip.phone import Phone

EVERY_MS = 1000
"""How often calls are measured."""
CLOSE_S = 1.0
"""Seconds that reports under way may take when the user logs out."""
_WORST_MS = 60_000.0
_LONGEST_S = 31 * 86_400.0

logger = logging.getLogger(__name__)


class QualityApi(Protocol):
    """What is asked of the server; see `Api`."""

    async def tell_quality(self, call_id: str, report: CallQualityReport) -> None:
        """Tell how an own call sounded."""


class _Measured:
    """One call: what was measured, and what the server calls it."""

    def __init__(self) -> None:
        self.record = QualityRecord()
        self.server_id = ""


class QualityReports(QObject):
    """Measures the calls of the phone, and tells the server of each that was answered.

    Nobody waits for that, and a failure is only logged: the call is over. Of a call that the server never
    told of, or of which nothing was measured, nothing is told; before the answer nothing is measured.
    """

    def __init__(
        self,
        phone: "Phone",
        own_calls: "OwnCalls",
        api: QualityApi,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._phone = phone
        self._own_calls = own_calls
        self._api = api
        self._clock = clock
        self._measured: dict[Call, _Measured] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.measure)
        phone.call_added.connect(self._on_added)
        phone.call_removed.connect(self._on_removed)
        own_calls.changed.connect(self._find)
        for call in phone.calls:
            self._on_added(call)

    def measure(self) -> None:
        """Take the quality of all calls now."""
        now = self._clock()
        for call, measured in self._measured.items():
            measured.record.take(now, call.quality())
        self._find()

    async def close(self) -> None:
        """Follow the phone no more; what is under way has a moment yet."""
        self._timer.stop()
        if not self._closed:
            self._closed = True
            self._phone.call_added.disconnect(self._on_added)
            self._phone.call_removed.disconnect(self._on_removed)
        self._measured.clear()
        if self._sending:
            await asyncio.wait(tuple(self._sending), timeout=CLOSE_S)

    def _on_added(self, call: "Call") -> None:
        self._measured[call] = _Measured()
        self._timer.start()

    def _on_removed(self, call: "Call") -> None:
        measured = self._measured.pop(call, None)
        if not self._measured:
            self._timer.stop()
        summary = measured.record.summary() if measured is not None else None
        if measured is None or summary is None:
            return
        if not measured.server_id:
            logger.info("How call %s sounded cannot be told: the server did not name it", call.sip_call_id)
            return
        self._send(measured.server_id, report_of(summary))

    def _find(self) -> None:
        """Note what the server calls each call, the first time that it tells.

        Later, after a transfer, the same phone may be in another call, which its log does not have.
        """
        for call, measured in self._measured.items():
            if not measured.server_id and call.talking:
                found = self._own_calls.find(call.sip_call_id, call.number)
                measured.server_id = found.id if found is not None else ""

    def _send(self, call_id: str, report: CallQualityReport) -> None:
        def failed(error: Exception) -> None:
            expected = isinstance(error, PbxError)
            logger.warning(
                "The server did not take how call %s sounded: %s",
                call_id,
                error,
                exc_info=None if expected else error,
            )

        sending = spawn(self._api.tell_quality(call_id, report), on_error=failed, name="call quality")
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)


def report_of(summary: Summary) -> CallQualityReport:
    """The same in what can be told, within its bounds."""
    return CallQualityReport(
        codec=summary.codec[:32] or None,
        encrypted=summary.encrypted,
        measured_s=round(min(summary.measured_s, _LONGEST_S), 1),
        mos=round(min(summary.mos, MOS_BEST), 2),
        mos_worst=round(min(summary.mos_worst, MOS_BEST), 2),
        loss_received=_rounded(summary.loss_received),
        loss_sent=_rounded(summary.loss_sent),
        jitter_ms=_rounded(min(summary.jitter_ms, _WORST_MS)),
        jitter_worst_ms=_rounded(min(summary.jitter_worst_ms, _WORST_MS)),
        round_trip_ms=None
        if summary.round_trip_ms is None
        else _rounded(min(summary.round_trip_ms, _WORST_MS)),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
