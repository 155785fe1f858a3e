"""SIP-4: a call is held and resumed over the API, whatever its phone can do; in virtual time."""

import asyncio

import pytest

from server.contract.errors import ErrorCode
from server.contract.extensions import CallState
from server.contract.monitoring import MonitoringRight
from server.contract.recording import RecordingRule
from server.services.errors import ServiceError
from server.switch.port import DEFAULT_MUSIC, SILENCE, LegState, SwitchUnavailable
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_parking import Two, slots, together
from tests.virtual_time import in_virtual_time

BOTH = ("1001", "1002")


class Holders(Two):
    """Anna (1001) has called Boris (1002), they talk, and either may hold the call."""

    def __init__(self, place: Office) -> None:
        super().__init__(place)
        self.place = place

    async def hold(self, number: str, *, on: bool = True) -> None:
        (active,) = self.place.control.in_progress(number)
        await self.place.control.hold(active.id, number, on=on)

    async def resume(self, number: str) -> None:
        await self.hold(number, on=False)

    def end_of(self, number: str):
        return self.call if number == "1001" else self.callee

    @property
    def held_by(self) -> list[str]:
        (active,) = self.place.control.in_progress()
        return active.held_by


def apart(place: Office) -> bool:
    """Whether nobody hears anybody."""
    return not any(place.engine.bridges.values())


async def refused(asking) -> str:
    with pytest.raises(ServiceError) as error:
        await asking
    assert error.value.code is ErrorCode.CONFLICT
    return str(error.value)


@pytest.mark.parametrize("number", BOTH)
@in_virtual_time
async def test_who_is_held_hears_music_until_the_call_is_resumed_SIP_4(number):
    async with office() as place:
        people = await Holders(place).talk()
        other = BOTH[number == BOTH[0]]
        await people.hold(number)
        assert apart(place)
        assert people.end_of(other).music == DEFAULT_MUSIC
        assert people.end_of(number).music == SILENCE, "who holds hears nothing, but its phone a stream"
        assert (place.state(number), place.state(other)) == (CallState.HELD, CallState.TALKING)
        assert people.held_by == [number]
        await asyncio.sleep(100)
        assert people.end_of(other).music == DEFAULT_MUSIC, "for as long as it takes"
        await people.hold(number)
        assert people.held_by == [number], "repeating is fine"
        await people.resume(number)
        assert together(place, people.call, people.callee)
        assert not people.end_of(other).music
        assert place.state(number) is place.state(other) is CallState.TALKING
        assert people.held_by == []
        await people.resume(number)
        people.anna.hang_up(people.call)
        await place.idle()
    assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_both_may_hold_and_talk_once_neither_does_SIP_4():
    async with office() as place:
        people = await Holders(place).talk()
        await asyncio.gather(people.hold("1001"), people.hold("1002"))
        assert people.held_by == ["1001", "1002"]
        assert people.call.music == DEFAULT_MUSIC
        assert people.callee.music == DEFAULT_MUSIC
        await people.resume("1001")
        assert apart(place)
        assert people.call.music == DEFAULT_MUSIC
        assert people.callee.music == SILENCE
        await people.resume("1002")
        assert together(place, people.call, people.callee)
        people.boris.hang_up(people.callee)


@pytest.mark.parametrize("first", ["phone", "server"])
@pytest.mark.parametrize("last", ["phone", "server"])
@in_virtual_time
async def test_a_phone_that_holds_too_has_to_resume_as_well_SIP_4(first, last):
    async with office() as place:
        people = await Holders(place).talk()
        steps = {
            "phone": lambda on: asyncio.sleep(
                0.1, (people.boris.hold if on else people.boris.resume)(people.callee)
            ),
            "server": lambda on: people.hold("1002", on=on),
        }
        await steps[first](True)
        await steps["server" if first == "phone" else "phone"](True)
        assert people.held_by == ["1002"]
        assert people.call.music == DEFAULT_MUSIC
        await steps["server" if last == "phone" else "phone"](False)
        await asyncio.sleep(1)
        assert place.state("1002") is CallState.HELD
        assert people.call.music == DEFAULT_MUSIC
        assert apart(place)
        await steps[last](False)
        await asyncio.sleep(1)
        assert place.state("1002") is CallState.TALKING
        assert together(place, people.call, people.callee)
        assert not people.call.music
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_what_only_the_phone_holds_is_resumed_there_SIP_4():
    async with office() as place:
        people = await Holders(place).talk()
        people.boris.hold(people.callee)
        await asyncio.sleep(0.1)
        assert people.held_by == ["1002"], "it is told as a hold over the API is"
        assert "phone" in await refused(people.resume("1002"))
        await people.resume("1001")
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_who_does_not_talk_cannot_hold_SIP_4():
    async with office() as place:
        place.engine.phone("1001", Behaviour.rings())
        ordered = await place.control.make("1001", "1002")
        await refused(place.control.hold(ordered, "1001", on=True))
        await place.control.hang_up(ordered, "1001")
        place.engine.phone("1002", Behaviour.rings())
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(1)
        (active,) = place.control.in_progress()
        for number in BOTH:
            assert "answered" in await refused(place.control.hold(active.id, number, on=True))
        for number in ("1003", "1009", ""):
            with pytest.raises(ServiceError) as stranger:
                await place.control.hold(active.id, number, on=True)
            assert stranger.value.code is ErrorCode.NOT_FOUND
        call.phone.hang_up(call)
        await place.idle()
        machine = place.engine.phone("1003").call("*121002")
        await asyncio.sleep(1)
        (active,) = place.control.in_progress()
        assert "machine" in await refused(place.control.hold(active.id, "1003", on=True))
        machine.phone.hang_up(machine)


@in_virtual_time
async def test_a_call_that_is_being_transferred_cannot_be_held_SIP_4():
    async with office() as place:
        people = await Holders(place).talk()
        place.engine.phone("1003", Behaviour.refuses(486, 3.0))
        people.boris.transfer(people.callee, "1003")
        await asyncio.sleep(1)
        for active in place.control.in_progress("1001"):
            await refused(place.control.hold(active.id, "1001", on=True))
        await asyncio.sleep(5)
        await people.hold("1001")
        people.anna.hang_up(people.call)


@pytest.mark.parametrize("by", BOTH)
@pytest.mark.parametrize("holder", BOTH)
@pytest.mark.parametrize("answers", [True, False], ids=["answered", "refused"])
@in_virtual_time
async def test_a_transfer_ends_the_hold_SIP_4(by, holder, answers):
    async with office() as place:
        people = await Holders(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(2.0) if answers else Behaviour.refuses(486))
        await people.hold(holder)
        (active,) = place.control.in_progress()
        await place.control.transfer(active.id, by, "1003")
        await asyncio.sleep(1)
        stays = people.end_of(BOTH[by == BOTH[0]])
        if answers:
            assert stays.tone
            assert not stays.music
            await asyncio.sleep(3)
            assert together(place, stays, cyril.calls[0])
        else:
            assert together(place, people.call, people.callee)
        assert not stays.music
        assert place.state(stays.number) is CallState.TALKING
        assert [call.held_by for call in place.control.in_progress()] == [[]]
        stays.phone.hang_up(stays)


@pytest.mark.parametrize("leaves", [True, False], ids=["hangs up", "stays"])
@in_virtual_time
async def test_a_held_call_is_parked_by_keys_SIP_4(leaves):
    async with office() as place:
        people = await Holders(place).talk()
        await people.hold("1002")
        people.boris.press(people.callee, "*5")
        await asyncio.sleep(1)
        if leaves:
            people.boris.hang_up(people.callee)
        await asyncio.sleep(5)
        assert slots(place) == [("6900", "1001", "1002")]
        assert people.call.music == DEFAULT_MUSIC
        taken = place.engine.phone("1003").call("6900")
        await asyncio.sleep(1)
        assert together(place, people.call, taken)
        assert not people.call.music
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_who_held_a_consultation_does_so_no_longer_when_it_is_put_through_SIP_4():
    async with office() as place:
        people = await Holders(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        consultation = people.anna.call("1003")
        await asyncio.sleep(1)
        (asked,) = place.control.in_progress("1003")
        await place.control.hold(asked.id, "1003", on=True)
        people.anna.transfer(people.call, consultation=consultation)
        await asyncio.sleep(2)
        assert together(place, people.callee, cyril.calls[0])
        assert place.state("1002") is place.state("1003") is CallState.TALKING
        assert not people.callee.music
        assert not cyril.calls[0].music
        cyril.hang_up(cyril.calls[0])


@pytest.mark.parametrize("after_s", [0.0, 0.0005, 0.0015, 0.0025, 0.0035, 0.0045, 0.006])
@in_virtual_time
async def test_nobody_is_left_in_music_who_is_put_through_while_a_hold_begins_SIP_4(after_s):
    async with office() as place:
        people = await Holders(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        consultation = people.anna.call("1003")
        await asyncio.sleep(1)
        (asked,) = place.control.in_progress("1003")
        holding = asyncio.ensure_future(place.control.hold(asked.id, "1001", on=True))
        await asyncio.sleep(after_s)
        people.anna.transfer(people.call, consultation=consultation)
        await asyncio.gather(holding, return_exceptions=True)
        await asyncio.sleep(2)
        assert together(place, people.callee, cyril.calls[0])
        assert not cyril.calls[0].music
        cyril.hang_up(cyril.calls[0])


@pytest.mark.parametrize("who", BOTH)
@in_virtual_time
async def test_either_side_ends_a_held_call_SIP_4(who):
    async with office() as place:
        people = await Holders(place).talk()
        await people.hold("1002")
        people.end_of(who).phone.hang_up(people.end_of(who))
        await asyncio.sleep(0.1)
        assert people.call.state is people.callee.state is LegState.GONE
        await place.idle()
    assert place.log("1001") == [("outgoing", "1002", "answered", None)]


@in_virtual_time
async def test_a_call_that_ends_while_it_is_held_tells_so_SIP_4():
    async with office() as place:
        people = await Holders(place).talk()
        holding = asyncio.ensure_future(people.hold("1002"))
        await asyncio.sleep(0)
        people.anna.hang_up(people.call)
        await refused(holding)
        await place.idle()


@pytest.mark.parametrize("after_s", [0.0005, 0.0015, 0.0025, 0.0035])
@in_virtual_time
async def test_a_server_that_stops_in_the_moment_of_a_hold_tells_so_SIP_4(after_s):
    async with office() as place:
        people = await Holders(place).talk()
        holding = asyncio.ensure_future(people.hold("1002"))
        await asyncio.sleep(after_s)
        await place.calls.stop()
        assert "ended" in await refused(holding)


@pytest.mark.parametrize("on", [True, False], ids=["hold", "resume"])
@pytest.mark.parametrize("after_s", [0.0, 0.0005, 0.0015, 0.0025, 0.0035, 0.0045])
@in_virtual_time
async def test_a_connection_that_breaks_ends_no_call_and_leaves_nobody_half_held_SIP_4(after_s, on):
    async with office() as place:
        people = await Holders(place).talk()
        if not on:
            await people.hold("1002")
        asking = asyncio.ensure_future(people.hold("1002", on=on))
        await asyncio.sleep(after_s)
        place.switch.disconnect()
        await asyncio.sleep(1)
        place.switch.connect(restarted=False)
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(1)
        if people.held_by:
            assert (apart(place), people.call.music) == (True, DEFAULT_MUSIC)
            await people.resume("1002")
        assert together(place, people.call, people.callee)
        assert not people.call.music
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_an_engine_that_fails_leaves_the_two_as_they_were_SIP_4():
    async with office() as place:
        people = await Holders(place).talk()
        for on in (True, False):
            moments = place.switch.points
            for at in (1, 2, 3):
                place.switch.fault = lambda point, at=at, begin=place.switch.points: (
                    setattr(place.switch, "answer_lost", True) if point - begin == at else None
                )
                try:
                    await people.hold("1002", on=on)
                except SwitchUnavailable:
                    assert people.held_by == ([] if on else ["1002"])
                    await asyncio.sleep(0.1)
                    assert apart(place) is not on
                    assert bool(people.call.music) is not on
                place.switch.fault = None
                await people.hold("1002", on=not on)
            assert place.switch.points > moments
            await people.hold("1002", on=on)
        assert together(place, people.call, people.callee)
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_a_hold_is_left_out_of_the_recording_SIP_5():
    async with office() as place:
        place.configuration.append(RecordingRule(name="all", everybody=True))
        people = await Holders(place).talk()
        await asyncio.sleep(2)
        await people.hold("1002")
        (take,) = place.engine.recorder.takes.values()
        take.voices.clear()
        await asyncio.sleep(10)
        assert take.voices == set()
        await people.resume("1002")
        await asyncio.sleep(3)
        assert take.voices == {people.call.id, people.callee.id}
        people.anna.hang_up(people.call)
        await place.idle()
        assert take.seconds == pytest.approx(0.5 + 2 + 3, abs=0.2)


@in_virtual_time
async def test_a_held_call_is_monitored_on_the_side_that_talks_SIP_4():
    async with office() as place:
        place.configuration.append(MonitoringRight(name="all", supervisors=("1003",), everybody=True))
        people = await Holders(place).talk()
        await people.hold("1002")
        supervisor = place.engine.phone("1003").call("*511002")
        await asyncio.sleep(1)
        assert supervisor.state is LegState.UP
        await people.resume("1002")
        assert [spy.leg for spy in place.engine.spies] == [people.callee.id]
        people.anna.hang_up(people.call)


@pytest.mark.parametrize("holders", [("1001",), ("1002",), BOTH])
@in_virtual_time
async def test_a_held_call_is_held_on_after_a_kill_and_can_be_resumed_SIP_4(holders):
    first = Office()
    await first.start()
    people = await Holders(first).talk()
    for number in holders:
        await people.hold(number)
    people.place = second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert people.held_by == list(holders)
    assert apart(second)
    for number in holders:
        assert second.state(number) is CallState.HELD
        assert people.end_of(BOTH[number == BOTH[0]]).music == DEFAULT_MUSIC
        await people.resume(number)
    assert together(second, people.call, people.callee)
    assert not people.call.music
    assert not people.callee.music
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@pytest.mark.parametrize("on", [True, False], ids=["hold", "resume"])
@pytest.mark.parametrize("after_s", [0.0, 0.0005, 0.0015, 0.0025, 0.0035, 0.0045, 0.006])
@in_virtual_time
async def test_a_kill_in_the_moment_of_a_hold_leaves_nobody_half_held_SIP_4(after_s, on):
    first = Office()
    await first.start()
    people = await Holders(first).talk()
    if not on:
        await people.hold("1002")
    asking = asyncio.ensure_future(people.hold("1002", on=on))
    await asyncio.sleep(after_s)
    people.place = second = await after_a_kill(first)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.sleep(1)
    if people.held_by:
        assert (apart(second), people.call.music) == (True, DEFAULT_MUSIC)
        await people.resume("1002")
    assert together(second, people.call, people.callee)
    assert not people.call.music
    assert second.state("1002") is CallState.TALKING
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_the_recording_of_a_held_call_waits_over_a_kill_too_SIP_5():
    first = Office()
    await first.start()
    first.configuration.append(RecordingRule(name="all", everybody=True))
    people = await Holders(first).talk()
    await asyncio.sleep(2)
    await people.hold("1002")
    people.place = second = await after_a_kill(first)
    await asyncio.sleep(5)
    (take,) = second.engine.recorder.takes.values()
    assert take.paused
    await people.resume("1002")
    assert not take.paused
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
