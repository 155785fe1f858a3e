"""Noticing sleep and a changed network (AUTH-8): both end in one `changed`, when things have settled.

Qt's network information tells of changes where the system has it. A slow tick finds the rest: wall-clock time
that passed without us (sleep), and addresses of this machine that are others than before.
"""

import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QAbstractSocket, QHostAddress, QNetworkInformation, QNetworkInterface

logger = logging.getLogger(__name__)

SETTLE_MS = 5_000
"""A change is told when there was no further one for this long."""
TICK_MS = 3_000
SLEPT_S = 15.0
"""A tick that comes this much too late means that the machine slept."""


def own_addresses() -> frozenset[str]:
    """This machine's addresses that others can reach: no loopback, no link-local ones."""
    return frozenset(
        address.toString()
        for address in QNetworkInterface.allAddresses()
        if not address.isLoopback() and not address.isLinkLocal() and _is_lasting(address)
    )


class NetworkWatch(QObject):
    """Tells when everything should register and connect anew.

    Args:
        addresses, now: for tests; `now` is wall-clock time in seconds.

    Signals:
        changed(str): the network is another, or the machine slept; the text says which, for the log.
    """

    changed = Signal(str)

    def __init__(
        self,
        *,
        addresses: Callable[[], frozenset[str]] = own_addresses,
        now: Callable[[], float] = time.time,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._addresses, self._now = addresses, now
        self._known = addresses()
        self._last_tick = now()
        self._why = ""
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._tell)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self.look)

    def start(self) -> None:
        """Begin to watch."""
        self._last_tick = self._now()
        self._tick.start()
        if QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability):
            information = QNetworkInformation.instance()
            information.reachabilityChanged.connect(self._on_reachability)
            information.transportMediumChanged.connect(self._on_medium)

    def stop(self) -> None:
        """No more signals."""
        self._tick.stop()
        self._settle.stop()

    def look(self) -> None:
        """Compare clock and addresses with the last time."""
        now = self._now()
        late_s = now - self._last_tick - TICK_MS / 1000
        self._last_tick = now
        if late_s > SLEPT_S:
            self.note(f"{late_s:.0f} s passed in sleep")
        addresses = self._addresses()
        if addresses != self._known:
            self._known = addresses
            if addresses:  # with none there is nothing to connect by; the next change will tell
                self.note("this machine's addresses changed")

    def note(self, why: str) -> None:
        """Something changed; wait until it has settled."""
        self._why = why
        self._settle.start()

    def _on_reachability(self, reachability: QNetworkInformation.Reachability) -> None:
        if reachability != QNetworkInformation.Reachability.Disconnected:
            self.note("the network is there again")

    def _on_medium(self, _medium: QNetworkInformation.TransportMedium) -> None:
        self.note("another kind of network")

    def _tell(self) -> None:
        logger.info("Connecting anew: %s", self._why)
        self.changed.emit(self._why)


def _is_lasting(address: QHostAddress) -> bool:
    """IPv4 only: temporary IPv6 addresses come and go while the network stays the same."""
    return address.protocol() == QAbstractSocket.NetworkLayerProtocol.IPv4Protocol
