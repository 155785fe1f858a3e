"""Whether the server is the one it should be: certificates, trusted on first use as ssh does.

A certificate that this system's authorities vouch for is accepted without asking. Any other one must be the
one that the user agreed to: its SHA-256 fingerprint is pinned to host and port.
"""

import asyncio
import hashlib
import logging
import ssl
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import aiohttp

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.errors import CertificateChanged, CertificateUnknown, Unreachable

logger = logging.getLogger(__name__)

Tls = ssl.SSLContext | aiohttp.Fingerprint
"""What aiohttp takes as `ssl`: how to know the server again."""

_NOT_VALID_NOW = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


class Trust(Protocol):
    """The servers whose certificates the user has agreed to; see `linkus_desktop.store.known_servers`."""

    def fingerprint(self, host: str, port: int) -> str | None:
        """What was agreed to, None if the server is not known."""

    def remember(self, host: str, port: int, fingerprint: str) -> None:
        """From now on only this certificate."""

    def forget(self, host: str, port: int) -> None:
        """No longer known."""


def normal(fingerprint: str) -> str:
    """A SHA-256 fingerprint as `AA:BB:…`, from any usual way of writing it. Raises `ValueError`."""
    digits = "".join(fingerprint.split()).replace(":", "").removeprefix("SHA256=")
    try:
        digest = bytes.fromhex(digits)
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError(f"{fingerprint!r} is not a SHA-256 fingerprint: 64 hexadecimal digits.")
    return digest.hex(":").upper()


def fingerprint_of(certificate: bytes) -> str:
    """The fingerprint of a certificate in DER form."""
    return normal(hashlib.sha256(certificate).hexdigest())


def pin(fingerprint: str) -> aiohttp.Fingerprint:
    """Accept only the certificate with this fingerprint."""
    return aiohttp.Fingerprint(bytes.fromhex(fingerprint.replace(":", "")))


async def identify(address: ServerAddress, trust: Trust, agreed: Iterable[str] = ()) -> Tls:
    """Shake hands with the server, send it nothing, and decide whether to go on.

    `agreed` holds fingerprints the user agreed to just now, or for this server at its other address; one of
    them becomes known for this address.

    Raises:
        CertificateUnknown, CertificateChanged: see there.
        Unreachable: the certificate is out of its time, or there was no certificate.
        OSError, ssl.SSLError: there is no TLS server.
    """
    seen = await _seen(address)
    known = trust.fingerprint(address.host, address.port)
    if seen == known:
        return pin(seen)
    if seen in set(agreed):
        trust.remember(address.host, address.port, seen)
        return pin(seen)
    context = await asyncio.to_thread(system_context)
    if await _is_vouched_for(address, context):
        if known is not None:
            logger.info("%s has a certificate of a known authority now", address)
            trust.forget(address.host, address.port)
        return context
    if known is None:
        raise CertificateUnknown(address, seen)
    raise CertificateChanged(address, known, seen)


def system_context() -> ssl.SSLContext:
    """TLS as this system's authorities see it. Reads files: not on the UI thread."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _seen(address: ServerAddress) -> str:
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(address.host, address.port, ssl=anyone)
    try:
        ssl_object: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate = ssl_object.getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if certificate is None:
        raise Unreachable([(address, "It showed no certificate.")])
    return fingerprint_of(certificate)


async def _is_vouched_for(address: ServerAddress, context: ssl.SSLContext) -> bool:
    try:
        _, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _NOT_VALID_NOW:
            today = datetime.now().astimezone()
            why = (
                f"Its certificate is not valid today, {today:%d %B %Y}. Check this computer's date and time."
            )
            raise Unreachable([(address, why)]) from error
        return False
    writer.transport.abort()
    return True
