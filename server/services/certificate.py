"""The server's TLS certificate: made at `init`, used by the API and by SIP over TLS.

RSA rather than an elliptic curve: older desk phones know nothing else, and one certificate serves both.
"""

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.services.vault import write_private

YEARS = 10
KEY_BITS = 2048


class CertificateError(Exception):
    """The certificate or its key cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What a person may want to compare.

    Attributes:
        fingerprint: SHA-256 of the DER form, in lower-case hex without separators.
        expires_at: end of validity.
        self_signed: True for the one that `init` makes.
    """

    fingerprint: str
    expires_at: datetime
    self_signed: bool


def make(certificate: Path, key: Path, *, hosts: list[str], now: datetime) -> None:
    """Write a self-signed certificate for `hosts` (names and addresses) and its key, both as PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clients' clocks are not exact
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    write_private(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    write_private(certificate, built.public_bytes(serialization.Encoding.PEM))


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def local_hosts() -> list[str]:
    """Names and addresses by which clients on this machine and the LAN may reach it, without any look-up."""
    hosts = [socket.gethostname(), "localhost", "127.0.0.1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks the kernel for our own address
            hosts.append(str(probe.getsockname()[0]))
        except OSError:
            pass  # no network yet: the names have to do
    return [host for host in dict.fromkeys(hosts) if host.isascii()]


def info(certificate: Path) -> CertificateInfo:
    """Read the certificate (the first one, if the file holds a chain).

    Raises:
        CertificateError: it cannot be read.
    """
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(f"The certificate {certificate} cannot be read: {error}") from error
    return CertificateInfo(
        fingerprint=loaded.fingerprint(hashes.SHA256()).hex(),
        expires_at=loaded.not_valid_after_utc,
        self_signed=loaded.subject == loaded.issuer,
    )


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """The TLS settings of the API (TLS 1.2 and above).

    Raises:
        CertificateError: a file is missing or unusable, or the key is not the certificate's.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise CertificateError(
            f"The certificate {certificate} with key {key} cannot be used: {error}"
        ) from error
    return context
