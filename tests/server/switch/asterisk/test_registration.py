"""Phones register, are refused, counted and blocked (item 7 of the foundation; SIP-1, AUTH-6, AUTH-7)."""

import asyncio
import re

import pytest

from server.switch.asterisk import logfiles
from server.switch.port import ContactsChanged, LegChanged, LegState, SecurityEvent, SecurityKind
from tests.phones.phone import Refused, Transport
from tests.phones.sipscript import Message, Wire
from tests.server.switch.asterisk.bench import Bench

pytestmark = pytest.mark.real


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_phones_register_over_every_transport_SIP_1(bench: Bench, transport: Transport) -> None:
    phone = await bench.phone("1001", transport)
    (contact,) = bench.switch.contacts("1001")
    assert (contact.transport, contact.user_agent, contact.reachable) == (transport, "script phone", True)
    assert contact.address == f"127.0.0.1:{phone.wire.port}"
    other = await bench.phone("1002")
    await bench.call(other, phone)


async def test_phones_can_be_read_before_the_news_of_them_SIP_1(bench: Bench) -> None:
    await bench.extension("1001")
    assert await bench.switch.read_contacts("1001") == ()
    assert await bench.switch.read_contacts("99999999") == (), "there is no such extension"
    phones = [await bench.unregistered("1001", transport=transport) for transport in ("udp", "tcp")]
    for phone in phones:
        await phone.register()
    read = await bench.switch.read_contacts("1001")
    assert {(contact.transport, contact.address) for contact in read} == {
        (phone.line.transport, f"127.0.0.1:{phone.wire.port}") for phone in phones
    }
    await bench.events.get(ContactsChanged, lambda event: len(event.contacts) == 2)
    told = bench.switch.contacts("1001")
    assert {contact.uri for contact in read} == {contact.uri for contact in told}
    assert set(await bench.switch.read_contacts("1001")) == set(told)


async def test_several_phones_register_and_go_one_by_one(bench: Bench) -> None:
    first, second = await bench.phone("1001"), await bench.phone("1001", "tcp")
    assert len(bench.switch.contacts("1001")) == 2
    bench.events.forget()
    await first.register()  # a refresh is no news
    await first.unregister()
    changed = await bench.events.get(ContactsChanged)
    assert [contact.transport for contact in changed.contacts] == ["tcp"]
    await second.unregister()
    await bench.events.get(ContactsChanged, lambda event: not event.contacts)
    assert bench.switch.contacts("1001") == ()


async def test_a_phone_that_leaves_after_its_extension_was_changed_stays_away_KEY_5(bench: Bench) -> None:
    phone = await bench.phone("1001")
    await bench.extension("1001", "Another name")
    await phone.unregister()
    await bench.events.get(ContactsChanged, lambda event: not event.contacts)
    bench.events.forget()
    with pytest.raises(TimeoutError):
        await bench.events.get(ContactsChanged, within_s=6)
    assert bench.switch.contacts("1001") == ()


async def test_a_phone_that_leaves_after_its_extension_was_made_known_again_is_not_asked_for_KEY_5(
    bench: Bench,
) -> None:
    """As by each server that takes an engine over: the phone is no part of what is configured."""
    phone = await bench.phone("1001")
    await bench.extension("1001")
    await phone.unregister()
    await bench.events.get(ContactsChanged, lambda event: not event.contacts)
    assert await bench.switch.read_contacts("1001") == ()


async def test_a_lost_connection_ends_a_registration_at_once(bench: Bench) -> None:
    phone = await bench.phone("1001", "tls")
    await phone.wire.close()
    await bench.events.get(ContactsChanged, lambda event: not event.contacts, within_s=15)


async def test_a_registration_that_is_not_refreshed_ends(bench: Bench) -> None:
    await bench.extension("1001")
    phone = await bench.unregistered("1001")
    phone.expires_s = 1  # raised to the shortest allowed
    await phone.register()
    await bench.events.get(ContactsChanged, lambda event: bool(event.contacts))
    await bench.events.get(ContactsChanged, lambda event: not event.contacts, within_s=30)


async def test_a_dead_phone_is_noticed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.switch.asterisk.endpoints.QUALIFY_S", 1)
    phone = await bench.phone("1001")
    for task in phone._tasks:  # it answers nothing any more
        task.cancel()
    event = await bench.events.get(
        ContactsChanged, lambda event: any(not contact.reachable for contact in event.contacts)
    )
    assert len(event.contacts) == 1


async def test_one_phone_too_many_takes_the_place_of_another(bench: Bench) -> None:
    await bench.extension("1001", max_contacts=2)
    phones = [await bench.unregistered("1001") for _ in range(3)]
    phones[0].expires_s = 60  # the first to expire
    for phone in phones:
        await phone.register()
    await bench.events.get(
        ContactsChanged,
        lambda event: (
            {contact.address for contact in event.contacts}
            == {f"127.0.0.1:{phone.wire.port}" for phone in phones[1:]}
        ),
    )


def shape(answer: Message) -> list[tuple[str, str]]:
    """An answer without what is different each time anyway."""
    patterns = r'nonce="[^"]*"|opaque="[^"]*"|branch=[^;]*|tag=[^;]*|\d{4,5}\b|[0-9a-f]{16}@'
    return [(answer.first, ""), *((name, re.sub(patterns, "*", value)) for name, value in answer.headers)]


async def test_a_wrong_secret_and_an_unknown_user_cannot_be_told_apart_AUTH_6(bench: Bench) -> None:
    await bench.extension("1001")
    wrong = await bench.unregistered("1001", secret="not the secret")
    unknown = await bench.unregistered("5555", secret="not the secret")
    assert shape(await wrong.try_register()) == shape(await unknown.try_register())
    assert (await wrong.try_register()).status == 401
    assert wrong.challenges == unknown.challenges + 1

    await wrong.dial("1002")
    await unknown.dial("1002")
    assert (await wrong.ended()).code == (await unknown.ended()).code == 401
    assert not bench.switch.contacts("1001")


async def test_refused_requests_are_told_with_account_and_address(bench: Bench) -> None:
    await bench.extension("1001")
    bench.events.forget()
    await (await bench.unregistered("1001", secret="not the secret")).try_register()
    event = await bench.events.get(SecurityEvent)
    assert event == SecurityEvent(SecurityKind.BAD_SECRET, "1001", "127.0.0.1", "udp")
    bench.events.forget()
    await (await bench.unregistered("5555", secret="not the secret", transport="tls")).try_register()
    event = await bench.events.get(SecurityEvent)
    assert event == SecurityEvent(SecurityKind.UNKNOWN_USER, "5555", "127.0.0.1", "tls")


async def test_an_attempt_is_counted_once(bench: Bench) -> None:
    await bench.extension("1001")
    await (await bench.unregistered("5554", secret="not the secret")).try_register()
    await bench.events.get(SecurityEvent)
    bench.events.forget()
    for _ in range(3):
        await (await bench.unregistered("5555", secret="not the secret")).try_register()
    await (await bench.unregistered("1001", secret="not the secret")).try_register()
    await bench.events.get(SecurityEvent, lambda event: event.kind is SecurityKind.BAD_SECRET)
    kinds = [event.kind for event in bench.events.seen if isinstance(event, SecurityEvent)]
    assert kinds == [SecurityKind.UNKNOWN_USER] * 3 + [SecurityKind.BAD_SECRET]


async def test_a_scan_without_credentials_is_told_too(bench: Bench) -> None:
    await bench.extension("1001")
    scanner = await bench.unregistered("5555")
    for number in range(3):
        request = Message(
            f"OPTIONS sip:{number}@127.0.0.1 SIP/2.0",
            [
                ("Via", scanner.wire.via),
                ("From", f"<sip:77{number}@127.0.0.1>;tag=1"),
                ("To", f"<sip:{number}@127.0.0.1>"),
                ("Call-ID", f"scan-{number}-{scanner.wire.port}"),
                ("CSeq", "1 OPTIONS"),
            ],
        )
        assert (await scanner.wire.ask(request)).status == 401
    await bench.events.get(
        SecurityEvent, lambda event: event.kind is SecurityKind.UNKNOWN_USER and event.account == "772"
    )


class OtherWire(Wire):
    """A socket on another loopback address, as a stranger would have."""

    ADDRESS = "127.0.0.77"

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._socket, _ = await loop.create_datagram_endpoint(lambda: self, (self.ADDRESS, 0))
        self.port = self._socket.get_extra_info("sockname")[1]


async def test_blocked_addresses_are_refused_and_others_are_not_AUTH_6(bench: Bench) -> None:
    await bench.extension("1001")
    phone = await bench.unregistered("1001")
    async with OtherWire("127.0.0.1", bench.sip_port) as wire:

        async def ask() -> int:
            request = phone._request(
                "REGISTER", "sip:127.0.0.1", call_id=wire.via[-16:], sequence=1, to="<sip:1001@127.0.0.1>",
                from_="<sip:1001@127.0.0.1>;tag=1",
            )  # fmt: skip
            request.headers[0] = ("Via", wire.via)
            return (await wire.ask(request)).status

        assert await ask() == 401
        await bench.switch.block(["192.0.2.7", OtherWire.ADDRESS])
        assert await ask() == 403
        await phone.register()
        await bench.switch.block(["192.0.2.7"])
        assert await ask() == 401
        await bench.switch.block([f"10.{i // 250}.{i % 250}.1" for i in range(1000)] + [OtherWire.ADDRESS])
        assert await ask() == 403
        await bench.switch.block([])
        assert await ask() == 401


async def test_a_block_outlives_the_connection_to_the_engine(bench: Bench) -> None:
    await bench.switch.block([OtherWire.ADDRESS])
    bench.events.forget()
    await bench.switch._control.ari.__aexit__()
    await bench.events.up()
    phone = await bench.unregistered("1001")
    async with OtherWire("127.0.0.1", bench.sip_port) as wire:
        request = phone._request(
            "OPTIONS",
            "sip:127.0.0.1",
            call_id="a",
            sequence=1,
            to="<sip:1@127.0.0.1>",
            from_="<sip:1@x>;tag=1",
        )
        request.headers[0] = ("Via", wire.via)
        assert (await wire.ask(request)).status == 403


async def test_a_removed_extension_is_out_at_once_AUTH_7(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    inbound, outbound = await bench.call(caller, callee)
    await bench.switch.remove("1001")
    await bench.events.get(
        LegChanged, lambda event: event.leg is inbound and event.leg.state is LegState.GONE
    )
    await caller.ended()
    assert bench.switch.contacts("1001") == ()
    with pytest.raises(Refused):
        await caller.register()
    await outbound.hangup()
    await callee.ended()
    await callee.dial("1001")
    assert (await bench.events.incoming()).dialled == "1001"
    await bench.switch.remove("1001")  # again: nothing to do


async def test_a_new_secret_replaces_the_old_one_at_once(bench: Bench) -> None:
    phone = await bench.phone("1001")
    bench.secrets["1001"] = "another-secret-entirely"
    await bench.extension("1001")
    assert (await phone.try_register()).status == 401
    await (await bench.unregistered("1001")).register()


async def test_the_log_of_the_engine_is_kept_small(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = bench.switch._engine
    folder = engine.config.folder / "log"
    monkeypatch.setattr(logfiles, "LARGEST", 1)
    for _ in range(logfiles.KEPT + 3):
        await (await bench.unregistered("1001", secret="not the secret")).try_register()
        await logfiles.rotate_if_large(bench.switch._control.ari, folder)
    assert len(list(folder.glob("messages.log.*"))) == logfiles.KEPT
