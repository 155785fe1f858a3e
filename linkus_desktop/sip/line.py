"""The line to the PBX: endpoint and account together, kept registered (SIP-1)."""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import replace

import pjsua2 as pj
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from linkus_desktop import __version__
from linkus_desktop.sip import network
from linkus_desktop.sip.account import PjAccount, Registrar, settings
from linkus_desktop.sip.endpoint import Endpoint, Transport, fingerprint_of
from linkus_desktop.sip.registration import RegistrationFailure, classify, retry_wait, wrong_certificate
from linkus_desktop.sip.threads import main_thread
from linkus_desktop.sip.values import Registration
from server.contract.auth import SipAccount

_log = logging.getLogger(__name__)

NO_ANSWER_MS = 5_000
"""A REGISTER without an answer is shown as failed after this; PJSIP gives up on it after 32 s (RFC 3261)."""
USER_AGENT = f"Linkus Desktop/{__version__}"


class SipLine(QObject):
    """Keeps one account registered from `start` to `close`; both may be repeated.

    `on_registration(state, text)`; `on_incoming(call_id, message)` for each INVITE. With `fingerprint`
    (SHA-256, `AA:BB:…`), a TLS connection to a PBX with another certificate is closed before anything is
    sent over it.
    """

    _resolved = Signal(str)

    def __init__(
        self,
        account: SipAccount,
        where: Registrar,
        on_registration: Callable[[Registration, str], None],
        on_incoming: Callable[[int, str], None],
        parent: QObject | None = None,
        *,
        fingerprint: str | None = None,
    ) -> None:
        super().__init__(parent)
        self._fingerprint = fingerprint
        self._distrusted = False
        self.where = where
        self.account: PjAccount | None = None
        self.endpoint: Endpoint
        self._settings = account
        self._named = where
        self._tell = on_registration
        self._on_incoming = on_incoming
        self._dice = random.Random()  # noqa: S311  spreads retries, no secret
        self._address = ""
        self._tries = 0
        self._registered = False
        self._pending = False
        self._closing = False
        self._connection_error = ""
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self.register_now)
        self._watch = QTimer(self, singleShot=True, interval=NO_ANSWER_MS)
        self._watch.timeout.connect(self._no_answer_yet)
        self._resolved.connect(self._name_resolved, Qt.ConnectionType.QueuedConnection)

    @property
    def unregistered(self) -> bool:
        """Whether the PBX has no contact of ours, as far as we know."""
        return not self._registered

    @property
    def address_changed(self) -> bool:
        """Whether this machine has another address towards the PBX than when the line was started."""
        return network.local_address(self.where.host, self.where.port) not in {self._address, ""}

    @main_thread
    def start(self) -> None:
        """Bring PJSIP up and register. Raises `PhoneError`."""
        self._closing = False
        if network.is_address(self._named.host):
            self._address = network.local_address(self._named.host, self._named.port)
        self.endpoint = Endpoint(
            self.where.transport,
            self._transport_moved,
            user_agent=USER_AGENT,
            local_address=self._address,
            parent=self,
        )
        self.endpoint.set_codecs(self._settings.codecs)
        self.register_now()

    @main_thread
    def register_now(self) -> None:
        """Send a REGISTER, unless one is under way: PJSIP repeats that by itself."""
        self._retry.stop()
        if self._closing or self._pending:
            return
        if not self._registered:
            self._tell(Registration.CONNECTING, f"Connecting to {self._named.shown}…")
        if self.account is None:
            self._make_account()
            return
        self._pending = True
        self._distrusted = False
        self._connection_error = ""
        self._watch.start()
        try:
            self.account.setRegistration(True)
        except pj.Error as error:
            self._pending = False
            self._failed(classify(0, error.reason, self._named.shown, local=True))

    @main_thread
    def unregister(self) -> None:
        """Give the contact back; `unregistered` tells when that is done."""
        self._closing = True
        self._retry.stop()
        self._watch.stop()
        if self.account is None or not self._registered:
            self._registered = False
            return
        try:
            self.account.setRegistration(False)
        except pj.Error:  # a refresh is under way: the contact will expire
            self._registered = False

    @main_thread
    def close(self) -> None:
        """Destroy account and endpoint; calls and ports must be gone."""
        self._closing = True
        self._retry.stop()
        self._watch.stop()
        self._registered = self._pending = False
        if self.account is not None:
            self.account.shutdown()
            self.account = None
        self.endpoint.close()

    @main_thread
    def move_calls(self) -> None:
        """Tell the PBX and the calls in progress this machine's new address (re-INVITE)."""
        if self.account is None:
            return
        self._address = network.local_address(self.where.host, self.where.port)
        try:
            self.account.modify(settings(self._settings, self.where, self._address))
            self.endpoint.address_changed()
        except pj.Error as error:
            _log.warning("Calls could not be moved to the new network: %s", error.reason)
        self.register_now()

    def _make_account(self) -> None:
        """Make the account; a name is looked up first, in a thread, because that can take many seconds."""
        host = self._named.host
        if network.is_address(host):
            self._name_resolved(host)
            return
        threading.Thread(
            target=lambda: self._resolved.emit(network.resolve(host)), name="resolve PBX", daemon=True
        ).start()

    def _name_resolved(self, address: str) -> None:
        if self._closing or self.account is not None:
            return
        if not network.is_address(address):
            self._failed(classify(0, f"the name {address} is not known", self._named.shown, local=True))
            return
        self.where = replace(self._named, host=address)
        self._address = network.local_address(address, self.where.port)
        self.account = PjAccount(self._registration_ended, self._on_incoming)
        self.account.create(settings(self._settings, self.where, self._address), True)
        self.register_now()

    def _registration_ended(self, status: int, code: int, expires_s: int, answered: bool) -> None:
        """PJSIP: a REGISTER (ours or PJSIP's own refresh) came to its end."""
        self._pending = False
        self._watch.stop()
        if 200 <= code < 300:
            self._tries = 0
            self._registered = expires_s > 0 and not self._closing
            if self._registered:
                self._tell(Registration.REGISTERED, f"Registered at {self._named.shown}")
            return
        self._registered = False
        if self._distrusted and not self._closing:
            self._failed(wrong_certificate(self._named.shown))
        elif not self._closing:
            detail = self._connection_error or (self.endpoint.error_text(status) if status else "")
            self._failed(classify(code, detail, self._named.shown, local=not answered))

    def _transport_moved(self, prm: pj.OnTransportStateParam) -> None:
        """PJSIP: a connection came or went. UDP has none to lose."""
        if prm.state == pj.PJSIP_TP_STATE_CONNECTED and self._is_stranger(prm):
            self._distrust(prm)
        if (
            prm.state != pj.PJSIP_TP_STATE_DISCONNECTED
            or self.where.transport is Transport.UDP
            or self._closing
            or self._distrusted
        ):
            return
        if prm.lastError:
            self._connection_error = self.endpoint.error_text(prm.lastError)
        if self._registered and not self._pending:
            self._registered = False
            lost = self._connection_error or "the connection was closed"
            self._failed(classify(503, lost, self._named.shown, local=True))
        elif self._retry.isActive() and self._connection_error:  # the reason comes after the failure
            why = classify(503, self._connection_error, self._named.shown, local=True)
            self._tell(Registration.FAILED, why.text)

    def _is_stranger(self, prm: pj.OnTransportStateParam) -> bool:
        return (
            self.where.transport is Transport.TLS
            and self._fingerprint is not None
            and fingerprint_of(prm) != self._fingerprint
        )

    def _distrust(self, prm: pj.OnTransportStateParam) -> None:
        _log.warning("%s showed a certificate that is not the pinned one", self._named.shown)
        self._distrusted = True
        self.endpoint.refuse(prm)
        if not self._pending and not self._closing:  # else the REGISTER's failure comes by itself
            self._registered = False
            self._failed(wrong_certificate(self._named.shown))

    def _no_answer_yet(self) -> None:
        """PJSIP goes on sending for half a minute; people want to know sooner."""
        if self._pending:
            self._registered = False
            self._tell(Registration.FAILED, classify(408, "", self._named.shown, local=True).text)

    def _failed(self, failure: RegistrationFailure) -> None:
        self._tries += 1
        wait_s = retry_wait(failure.kind, self._tries, self._dice)
        _log.info("Registration failed (%d): %s Next try in %.1f s", failure.code, failure.text, wait_s)
        self._retry.start(round(wait_s * 1000))
        self._tell(Registration.FAILED, failure.text)
