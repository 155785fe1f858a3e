"""Calls of the real phone through a small PBX, on the loopback (SIP-3, SIP-4)."""

import pytest

from linkus_desktop.sip.audio import Ring
from linkus_desktop.sip.audio.tones import ring
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState, PhoneError, Registration
from tests.linkus_desktop.sip.conftest import Until, account
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.linkus_desktop.sip.sound_cards import (
    BUILT_IN_MIC,
    BUILT_IN_SPEAKER,
    HEADSET,
    HEADSET_MIC,
    SoundCards,
)
from tests.phones.hearing import hears_tone, tone_gone, unbroken


async def test_both_hear_each_other(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """SIP-2, SIP-7: a dialled call is answered, and sound goes both ways."""
    cards.hz = 700.0
    pbx.rtp.says(440.0)
    call = registered.dial("2 0-0 1")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    assert call.number == "2001"
    assert call.answered_at is not None
    await hears_tone(pbx.rtp, 700.0, wait=until)
    await hears_tone(cards.speakers[-1], 440.0, wait=until)
    call.hangup()
    await until(lambda: call.end is not None, "ended")
    assert call.end is not None
    assert call.end.by_us
    assert call.end.text == ""
    assert registered.calls == []
    await until(lambda: "BYE" in pbx.methods(), "BYE")


async def test_hold_and_resume(registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until) -> None:
    """SIP-4: hold is told to the other end and cuts the sound both ways; resume brings it back."""
    cards.hz = 700.0
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    call.hold()
    await until(lambda: call.state is CallState.HELD, "held")
    assert call.held
    offer = [r for r in pbx.requests if r.method == "INVITE"][-1]
    assert "a=sendonly" in offer.body
    pbx.rtp.forget()
    call.resume()
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    offer = [r for r in pbx.requests if r.method == "INVITE"][-1]
    assert "a=sendonly" not in offer.body
    await hears_tone(pbx.rtp, 700.0, wait=until)


async def test_a_refused_hold_leaves_the_call_as_it_was(
    registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    """SIP-4: what the screen shows is what the PBX agreed to."""
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    pbx.reinvite_status = 488
    seen: list[CallState] = []
    call.changed.connect(lambda: seen.append(call.state))
    call.hold()
    await until(lambda: seen, "told")
    assert call.state is CallState.ACTIVE
    assert registered.active is call


async def test_mute_cuts_the_microphone_only(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """SIP-4."""
    cards.hz = 700.0
    pbx.rtp.says(440.0)
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    await hears_tone(pbx.rtp, 700.0, wait=until)
    call.set_muted(True)
    assert call.muted
    await tone_gone(pbx.rtp, 700.0, wait=until)
    await hears_tone(cards.speakers[-1], 440.0, wait=until)
    call.set_muted(False)
    await hears_tone(pbx.rtp, 700.0, wait=until)


async def test_dtmf_as_telephone_events(registered: Phone, pbx: SmallPbx, until: Until) -> None:
    """SIP-4, RFC 4733."""
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    call.send_dtmf("19*#a")
    await until(lambda: pbx.rtp.digits == "19*#A", "digits")
    assert "INFO" not in pbx.methods()


async def test_dtmf_falls_back_to_info(registered: Phone, pbx: SmallPbx, until: Until) -> None:
    """SIP-4: where the other end takes no telephone events."""
    pbx.telephone_event = False
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    call.send_dtmf("5")
    await until(lambda: "INFO" in pbx.methods(), "INFO")
    assert "Signal=5" in next(r for r in pbx.requests if r.method == "INFO").body.replace(" ", "")


async def test_keys_that_do_not_exist(registered: Phone, pbx: SmallPbx, until: Until) -> None:
    call = registered.dial("2001")
    with pytest.raises(PhoneError, match="answered"):
        call.send_dtmf("1")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    with pytest.raises(PhoneError, match="0-9"):
        call.send_dtmf("1x")


@pytest.mark.parametrize(
    ("status", "reason", "text"),
    [
        (486, "", "Busy"),
        (480, "Q.850;cause=19", "No answer"),
        (480, 'Q.850;cause=20;text="Subscriber absent"', "Not registered"),
        (404, "", "Number does not exist"),
        (603, "", "Declined"),
        (403, "", "Not allowed"),
        (408, "", "No answer from the PBX"),
        (488, "", "No common codec or encryption"),
        (500, "", "The PBX had an internal error"),
        (503, "", "Service unavailable"),
        (503, "Q.850;cause=34", "All lines are in use"),
    ],
)
async def test_why_a_call_was_not_answered(
    registered: Phone, pbx: SmallPbx, until: Until, status: int, reason: str, text: str
) -> None:
    """SIP-1, LOG-1: the words follow the SIP code and the Reason header."""
    pbx.invite_answers, pbx.reason = [180, status], reason
    call = registered.dial("2001")
    await until(lambda: call.end is not None, "ended")
    assert call.end is not None
    assert (call.end.sip_code, call.end.text, call.end.by_us) == (status, text, False)


async def test_a_call_is_picked_up_and_shows_who_calls_SIP_4(
    registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.answer_headers = [("P-Asserted-Identity", '"Anna Berg" <sip:1001@pbx>')]
    call = registered.pick_up("*041002", "1002")
    assert (call.number, call.picks_up) == ("1002", True)
    await until(lambda: call.state is CallState.ACTIVE, "connected")
    assert [*pbx.invites] == ["*041002"]
    assert (call.number, call.name) == ("1001", "Anna Berg")
    call.hangup()
    await until(lambda: call.end is not None, "ended")


async def test_a_call_that_somebody_else_was_faster_to_take_SIP_4(
    registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.invite_answers = [404]
    call = registered.pick_up("*041002", "1002")
    await until(lambda: call.end is not None, "ended")
    assert call.end is not None
    assert call.end.text == "This call is not there any more"


async def test_an_incoming_call_is_answered(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """SIP-3: it rings, shows who calls, and is answered; the ringing stops and sound flows."""
    cards.hz = 500.0
    pbx.call()
    await until(lambda: registered.calls, "a call")
    [call] = registered.calls
    assert (call.incoming, call.number, call.name) == (True, "2001", "Zoë Ångström")
    assert call.state is CallState.INCOMING
    assert [bell.ring for bell in cards.bells] == [ring(Ring.CALL)]
    call.answer()
    call.answer()
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    assert cards.bells == []
    await hears_tone(pbx.rtp, 500.0, wait=until)
    pbx.bye()
    await until(lambda: call.end is not None, "ended")
    assert call.end is not None
    assert not call.end.by_us


@pytest.mark.parametrize(("busy", "status"), [(False, 603), (True, 486)])
async def test_reject(registered: Phone, pbx: SmallPbx, until: Until, busy: bool, status: int) -> None:
    """SIP-3."""
    pbx.call()
    await until(lambda: registered.calls, "a call")
    registered.calls[0].reject(busy)
    await until(lambda: status in [a.status for a in pbx.answers], f"{status} on the wire")
    await until(lambda: not registered.calls, "gone")


async def test_answered_on_another_phone(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """RFC 3326: a CANCEL with `SIP;cause=200` is no missed call."""
    pbx.call()
    await until(lambda: registered.calls, "a call")
    [call] = registered.calls
    pbx.reason = 'SIP;cause=200;text="Call completed elsewhere"'
    pbx.cancel()
    await until(lambda: call.end is not None, "ended")
    assert call.end is not None
    assert call.end.answered_elsewhere
    assert call.end.text == "Answered on another phone"
    assert cards.bells == []


async def test_a_caller_who_gives_up_is_missed(registered: Phone, pbx: SmallPbx, until: Until) -> None:
    pbx.call()
    await until(lambda: registered.calls, "a call")
    [call] = registered.calls
    pbx.cancel()
    await until(lambda: call.end is not None, "ended")
    assert call.end is not None
    assert (call.end.text, call.end.answered_elsewhere) == ("Missed", False)


async def test_a_second_call_and_switching(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """SIP-3: one active, the others held; switching swaps them."""
    first = registered.dial("2001")
    await until(lambda: first.state is CallState.ACTIVE, "first answered")
    second = registered.dial("2002")
    await until(lambda: second.state is CallState.ACTIVE and first.held, "second answered, first held")
    assert registered.active is second
    registered.switch_to(first)
    await until(lambda: first.state is CallState.ACTIVE and second.held, "swapped")
    assert registered.active is first
    pbx.call()
    await until(lambda: len(registered.calls) == 3, "a third")
    assert [bell.ring for bell in cards.bells] == [ring(Ring.WAITING)]
    third = registered.calls[2]
    third.answer()
    await until(lambda: third.state is CallState.ACTIVE and first.held and second.held, "third answered")


async def test_the_fifth_caller_gets_busy(registered: Phone, pbx: SmallPbx, until: Until) -> None:
    """SIP-3: at four calls a further caller gets 486, and dialling says why not."""
    for number in ("2001", "2002", "2003", "2004"):
        call = registered.dial(number)
        await until(lambda call=call: call.state is CallState.ACTIVE, "answered")
    with pytest.raises(PhoneError, match="4 calls"):
        registered.dial("2005")
    pbx.call()
    await until(lambda: 486 in [a.status for a in pbx.answers], "486")
    assert len(registered.calls) == 4


async def test_nobody_answers_at_all(
    phone: Phone, pbx: SmallPbx, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIP-1: a dead PBX is told in seconds, not after the 32 s of RFC 3261."""
    monkeypatch.setattr("linkus_desktop.sip.call.NO_RESPONSE_MS", 300)
    phone.start(account(pbx), "127.0.0.1")
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")
    pbx.invite_answers = []
    call = phone.dial("2001")
    await until(lambda: call.end is not None, "given up")
    assert call.end is not None
    assert call.end.text == "The PBX cannot be reached"
    assert phone.calls == []


async def test_hanging_up_before_any_response(registered: Phone, pbx: SmallPbx) -> None:
    """The window is free at once, though a CANCEL must wait for a response (RFC 3261, 9.1)."""
    pbx.invite_answers = []
    call = registered.dial("2001")
    call.hangup()
    assert call.end is not None
    assert call.end.text == "Cancelled"
    assert registered.calls == []


async def test_stop_and_start_again(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """Stopping in a call hangs up, unregisters and closes the devices; a new start works as the first."""
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE and BUILT_IN_MIC in cards.open, "talking")
    await registered.stop()
    assert "BYE" in pbx.methods()
    assert [r for r in pbx.requests if r.method == "REGISTER"][-1].get("Expires") == "0"
    assert cards.open == set()
    registered.start(account(pbx), "127.0.0.1")
    again = registered.dial("2002")
    await until(lambda: again.state is CallState.ACTIVE, "answered again")


async def test_ring_back_busy_and_no_gap(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """The caller hears ringing, then the other end without a gap above 60 ms."""
    pbx.invite_answers = [180]
    pbx.rtp.says(600.0)
    call = registered.dial("2001")
    await until(lambda: cards.speakers, "the loudspeaker is opened")
    await hears_tone(cards.speakers[-1], 425.0, wait=until)
    pbx.respond(200)
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    await hears_tone(cards.speakers[-1], 600.0, wait=until)
    await unbroken((cards.speakers[-1], 600.0), ms=3000, wait=until)


async def test_devices_of_other_rates_come_and_go_in_a_call(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """SIP-6: the call goes on through each of them; PJSIP's clock may still be at work in the one before."""
    cards.hz = 700.0
    pbx.rtp.says(440.0)
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    registered.audio.set_microphone(HEADSET_MIC.id)
    registered.audio.set_speaker(HEADSET.id)
    for turn in range(40):
        cards.rate = (48_000, 16_000, 44_100)[turn % 3]
        if turn % 2 == 0:
            cards.plug(inputs=[BUILT_IN_MIC, HEADSET_MIC], outputs=[BUILT_IN_SPEAKER, HEADSET])
        else:
            cards.plug(inputs=[BUILT_IN_MIC], outputs=[BUILT_IN_SPEAKER])
        assert cards.speakers[-1].rate == cards.rate
        await until(lambda: cards.speakers[-1].frames, "it plays")
    await hears_tone(pbx.rtp, 700.0, wait=until)
    await hears_tone(cards.speakers[-1], 440.0, wait=until)


async def test_ring_back_is_heard_in_every_call(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """The end of a call takes nothing away from the next one."""
    first = registered.dial("2001")
    await until(lambda: first.state is CallState.ACTIVE, "answered")
    first.hangup()
    await until(lambda: not registered.calls, "ended")
    pbx.invite_answers = [180]
    registered.dial("2002")
    await hears_tone(cards.speakers[-1], 425.0, wait=until)


async def test_hostile_headers_do_no_harm(registered: Phone, pbx: SmallPbx, until: Until) -> None:
    """SIP-9: whatever stands in From, the phone shows a harmless line and lives on."""
    for hostile in (
        '"\\"" <sip:%00%0d%0a@x>', "<sip:@>", '"' + "A" * 900 + '" <sip:1@x>', "\u202e<sip:%ff%fe@x>",
    ):  # fmt: skip
        pbx.call(from_=hostile)
        await until(
            lambda: registered.calls or any(a.status >= 300 for a in pbx.answers), "a call, or a refusal"
        )
        for call in list(registered.calls):
            assert call.name.isprintable() or not call.name
            assert len(call.name) <= 80
            call.reject()
        await until(lambda: not registered.calls, "gone")
        pbx.answers.clear()
    pbx.call()
    await until(lambda: registered.calls, "an ordinary call still comes in")
