"""What is heard, and how it is coded and encrypted (SIP-4, SIP-7)."""

import re
from dataclasses import replace

import pytest

from server.contract.extensions import SrtpMode
from server.switch.port import ContactsChanged, Dtmf, LegChanged
from tests.phones.baresip import Baresip
from tests.phones.hearing import PIECE_MS
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import Sound, heard_ms, hears
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench

pytestmark = pytest.mark.real


def latest(phone: ScriptPhone) -> Sound:
    """What a phone heard in the last 300 ms."""
    return phone.heard().since(phone.rtp.now_ms() - 300)


async def hears_now(phone: ScriptPhone, hz: float) -> None:
    await until(
        lambda: latest(phone).ms > 200 and hears(latest(phone), hz), f"{phone.line.number} hears {hz} Hz"
    )


def hears_music(phone: ScriptPhone) -> bool:
    """Whether there is sound which is not the other phone's tone; silence has no samples at all."""
    sound = latest(phone)
    return sound.ms > 200 and not hears(sound, 440) and abs(sound.samples).max() > 300


async def test_both_hear_each_other_and_hold_plays_music_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(440)
    callee.says(900)
    inbound, outbound = await bench.call(caller, callee)
    await hears_now(callee, 440)
    await hears_now(caller, 900)

    await caller.hold()
    await bench.events.get(LegChanged, lambda event: event.leg is inbound and event.leg.held)
    assert not outbound.held
    await until(lambda: hears_music(callee), "1002 hears music")
    bench.events.forget()
    await caller.resume()
    if inbound.held:
        await bench.events.get(LegChanged, lambda event: event.leg is inbound and not event.leg.held)
    await hears_now(callee, 440)
    await hears_now(caller, 900)


async def test_digits_arrive_at_the_other_phone_and_are_told_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    inbound, _ = await bench.call(caller, callee)
    await caller.dtmf("42#")
    await until(lambda: callee.digits() == "42#", "the digits arrive")
    await bench.events.get(Dtmf, lambda event: event.leg is inbound and event.digit == "#")
    told = [event.digit for event in bench.events.seen if isinstance(event, Dtmf) and event.leg is inbound]
    assert told == ["4", "2", "#"]


async def test_digits_in_quick_succession_are_told_once_each_SIP_4(bench: Bench) -> None:
    """Asterisk tells twice of the end of digits less than 45 ms apart; two equal ones are two."""
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    inbound, _ = await bench.call(caller, callee)
    caller.rtp.press("12334455", ms=40, pause_ms=0, ends=1)
    await until(lambda: len(inbound.digits.unread) >= 8, "the digits arrive")
    await caller.dtmf("#")
    await until(lambda: "#" in inbound.digits.unread, "the last digit arrives")
    assert inbound.digits.unread == "12334455#"


async def test_digits_in_info_requests_are_taken_too_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    inbound, _ = await bench.call(caller, callee)
    request = caller._in_dialog("INFO", body="Signal=7\r\nDuration=160\r\n")
    request.headers = [
        (name, "application/dtmf-relay" if name == "Content-Type" else value)
        for name, value in request.headers
    ]
    assert (await caller._ask(request)).status == 200
    await bench.events.get(Dtmf, lambda event: event.leg is inbound and event.digit == "7")
    await until(lambda: callee.digits() == "7", "the digit arrives as a telephone event")
    assert inbound.digits.unread == "7"


async def test_phones_with_different_codecs_hear_each_other_SIP_7(bench: Bench) -> None:
    await bench.extension("1001", codecs=("ulaw",))
    await bench.extension("1002", codecs=("alaw",))
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(440)
    await bench.call(caller, callee)
    assert "a=rtpmap:8 PCMA" in callee.dialog.invite.body
    assert "PCMU" not in callee.dialog.invite.body
    assert "PCMU" in caller.dialog.answer.body
    assert "PCMA" not in caller.dialog.answer.body
    await hears_now(callee, 440)


async def test_codecs_are_offered_in_the_order_given_SIP_7(bench: Bench) -> None:
    await bench.extension("1002", codecs=("g722", "ulaw", "alaw"))
    callee = await bench.phone("1002")
    leg = await bench.dial(bench.switch.contacts("1002")[0])
    await callee.incoming()
    assert "RTP/AVP 9 0 8 101" in callee.dialog.invite.body
    await leg.hangup()


@pytest.mark.parametrize(
    ("mode", "profile", "keys"),
    [
        (SrtpMode.OFF, "RTP/AVP", False),
        (SrtpMode.OPTIONAL, "RTP/AVP", True),
        (SrtpMode.MANDATORY, "RTP/SAVP", True),
    ],
)
async def test_encryption_is_offered_as_the_mode_says_SIP_7(
    bench: Bench, mode: SrtpMode, profile: str, keys: bool
) -> None:
    await bench.extension("1002", srtp=mode)
    callee = await bench.phone("1002")
    leg = await bench.dial(bench.switch.contacts("1002")[0])
    await callee.incoming()
    offer = callee.dialog.invite.body
    assert f" {profile} " in offer
    assert ("a=crypto:" in offer) is keys
    await leg.hangup()


async def test_mandatory_encryption_refuses_a_phone_without_SIP_7(bench: Bench) -> None:
    await bench.extension("1001", srtp=SrtpMode.MANDATORY)
    caller = await bench.phone("1001")
    await caller.dial("1002")
    assert (await caller.ended()).code == 488


async def test_the_codec_of_the_caller_is_offered_first_SIP_7(bench: Bench) -> None:
    await bench.extension("1001", codecs=("ulaw",))
    await bench.extension("1002", codecs=("g722", "alaw", "ulaw"))
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    await bench.call(caller, callee)
    assert re.search(r"RTP/AVP 0 (8 9|9 8) 101", callee.dialog.invite.body)


@pytest.mark.parametrize("mode", [SrtpMode.OPTIONAL, SrtpMode.MANDATORY])
async def test_a_phone_with_tls_and_srtp_talks_with_one_without_SIP_1(bench: Bench, mode: SrtpMode) -> None:
    await bench.extension("1001", srtp=mode)
    callee = await bench.phone("1002")
    callee.says(900)
    line = replace(bench.line("1001", "tls"), srtp=mode.value, codecs=("PCMA",))
    async with Baresip(line) as caller:
        caller.says(440)
        await caller.register()
        told = await bench.events.get(ContactsChanged, lambda event: event.number == "1001")
        (contact,) = told.contacts
        assert contact.transport == "tls"
        assert "baresip" in contact.user_agent
        inbound, outbound = await bench.call(caller, callee)
        # In all, not in one piece: baresip's own clock suffers when the machine stands still.
        await until(lambda: heard_ms(callee.heard(), 440) > PIECE_MS, "1002 hears 440 Hz")
        await until(lambda: heard_ms(caller.heard(), 900) > PIECE_MS, "1001 hears 900 Hz")
        secure = await bench.switch._control.ari.get(
            f"channels/{inbound.id}/variable", variable="CHANNEL(rtp,secure,audio)"
        )
        assert secure["value"] == "1"
        await caller.hangup()
        await inbound.gone()
        await outbound.hangup()
        await callee.ended()
