"""VM-3, VM-5, VM-6, PRES-3, DIR-5, SIP-3, SIP-4: messages are left in mailboxes; in virtual time."""

import asyncio
from pathlib import Path

import pytest

from server.contract.calls import Outcome
from server.contract.configuration import ConfigObject
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import (
    CallerRule,
    DoNotDisturbSettings,
    Forwarding,
    ForwardingAlways,
    ReachingSettings,
    SettingsByStatus,
    StatusSettings,
)
from server.contract.routing import InboundRoute, RingGroup
from server.contract.trunks import Trunk
from server.contract.voicemail import GroupMailbox, VoicemailSettings
from server.flows.voicemail import LONGEST_S, SILENCE_S
from server.flows.voicemail_prompts import BEEP, SAVED, TOO_SHORT, built_in_greeting
from server.switch.port import LegState, SipTrunk, Sound, TransferProgress, TrunkKind
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_ways import forwards, to
from tests.virtual_time import in_virtual_time

GREETED_S = 10.0
"""By then the built-in greeting and the beep are over."""


def messages(place: Office) -> list[tuple[str, str, int]]:
    """(mailbox, caller, whole seconds) of every message that is listed."""
    kept = place.voicemail.messages.kept.values()
    return [(message.box, message.caller, round(message.seconds)) for message in kept]


async def greeted(dialog) -> None:
    """Until the beep is over, and the recording has begun."""
    async with asyncio.timeout(90):
        while not dialog.heard or dialog.heard[-1].sound != BEEP[0] or dialog.heard[-1].ended is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.05)


def a_greeting(place: Office, name: str) -> str:
    path = Path(f"/greetings/{name}.wav")
    place.engine.files[path.with_suffix("")] = 2.0
    greeting_id = name.ljust(32, "0").encode().hex()[:32]
    place.voicemail.greetings.paths[greeting_id] = path
    return greeting_id


@in_virtual_time
async def test_a_call_that_nobody_answers_leaves_a_message_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        place.reaching.settings["1002"] = forwards(no_answer="voicemail")
        call = anna.call("1002", name="Anna")
        await asyncio.sleep(29)
        assert call.state is LegState.RINGING
        await greeted(call)
        assert call.sounds == [*built_in_greeting("1002", group=False), *BEEP]
        assert boris.calls[0].state is LegState.GONE
        await asyncio.sleep(12)
        assert messages(place) == []
        anna.hang_up(call)
        await place.idle()
        assert messages(place) == [("1002", "1001", 12)]
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.entry("1002").outcome is Outcome.MISSED, "he has not spoken to her"


@pytest.mark.parametrize(
    ("condition", "behaviour"),
    [
        ("busy", Behaviour.refuses(486)),
        ("busy", Behaviour.refuses(603)),
        ("no_answer", Behaviour.refuses(603)),
        ("no_answer", None),
        ("always", Behaviour.rings()),
    ],
    ids=["busy", "rejected, busy set", "rejected", "unregistered", "always"],
)
@in_virtual_time
async def test_each_condition_may_lead_to_the_mailbox_PRES_3_SIP_3(condition, behaviour):
    async with office() as place:
        anna = place.engine.phone("1001")
        if behaviour is not None:
            place.engine.phone("1002", behaviour)
        place.reaching.settings["1002"] = forwards(**{condition: "voicemail"})
        call = anna.call("1002")
        await greeted(call)
        await asyncio.sleep(5)
        anna.hang_up(call)
        await place.idle()
        assert messages(place) == [("1002", "1001", 5)]
        (entry,) = place.log("1002")
        assert entry[2] in ("missed", "busy", "declined", "unregistered")


@in_virtual_time
async def test_do_not_disturb_may_forward_to_the_mailbox_and_is_missed_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        place.reaching.settings["1002"] = ReachingSettings(
            statuses=SettingsByStatus(
                do_not_disturb=DoNotDisturbSettings(internal=ForwardingAlways(always=to("voicemail")))
            )
        )
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        call = anna.call("1002")
        await greeted(call)
        await asyncio.sleep(3)
        anna.hang_up(call)
        await place.idle()
        assert boris.calls == []
        assert messages(place) == [("1002", "1001", 3)]
        assert place.log("1002") == [("incoming", "1001", "missed", 480)]


@in_virtual_time
async def test_a_mailbox_that_is_off_counts_as_not_set_VM_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        place.reaching.settings["1002"] = forwards(always="voicemail", no_answer="voicemail")
        place.voicemail.settings["1002"] = VoicemailSettings(enabled=False)
        call = anna.call("1002")
        await asyncio.sleep(2)
        assert boris.calls[0].state is LegState.UP, "the call is not lost"
        anna.hang_up(call)
        await place.idle()
        refused = anna.call("*121002")
        await place.idle()
        assert refused.told == 404
        assert messages(place) == []


@in_virtual_time
async def test_a_rule_by_caller_id_sends_to_the_mailbox_DIR_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        rule = CallerRule(pattern="100X", destination=to("voicemail"))
        place.reaching.settings["1002"] = ReachingSettings(caller_rules=[rule])
        call = anna.call("1002")
        await greeted(call)
        await asyncio.sleep(4)
        anna.press(call, "#")
        await place.idle()
        assert boris.calls == []
        assert call.sounds[-1:] == [*SAVED], "who is still there is told that it was kept"
        assert messages(place) == [("1002", "1001", 4)]


@in_virtual_time
async def test_a_forward_may_name_the_mailbox_of_a_colleague_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.reaching.settings["1002"] = forwards(always="voicemail:1003")
        call = anna.call("1002")
        await greeted(call)
        await asyncio.sleep(3)
        anna.hang_up(call)
        await place.idle()
        assert messages(place) == [("1003", "1001", 3)]


@in_virtual_time
async def test_a_message_may_be_left_without_any_ringing_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        call = anna.call("*121002")
        await greeted(call)
        await asyncio.sleep(3)
        anna.hang_up(call)
        await place.idle()
        assert boris.calls == []
        assert messages(place) == [("1002", "1001", 3)]
        assert place.log("1001") == [("outgoing", "*121002", "answered", None)]


@in_virtual_time
async def test_there_is_no_mailbox_of_nobody_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        call = anna.call("*129999")
        await place.idle()
        assert call.told == 404


@in_virtual_time
async def test_a_caller_is_transferred_straight_to_a_mailbox_SIP_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        call = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "*121003")
        await greeted(call)
        assert boris.calls[0].transfer_told[-1] is TransferProgress.DONE
        assert boris.calls[0].state is LegState.GONE
        await asyncio.sleep(6)
        anna.hang_up(call)
        await place.idle()
        assert messages(place) == [("1003", "1001", 6)]
        assert place.log("1003") == [("incoming", "1001", "missed", 480)]


@in_virtual_time
async def test_who_comes_back_to_a_sender_that_has_gone_may_leave_it_a_message_SIP_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        place.engine.phone("1003", Behaviour.refuses(486, 1.0))
        place.reaching.settings["1002"] = forwards(no_answer="voicemail")
        call = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "1003")
        boris.behaviour = Behaviour.rings()
        await asyncio.sleep(0.2)
        boris.hang_up(boris.calls[0])
        await greeted(call)
        assert len(boris.calls) == 2, "he was called back first"
        await asyncio.sleep(4)
        anna.hang_up(call)
        await place.idle()
        assert messages(place) == [("1002", "1001", 4)]


@in_virtual_time
async def test_nobody_is_transferred_into_the_menu_of_a_mailbox_SIP_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        call = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "*2")
        await asyncio.sleep(1)
        assert boris.calls[0].transfer_told[-1] is TransferProgress.FAILED
        assert call.state is boris.calls[0].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_a_message_ends_by_silence_and_by_its_length_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        silent = anna.call("*121002")
        await greeted(silent)
        await asyncio.sleep(3)
        anna.fall_silent(silent)
        await asyncio.sleep(SILENCE_S + 3)
        assert silent.state is LegState.GONE
        endless = anna.call("*121002")
        await place.idle()
        assert endless.state is LegState.GONE
        assert [seconds for _, _, seconds in messages(place)] == [3 + SILENCE_S, LONGEST_S]


@pytest.mark.parametrize("hangs_up", [True, False], ids=["hangs up", "presses #"])
@in_virtual_time
async def test_a_message_shorter_than_two_seconds_is_dropped_VM_5(hangs_up):
    async with office() as place:
        anna = place.engine.phone("1001")
        call = anna.call("*121002")
        await greeted(call)
        await asyncio.sleep(1.5)
        if hangs_up:
            anna.hang_up(call)
        else:
            anna.press(call, "#")
        await place.idle()
        assert messages(place) == []
        assert len(place.voicemail.discarded) == 1
        assert (call.sounds[-1:] == [*TOO_SHORT]) is not hangs_up


@in_virtual_time
async def test_the_greeting_is_that_of_the_presence_of_the_moment_and_a_key_ends_it_VM_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        usual, at_lunch = a_greeting(place, "usual"), a_greeting(place, "lunch")
        place.voicemail.settings["1002"] = VoicemailSettings(
            greeting=usual, greetings={PresenceStatus.LUNCH_BREAK: at_lunch}
        )
        first = anna.call("*121002")
        await asyncio.sleep(0.5)
        anna.hang_up(first)
        assert first.sounds == [Sound.file(Path("/greetings/usual"))]
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.LUNCH_BREAK))
        second = anna.call("*121002")
        await asyncio.sleep(0.5)
        anna.press(second, "1")
        await asyncio.sleep(0.1)
        assert second.sounds == [Sound.file(Path("/greetings/lunch")), *BEEP]
        anna.hang_up(second)


@in_virtual_time
async def test_a_greeting_whose_file_is_lost_is_replaced_by_the_built_in_one_VM_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        lost = a_greeting(place, "lost")
        place.engine.files.clear()
        place.voicemail.settings["1002"] = VoicemailSettings(greeting=lost)
        call = anna.call("*121002")
        await greeted(call)
        assert call.sounds == [*built_in_greeting("1002", group=False), *BEEP]
        anna.hang_up(call)


def with_group(place: Office, *more: ConfigObject) -> None:
    place.configuration += [GroupMailbox(number="650", name="Sales", members=("1002", "1003")), *more]
    place.voicemail.groups["650"] = ("1002", "1003")


@pytest.mark.parametrize("dialled", ["620", "650", "*12650"])
@in_virtual_time
async def test_a_group_has_a_mailbox_VM_6(dialled):
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(486))
        with_group(place, RingGroup(number="620", members=("1002",), destination=to("group_voicemail:650")))
        call = anna.call(dialled)
        await greeted(call)
        assert call.sounds == [*built_in_greeting("650", group=True), *BEEP]
        await asyncio.sleep(3)
        anna.hang_up(call)
        await place.idle()
        assert messages(place) == [("650", "1001", 3)]


@in_virtual_time
async def test_a_call_from_outside_is_led_to_a_mailbox_by_its_route_ADMIN_2():
    async with office() as place:
        carrier = place.engine.carrier("main")
        await place.switch.push_trunks([SipTrunk(name="main", kind=TrunkKind.PEER, host="192.0.2.1")])
        place.configuration += [
            Trunk(name="main", kind="peer", host="192.0.2.1"),
            InboundRoute(name="all", destination=to("voicemail:1002")),
        ]
        call = carrier.call("530335500", caller="+420777123456")
        await greeted(call)
        await asyncio.sleep(3)
        carrier.hang_up(call)
        await place.idle()
        assert messages(place) == [("1002", "+420777123456", 3)]
        assert place.log("1002") == [("incoming", "+420777123456", "missed", 480)]


@in_virtual_time
async def test_external_calls_are_forwarded_to_the_mailbox_by_their_own_setting_PRES_3():
    async with office() as place:
        carrier = place.engine.carrier("main")
        await place.switch.push_trunks([SipTrunk(name="main", kind=TrunkKind.PEER, host="192.0.2.1")])
        place.configuration += [
            Trunk(name="main", kind="peer", host="192.0.2.1"),
            InboundRoute(name="all", destination=to("extension:1002")),
        ]
        place.reaching.settings["1002"] = ReachingSettings(
            statuses=SettingsByStatus(
                available=StatusSettings(external=Forwarding(no_answer=to("voicemail")))
            )
        )
        call = carrier.call("530335500", caller="+420777123456")
        await greeted(call)
        await asyncio.sleep(3)
        carrier.hang_up(call)
        await place.idle()
        assert messages(place) == [("1002", "+420777123456", 3)]
