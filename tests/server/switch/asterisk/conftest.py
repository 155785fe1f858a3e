"""One Asterisk for all tests of this folder; each test is a new server that adopts it."""

import asyncio
import contextlib
import datetime
import json
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.switch.asterisk import AsteriskSettings, AsteriskSwitch
from server.switch.asterisk.process import Identity, identify
from tests.server.switch.asterisk.bench import Bench, Events


@pytest.fixture(scope="session")
def engine_settings() -> Iterator[AsteriskSettings]:
    """Settings whose engine lives until the session ends. A short path: sockets have names of 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="lk-") as temporary:
        folder = Path(temporary)
        settings = make_settings(folder)
        yield settings
        asyncio.run(_stop_engine(settings))


def make_settings(folder: Path) -> AsteriskSettings:
    """Settings on loopback, every port chosen freely."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    _make_certificate(certificate, key)
    return AsteriskSettings(
        data=folder / "engine",
        sip_host="127.0.0.1",
        sip_port=0,
        sips_host="127.0.0.1",
        sips_port=0,
        rtp_low=0,
        rtp_high=0,
        certificate=certificate,
        key=key,
    )


async def _stop_engine(settings: AsteriskSettings) -> None:
    if (settings.data / "engine.json").exists():
        switch = AsteriskSwitch(settings)
        events = Events(switch)
        await switch.start()
        await events.up()
        await switch.aclose()


@pytest.fixture
async def bench(engine_settings: AsteriskSettings) -> AsyncIterator[Bench]:
    """A switch that is up, with phones to be had; nothing is left over from other tests."""
    async with Bench(engine_settings) as bench:
        yield bench


@pytest.fixture
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskSettings]:
    """Settings of an engine that only this test has."""
    with tempfile.TemporaryDirectory(prefix="lk-") as temporary:
        settings = make_settings(Path(temporary))
        yield settings
        _kill_left_over(settings)


def _kill_left_over(settings: AsteriskSettings) -> None:
    """A test that failed half-way leaves no engine behind."""
    with contextlib.suppress(OSError, TypeError):
        known = Identity(**json.loads((settings.data / "engine.json").read_text())["process"])
        if identify(known.pid) == known:
            os.kill(known.pid, signal.SIGKILL)


@pytest.fixture
def plain_settings(own_settings: AsteriskSettings) -> AsteriskSettings:
    """The same without TLS."""
    return replace(own_settings, sips_port=None)


def _make_certificate(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
