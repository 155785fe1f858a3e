"""Contacts, refusals, legs and ports as read from what Asterisk and the kernel tell; no engine needed."""

import asyncio
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from server.switch.asterisk import ports
from server.switch.asterisk.ari import AriError
from server.switch.asterisk.channels import Channels
from server.switch.asterisk.contact_feed import AT_ONCE, ContactFeed
from server.switch.asterisk.contacts import ContactTable, contact_id, is_removal, parse_contact
from server.switch.asterisk.control import Control
from server.switch.asterisk.installation import InstallationError, parse_version
from server.switch.asterisk.legs import REASON_CODES
from server.switch.asterisk.ports import Port
from server.switch.asterisk.process import Process, identify
from server.switch.asterisk.security import REMEMBERED, SecurityReader, moment_of
from server.switch.asterisk.supervisor import AsteriskSettings
from server.switch.asterisk.switch import AsteriskSwitch
from server.switch.digits import read_digits
from server.switch.port import (
    Contact,
    Ended,
    Event,
    Incoming,
    LegChanged,
    LegGone,
    LegState,
    Party,
    Reason,
    SecurityEvent,
    SecurityKind,
    SwitchUnavailable,
)
from tests.phones.waiting import until

LISTED = {
    "Event": "ContactList",
    "ObjectName": "1001;@0",
    "Uri": "sip:1001@192.0.2.7:40000;transport=TLS",
    "UserAgent": "phone 1",
    "Status": "Unreachable",
}
TOLD = {
    "Event": "ContactStatus",
    "URI": "sip:1001@192.0.2.7:40000",
    "ContactStatus": "NonQualified",
    "AOR": "1001",
}


def test_a_contact_is_read_from_a_list() -> None:
    assert parse_contact(LISTED) == Contact(
        number="1001",
        uri="sip:1001@192.0.2.7:40000;transport=TLS",
        transport="tls",
        user_agent="phone 1",
        reachable=False,
        address="192.0.2.7:40000",
    )


class Registrar:
    """Stands for the REST interface of an engine with these contacts, whose ids we cannot always tell."""

    def __init__(self) -> None:
        self.agents: dict[str, str] = {}
        self.broken = self.lost = False
        self.asked = 0
        self.slow = asyncio.Event()
        self.slow.set()

    async def get(self, path: str) -> list[dict[str, str]]:
        self.asked += 1
        await self.slow.wait()
        if self.lost:
            raise SwitchUnavailable("Asterisk did not answer.")
        if self.broken:
            raise AriError(500, "Internal Server Error", path)
        if "/aor/" in path:
            return [{"attribute": "contact", "value": ",".join(self.agents)}]
        for uri, agent in self.agents.items():
            if agent and contact_id(Contact("1001", uri, "udp")) in unquote(path):
                return [{"attribute": "user_agent", "value": agent}]
        raise AriError(404, "Not Found", path)


class Told:
    """An unconnected switch that takes in what is told of contacts."""

    def __init__(self, folder: Path) -> None:
        self.switch = AsteriskSwitch(AsteriskSettings(folder, "", 0, "", 0, 0, 0, folder, folder))
        self.registrar = Registrar()
        self.switch._control.ari = self.registrar  # type: ignore[assignment]
        self.news: list[Event] = []
        self.switch.listen(self.news.append)
        self.feed = ContactFeed(
            self.switch._contacts, self.switch._control.user_agent, self.switch._tell_contacts
        )
        self.task = asyncio.ensure_future(self.feed.run())

    def tell(self, uri: str = TOLD["URI"], status: str = "NonQualified") -> None:
        self.switch._on_contact({**TOLD, "URI": uri, "ContactStatus": status}, self.feed)

    async def phones(self) -> list[str]:
        """What the phones of the extension call themselves, after all that was told."""
        await self.feed.settled()
        return [contact.user_agent for contact in self.switch.contacts("1001")]

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


async def test_a_phone_that_is_told_of_after_it_has_left_stays_away_KEY_5(tmp_path: Path) -> None:
    """As Asterisk does where the extension was changed while the phone was registered."""
    told = Told(tmp_path)
    registrar, uri = told.registrar, TOLD["URI"]
    registrar.agents = {uri: "phone 1"}
    told.tell()
    assert await told.phones() == ["phone 1"]
    registrar.agents = {}
    told.tell(status="Removed")
    assert await told.phones() == []
    seen = len(told.news)
    for status in ("Unreachable", "NonQualified", "Reachable"):
        told.tell(status=status)
    assert await told.phones() == []
    assert len(told.news) == seen
    registrar.agents = {uri: ""}  # its id is not found, but it is there
    told.tell()
    assert await told.phones() == [""]
    registrar.broken = True
    told.tell("sip:1001@192.0.2.8:40000")
    assert await told.phones() == ["", ""], "rather one that is not there than none that is"
    await told.end()


async def test_phones_that_register_together_are_asked_together_and_taken_in_order_KEY_3(
    tmp_path: Path,
) -> None:
    told = Told(tmp_path)
    uris = [f"sip:1001@192.0.2.7:{port}" for port in range(40000, 40030)]
    told.registrar.agents = {uri: uri for uri in uris}
    told.registrar.slow = asyncio.Event()
    for uri in uris:
        told.tell(uri)
    told.tell(uris[0], "Removed")
    told.tell(uris[1], "Unreachable")
    await until(lambda: told.registrar.asked == AT_ONCE, "some are asked for")
    assert told.news == [], "but no more than that"
    told.registrar.slow.set()
    assert await told.phones() == uris[1:]
    assert [contact.reachable for contact in told.switch.contacts("1001")] == [False] + [True] * 28
    told.tell(uris[1], "Removed")
    told.tell(uris[1])
    assert await told.phones() == [*uris[2:], uris[1]], "what it called itself before does not count"
    assert told.registrar.asked == 32
    await told.end()


async def test_a_question_without_an_answer_ends_the_connection_and_all_others_KEY_5(tmp_path: Path) -> None:
    """The next connection reads what is there anew; a phone is never just left out."""
    told = Told(tmp_path)
    told.registrar.slow = asyncio.Event()
    told.tell()
    told.tell("sip:1001@192.0.2.8:40000")
    await until(lambda: told.registrar.asked == 2, "both are asked for")
    told.registrar.lost = True
    told.registrar.slow.set()
    with pytest.raises(SwitchUnavailable):
        await told.task
    assert told.switch.contacts("1001") == ()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("sip:1@192.0.2.7:5062;transport=UDP", "192.0.2.7:5062"),
        ("sip:1@192.0.2.7", "192.0.2.7:5060"),
        ("sip:1@[2001:db8::1]:5062", "[2001:db8::1]:5062"),
        ("sip:192.0.2.7:5062?x=y", "192.0.2.7:5062"),
    ],
)
def test_the_address_of_a_contact(uri: str, address: str) -> None:
    contact = parse_contact({**TOLD, "URI": uri})
    assert contact
    assert contact.address == address


def test_a_contact_that_is_told_is_news_once() -> None:
    table = ContactTable()
    contact = parse_contact(TOLD)
    assert contact
    assert table.put(contact)
    assert not table.put(contact)
    assert table.of("1001") == (contact,)
    assert table.find("1001", contact.uri) == contact
    assert table.remove(contact)
    assert not table.remove(contact)
    assert table.of("1001") == ()
    assert is_removal({**TOLD, "ContactStatus": "Removed"})
    assert not is_removal(TOLD)
    assert parse_contact({"Event": "ContactStatus"}) is None


def test_a_new_list_tells_only_what_changed() -> None:
    table = ContactTable()
    stay, go, come = (Contact(str(number), f"sip:{number}@x") for number in (1, 2, 3))
    table.replace([stay, go])
    assert sorted(table.replace([stay, come])) == ["2", "3"]


def test_the_id_of_a_contact_is_asterisks_own() -> None:
    # Seen in Asterisk's database.
    assert contact_id(Contact("1001", "sip:1001@127.0.0.1:42291")) == "1001;@5e1ebf2a760037948f63fde014631ce8"


# Refusals


def refused(event: str, account: str, session: str = "s") -> dict[str, str]:
    remote = "IPV4/TLS/192.0.2.9/5099"
    return {
        "Event": event,
        "Service": "PJSIP",
        "AccountID": account,
        "SessionID": session,
        "RemoteAddress": remote,
    }


LONG_AGO = datetime.min.replace(tzinfo=UTC)


def test_a_wrong_secret_is_told() -> None:
    event = SecurityReader().read(refused("ChallengeResponseFailed", "1001"), knows_since=LONG_AGO)
    assert event == SecurityEvent(SecurityKind.BAD_SECRET, "1001", "192.0.2.9", "tls")


def test_the_two_requests_of_one_attempt_are_one_event() -> None:
    reader = SecurityReader()
    first = reader.read(refused("InvalidAccountID", "55"), knows_since=LONG_AGO)
    assert first
    assert first.kind is SecurityKind.UNKNOWN_USER
    assert reader.read(refused("InvalidAccountID", "55"), knows_since=LONG_AGO) is None
    assert reader.read(refused("ChallengeResponseFailed", "<unknown>"), knows_since=LONG_AGO) is None
    assert reader.read(refused("InvalidAccountID", "55"), knows_since=LONG_AGO) is not None
    assert reader.read(refused("InvalidAccountID", "55", "other"), knows_since=LONG_AGO) is not None


def test_an_engine_that_has_just_started_knows_nobody_and_blames_nobody_for_it() -> None:
    told = datetime.now(UTC)
    before = {**refused("InvalidAccountID", "55"), "EventTV": (told - timedelta(milliseconds=1)).isoformat()}
    after = {**refused("InvalidAccountID", "55"), "EventTV": told.isoformat()}
    assert SecurityReader().read(after, knows_since=None) is None
    assert SecurityReader().read(before, knows_since=told) is None
    assert SecurityReader().read(after, knows_since=told) is not None
    assert SecurityReader().read(refused("InvalidPassword", "55"), knows_since=None) is not None


def test_a_long_scan_takes_no_more_memory() -> None:
    reader = SecurityReader()
    for number in range(REMEMBERED + 10):
        reader.read(refused("InvalidAccountID", "55", str(number)), knows_since=LONG_AGO)
    assert len(reader._half) == REMEMBERED


def test_other_messages_are_not_refusals() -> None:
    assert SecurityReader().read({"Event": "FullyBooted"}, knows_since=LONG_AGO) is None
    of_the_manager = {**refused("InvalidPassword", "x"), "Service": "AMI"}
    assert SecurityReader().read(of_the_manager, knows_since=LONG_AGO) is None


# Legs


def channel(state: str = "Ring", **more: object) -> dict[str, object]:
    return {
        "id": "c1",
        "name": "PJSIP/1001-00000001",
        "state": state,
        "caller": {"name": "Ada", "number": "1001"},
        "connected": {"name": "", "number": ""},
        "dialplan": {"context": "in", "exten": "1002"},
        "creationtime": "2026-01-31T12:00:00.123+0000",
        "channelvars": {"LINKUS_CONTACT": "", "LINKUS_HELD": ""},
        **more,
    }


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def channels(told: list[Event]) -> Channels:
    return Channels(Control(lambda leg: told.append(LegChanged(leg))), told.append)


async def test_a_call_comes_in_and_is_given_up(channels: Channels, told: list[Event]) -> None:
    channels.handle({"type": "StasisStart", "channel": channel()})
    leg = channels.legs["c1"]
    assert told == [LegChanged(leg), Incoming(leg)]
    assert (leg.number, leg.dialled, leg.caller) == ("1001", "1002", Party("1001", "Ada"))
    channels.handle({"type": "ChannelHangupRequest", "channel": channel(), "cause": 127})
    channels.handle({"type": "StasisEnd", "channel": channel()})
    channels.handle({"type": "ChannelDestroyed", "channel": channel(), "cause": 16})
    assert await leg.gone() == Ended(q850=127)
    assert told[2:] == [LegChanged(leg)]
    assert not channels.legs
    with pytest.raises(LegGone):
        await leg.answered()


@pytest.mark.parametrize(
    ("to", "dialled"),
    [
        ("<sip:%2B4930555@192.0.2.1>;tag=1", "+4930555"),
        ("<sip:" + "9" * 4000 + "@192.0.2.1>", "9" * 79),
        ("<sip:49%0030@192.0.2.1>", "account"),
        ("<sip:192.0.2.1>", "account"),
        ("", "account"),
    ],
    ids=["a number", "too long", "not printable", "no number", "no header"],
)
async def test_what_a_carrier_has_in_To_is_a_number_or_not_taken_ADMIN_2(
    channels: Channels, to: str, dialled: str
) -> None:
    """What is no number, or has no end, would not fit the database: the call would be lost to the log."""
    call = channel(
        name="PJSIP/trunk-main-00000001",
        dialplan={"context": "trunk", "exten": "account"},
        channelvars={"LINKUS_TO": to, "LINKUS_ACCOUNT": "account"},
    )
    channels.handle({"type": "StasisStart", "channel": call})
    assert channels.legs["c1"].dialled == dialled


async def test_keys_that_are_told_after_the_end_of_the_leg_are_read_SIP_4(channels: Channels) -> None:
    key = {"Event": "DTMFBegin", "Direction": "Received", "Uniqueid": "c1"}
    channels.handle({"type": "StasisStart", "channel": channel("Up")})
    leg = channels.legs["c1"]
    channels.handle_dtmf({**key, "Digit": "*"})
    reading = asyncio.ensure_future(read_digits(leg, most=2, first_s=5, next_s=5))
    await asyncio.sleep(0)
    channels.handle({"type": "StasisEnd", "channel": channel("Up")})
    channels.handle_dtmf({**key, "Digit": "5"})
    assert await reading == "*5"
    await leg.digits.released()
    with pytest.raises(LegGone):
        await leg.digits.next()


async def test_old_news_does_not_set_a_leg_back(channels: Channels, told: list[Event]) -> None:
    channels.handle({"type": "StasisStart", "channel": channel("Up")})
    channels.handle({"type": "ChannelStateChange", "channel": channel("Ringing")})
    assert channels.legs["c1"].state is LegState.UP


async def test_after_a_reconnect_only_what_is_there_counts(channels: Channels, told: list[Event]) -> None:
    channels.handle({"type": "StasisStart", "channel": channel()})
    gone = channels.legs["c1"]
    out = channel(
        "Up",
        id="c2",
        channelvars={
            "LINKUS_CONTACT": "sip:1001@x",
            "LINKUS_HELD": "1",
            "LINKUS_HELD_BY_US": "1",
            "LINKUS_MEMO": "noted",
        },
    )
    young = channel(id="c3")
    other = channel(id="c4", name="Local/1001@x-0001")
    bridge = {"id": "b", "channels": ["c2"]}
    out["creationtime"] = other["creationtime"] = "2026-01-31T11:00:00.000+0000"
    before = 1769860800000  # 2026-01-31T12:00:00Z
    channels.replace([out, young, other], [bridge], before_ms=before)
    assert gone.state is LegState.GONE
    assert list(channels.legs) == ["c2"]
    leg = channels.legs["c2"]
    assert (leg.inbound, leg.held, leg.contact, leg.state) == (False, True, "sip:1001@x", LegState.UP)
    assert leg.held_by_us
    assert leg.memo == "noted"
    assert channels.bridges["b"].legs == {"c2"}
    channels.replace([out], [], before_ms=before)
    assert not channels.bridges
    channels.lose_all()
    assert await leg.gone() == Ended(lost=True)


async def test_without_an_engine_asking_fails_and_releasing_does_not(channels: Channels) -> None:
    channels.handle({"type": "StasisStart", "channel": channel()})
    leg = channels.legs["c1"]
    with pytest.raises(SwitchUnavailable):
        await leg.ring()
    await leg.hangup()
    assert leg.hung_up_by_us


def test_every_reason_has_a_cause() -> None:
    assert set(REASON_CODES) == set(Reason)


# Ports, processes, versions


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        text = ports.taken(Port("tcp", "127.0.0.1", number, "SIP", "sip.port")) or ""
        assert f"SIP port {number}/tcp is in use by" in text
        assert f"(process {os.getpid()})" in text
        assert ("tcp", number) in ports.ports_of(os.getpid())
    assert ports.taken(Port("tcp", "127.0.0.1", number, "SIP", "sip.port")) is None


def test_an_address_that_this_machine_lacks_is_named() -> None:
    text = ports.taken(Port("udp", "192.0.2.1", 40000, "SIP", "sip.port")) or ""
    assert "192.0.2.1" in text
    assert "`sip.host`" in text


def test_free_ports_are_free() -> None:
    number = ports.free_port("127.0.0.1", ("udp", "tcp"))
    for protocol in ("udp", "tcp"):
        assert ports.taken(Port(protocol, "127.0.0.1", number, "", "")) is None  # type: ignore[arg-type]
    low, high = ports.free_range(20)
    assert (low % 2, high - low) == (0, 19)


async def test_a_process_is_watched_and_stopped() -> None:
    child = await asyncio.create_subprocess_exec("sleep", "60")
    identity = identify(child.pid)
    assert identity
    process = Process(identity)
    assert process.alive
    await process.stop()
    assert not process.alive
    assert identify(child.pid) is None
    await child.wait()


async def test_a_process_that_is_gone_is_known_as_such() -> None:
    child = await asyncio.create_subprocess_exec("true")
    await child.wait()
    assert identify(child.pid) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", "22.10.1"), ("Asterisk 20.0.0~rc1\n", "20.0.0")],
)
def test_versions_are_understood(text: str, version: str) -> None:
    assert parse_version(text) == version


def test_a_strange_version_is_quoted() -> None:
    with pytest.raises(InstallationError, match="GIT-master"):
        parse_version("Asterisk GIT-master")


@pytest.mark.parametrize("told", ["2026-11-26T14:33:26.909+0000", "2026-11-26T15:33:26.909+0100"])
def test_a_security_event_tells_its_moment(told: str) -> None:
    assert moment_of({"EventTV": told}) == datetime(2026, 11, 26, 14, 33, 26, 909_000, tzinfo=UTC)


@pytest.mark.parametrize("told", ["", "yesterday", "2026-11-26T14:33:26"])
def test_a_moment_that_cannot_be_told_is_none(told: str) -> None:
    assert moment_of({"EventTV": told}) is None
