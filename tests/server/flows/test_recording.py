"""SIP-5, CODE-1, LOG-1: calls are recorded by rule and on demand; in virtual time."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from server.contract.events import Topic
from server.contract.extensions import Role
from server.contract.own_calls import OwnCallState
from server.contract.recording import RecordingAction, RecordingRefusal, RecordingRight, RecordingRule
from server.contract.recording import RecordingState as State
from server.contract.routing import EmergencyNumber
from server.flows.control import Author, CallControl
from server.flows.tape import REFUSED
from server.services.accounts import Who
from server.services.errors import ServiceError
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_outside import OUTSIDE, with_trunks
from tests.server.flows.test_parking import Two
from tests.virtual_time import in_virtual_time

PROMPT = "conf-now-recording"
PROMPT_S = 2.32


def always(place: Office, **what) -> None:
    place.configuration.append(RecordingRule(**({"name": "always", "everybody": True} | what)))


def may(place: Office, *numbers: str, permissions=("record", "pause", "listen", "delete")) -> None:
    right = RecordingRight(name="-".join(numbers), extensions=numbers, permissions=permissions)
    place.configuration.append(right)


async def seen_by(place: Office, number: str):
    """The only own call, as the client of an extension sees it; None without one."""
    who = Who(account_id=1, user=number, number=number, role=Role.USER, session_id="s")
    items = await place.hub.snapshot(who, Topic.CALLS)
    calls = [call for call in items.values() if call.state is not OwnCallState.ENDED]
    assert len(calls) < 2
    return next(iter(calls), None)


async def state(place: Office, number: str = "1001"):
    return (await seen_by(place, number)).recording.state


@in_virtual_time
async def test_who_gets_or_loses_the_right_in_a_call_is_offered_what_fits_SIP_5():
    """A right that changes has the topic told anew; what is told then is as of now."""
    async with office() as place:
        anna, _ = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(0.5))
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert (await seen_by(place, "1001")).recording.actions == []
        may(place, "1001")
        assert (await seen_by(place, "1001")).recording.actions == [RecordingAction.START]
        place.configuration.clear()
        assert (await seen_by(place, "1001")).recording.actions == []
        anna.hang_up(call)


def control(place: Office) -> CallControl:
    return CallControl(
        calls=place.calls,
        switch=place.switch,
        directory=place.directory,
        clock=place.clock,
        audit=place.audit,
        recorder=place.recorder,
        own_calls=place.own_calls,
        ring_timeout_s=30,
    )


def only(place: Office):
    """The only recording that is kept: what is listed, and what was heard."""
    (row,) = place.tapes.rows.values()
    return row, place.files.kept[row.id]


@asynccontextmanager
async def heir_of(place: Office, *, before=lambda: None):
    """The server is killed, `before` happens, and another one is there; nothing is left of it at the end."""
    killing = asyncio.ensure_future(after_a_kill(place, down_s=1.0))
    await asyncio.sleep(0.5)
    before()
    heir = await killing
    yield heir
    await heir.idle()
    await heir.calls.sort_out_recordings()
    await heir.idle()
    heir.assert_nothing_left()
    await heir.stop()


@in_virtual_time
async def test_a_call_is_recorded_by_rule_and_both_voices_are_in_it_SIP_5():
    async with office() as place:
        always(place)
        people = await Two(place).talk()
        assert await state(place, "1001") is await state(place, "1002") is State.RECORDING
        await asyncio.sleep(10)
        people.anna.hang_up(people.call)
    row, take = only(place)
    assert take.voices == {people.call.id, people.callee.id}
    assert (row.caller, row.callee, row.owners, row.rule) == ("1001", "1002", ["1001", "1002"], "always")
    assert row.state is State.FINISHED
    assert row.seconds == pytest.approx(10.5, abs=0.1)
    assert row.id in place.store.calls


@in_virtual_time
async def test_each_call_is_told_to_the_phones_in_it_by_their_call_ids_SIP_5():
    async with office() as place:
        people = await Two(place).talk()
        anna, boris = await seen_by(place, "1001"), await seen_by(place, "1002")
        assert (anna.number, anna.name, anna.sip_call_ids) == ("1002", "Boris", [people.call.sip_call_id])
        assert (boris.number, boris.name, boris.sip_call_ids) == ("1001", "Anna", [people.callee.sip_call_id])
        assert await seen_by(place, "1003") is None
        people.anna.hang_up(people.call)
        await place.idle()
        assert await seen_by(place, "1001") is None


@pytest.mark.parametrize("calls", [("inbound",), ("outbound",)])
@in_virtual_time
async def test_a_rule_for_other_kinds_of_calls_records_nothing_SIP_5(calls):
    async with office() as place:
        always(place, calls=calls)
        people = await Two(place).talk()
        assert await state(place) is None
        people.anna.hang_up(people.call)
    assert place.tapes.rows == {}


@in_virtual_time
async def test_both_are_told_before_they_talk_SIP_5():
    async with office() as place:
        always(place, announcement=PROMPT)
        people = await Two(place).talk()
        assert people.call.sounds == people.callee.sounds == [Sound.prompt(PROMPT)]
        assert [*place.engine.bridges.values()] in ([], [set()]), "nobody hears the other one yet"
        await asyncio.sleep(PROMPT_S)
        assert {people.call.id, people.callee.id} in place.engine.bridges.values()
        assert await state(place) is State.RECORDING
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_who_cannot_be_told_is_not_recorded_but_may_talk_SIP_5(caplog):
    async with office() as place:
        always(place, announcement="no-such-prompt")
        people = await Two(place).talk()
        await asyncio.sleep(1)
        assert {people.call.id, people.callee.id} in place.engine.bridges.values()
        assert await state(place) is None
        people.anna.hang_up(people.call)
    assert place.tapes.rows == {}
    assert "nobody could be told" in caplog.text


def told(*dialogs) -> list[int]:
    """How often each was told that it will be recorded."""
    return [dialog.sounds.count(Sound.prompt(PROMPT)) for dialog in dialogs]


@pytest.mark.parametrize("by_keys", [False, True], ids=["by phone", "by keys"])
@in_virtual_time
async def test_who_is_put_together_by_an_attended_transfer_is_told_before_SIP_5(by_keys):
    async with office() as place:
        place.configuration.append(RecordingRule(name="cyril", extensions=("1003",), announcement=PROMPT))
        people = await Two(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        if by_keys:
            people.boris.press(people.callee, "*31003")
            await asyncio.sleep(10)
            people.boris.press(people.callee, "##")
        else:
            people.boris.hold(people.callee)
            asked = people.boris.call("1003")
            await asyncio.sleep(5)
            people.boris.transfer(people.callee, consultation=asked)
        (target,) = cyril.calls
        assert told(people.call, target) == [0, 1], "of the call in which it was asked"
        await asyncio.sleep(PROMPT_S / 2)
        assert told(people.call, target) == [1, 2]
        assert not any(target.id in legs for legs in place.engine.bridges.values()), "nobody is heard yet"
        assert not any(people.call.id in legs for legs in place.engine.bridges.values())
        await asyncio.sleep(PROMPT_S)
        assert {people.call.id, target.id} in place.engine.bridges.values()
        assert people.callee.state is LegState.GONE
        assert await state(place, "1003") is State.RECORDING
        await asyncio.sleep(10)
        cyril.hang_up(target)
        await place.idle()
    seconds = {(row.caller, row.callee): row.seconds for row in place.tapes.rows.values()}
    assert seconds["1001", "1003"] == pytest.approx(10 + PROMPT_S / 2, abs=0.5), "the announcement is no part"


@pytest.mark.parametrize("who", ["who stays", "the new one"])
@in_virtual_time
async def test_who_hangs_up_while_being_told_after_a_transfer_ends_the_call_SIP_5(who):
    async with office() as place:
        always(place, announcement=PROMPT)
        people = await Two(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        await asyncio.sleep(5)
        people.boris.hold(people.callee)
        asked = people.boris.call("1003")
        await asyncio.sleep(5)
        people.boris.transfer(people.callee, consultation=asked)
        await asyncio.sleep(PROMPT_S / 2)
        (target,) = cyril.calls
        if who == "the new one":
            cyril.hang_up(target)
        else:
            people.anna.hang_up(people.call)
        await place.idle()
        assert people.call.state is target.state is people.callee.state is LegState.GONE


@in_virtual_time
async def test_an_emergency_call_is_put_together_at_once_and_not_recorded_SIP_12():
    async with office() as place:
        await with_trunks(place, EmergencyNumber(number="112", trunks=("one",)))
        always(place, announcement=PROMPT)
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(0.5))
        call = anna.call("112")
        await asyncio.sleep(2)
        asked = anna.call("1002")
        await asyncio.sleep(5)
        anna.transfer(call, consultation=asked)
        await asyncio.sleep(0.2)
        (target,) = boris.calls
        assert told(target) == [1], "of the call in which it was asked"
        assert [len(legs) for legs in place.engine.bridges.values() if target.id in legs] == [2]
        assert await state(place, "1002") is None
        boris.hang_up(target)
        await place.idle()


@pytest.mark.parametrize(("calls", "recorded"), [(("outbound",), True), (("internal", "inbound"), False)])
@in_virtual_time
async def test_calls_outside_have_rules_of_their_own_SIP_5(calls, recorded):
    async with office() as place:
        await with_trunks(place)
        always(place, calls=calls)
        anna = place.engine.phone("1001")
        call = anna.call(OUTSIDE)
        await asyncio.sleep(5)
        anna.hang_up(call)
    assert [(row.callee, row.owners) for row in place.tapes.rows.values()] == (
        [(OUTSIDE, ["1001"])] if recorded else []
    )


@in_virtual_time
async def test_no_announcement_holds_an_emergency_call_up_SIP_12():
    async with office() as place:
        await with_trunks(place, EmergencyNumber(number="112", trunks=("one",)))
        always(place, announcement=PROMPT)
        anna = place.engine.phone("1001")
        call = anna.call("112")
        await asyncio.sleep(1.1)
        assert [len(legs) for legs in place.engine.bridges.values()] == [2], "they talk at once"
        assert call.sounds == []
        assert await state(place) is None
        anna.hang_up(call)


@in_virtual_time
async def test_who_hangs_up_while_being_told_ends_the_call_SIP_5():
    async with office() as place:
        always(place, announcement=PROMPT)
        people = await Two(place).talk()
        people.boris.hang_up(people.callee)
        await asyncio.sleep(0.1)
        assert people.call.state is LegState.GONE


@in_virtual_time
async def test_only_who_records_may_pause_SIP_5():
    async with office() as place:
        may(place, "1001", "1002")
        people = await Two(place).talk()
        people.anna.press(people.call, "*1")
        await asyncio.sleep(2)
        assert (await seen_by(place, "1002")).recording.refusal is RecordingRefusal.NOT_YOURS
        people.boris.press(people.callee, "*1")
        await asyncio.sleep(2)
        assert people.callee.sounds == [REFUSED]
        assert await state(place) is State.RECORDING
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_what_a_rule_records_is_paused_only_with_that_permission_and_never_ended_SIP_5():
    async with office() as place:
        always(place)
        may(place, "1001", permissions=("record",))
        may(place, "1002", permissions=("pause",))
        people = await Two(place).talk()
        anna = (await seen_by(place, "1001")).recording
        assert (anna.actions, anna.refusal) == ([], RecordingRefusal.BY_RULE)
        hands = control(place)
        (call,) = place.calls.active()
        with pytest.raises(ServiceError, match="A rule records"):
            await hands.record(call.id, RecordingAction.PAUSE, "1001")
        with pytest.raises(ServiceError, match="cannot stop"):
            await hands.record(call.id, RecordingAction.STOP, "1002")
        paused = await hands.record(call.id, RecordingAction.PAUSE, "1002")
        assert (paused.state, paused.actions) == (State.PAUSED, [RecordingAction.RESUME])
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_clients_start_pause_and_end_a_recording_and_repeating_is_fine_SIP_5():
    async with office() as place:
        may(place, "1001")
        people = await Two(place).talk()
        hands = control(place)
        (call,) = place.calls.active()
        with pytest.raises(ServiceError, match="cannot pause"):
            await hands.record(call.id, RecordingAction.PAUSE, "1001")
        with pytest.raises(ServiceError, match="There is no call"):
            await hands.record(call.id, RecordingAction.START, "1003")
        for action, after in [
            ("start", State.RECORDING), ("start", State.RECORDING), ("pause", State.PAUSED),
            ("pause", State.PAUSED), ("resume", State.RECORDING), ("stop", State.FINISHED),
        ]:  # fmt: skip
            done = await hands.record(call.id, RecordingAction(action), "1001")
            assert done.state is after
            await asyncio.sleep(3)
        with pytest.raises(ServiceError, match="one of a call"):
            await hands.record(call.id, RecordingAction.START, "1001")
        assert only(place)[0].seconds == pytest.approx(9, abs=0.1), "it can be heard before the call is over"
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_an_administrator_records_any_call_with_an_audit_entry_SIP_5():
    async with office() as place:
        people = await Two(place).talk()
        (call,) = place.calls.active()
        await control(place).record(call.id, RecordingAction.START, by=Author("admin"))
        assert await state(place, "1002") is State.RECORDING
        await asyncio.sleep(1)
        people.anna.hang_up(people.call)
    assert ("recording.start", "admin", "1001") in place.audit.entries
    assert only(place)[0].owners == []


@in_virtual_time
async def test_a_call_that_rings_cannot_be_recorded_SIP_5():
    async with office() as place:
        may(place, "1001")
        place.engine.phone("1002", Behaviour.rings())
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(1)
        (active,) = place.calls.active()
        with pytest.raises(ServiceError, match="answered"):
            await control(place).record(active.id, RecordingAction.START, "1001")
        anna.hang_up(call)


@in_virtual_time
async def test_a_recording_goes_over_hold_SIP_5():
    async with office() as place:
        always(place)
        people = await Two(place).talk()
        people.anna.hold(people.call)
        await asyncio.sleep(10)
        people.anna.resume(people.call)
        await asyncio.sleep(5)
        people.anna.hang_up(people.call)
    assert only(place)[0].seconds == pytest.approx(15.5, abs=0.1)


@pytest.mark.parametrize("rule_about", ["1002", "1003"])
@in_virtual_time
async def test_a_transferred_call_is_another_one_with_its_own_rule_SIP_5(rule_about):
    async with office() as place:
        always(place, everybody=False, extensions=(rule_about,))
        people = await Two(place).talk()
        place.engine.phone("1003", Behaviour.answers(3.0))
        people.boris.transfer(people.callee, "1003")
        await asyncio.sleep(10)
        assert await seen_by(place, "1002") is None, "the call is over for who has sent it on"
        assert await state(place, "1003") is (State.RECORDING if rule_about == "1003" else None)
        if rule_about == "1002":
            assert only(place)[0].state is State.FINISHED, "it can be heard while the next call goes on"
        (cyril,) = [dialog for dialog in place.engine.dialogs.values() if dialog.number == "1003"]
        people.anna.hang_up(people.call)
    row, take = only(place)
    assert row.owners == [rule_about]
    if rule_about == "1002":
        assert take.voices == {people.call.id, people.callee.id}, "nothing of the next call"
        assert row.seconds < 1
    else:
        assert (row.caller, row.callee) == ("1001", "1003")
        assert take.voices == {people.call.id, cyril.id}


@in_virtual_time
async def test_a_recording_goes_on_after_a_transfer_that_failed_SIP_5():
    async with office() as place:
        always(place)
        people = await Two(place).talk()
        place.engine.phone("1003", Behaviour.refuses(486, 4.0))
        people.boris.transfer(people.callee, "1003")
        await asyncio.sleep(10)
        assert await state(place) is State.RECORDING
        people.anna.hang_up(people.call)
    row, take = only(place)
    assert row.seconds == pytest.approx(6.5, abs=0.2), "what was heard during the transfer is left out"
    assert take.voices == {people.call.id, people.callee.id}
