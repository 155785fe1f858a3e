"""Facts of the generated configuration and of pushed objects that others rely on."""

import configparser
from dataclasses import replace
from pathlib import Path

import pytest

from server.contract.extensions import SrtpMode
from server.settings import Settings
from server.switch.asterisk import config, endpoints, trunk_objects
from server.switch.asterisk.config import EngineConfig
from server.switch.asterisk.installation import Installation
from server.switch.asterisk.modules import MODULES
from server.switch.port import REALM, CallerIdPolicy, SipEndpoint, SipTrunk, TrunkKind

INSTALLATION = Installation(("/a/asterisk",), "22.0", Path("/a/modules"), Path("/a/data"))
CONFIG = EngineConfig(
    folder=Path("/d"),
    sip_host="0.0.0.0",
    sip_port=5060,
    sips_host="::",
    sips_port=5061,
    rtp_low=10000,
    rtp_high=12000,
    certificate=Path("/c.pem"),
    key=Path("/k.pem"),
    ari_port=8088,
    ami_port=5038,
    ari_secret="ari-secret",
    ami_secret="ami-secret",
)
ENDPOINT = SipEndpoint("1001", "a-sip-secret-of-16", "Ada Lovelace")
TRUNK = SipTrunk(
    "main", TrunkKind.REGISTER, "sip.example", username="ac c", secret="a-trunk-secret", domain="d.example"
)


def section(text: str, name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=(";",))
    parser.read_string(text)
    return {key: value.removeprefix(">").strip() for key, value in parser[name].items()}


@pytest.fixture
def files() -> dict[str, str]:
    return config.files(CONFIG, INSTALLATION)


def test_only_the_modules_that_are_needed_are_loaded(files: dict[str, str]) -> None:
    lines = files["modules.conf"].splitlines()
    assert "autoload=no" in lines
    loaded = [line.removeprefix("load => ").removesuffix(".so") for line in lines if line.startswith("load")]
    assert loaded == list(MODULES)
    assert len(set(loaded)) == len(loaded)
    assert not {"app_queue", "app_voicemail", "chan_sip", "app_system", "func_shell"} & set(loaded)


def test_control_is_on_loopback_only(files: dict[str, str]) -> None:
    assert section(files["http.conf"], "general")["bindaddr"] == "127.0.0.1"
    assert section(files["manager.conf"], "general")["bindaddr"] == "127.0.0.1"
    assert section(files["http.conf"], "general")["bindport"] == "8088"


def test_control_secrets_are_in_their_two_files_only_and_never_shown(files: dict[str, str]) -> None:
    assert [name for name, text in files.items() if "ari-secret" in text] == ["ari.conf"]
    assert [name for name, text in files.items() if "ami-secret" in text] == ["manager.conf"]
    assert "secret" not in repr(CONFIG).replace("ari_secret", "").replace("ami_secret", "")


def test_every_transport_listens_where_it_should(files: dict[str, str]) -> None:
    pjsip = files["pjsip.conf"]
    assert section(pjsip, "udp")["bind"] == section(pjsip, "tcp")["bind"] == "0.0.0.0:5060"
    tls = section(pjsip, "tls")
    assert (tls["bind"], tls["cert_file"], tls["priv_key_file"]) == ("[::]:5061", "/c.pem", "/k.pem")
    assert tls["method"] == "tlsv1_2"


def test_tls_can_be_off() -> None:
    assert "[tls]" not in config.files(replace(CONFIG, sips_port=None), INSTALLATION)["pjsip.conf"]


def test_an_address_outside_is_told_to_phones_outside() -> None:
    text = config.files(replace(CONFIG, external_media_address="192.0.2.1"), INSTALLATION)["pjsip.conf"]
    assert section(text, "udp")["external_media_address"] == "192.0.2.1"
    assert "local_net=10.0.0.0/8" in text


def test_extensions_live_in_memory_and_registrations_on_disk(files: dict[str, str]) -> None:
    chains = section(files["sorcery.conf"], "res_pjsip")
    assert chains["endpoint"] == chains["auth"] == chains["aor"] == "memory"
    assert chains["contact"] == "astdb,registrar"


def test_trunks_and_their_secrets_live_in_memory(files: dict[str, str]) -> None:
    sorcery = files["sorcery.conf"]
    assert section(sorcery, "res_pjsip_outbound_registration") == {"registration": "memory"}
    assert section(sorcery, "res_pjsip_endpoint_identifier_ip") == {"identify": "memory"}


def test_without_a_server_calls_are_refused_at_once(files: dict[str, str]) -> None:
    plan = files["extensions.conf"]
    assert plan.count(f"Stasis({config.APPLICATION})") == plan.count("n,Hangup(42)") == 4
    assert "_." not in plan.split()


def test_trunks_are_known_by_address_phones_by_name_and_nobody_anonymously(files: dict[str, str]) -> None:
    everything = section(files["pjsip.conf"], "global")
    # By address first: what comes from a carrier is never taken for an extension, whatever its From says.
    assert everything["endpoint_identifier_order"] == "ip,username,auth_username"
    assert trunk_objects.endpoint_fields(TRUNK, finished=True)["identify_by"] == "ip"
    assert "ip" not in endpoints.endpoint_fields(ENDPOINT)["identify_by"].split(",")
    assert everything["default_realm"] == REALM


# Pushed objects


def test_the_secret_is_pushed_as_a_hash_only() -> None:
    fields = endpoints.auth_fields(ENDPOINT)
    # md5("1001:linkus:a-sip-secret-of-16"), RFC 7616, 3.4.2
    assert fields["md5_cred"] == endpoints.ha1("1001", "a-sip-secret-of-16")
    assert len(fields["md5_cred"]) == 32
    everything = [fields, endpoints.aor_fields(ENDPOINT), endpoints.endpoint_fields(ENDPOINT)]
    assert ENDPOINT.secret not in str(everything)
    assert ENDPOINT.secret not in repr(ENDPOINT)


def test_the_hash_is_that_of_the_rfc(monkeypatch: pytest.MonkeyPatch) -> None:
    # The example of RFC 7616, section 3.9.1.
    monkeypatch.setattr(endpoints, "REALM", "http-auth@example.org")
    assert endpoints.ha1("Mufasa", "Circle of Life") == "3d78807defe7de2157e2b0b6573a855f"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (SrtpMode.OFF, ("no", "no")),
        (SrtpMode.OPTIONAL, ("sdes", "yes")),
        (SrtpMode.MANDATORY, ("sdes", "no")),
    ],
)
def test_encryption_follows_the_mode_SIP_7(mode: SrtpMode, expected: tuple[str, str]) -> None:
    fields = endpoints.endpoint_fields(replace(ENDPOINT, srtp=mode))
    assert (fields["media_encryption"], fields["media_encryption_optimistic"]) == expected


def test_media_goes_through_us_and_phones_behind_nat_are_reached() -> None:
    fields = endpoints.endpoint_fields(ENDPOINT)
    assert fields["direct_media"] == "no"
    for name in ("rtp_symmetric", "force_rport", "rewrite_contact", "send_pai", "trust_id_outbound"):
        assert fields[name] == "yes", name
    assert fields["trust_id_inbound"] == "no"
    assert fields["allow"] == "g722,alaw,ulaw"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", '"Ada Lovelace" <1001>'),
        ("", "<1001>"),
        ('A "B" <C>\\', '"A B C" <1001>'),
        ("Čapek\r\nX: y", '"Čapek X: y" <1001>'),
        ('"<>"', "<1001>"),
    ],
)
def test_a_name_cannot_break_out_of_its_header(name: str, expected: str) -> None:
    assert endpoints.caller_id("1001", name) == expected


# Trunks


def test_a_trunk_sends_to_its_host_and_is_known_by_its_domain_ADMIN_2() -> None:
    registration = trunk_objects.registration_fields(TRUNK)
    assert registration["server_uri"] == "sip:sip.example:5060"
    assert registration["client_uri"] == "sip:ac%20c@d.example"
    assert registration["contact_user"] == "ac%20c"
    over_tls = replace(TRUNK, host="2001:db8::1", port=5061, transport="tls")
    assert trunk_objects.server_uri(over_tls, "*21#") == "sip:*21%23@[2001:db8::1]:5061;transport=tls"


def test_a_trunk_is_trusted_by_its_addresses_only_SIP_1() -> None:
    trunk = replace(TRUNK, host="192.0.2.1", addresses=("198.51.100.0/24", "127.0.0.1", "::1"))
    match = trunk_objects.identify_fields(trunk)["match"]
    assert match == "192.0.2.1,198.51.100.0/24,127.0.0.1:5060,[::1]:5060"


def test_the_fingerprint_changes_with_every_field_and_tells_none_ADMIN_2() -> None:
    known = trunk_objects.fingerprint(TRUNK)
    assert known == trunk_objects.fingerprint(replace(TRUNK))
    changes = [{"secret": "b"}, {"port": 5062}, {"codecs": ("ulaw",)}, {"srtp": SrtpMode.MANDATORY}]
    assert len({known, *(trunk_objects.fingerprint(replace(TRUNK, **change)) for change in changes)}) == 5  # type: ignore[arg-type]
    assert TRUNK.secret not in str(trunk_objects.endpoint_fields(TRUNK, finished=True))
    assert trunk_objects.auth_id(TRUNK) != trunk_objects.auth_id(replace(TRUNK, secret="b"))


def test_a_change_leaves_nothing_of_what_was_ADMIN_2() -> None:
    before = trunk_objects.endpoint_fields(replace(TRUNK, caller_id=CallerIdPolicy.ACCOUNT), finished=True)
    after = trunk_objects.endpoint_fields(SipTrunk("main", TrunkKind.PEER, "192.0.2.1"), finished=True)
    assert set(before) == set(after)
    assert (before["from_user"], after["from_user"]) == ("ac c", "")


def test_others_look_for_recordings_where_the_engine_puts_them(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert replace(CONFIG, folder=settings.switch_folder).recordings == settings.spool
