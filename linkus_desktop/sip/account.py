"""The SIP account as PJSIP wants it, and what PJSIP tells about it."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

import pjsua2 as pj

from linkus_desktop.sip.endpoint import Transport
from linkus_desktop.sip.threads import pj_callback
from linkus_desktop.sip.values import PhoneError
from server.contract.auth import SipAccount
from server.contract.extensions import SrtpMode

UDP_KEEP_ALIVE_S = 15
"""A packet this often keeps a NAT's mapping open (RFC 5626, 4.4.2 asks for 24 to 29 s at most)."""

_SRTP = {
    SrtpMode.OFF: pj.PJMEDIA_SRTP_DISABLED,
    SrtpMode.OPTIONAL: pj.PJMEDIA_SRTP_OPTIONAL,
    SrtpMode.MANDATORY: pj.PJMEDIA_SRTP_MANDATORY,
}
_UNRESERVED = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/-]")


@dataclass(frozen=True)
class Registrar:
    """Where the PBX takes SIP: address, port, transport."""

    host: str
    port: int
    transport: Transport

    @property
    def shown(self) -> str:
        """For people, as in `192.168.1.5:5061 (TLS)`."""
        return f"{self._bracketed}:{self.port} ({self.transport.value.upper()})"

    def uri(self, user: str = "") -> str:
        """A request URI there; with `user`, of that number (escaped as RFC 3261, 19.1.2 has it)."""
        tail = "" if self.transport is Transport.UDP else f";transport={self.transport.value}"
        return f"sip:{escape_user(user)}{'@' if user else ''}{self._bracketed}:{self.port}{tail}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def registrar(account: SipAccount, host: str) -> Registrar:
    """Where `account` registers; `host` is how the API was reached. Raises `PhoneError`."""
    transport = Transport(account.transport)
    port = {
        Transport.UDP: account.udp_port,
        Transport.TCP: account.tcp_port,
        Transport.TLS: account.tls_port,
    }[transport]
    if port is None:
        raise PhoneError(
            f"The PBX offers {transport.value.upper()} for calls but no port for it. Ask your administrator."
        )
    return Registrar((account.host or host).strip("[]"), port, transport)


def escape_user(user: str) -> str:
    """The user part of a SIP URI, percent-escaped where needed."""
    return "".join(
        c if _UNRESERVED.fullmatch(c) else "".join(f"%{byte:02X}" for byte in c.encode()) for c in user
    )


def quoted(name: str) -> str:
    """A display name as a quoted string (RFC 3261, 25.1)."""
    plain = "".join(c for c in name if c.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def settings(account: SipAccount, where: Registrar, local_address: str = "") -> pj.AccountConfig:
    """PJSIP's configuration of an account. `local_address`: ours towards the PBX, told in Contact and SDP."""
    config = pj.AccountConfig()
    config.idUri = f"{quoted(account.display_name)} <{where.uri(account.username)}>"
    register = config.regConfig
    register.registrarUri = where.uri()
    register.registerOnAdd = False
    register.timeoutSec = account.expires_s
    register.retryIntervalSec = 0  # our own: jittered, and different by failure
    register.unregWaitMsec = 0
    register.dropCallsOnFail = False
    config.sipConfig.authCreds.append(
        pj.AuthCredInfo("digest", account.realm or "*", account.username, 0, account.password)
    )
    nat = config.natConfig
    nat.udpKaIntervalSec = UDP_KEEP_ALIVE_S
    nat.sipOutboundUse = 0
    media = config.mediaConfig
    media.srtpUse = _SRTP[account.srtp]
    media.srtpSecureSignaling = 0  # the mode is the administrator's choice, also where SIP goes in clear
    media.transportConfig.port = 0
    media.transportConfig.publicAddress = local_address
    media.streamKaEnabled = True
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL
    if is_ipv6(where.host):
        raise PhoneError(
            f"The phone cannot use the IPv6 address {where.host} yet. Log in by name or IPv4 address."
        )
    return config


def is_ipv6(host: str) -> bool:
    """Whether `host` is a literal IPv6 address."""
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


class PjAccount(pj.Account):  # type: ignore[misc]
    """Passes PJSIP's callbacks on; each argument is copied, for PJSIP's live only during the callback.

    `on_registration(status, code, expires_s, answered)`: not `answered` means that PJSIP made the code up.
    `on_incoming(call_id, message)`.
    """

    def __init__(
        self,
        on_registration: Callable[[int, int, int, bool], None],
        on_incoming: Callable[[int, str], None],
    ) -> None:
        super().__init__()
        self._on_registration = on_registration
        self._on_incoming = on_incoming

    @pj_callback
    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        """PJSIP: a REGISTER was answered, or never will be."""
        self._on_registration(prm.status, prm.code, prm.expiration, bool(prm.rdata.wholeMsg))

    @pj_callback
    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        """PJSIP: an INVITE for a new call."""
        self._on_incoming(prm.callId, prm.rdata.wholeMsg)
