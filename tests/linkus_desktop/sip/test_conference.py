"""The local conference: who hears whom is measured at every end (SIP-4, up to five parties)."""

from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState, PhoneError
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.linkus_desktop.sip.sound_cards import SoundCards
from tests.phones.sound import Sound, level_of

HERE = 700.0
TONES = {"2001": 440.0, "2002": 1000.0, "2003": 1300.0, "2004": 1700.0}
_HEARD_DBOV = -50.0
"""The bridge turns a sum of many down; what is not in it is below -70."""

Talk = Callable[..., Awaitable[list[Call]]]


@pytest.fixture
async def talk(registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until) -> Talk:
    """Call these numbers one after the other; each end says its own tone."""
    cards.hz = HERE

    async def calls(*numbers: str) -> list[Call]:
        made = []
        for number in numbers:
            await pbx.add_line(number, TONES[number])
            call = registered.dial(number)
            await until(lambda call=call: call.state is CallState.ACTIVE, f"{number} answered")
            made.append(call)
        return made

    return calls


def tones_in(sound: Sound) -> set[float]:
    return {hz for hz in (HERE, *TONES.values()) if level_of(sound, hz) > _HEARD_DBOV}


async def heard_by(pbx: SmallPbx, number: str, tones: set[float], until: Until) -> None:
    """From soon on these tones are what the other end hears, all of them and no other."""
    line = pbx.lines[number]
    line.forget()
    try:
        await until(
            lambda: line.heard().ms > 700 and tones_in(line.heard().last(400)) == tones,
            f"{tones} at {number}",
        )
    except AssertionError as error:
        newest = line.heard().last(400)
        levels = {hz: round(level_of(newest, hz)) for hz in (HERE, *TONES.values())}
        raise AssertionError(f"{error}; {line.packets} packets, the newest with {levels} dBov") from None


async def heard_here(cards: SoundCards, tones: set[float], until: Until) -> None:
    """So for our loudspeaker."""
    begin = len(cards.speakers[-1].frames)

    def heard() -> Sound:
        frames = cards.speakers[-1].frames[begin:][-20:]
        return Sound(np.frombuffer(b"".join(frames), "<i2"), cards.speakers[-1].rate)

    await until(lambda: heard().ms >= 400 and tones_in(heard()) == tones, f"{tones} here")


async def test_five_parties_hear_each_other(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, talk: Talk, until: Until
) -> None:
    """SIP-4: each hears all the others, and not itself; the held ones are taken back by merging."""
    calls = await talk(*TONES)
    assert [call.held for call in calls[:3]] == [True, True, True]
    registered.merge()
    await until(lambda: all(call.state is CallState.ACTIVE for call in calls), "all resumed")
    everybody = {HERE, *TONES.values()}
    for number, own in TONES.items():
        await heard_by(pbx, number, everybody - {own}, until)
    await heard_here(cards, everybody - {HERE}, until)
    assert registered.conference.calls == calls


async def test_mute_works_for_all_and_they_go_on_talking(
    registered: Phone, pbx: SmallPbx, talk: Talk, until: Until
) -> None:
    calls = await talk("2001", "2002")
    registered.merge()
    await until(lambda: calls[0].state is CallState.ACTIVE, "resumed")
    registered.conference.set_muted(True)
    assert registered.conference.muted
    await heard_by(pbx, "2001", {TONES["2002"]}, until)
    await heard_by(pbx, "2002", {TONES["2001"]}, until)
    registered.conference.set_muted(False)
    await heard_by(pbx, "2001", {HERE, TONES["2002"]}, until)


async def test_who_was_muted_stays_muted_by_merging(registered: Phone, talk: Talk) -> None:
    """Nobody who pressed Mute is suddenly heard."""
    calls = await talk("2001", "2002")
    calls[1].set_muted(True)
    registered.merge()
    assert [call.muted for call in calls] == [True, True]


async def test_hold_of_the_conference_holds_all(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, talk: Talk, until: Until
) -> None:
    calls = await talk("2001", "2002")
    registered.merge()
    await until(lambda: calls[0].state is CallState.ACTIVE, "resumed")
    registered.conference.hold()
    assert registered.conference.held
    await until(lambda: all(call.held for call in calls), "all held")
    registered.conference.resume()
    await until(lambda: all(call.state is CallState.ACTIVE for call in calls), "all back")
    await heard_by(pbx, "2001", {HERE, TONES["2002"]}, until)
    await heard_here(cards, {TONES["2001"], TONES["2002"]}, until)


async def test_a_new_call_holds_the_conference_and_can_join_it(
    registered: Phone, pbx: SmallPbx, talk: Talk, until: Until
) -> None:
    first, second = await talk("2001", "2002")
    registered.merge()
    await until(lambda: first.state is CallState.ACTIVE, "resumed")
    [third] = await talk("2003")
    await until(lambda: first.held and second.held, "the conference is on hold")
    assert registered.conference.held
    assert registered.conference.calls == [first, second]
    registered.merge()
    await until(lambda: first.state is second.state is third.state is CallState.ACTIVE, "three in it")
    await heard_by(pbx, "2003", {HERE, TONES["2001"], TONES["2002"]}, until)


async def test_splitting_one_off(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, talk: Talk, until: Until
) -> None:
    """We talk with that one alone; the two others wait together."""
    first, second, third = await talk("2001", "2002", "2003")
    registered.merge()
    await until(lambda: first.state is second.state is CallState.ACTIVE, "resumed")
    registered.conference.split(first)
    await until(lambda: second.held and third.held, "the others are held")
    assert first.state is CallState.ACTIVE
    assert registered.conference.calls == [second, third]
    await heard_by(pbx, "2001", {HERE}, until)
    await heard_here(cards, {TONES["2001"]}, until)
    registered.switch_to(second)
    await until(lambda: first.held and second.state is third.state is CallState.ACTIVE, "back to both")
    await heard_by(pbx, "2003", {HERE, TONES["2002"]}, until)


async def test_of_two_the_split_one_is_talked_on_and_the_other_held(
    registered: Phone, pbx: SmallPbx, talk: Talk, until: Until
) -> None:
    first, second = await talk("2001", "2002")
    registered.merge()
    await until(lambda: first.state is CallState.ACTIVE, "resumed")
    registered.conference.split(first)
    await until(lambda: second.held, "the other is held")
    assert registered.conference.calls == []
    assert registered.conference.since is None
    await heard_by(pbx, "2001", {HERE}, until)


async def test_who_leaves_is_no_longer_heard_and_the_last_two_talk_on(
    registered: Phone, pbx: SmallPbx, talk: Talk, until: Until
) -> None:
    """Dropped by us, or gone by themselves; with one left it is an ordinary call."""
    first, second, third = await talk("2001", "2002", "2003")
    registered.merge()
    await until(lambda: first.state is second.state is CallState.ACTIVE, "resumed")
    first.hangup()
    await until(lambda: first.end is not None, "dropped")
    assert registered.conference.calls == [second, third]
    await heard_by(pbx, "2002", {HERE, TONES["2003"]}, until)
    pbx.bye("2003")
    await until(lambda: third.end is not None, "gone")
    assert registered.conference.calls == []
    assert second.state is CallState.ACTIVE
    await heard_by(pbx, "2002", {HERE}, until)


async def test_a_single_call_is_no_conference(registered: Phone, talk: Talk) -> None:
    await talk("2001")
    with pytest.raises(PhoneError, match="two answered calls"):
        registered.merge()
    assert registered.conference.calls == []


async def test_hanging_up_the_conference_ends_all(registered: Phone, talk: Talk, until: Until) -> None:
    await talk("2001", "2002")
    registered.merge()
    registered.conference.hangup()
    await until(lambda: not registered.calls, "all ended")
    assert registered.conference.calls == []


async def test_a_hold_taken_back_while_under_way_takes_the_sound_of_no_other_SIP_4(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, talk: Talk, until: Until
) -> None:
    """PJSIP makes a call's port anew when hold is agreed; what was linked to the old one is let alone."""
    first, second = await talk("2001", "2002")
    registered.merge()
    await until(lambda: first.state is second.state is CallState.ACTIVE, "resumed")
    await heard_here(cards, {TONES["2001"], TONES["2002"]}, until)
    offers = len(pbx.offers())
    pbx.patient.add("INVITE")
    first.hold()
    await until(lambda: len(pbx.offers()) == offers + 1, "the offer of hold")
    first.resume()
    pbx.patient.clear()
    pbx.agree()
    await until(lambda: len(pbx.offers()) == offers + 2, "the offer to resume")
    await until(lambda: first.state is CallState.ACTIVE and not first.held, "resumed")
    await heard_by(pbx, "2002", {HERE, TONES["2001"]}, until)
    await heard_by(pbx, "2001", {HERE, TONES["2002"]}, until)
    await heard_here(cards, {TONES["2001"], TONES["2002"]}, until)
