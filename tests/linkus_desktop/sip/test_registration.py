"""Registration of the real phone: transports, failures, recovery (SIP-1)."""

import datetime
import random
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from linkus_desktop.sip import registration
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.registration import FIRST_WAIT_S, LONGEST_WAIT_S, Failure, classify, retry_wait
from linkus_desktop.sip.values import CallState, PhoneError, Registration
from tests.linkus_desktop.sip.conftest import Until, account
from tests.linkus_desktop.sip.small_pbx import SmallPbx


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "pbx.pem")


def make_certificate(path: Path) -> Path:
    """A certificate nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pbx")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_registers_and_calls_over(
    transport: str, phone: Phone, pbx: SmallPbx, until: Until, certificate: Path
) -> None:
    """SIP-1: TCP and TLS as well as UDP, with digest; a call goes through."""
    await pbx.stop()
    pbx.transport = transport
    await pbx.start(certificate if transport == "tls" else None)
    phone.start(account(pbx), "127.0.0.1")
    assert phone.registration is Registration.CONNECTING
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")
    assert transport.upper() in phone.registration_text
    call = phone.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    await phone.stop()


def fingerprint(certificate: Path) -> str:
    return (
        x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()
    )


async def test_the_certificate_agreed_to_at_the_log_in_is_good_for_calls_AUTH_3(
    phone: Phone, pbx: SmallPbx, until: Until, certificate: Path
) -> None:
    await pbx.stop()
    pbx.transport = "tls"
    await pbx.start(certificate)
    phone.start(account(pbx), "127.0.0.1", fingerprint=fingerprint(certificate))
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")
    await phone.stop()


async def test_another_certificate_gets_nothing_of_us_and_is_told_SIP_1(
    phone: Phone, pbx: SmallPbx, until: Until, certificate: Path
) -> None:
    """Someone in between would else get the digest, and all calls."""
    await pbx.stop()
    pbx.transport = "tls"
    await pbx.start(certificate)
    phone.start(account(pbx), "127.0.0.1", fingerprint=":".join(["AB"] * 32))
    await until(lambda: "another certificate than at the log-in" in phone.registration_text, "told")
    assert phone.registration is Registration.FAILED
    assert "Ask your administrator" in phone.registration_text
    assert pbx.requests == []
    phone.network_changed()
    await until(lambda: phone.registration is Registration.CONNECTING, "tries again")
    await until(lambda: "another certificate" in phone.registration_text, "and fails again")
    assert phone.registration is Registration.FAILED
    assert pbx.requests == []
    await phone.stop()


async def test_a_certificate_that_changes_under_a_registered_phone_is_noticed_SIP_1(
    phone: Phone, pbx: SmallPbx, until: Until, certificate: Path, tmp_path: Path
) -> None:
    await pbx.stop()
    pbx.transport = "tls"
    await pbx.start(certificate)
    port = pbx.port
    phone.start(account(pbx), "127.0.0.1", fingerprint=fingerprint(certificate))
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")
    await pbx.stop()
    seen = len(pbx.requests)
    await pbx.start(make_certificate(tmp_path / "stranger.pem"), port)
    await until(lambda: "another certificate" in phone.registration_text, "told")
    assert phone.registration is Registration.FAILED
    assert len(pbx.requests) == seen
    await phone.stop()


@pytest.mark.parametrize(
    ("status", "words"), [(403, "refused this phone"), (404, "does not know this extension"), (503, "503")]
)
async def test_a_refusal_says_why(phone: Phone, pbx: SmallPbx, until: Until, status: int, words: str) -> None:
    """SIP-1: the reason of a failure is visible."""
    pbx.register_status = status
    phone.start(account(pbx), "127.0.0.1")
    await until(lambda: phone.registration is Registration.FAILED, "failed")
    assert words in phone.registration_text
    assert str(status) in phone.registration_text


async def test_silence_is_told_soon_and_recovers(
    phone: Phone, pbx: SmallPbx, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIP-1: no answer is shown long before PJSIP gives up, and the phone registers once the PBX is back."""
    monkeypatch.setattr("linkus_desktop.sip.line.NO_ANSWER_MS", 300)
    pbx.register_status = 0
    phone.start(account(pbx), "127.0.0.1")
    await until(lambda: phone.registration is Registration.FAILED, "told")
    assert "does not answer" in phone.registration_text
    pbx.register_status = 200
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")


async def test_nothing_listens(phone: Phone, pbx: SmallPbx, until: Until) -> None:
    """SIP-1: a refused connection is told at once, with the system's words."""
    await pbx.stop()
    pbx.transport = "tcp"
    await pbx.start()
    gone = account(pbx)
    await pbx.stop()
    phone.start(gone, "127.0.0.1")
    await until(lambda: "refused" in phone.registration_text.lower(), "failed")
    assert phone.registration is Registration.FAILED
    assert "cannot be reached" in phone.registration_text


async def test_a_lost_connection_is_made_again(phone: Phone, pbx: SmallPbx, until: Until) -> None:
    """AUTH-8, SIP-1: the PBX restarts; the phone says so and is registered again by itself."""
    await pbx.stop()
    pbx.transport = "tcp"
    await pbx.start()
    phone.start(account(pbx), "127.0.0.1")
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")
    told: list[Registration] = []
    phone.registration_changed.connect(lambda state, text: told.append(state))
    pbx.drop_connections()
    await until(lambda: Registration.FAILED in told, "told")
    await until(lambda: phone.registration is Registration.REGISTERED, "registered again")
    await phone.stop()


async def test_network_changed_registers_again(registered: Phone, pbx: SmallPbx, until: Until) -> None:
    """SIP-1: after sleep or on another network; the state does not flicker."""
    told: list[Registration] = []
    registered.registration_changed.connect(lambda state, text: told.append(state))
    before = pbx.methods().count("REGISTER")
    registered.network_changed()
    await until(lambda: pbx.methods().count("REGISTER") > before, "a REGISTER")
    assert told == []


async def test_a_new_address_gets_a_new_start(
    registered: Phone, pbx: SmallPbx, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIP-1: without calls, another address of this machine means new sockets and a new contact."""
    contact = pbx.contact
    monkeypatch.setattr("linkus_desktop.sip.network.local_address", lambda host, port: "127.0.0.2")
    registered.network_changed()
    await until(lambda: pbx.contact != contact and "127.0.0.2" in pbx.contact, "a new contact")
    await until(lambda: registered.registration is Registration.REGISTERED, "registered")
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")


async def test_a_name_is_looked_up_off_the_main_thread(phone: Phone, pbx: SmallPbx, until: Until) -> None:
    phone.start(account(pbx), "localhost")
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")
    assert "localhost" in phone.registration_text


async def test_an_unknown_name_says_so(
    phone: Phone, pbx: SmallPbx, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkus_desktop.sip.network.resolve", lambda host: host)
    phone.start(account(pbx), "no-such-name.invalid")
    await until(lambda: phone.registration is Registration.FAILED, "failed")
    assert "no-such-name.invalid" in phone.registration_text
    with pytest.raises(PhoneError, match=r"no-such-name\.invalid"):
        phone.dial("2001")


async def test_a_phone_that_is_off_refuses_to_dial(phone: Phone) -> None:
    with pytest.raises(PhoneError, match="Log in"):
        phone.dial("2001")


async def test_an_account_without_a_port(phone: Phone, pbx: SmallPbx) -> None:
    with pytest.raises(PhoneError, match="no port"):
        phone.start(account(pbx, transport="tls"), "127.0.0.1")


def test_waits_are_jittered_bounded_and_differ_by_kind() -> None:
    """SIP-1: phones that lost their PBX together do not return together; a wrong secret is tried seldom."""
    for kind in Failure:
        for tries in range(1, 40):
            waits = {retry_wait(kind, tries, random.Random(seed)) for seed in range(20)}
            assert len(waits) > 10
            assert FIRST_WAIT_S[kind][0] <= min(waits)
            assert max(waits) <= LONGEST_WAIT_S[kind][1]
    dice = random.Random(1)
    assert retry_wait(Failure.REFUSED, 1, dice) > retry_wait(Failure.NO_CONNECTION, 1, dice)


@pytest.mark.parametrize(
    ("code", "local", "detail", "kind"),
    [
        (401, False, "", Failure.REFUSED),
        (403, False, "", Failure.REFUSED),
        (404, False, "", Failure.REFUSED),
        (408, True, "", Failure.NO_ANSWER),
        (503, True, "Connection refused", Failure.NO_CONNECTION),
        (503, False, "", Failure.SERVER),
        (500, False, "", Failure.SERVER),
        (480, False, "", Failure.SERVER),
    ],
)
def test_kinds_of_failure(code: int, local: bool, detail: str, kind: Failure) -> None:
    failure = classify(code, detail, "pbx:5060 (UDP)", local=local)
    assert failure.kind is kind
    assert "pbx:5060" in failure.text
    assert failure.text.endswith(".")
    assert registration.classify(code, detail, "x", local=local).kind is kind
