"""SIP-4: blind and attended transfers, whoever asks for them and however they end; in virtual time."""

import asyncio

import pytest

from server.contract.presence import PresenceChange, PresenceStatus
from server.switch.port import LegState, TransferProgress
from server.switch.simulated import Behaviour
from server.switch.simulated.phones import Dialog
from tests.server.flows.office import RING_S, Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.virtual_time import in_virtual_time

RINGING, DONE, FAILED = TransferProgress.RINGING, TransferProgress.DONE, TransferProgress.FAILED

BY_CALLER = pytest.mark.parametrize("by_caller", [True, False], ids=["by the caller", "by the callee"])
"""Who transfers: in the first call either may."""


class Three:
    """Anna (1001) and Boris (1002) talk; one of them, `by`, will send the other, `stays`, to Cyril (1003)."""

    def __init__(self, place: Office, by_caller: bool) -> None:
        self.place = place
        self.anna = place.engine.phone("1001")
        self.boris = place.engine.phone("1002", Behaviour.answers(1.0))
        self.call = self.anna.call("1002", name="Anna")
        self.by_caller = by_caller

    async def talk(self) -> None:
        await asyncio.sleep(2)
        self.callee = self.boris.calls[0]
        assert self.hears(self.call, self.callee)
        self.by, self.stays = (self.call, self.callee) if self.by_caller else (self.callee, self.call)

    def hears(self, *dialogs: Dialog) -> bool:
        """Whether these, and nobody else, are together."""
        return {dialog.id for dialog in dialogs} in [*self.place.engine.bridges.values()]


async def three(place: Office, by_caller: bool) -> Three:
    people = Three(place, by_caller)
    await people.talk()
    return people


def ask(dialog: Dialog, target: str = "", **more) -> None:
    dialog.phone.transfer(dialog, target, **more)


@BY_CALLER
@in_virtual_time
async def test_who_stays_talks_to_the_target_of_a_blind_transfer_SIP_4(by_caller):
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.answers(2.0))
        people = await three(place, by_caller)
        ask(people.by, "1003")
        await asyncio.sleep(1)
        assert people.stays.tone, "who waits hears that it rings"
        assert cyril.calls[0].caller.number == people.stays.number
        assert people.by.transfer_told == [RINGING]
        await asyncio.sleep(1.5)
        assert people.hears(people.stays, cyril.calls[0])
        assert not people.stays.tone
        assert people.by.transfer_told == [RINGING, DONE]
        await asyncio.sleep(1.1)
        assert people.by.state is LegState.GONE, "a phone that does not hang up by itself is out all the same"
        await asyncio.sleep(5)
        assert people.hears(people.stays, cyril.calls[0])
        cyril.hang_up(cyril.calls[0])
        await place.idle()
        assert people.stays.state is LegState.GONE
        stays = people.stays.number
        assert place.log("1003") == [("incoming", stays, "answered", None)]
        assert ("outgoing", "1003", "answered", None) in place.log(stays)
        assert place.log(people.by.number)[0][2] == "answered"


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (Behaviour.refuses(486), "busy"),
        (Behaviour.refuses(603, 1.0), "declined"),
        (Behaviour.rings(), "no_answer"),
        (Behaviour.refuses(500), "failed"),
        (None, "unregistered"),
    ],
    ids=["busy", "declined", "no answer", "broken", "unregistered"],
)
@BY_CALLER
@in_virtual_time
async def test_after_a_transfer_that_nobody_takes_the_two_talk_on_SIP_4(behaviour, outcome, by_caller):
    async with office() as place:
        if behaviour is not None:
            place.engine.phone("1003", behaviour)
        people = await three(place, by_caller)
        ask(people.by, "1003")
        await asyncio.sleep(RING_S + 1)
        assert people.by.transfer_told == [RINGING, FAILED]
        assert people.hears(people.by, people.stays)
        assert not people.stays.tone
        ask(people.by, "1003")  # it can be tried again
        await asyncio.sleep(RING_S + 1)
        assert people.by.transfer_told == [RINGING, FAILED] * 2
        assert people.hears(people.by, people.stays)
        people.by.phone.hang_up(people.by)
        await place.idle()
        assert [entry[2] for entry in place.log(people.stays.number) if entry[1] == "1003"] == [outcome] * 2
        assert len(place.store.calls) == 3


@pytest.mark.parametrize("target", ["4711", "not a number", "", "1001", "1002"])
@in_virtual_time
async def test_a_transfer_to_nowhere_leaves_everything_as_it_was_SIP_4(target):
    """Also one to oneself: 1002 stays, and 1001 has one phone, which is in this call."""
    async with office() as place:
        people = await three(place, True)
        ask(people.by, target)
        await asyncio.sleep(RING_S + 2)
        assert people.by.transfer_told[-1] is FAILED
        assert people.hears(people.by, people.stays)
        people.by.phone.hang_up(people.by)


@in_virtual_time
async def test_do_not_disturb_holds_for_transfers_by_colleagues_PRES_7():
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        await place.presence.change("1003", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        people = await three(place, True)
        ask(people.by, "1003")
        await asyncio.sleep(3)
        assert cyril.calls == []
        assert people.by.transfer_told[-1] is FAILED
        assert people.hears(people.by, people.stays)
        people.by.phone.hang_up(people.by)


@BY_CALLER
@in_virtual_time
async def test_a_sender_who_has_hung_up_is_called_back_when_nobody_answers_SIP_4(by_caller):
    """Many phones hang up as soon as their REFER is accepted."""
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.rings())
        people = await three(place, by_caller)
        ask(people.by, "1003")
        await asyncio.sleep(0.5)
        people.by.phone.hang_up(people.by)
        sender = people.by.phone
        sender.behaviour = Behaviour.answers(1.0)
        await asyncio.sleep(RING_S + 2)
        assert cyril.calls[0].state is LegState.GONE
        back = sender.calls[-1]
        assert people.hears(people.stays, back)
        assert back.caller.number == people.stays.number
        sender.hang_up(back)
        await place.idle()
        assert people.stays.state is LegState.GONE


@in_virtual_time
async def test_a_call_that_nobody_wants_any_more_ends_SIP_4():
    async with office() as place:
        place.engine.phone("1003", Behaviour.refuses(486))
        people = await three(place, True)
        ask(people.by, "1003")
        people.by.phone.hang_up(people.by)
        people.by.phone.unregister()
        await place.idle()
        assert people.stays.state is LegState.GONE
        assert place.log("1001") == [
            ("outgoing", "1002", "answered", None),
            ("incoming", "1002", "unregistered", 480),
        ]


@BY_CALLER
@in_virtual_time
async def test_who_waits_may_give_up_SIP_4(by_caller):
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.rings())
        people = await three(place, by_caller)
        ask(people.by, "1003")
        await asyncio.sleep(1)
        people.stays.phone.hang_up(people.stays)
        await place.idle()
        assert cyril.calls[0].state is LegState.GONE
        assert people.by.state is LegState.GONE
        assert place.log("1003") == [("incoming", people.stays.number, "missed", 487)]


@in_virtual_time
async def test_a_transferred_call_can_be_transferred_again_and_again_SIP_4():
    """Also back and forth, until ids of legs no longer hold those of the legs before."""
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.answers(0.2))
        dana = place.engine.phone("1004", Behaviour.answers(0.2))
        people = await three(place, True)
        ask(people.call, "1003")
        await asyncio.sleep(2)
        for phone, target in [(cyril, "1004"), (dana, "1003")] * 3:
            ask(phone.calls[-1], target)
            await asyncio.sleep(2)
        assert people.hears(people.callee, cyril.calls[-1])
        assert max(len(dialog.id) for dialog in place.engine.dialogs.values()) < 149
        # Now the one who has stayed all the time is the one who sends.
        ask(people.callee, "1004")
        await asyncio.sleep(2)
        assert people.hears(cyril.calls[-1], dana.calls[-1])
        dana.hang_up(dana.calls[-1])


@BY_CALLER
@in_virtual_time
async def test_after_asking_the_two_others_talk_SIP_4(by_caller):
    """Attended: the consultation is a call of its own, which ends with the transfer."""
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        people = await three(place, by_caller)
        people.by.phone.hold(people.by)
        consultation = people.by.phone.call("1003")
        await asyncio.sleep(1)
        assert people.hears(consultation, cyril.calls[0])
        ask(people.by, consultation=consultation)
        await asyncio.sleep(0.1)
        assert people.hears(people.stays, cyril.calls[0])
        assert people.by.transfer_told == [DONE]
        await asyncio.sleep(1.1)
        assert people.by.state is consultation.state is LegState.GONE
        assert people.hears(people.stays, cyril.calls[0])
        assert [(c.caller, c.dialled, c.state) for c in place.calls.active()] == [
            (people.stays.number, "1003", "talking")
        ]
        people.stays.phone.hang_up(people.stays)
        await place.idle()
        assert cyril.calls[0].state is LegState.GONE
        by, stays = people.by.number, people.stays.number
        assert {entry[1:3] for entry in place.log("1003")} == {(by, "answered"), (stays, "answered")}


@BY_CALLER
@in_virtual_time
async def test_without_an_answer_who_stays_calls_instead_SIP_4(by_caller):
    """Attended, completed while the consultation still rings."""
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.rings())
        people = await three(place, by_caller)
        consultation = people.by.phone.call("1003")
        await asyncio.sleep(1)
        ask(people.by, consultation=consultation)
        people.by.phone.hang_up(consultation)
        await asyncio.sleep(1)
        assert cyril.calls[-1].caller.number == people.stays.number
        cyril.answer(cyril.calls[-1])
        await asyncio.sleep(0.5)
        assert people.hears(people.stays, cyril.calls[-1])
        assert people.by.transfer_told[-1] is DONE
        cyril.hang_up(cyril.calls[-1])


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("after_s", [0.0, 0.05, 5.0], ids=["at once", "soon", "not by itself"])
@in_virtual_time
async def test_without_an_answer_a_phone_for_one_call_at_a_time_is_reached_too_SIP_4(after_s, held):
    """The consultation that still rings there must be over first, whenever the phone that made it ends it."""
    async with office() as place:
        cyril = place.engine.phone("1003")

        def one_at_a_time(dialog: Dialog) -> Behaviour:
            others = (one for one in cyril.calls if one is not dialog)
            free = all(one.state is LegState.GONE for one in others)
            return Behaviour.answers(2.0) if free else Behaviour.refuses(486)

        cyril.behaviour_in = one_at_a_time
        people = await three(place, True)
        if held:  # which is lifted first, and takes a moment
            (call,) = place.control.in_progress("1001")
            await place.control.hold(call.id, "1001", on=True)
        consultation = people.by.phone.call("1003")
        await asyncio.sleep(1)
        ask(people.by, consultation=consultation)
        await asyncio.sleep(after_s)
        people.by.phone.hang_up(consultation)
        await asyncio.sleep(3)
        assert people.hears(people.stays, cyril.calls[-1])
        assert people.by.transfer_told[-1] is DONE
        cyril.hang_up(cyril.calls[-1])
        await place.idle()
        missed, answered = place.log("1003")
        assert missed[:3] == ("incoming", people.by.number, "missed")
        assert answered == ("incoming", people.stays.number, "answered", None)


@in_virtual_time
async def test_without_an_answer_the_phone_may_be_heard_giving_up_first_SIP_4():
    """It cancels the consultation in the moment in which it asks, and the engine may tell of either first."""
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.answers(30.0))
        people = await three(place, True)
        consultation = people.by.phone.call("1003")
        await asyncio.sleep(1)
        people.by.phone.hang_up(consultation)
        await asyncio.sleep(0.5)
        cyril.behaviour = Behaviour.answers(1.0)
        ask(people.by, consultation=consultation)
        await asyncio.sleep(3)
        assert people.hears(people.stays, cyril.calls[-1])
        cyril.hang_up(cyril.calls[-1])


@in_virtual_time
async def test_a_consultation_that_is_over_cannot_be_joined_SIP_4():
    async with office() as place:
        place.engine.phone("1003", Behaviour.answers(0.2, hangs_up_after_s=1.0))
        people = await three(place, True)
        consultation = people.anna.call("1003")
        await asyncio.sleep(3)
        ask(people.by, consultation=consultation)
        await asyncio.sleep(0.1)
        assert people.by.transfer_told == [FAILED]
        assert people.hears(people.by, people.stays)
        people.anna.hang_up(people.by)


@in_virtual_time
async def test_nobody_takes_part_in_a_call_of_others_by_naming_it_SIP_4():
    """REFER with Replaces asks for a call of the own phone (RFC 3891); those of others are not to be had."""
    async with office() as place:
        people = await three(place, True)
        cyril = place.engine.phone("1003")
        dana = place.engine.phone("1004", Behaviour.answers(0.5))
        call = cyril.call("1004")
        await asyncio.sleep(1)
        cyril.transfer(call, consultation=people.by)
        await asyncio.sleep(1)
        assert call.transfer_told == [FAILED]
        assert people.hears(people.by, people.stays)
        assert people.hears(call, dana.calls[0])
        cyril.hang_up(call)
        people.by.phone.hang_up(people.by)


@in_virtual_time
async def test_of_two_who_are_sent_to_one_consultation_one_gets_it_SIP_4():
    async with office() as place:
        people = await three(place, True)
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        dana = place.engine.phone("1004", Behaviour.answers(0.5))
        others = people.anna.call("1004")
        asked = people.anna.call("1003")
        await asyncio.sleep(1)
        ask(people.by, consultation=asked)
        ask(others, consultation=asked)
        await asyncio.sleep(2)
        assert people.hears(people.stays, cyril.calls[0])
        assert others.transfer_told == [FAILED]
        assert people.hears(others, dana.calls[0])
        cyril.hang_up(cyril.calls[0])
        people.anna.hang_up(others)


@in_virtual_time
async def test_one_who_is_being_transferred_cannot_be_taken_away_meanwhile_SIP_4():
    """Boris stays in the first call while Anna's other call asks for him: one thing at a time."""
    async with office() as place:
        cyril = place.engine.phone("1003", Behaviour.answers(0.2))
        dana = place.engine.phone("1004", Behaviour.answers(3.0))
        people = await three(place, True)
        second = people.anna.call("1003")
        await asyncio.sleep(1)
        ask(people.by, "1004")
        await asyncio.sleep(1)
        ask(second, consultation=people.by)
        await asyncio.sleep(0.1)
        assert second.transfer_told == [FAILED]
        await asyncio.sleep(3)
        assert people.hears(people.stays, dana.calls[0])
        assert people.hears(second, cyril.calls[0])
        people.anna.hang_up(second)
        dana.hang_up(dana.calls[0])


@pytest.mark.parametrize("after_s", [0.0005, 0.0015, 0.0025, 0.0045, 0.5, 1.1, 2.5])
@pytest.mark.parametrize("kind", ["blind", "attended"])
@BY_CALLER
@in_virtual_time
async def test_a_kill_in_a_transfer_leaves_a_true_state_A_3(kind, after_s, by_caller):
    """Whoever can talk, talks; and in the end nothing is left over."""
    first = Office()
    await first.start()
    cyril = first.engine.phone("1003", Behaviour.answers(1.0))
    people = await three(first, by_caller)
    if kind == "attended":
        consultation = people.by.phone.call("1003")
        await asyncio.sleep(2)
        ask(people.by, consultation=consultation)
    else:
        ask(people.by, "1003")
    await asyncio.sleep(after_s)
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    assert people.stays.state is LegState.UP
    assert not people.stays.tone
    assert people.hears(people.stays, people.by) or people.hears(people.stays, cyril.calls[-1])
    people.stays.phone.hang_up(people.stays)
    await asyncio.sleep(RING_S + 2)
    for dialog in [*second.engine.dialogs.values()]:
        dialog.phone.hang_up(dialog)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_a_transfer_that_rings_goes_on_after_a_kill_if_its_sender_is_gone_A_3():
    first = Office()
    await first.start()
    cyril = first.engine.phone("1003", Behaviour.rings())
    people = await three(first, True)
    ask(people.by, "1003")
    await asyncio.sleep(1)
    people.anna.hang_up(people.by)
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    cyril.answer(cyril.calls[0])
    await asyncio.sleep(0.1)
    assert people.hears(people.stays, cyril.calls[0])
    cyril.hang_up(cyril.calls[0])
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
