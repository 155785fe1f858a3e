"""Keys, secrets and the certificate of the data folder (A.5)."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from server.services import certificate
from server.services.certificate import CertificateError
from server.services.vault import Vault, VaultError, make_keys, new_password, new_sip_secret, write_private


def test_keys_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    make_keys(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_keys(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_what_is_sealed_can_only_be_read_with_the_same_key(tmp_path: Path) -> None:
    make_keys(tmp_path)
    sealed = Vault.open(tmp_path).seal("a SIP secret")
    assert b"a SIP secret" not in sealed
    assert Vault.open(tmp_path).unseal(sealed) == "a SIP secret"
    (tmp_path / "secrets.key").unlink()
    with pytest.raises(VaultError, match=r"secrets\.key cannot be read"):
        Vault.open(tmp_path)
    write_private(tmp_path / "secrets.key", b"not a key\n")
    with pytest.raises(VaultError, match="damaged"):
        Vault.open(tmp_path)


def test_made_secrets_differ_and_suit_a_phones_keyboard() -> None:
    passwords = {new_password() for _ in range(50)}
    assert len(passwords) == 50
    assert all(len(password) == 24 and not set(password) & set("0O1lI") for password in passwords)
    assert len({new_sip_secret() for _ in range(50)}) == 50


def test_a_made_certificate_serves_its_hosts(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.make(cert, key, hosts=["pbx.example.org", "192.0.2.1"], now=now)
    loaded = x509.load_pem_x509_certificate(cert.read_bytes())
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["pbx.example.org"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("192.0.2.1")]
    assert key.stat().st_mode & 0o777 == 0o600
    info = certificate.info(cert)
    assert info.self_signed
    assert info.expires_at - now > timedelta(days=3000)
    assert certificate.server_context(cert, key).minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_certificate_that_does_not_fit_is_explained(tmp_path: Path, tls_folder: Path) -> None:
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.make(cert, key, hosts=["localhost"], now=datetime.now(UTC))
    with pytest.raises(CertificateError, match="cannot be used"):
        certificate.server_context(cert, tls_folder / "key.pem")
    with pytest.raises(CertificateError, match="nowhere"):
        certificate.server_context(tmp_path / "nowhere", key)
    with pytest.raises(CertificateError, match="cannot be read"):
        certificate.info(tmp_path / "nowhere")


def test_local_hosts_are_names_that_a_certificate_can_hold() -> None:
    hosts = certificate.local_hosts()
    assert "localhost" in hosts
    assert len(hosts) == len(set(hosts))
