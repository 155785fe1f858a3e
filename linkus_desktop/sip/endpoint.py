"""PJSIP's one endpoint in this process: its settings, its transport, its clock, its end."""

import hashlib
import logging
import ssl
from collections.abc import Callable, Sequence
from enum import Enum

import pjsua2 as pj
from PySide6.QtCore import QObject, Qt, QTimer

from linkus_desktop.sip.pj_call import PjCall
from linkus_desktop.sip.threads import main_thread, pj_callback
from linkus_desktop.sip.values import PhoneError

_log = logging.getLogger(__name__)

MAX_CALLS = 4
"""What this build of PJSIP can hold; a fifth incoming call gets 486 from PJSIP itself."""
PUMP_MS = 10
CLOCK_RATE = 16_000
"""Sampling rate of the conference bridge, hertz (wide band, as G.722 carries)."""
FRAME_MS = 20

_MOST_EVENTS_A_TICK = 50
CODEC_IDS = {
    "G722": "G722/16000",
    "PCMA": "PCMA/8000",
    "PCMU": "PCMU/8000",
    "speex": "speex/16000",
    "iLBC": "iLBC/8000",
    "GSM": "GSM/8000",
}
"""PJSIP's names of the codecs, by their SDP names (RFC 3551)."""


class Transport(Enum):
    """How SIP travels."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


_TYPES = {
    Transport.UDP: pj.PJSIP_TRANSPORT_UDP,
    Transport.TCP: pj.PJSIP_TRANSPORT_TCP,
    Transport.TLS: pj.PJSIP_TRANSPORT_TLS,
}


class _Endpoint(pj.Endpoint):  # type: ignore[misc]
    """Hears of transports that come and go."""

    def __init__(self, on_transport: Callable[[pj.OnTransportStateParam], None]) -> None:
        super().__init__()
        self._on_transport = on_transport

    @pj_callback
    def onTransportState(self, prm: pj.OnTransportStateParam) -> None:
        """PJSIP: a transport connected, disconnected or was destroyed."""
        self._on_transport(prm)


class Endpoint(QObject):
    """PJSIP, started and pumped from the main thread. Only one can exist at a time.

    `on_transport` is called with the PJSIP parameter for each change of a connection.
    Raises `PhoneError` where PJSIP does not start.
    """

    def __init__(
        self,
        transport: Transport,
        on_transport: Callable[[pj.OnTransportStateParam], None],
        *,
        user_agent: str,
        local_address: str = "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=PUMP_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.pump)
        self._inside = False
        self._dropped: list[PjCall] = []
        self._pj = _Endpoint(on_transport)
        try:
            self._pj.libCreate()
            self._pj.libInit(_settings(user_agent))
            self._pj.transportCreate(_TYPES[transport], _transport_settings(local_address))
            self._pj.libStart()
            # No sound device: PJSIP's own clock drives the bridge, and our ports carry the sound.
            self._pj.audDevManager().setNullDev()
        except pj.Error as error:
            self._pj.libDestroy()
            raise PhoneError(f"The phone cannot start: {error.reason}. Restart the program.") from error
        self._timer.start()

    @main_thread
    def set_codecs(self, names: Sequence[str]) -> None:
        """Allow exactly these codecs (SDP names), in this order; unknown names are left out."""
        wanted = [CODEC_IDS[name] for name in names if name in CODEC_IDS] or list(CODEC_IDS.values())[:3]
        for codec in self._pj.codecEnum2():
            rank = next((i for i, name in enumerate(wanted) if codec.codecId.startswith(name)), None)
            self._pj.codecSetPriority(codec.codecId, 0 if rank is None else 250 - rank)

    @main_thread
    def pump(self) -> None:
        """Handle all that has come in; every callback of PJSIP runs inside."""
        if self._inside:  # a callback that spins the event loop must not enter PJSIP again
            return
        self._inside = True
        try:
            for _ in range(_MOST_EVENTS_A_TICK):
                if self._pj.libHandleEvents(0) <= 0:
                    break
        finally:
            self._inside = False
        self._dropped = [call for call in self._dropped if call.isActive()]

    def drop(self, call: PjCall) -> None:
        """Let go of a call once it is over for PJSIP too, and never while PJSIP is in one of its methods."""
        self._dropped.append(call)

    @main_thread
    def address_changed(self) -> None:
        """This machine has another address: new sockets, calls are told by re-INVITE."""
        self._pj.handleIpChange(pj.IpChangeParam())

    @main_thread
    def refuse(self, prm: pj.OnTransportStateParam) -> None:
        """Close a connection that has just been made, before anything is sent over it."""
        try:
            self._pj.transportShutdown(prm.hnd)
        except pj.Error as error:
            _log.warning("A connection could not be closed: %s", error.reason)

    @main_thread
    def error_text(self, status: int) -> str:
        """PJSIP's words for one of its status codes."""
        return str(self._pj.utilStrError(status))

    @main_thread
    def stop_media(self) -> None:
        """Stop the bridge's clock and drop ended calls: no frame callback runs after this."""
        self._pj.audDevManager().setNoDev()
        self._dropped.clear()

    @main_thread
    def close(self) -> None:
        """Destroy PJSIP. No call, port or account may be left; the object is of no use afterwards."""
        self._timer.stop()
        self._dropped.clear()
        try:
            # All has been said to the PBX before; without the flag this would wait a second for echoes.
            self._pj.libDestroy(pj.PJSUA_DESTROY_NO_NETWORK)
        except pj.Error:
            _log.exception("PJSIP did not shut down cleanly")
        del self._pj


def fingerprint_of(prm: pj.OnTransportStateParam) -> str:
    """SHA-256 of the certificate that the other end showed, `AA:BB:…`; empty without one."""
    if prm.tlsInfo is None or prm.tlsInfo.isEmpty():
        return ""
    pem = prm.tlsInfo.remoteCertInfo.raw
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest().hex(":").upper()
    except ValueError:  # there was none, or it is not one
        return ""


def _settings(user_agent: str) -> pj.EpConfig:
    settings = pj.EpConfig()
    ua = settings.uaConfig
    ua.threadCnt = 0
    ua.mainThreadOnly = True
    ua.maxCalls = MAX_CALLS
    ua.userAgent = user_agent
    settings.logConfig.level = 0
    settings.logConfig.consoleLevel = 0
    media = settings.medConfig
    media.clockRate = CLOCK_RATE
    media.sndClockRate = CLOCK_RATE
    media.channelCount = 1
    media.audioFramePtime = FRAME_MS
    media.threadCnt = 1
    media.hasIoqueue = True
    media.noVad = True  # silence suppression makes gaps, and a muted line sound dead
    return settings


def _transport_settings(local_address: str) -> pj.TransportConfig:
    settings = pj.TransportConfig()
    settings.port = 0
    settings.publicAddress = local_address
    # The PBX's certificate is its own, no authority vouches for it: `line` compares it with the API's.
    settings.tlsConfig.verifyServer = False
    settings.tlsConfig.method = pj.PJSIP_TLSV1_2_METHOD
    return settings
