"""Hold and resume in quick succession, at the same time as the other end's, and refused (SIP-4)."""

import pytest

from linkus_desktop.sip import hold
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.linkus_desktop.sip.sound_cards import SoundCards
from tests.phones.hearing import hears_tone

HERE, THERE = 700.0, 440.0


@pytest.fixture
async def call(registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until) -> Call:
    """An answered call; each end says its tone."""
    cards.hz = HERE
    pbx.rtp.says(THERE)
    made = registered.dial("2001")
    await until(lambda: made.state is CallState.ACTIVE, "answered")
    return made


def directions(pbx: SmallPbx) -> list[str]:
    """What each re-INVITE offered."""
    return [
        next((d for d in ("sendonly", "inactive") if f"a={d}" in offer.body), "sendrecv")
        for offer in pbx.offers()
        if offer.method == "INVITE"
    ]


async def both_hear(pbx: SmallPbx, cards: SoundCards, until: Until) -> None:
    """From now on sound goes both ways."""
    await hears_tone(pbx.rtp, HERE, wait=until)
    await hears_tone(cards.speakers[-1], THERE, wait=until)


async def test_resume_while_hold_is_under_way(
    call: Call, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """RFC 3261, 14.1: one offer at a time; the last wish wins."""
    pbx.patient.add("INVITE")
    call.hold()
    call.resume()
    await until(lambda: len(pbx.offers()) == 1, "the offer of hold")
    call.hold()
    call.resume()
    assert directions(pbx) == ["sendonly"]
    pbx.patient.clear()
    pbx.agree()
    await until(lambda: directions(pbx) == ["sendonly", "sendrecv"], "the offer to resume")
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    await both_hear(pbx, cards, until)


async def test_hold_resume_hold_needs_one_offer(call: Call, pbx: SmallPbx, until: Until) -> None:
    pbx.patient.add("INVITE")
    call.hold()
    await until(lambda: len(pbx.offers()) == 1, "the offer of hold")
    call.resume()
    call.hold()
    pbx.agree()
    await until(lambda: call.held, "held")
    assert directions(pbx) == ["sendonly"]


async def test_resume_waits_for_the_update_that_locks_the_codec(
    call: Call, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """RFC 3311, 5.1: an answer with several codecs makes PJSIP send an offer of its own, right after ours."""
    pbx.codecs = (8, 0)
    pbx.patient.add("UPDATE")
    call.hold()
    await until(lambda: call.held, "held")
    await until(lambda: [offer.method for offer in pbx.offers()][-1] == "UPDATE", "the lock")
    call.resume()
    assert directions(pbx) == ["sendonly"]
    pbx.patient.clear()
    pbx.codecs = (8,)
    pbx.agree()
    await until(lambda: directions(pbx) == ["sendonly", "sendrecv"], "the offer to resume")
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    await both_hear(pbx, cards, until)


async def test_both_ends_offer_at_once(
    call: Call, pbx: SmallPbx, cards: SoundCards, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 3261, 14.1 and 14.2: each refuses the other's offer with 491, and ours comes again."""
    monkeypatch.setattr(hold, "GLARE_WAIT_S", {True: (0.1, 0.2), False: (0.1, 0.2)})
    pbx.patient.add("INVITE")
    pbx.reinvite_answers = [491]
    call.hold()
    await until(lambda: len(pbx.offers()) == 1, "the offer of hold")
    pbx.offer("sendonly")
    await until(lambda: 491 in [answer.status for answer in pbx.answers], "491 for theirs")
    pbx.patient.clear()
    pbx.agree()
    await until(lambda: call.held, "held at the second try")
    assert directions(pbx) == ["sendonly", "sendonly"]
    call.resume()
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    await both_hear(pbx, cards, until)


def test_the_caller_waits_longer_after_491_than_the_callee() -> None:
    """RFC 3261, 14.1: 2.1 to 4 s for who made the call, up to 2 s for the other."""
    assert hold.GLARE_WAIT_S == {True: (2.1, 4.0), False: (0.0, 2.0)}


async def test_a_wish_taken_back_after_491_needs_no_offer(
    call: Call, pbx: SmallPbx, cards: SoundCards, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "GLARE_WAIT_S", {True: (0.1, 0.1), False: (0.1, 0.1)})
    pbx.reinvite_answers = [491]
    call.hold()
    await until(lambda: len(pbx.offers()) == 1, "the offer of hold")
    call.resume()
    await both_hear(pbx, cards, until)
    assert directions(pbx) == ["sendonly"]


async def test_a_pbx_that_asks_for_the_secret_again(call: Call, pbx: SmallPbx, until: Until) -> None:
    """RFC 3261, 22.2: 401 to a re-INVITE is no refusal."""
    refused: list[CallState] = []
    pbx.reinvite_answers = [401]
    call.changed.connect(lambda: refused.append(call.state))
    call.hold()
    await until(lambda: call.held, "held")
    assert CallState.ACTIVE not in refused
    assert directions(pbx) == ["sendonly", "sendonly"]
    call.resume()
    await until(lambda: call.state is CallState.ACTIVE, "resumed")


async def test_hang_up_while_hold_is_under_way(
    call: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.patient.add("INVITE")
    call.hold()
    await until(lambda: len(pbx.offers()) == 1, "the offer of hold")
    call.hangup()
    await until(lambda: "BYE" in pbx.methods(), "BYE")
    await until(lambda: call.end is not None, "ended")
    assert registered.calls == []
    again = registered.dial("2002")
    await until(lambda: again.state is CallState.ACTIVE, "the next call works")


async def test_the_other_end_hangs_up_while_hold_is_under_way(
    call: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.patient.add("INVITE")
    call.hold()
    await until(lambda: len(pbx.offers()) == 1, "the offer of hold")
    pbx.bye()
    await until(lambda: call.end is not None, "ended")
    assert call.end is not None
    assert not call.end.by_us
    assert registered.calls == []


async def test_held_by_both_ends(call: Call, pbx: SmallPbx, cards: SoundCards, until: Until) -> None:
    """Each end resumes for itself; sound flows when both have."""
    pbx.offer("sendonly")
    await until(lambda: call.remote_held, "held by the other end")
    call.hold()
    await until(lambda: call.held, "held by both")
    pbx.offer("sendrecv")
    await until(lambda: pbx.answers[-1].status == 200 and "a=sendonly" in pbx.answers[-1].body, "still held")
    assert call.held
    call.resume()
    await until(lambda: call.state is CallState.ACTIVE and not call.remote_held, "resumed by both")
    await both_hear(pbx, cards, until)


async def test_switching_to_and_fro_faster_than_the_pbx_answers(
    call: Call, registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    """SIP-3: whatever the haste, in the end the last one chosen is talked on and the other held."""
    other = registered.dial("2002")
    await until(lambda: other.state is CallState.ACTIVE and call.held, "two calls")
    for chosen in (call, other, call, other, call):
        registered.switch_to(chosen)
        assert registered.active is chosen
    await until(lambda: call.state is CallState.ACTIVE and other.held, "settled on the first")
    offers = len(pbx.offers())
    for chosen in (other, call, other):
        registered.switch_to(chosen)
    await until(lambda: other.state is CallState.ACTIVE and call.held, "settled on the second")
    assert len(pbx.offers()) - offers <= 6
    await both_hear(pbx, cards, until)


async def test_keys_while_the_call_is_held(call: Call, pbx: SmallPbx, until: Until) -> None:
    """RFC 3264, 8.4: `sendonly` leaves us the right to send, telephone events too."""
    call.hold()
    await until(lambda: call.held, "held")
    call.send_dtmf("73")
    await until(lambda: pbx.rtp.digits == "73", "digits")
    assert "INFO" not in pbx.methods()


async def test_hold_while_the_other_end_still_rings_does_nothing(
    registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.invite_answers = [180]
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.RINGING_OUT, "rings")
    call.hold()
    call.resume()
    pbx.respond(200)
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    assert registered.active is call
    assert pbx.offers() == []
