"""The local conference: calls of this phone that hear each other, mixed here (SIP-4)."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Signal

from linkus_desktop.sip.call import Call
from linkus_desktop.sip.media import Bridge
from linkus_desktop.sip.threads import main_thread
from linkus_desktop.sip.values import PhoneError


class Conference(QObject):
    """Two to four calls and ourselves, so five parties at most. There is none while `calls` is empty.

    Each of its calls stays a call of the phone, and may end by itself; with one left, the conference is over
    and that one is an ordinary call again.

    Attributes:
        calls: those in it, oldest first.
        since: when it began, UTC; None while there is none.

    Signals:
        changed(): who is in it, hold, mute, or the state of one of its calls.
    """

    changed = Signal()

    def __init__(
        self,
        bridge: Bridge,
        parent: QObject | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(parent)
        self.calls: list[Call] = []
        self.since: datetime | None = None
        self._bridge = bridge
        self._now = now

    @property
    def held(self) -> bool:
        """Whether we hold all of it, or are about to."""
        return bool(self.calls) and not any(call.wants_line for call in self.calls)

    @property
    def muted(self) -> bool:
        """Whether nobody in it hears us; they go on hearing each other."""
        return bool(self.calls) and all(call.muted for call in self.calls)

    def joins(self, one: Call, other: Call) -> bool:
        """Whether both calls are in it."""
        return one in self.calls and other in self.calls

    @main_thread
    def merge(self, calls: Iterable[Call]) -> None:
        """Take further answered calls in, and talk with all; held ones are resumed, all others are held.

        We are muted for all if we were for one of them. Raises `PhoneError` if it would be less than two.
        """
        new = [call for call in calls if call.talking and call not in self.calls]
        if len(self.calls) + len(new) < 2:
            raise PhoneError("A conference needs two answered calls. Call somebody else first.")
        self.since = self.since or self._now()
        for call in new:
            call.consultation_for = None
            call.changed.connect(self._on_changed)
            call.ended.connect(self._on_ended)
        self.calls += new
        self._bridge.mix(self.calls)
        self.set_muted(any(call.muted for call in self.calls))
        self.resume()
        for call in new:
            call.changed.emit()

    @main_thread
    def split(self, call: Call) -> None:
        """Talk with one of them alone; the others wait on hold, in conference still if they are several."""
        if call in self.calls:
            others = [other for other in self.calls if other is not call]
            self._remove(call)
            for other in others:
                other.hold()
            call.resume()
            call.changed.emit()

    @main_thread
    def hold(self) -> None:
        """Put all of them on hold."""
        for call in list(self.calls):
            call.hold()
        self.changed.emit()

    @main_thread
    def resume(self) -> None:
        """Talk with all of them again; calls outside the conference are held."""
        for call in list(self.calls):
            call.resume()
        self.changed.emit()

    @main_thread
    def set_muted(self, muted: bool) -> None:
        """Cut our microphone off from all of them, or put it back."""
        for call in list(self.calls):
            call.set_muted(muted)
        self.changed.emit()

    @main_thread
    def send_dtmf(self, digits: str) -> None:
        """Send keys to each of them, as `Call.send_dtmf` does."""
        for call in list(self.calls):
            call.send_dtmf(digits)

    @main_thread
    def hangup(self) -> None:
        """End all of its calls."""
        for call in list(self.calls):
            call.hangup()

    def _remove(self, call: Call) -> None:
        leaving = [call] if len(self.calls) > 2 else list(self.calls)
        for one in leaving:
            one.changed.disconnect(self._on_changed)
            one.ended.disconnect(self._on_ended)
            self.calls.remove(one)
        if not self.calls:
            self.since = None
        self._bridge.mix(self.calls)
        for one in leaving:
            one.changed.emit()
        self.changed.emit()

    def _on_changed(self) -> None:
        self.changed.emit()

    def _on_ended(self, _end: object) -> None:
        for call in list(self.calls):
            if call.end is not None:
                self._remove(call)
