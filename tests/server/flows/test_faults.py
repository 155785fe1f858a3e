"""Something goes wrong at every moment at which a call waits for the engine: nothing may be left over."""

import asyncio

import pytest

from server.switch.simulated import Behaviour, SimulatedEngine
from tests.server.flows.code_stories import (
    is_switched,
    mobile_agent,
    play_greeting,
    record_greeting,
    switching,
)
from tests.server.flows.fault_stories import (
    BEHAVIOURS,
    BY_KEYS,
    ENDS_IT,
    PICK_UPS,
    QUEUES,
    RECORDINGS,
    TALKS,
    TRANSFERS,
    VOICEMAIL,
    WAYS,
    barge_in,
    by_desk_phone,
    code,
    decline_by_order,
    hold,
    hold_and_ask,
    hold_and_transfer,
    intercom,
    keys,
    meet,
    menu,
    park,
    park_by_order,
    phones_of,
    pick_up,
    plain_call,
    refused_code,
    take_held,
    take_held_and_be_told,
    take_held_and_keep,
)
from tests.server.flows.office import Office, office
from tests.virtual_time import run


def caller_gone(place: Office) -> None:
    for dialog in [d for d in place.engine.dialogs.values() if d.inbound]:
        dialog.phone.hang_up(dialog)


def phones_gone(place: Office) -> None:
    for phone in [p for p in place.engine.phones if p.number == "1002"]:
        phone.vanish()


def engine_crash(place: Office) -> None:
    place.switch.crash()
    asyncio.get_running_loop().call_later(2.0, place.switch.restart)


def connection_broken(place: Office) -> None:
    place.switch.disconnect()
    asyncio.get_running_loop().call_later(2.0, lambda: place.switch.connect(restarted=False))


def connection_blinks(place: Office) -> None:
    place.switch.disconnect()
    asyncio.get_running_loop().call_later(0.0015, lambda: place.switch.connect(restarted=False))


def answer_lost(place: Office) -> None:
    place.switch.answer_lost = True


def cancelled(place: Office) -> None:
    for task in place.calls._background._tasks:
        task.cancel()


def cancelled_twice(place: Office) -> None:
    cancelled(place)
    for delay_s in (0.0005, 0.0015, 0.0025):
        asyncio.get_running_loop().call_later(delay_s, cancelled, place)


def disk_full(place: Office) -> None:
    place.engine.recorder.fill_disk()


def extension_removed(place: Office) -> None:
    for phone in [p for p in place.engine.phones if p.number == "1002"]:
        place.engine.unregister(phone)
    for dialog in [d for d in place.engine.dialogs.values() if d.number == "1002"]:
        place.engine.hang_up(dialog, "forbidden")


FAULTS = [
    caller_gone,
    phones_gone,
    engine_crash,
    connection_broken,
    connection_blinks,
    answer_lost,
    cancelled,
    cancelled_twice,
    extension_removed,
]


async def one_story(story, behaviours, fault, at: int, then=lambda place: None) -> int:
    """One story with this fault at this moment; returns how many moments there were."""
    async with office(engine=SimulatedEngine()) as place:
        place.engine.phone("1001", Behaviour.answers(1.0, hangs_up_after_s=2.0))
        for number, behaviour, *user_agent in behaviours:
            place.engine.phone(number, behaviour, user_agent="".join(user_agent) or "Simulated")
        begin = place.switch.points

        def strike(point: int) -> None:
            if point - begin == at:
                place.switch.fault = None
                # Not inside the engine's own step: the next thing that happens.
                asyncio.get_running_loop().call_soon(fault, place)

        place.switch.fault = strike
        await story(place)
        await asyncio.sleep(200)
        for dialog in [*place.engine.dialogs.values()]:  # those whom the fault has left talking
            dialog.phone.hang_up(dialog)
        moments = place.switch.points - begin
        await place.idle()
        then(place)
        return moments


def at_each_moment(story, phones, fault, *, least: int, then=lambda place: None) -> None:
    """The story with this fault at each of its moments, of which there must be some; `then` looks at it."""
    moments = run(one_story(story, phones, fault, at=-1, then=then))
    assert moments >= least
    for at in range(1, moments + 1):
        run(one_story(story, phones, fault, at, then))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_fault_at_each_moment_of_a_long_way_leaves_nothing_behind_PRES_3(way, fault):
    story, phones = way
    at_each_moment(story, phones, fault, least=11)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("behaviours", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_a_fault_at_each_moment_leaves_nothing_behind(behaviours, fault):
    phones = [("1002", behaviour) for behaviour in behaviours]
    at_each_moment(plain_call, phones, fault, least=6)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("transfer", TRANSFERS.values(), ids=TRANSFERS.keys())
def test_a_fault_at_each_moment_of_a_transfer_leaves_nothing_behind_SIP_4(transfer, fault):
    story, phones = transfer
    at_each_moment(story, phones, fault, least=16)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("rung", PICK_UPS.values(), ids=PICK_UPS.keys())
def test_a_fault_at_each_moment_of_a_pick_up_leaves_nothing_behind_SIP_4(rung, fault):
    phones = [("1002", rung), ("1003", Behaviour.rings())]
    at_each_moment(pick_up, phones, fault, least=9)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("taken", [True, False], ids=["taken", "goes back"])
def test_a_fault_at_each_moment_of_parking_leaves_nothing_behind_SIP_4(taken, fault):
    phones = [TALKS, ("1003", Behaviour.rings() if taken else Behaviour.answers(1.0))]
    at_each_moment(park, phones, fault, least=16)
    at_each_moment(park_by_order, phones, fault, least=16)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("story", [hold, hold_and_transfer, hold_and_ask], ids=lambda story: story.__name__)
def test_a_fault_at_each_moment_of_a_hold_leaves_nothing_behind_SIP_4(story, fault):
    phones = [TALKS, ("1003", Behaviour.answers(0.5, hangs_up_after_s=6.0))]
    moments = run(one_story(story, phones, fault, at=-1))
    assert moments > 15
    for at in range(1, moments + 1):
        run(one_story(story, phones, fault, at))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_at_each_moment_of_controlling_a_desk_phone_leaves_nothing_behind_SIP_11(fault):
    phones = [TALKS, ("1003", Behaviour.rings(), "Yealink"), ("1004", ENDS_IT)]
    at_each_moment(by_desk_phone, phones, fault, least=25)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_at_each_moment_of_declining_by_order_leaves_nothing_behind_SIP_11(fault):
    at_each_moment(decline_by_order, [("1002", Behaviour.rings())] * 2, fault, least=6)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_at_each_moment_of_barging_in_leaves_nothing_behind_WALL_3(fault):
    phones = [("1002", Behaviour.answers(1.0, hangs_up_after_s=5.0)), ("1003", Behaviour.rings())]
    at_each_moment(barge_in, phones, fault, least=13)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_at_each_moment_of_a_menu_leaves_nothing_behind_ADMIN_2(fault):
    phones = [("1002", ENDS_IT)]
    at_each_moment(menu, phones, fault, least=13)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("way", QUEUES.values(), ids=QUEUES.keys())
def test_a_fault_at_each_moment_of_a_queue_leaves_nothing_behind_Q_11(way, fault):
    story, phones = way
    at_each_moment(story, phones, fault, least=13)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_at_each_moment_of_an_answer_on_a_mobile_of_an_agent_leaves_nothing_behind_Q_11(fault):
    phones = [("1002", Behaviour.rings()), ("1003", Behaviour.answers(1.0))]
    at_each_moment(mobile_agent, phones, fault, least=30)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("way", VOICEMAIL.values(), ids=VOICEMAIL.keys())
def test_a_fault_at_each_moment_of_voicemail_leaves_nothing_behind_VM_5(way, fault):
    story, phones = way
    at_each_moment(story, phones, fault, least=7)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("story", [code, refused_code, intercom], ids=lambda story: story.__name__)
def test_a_fault_at_each_moment_of_a_feature_code_leaves_nothing_behind_CODE_1(story, fault):
    phones = [("1002", ENDS_IT)]
    at_each_moment(story, phones, fault, least=5)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("ordered", [False, True], ids=["dialled", "ordered"])
@pytest.mark.parametrize("name", ["pair off", "pause"])
def test_a_fault_at_each_moment_of_a_code_that_switches_over_does_it_once_or_says_no_BOSS_2(
    name, ordered, fault
):
    def look(place: Office) -> None:
        outcomes = [outcome for _, _, outcome, _ in place.log("1003")]
        if is_switched(place, name):
            assert outcomes == []
        elif not ordered and fault not in {cancelled, cancelled_twice}:
            assert outcomes == ["failed"], "it is not done twice"

    at_each_moment(switching(name, ordered=ordered), [("1003", ENDS_IT)], fault, least=5, then=look)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("story", [record_greeting, play_greeting], ids=lambda story: story.__name__)
def test_a_fault_at_each_moment_of_an_errand_at_the_own_mailbox_leaves_nothing_behind_VM_3(story, fault):
    at_each_moment(story, [("1003", ENDS_IT)], fault, least=5)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize(
    "story", [take_held, take_held_and_keep, take_held_and_be_told], ids=lambda story: story.__name__
)
def test_a_fault_at_each_moment_of_taking_a_held_call_leaves_nothing_behind_BOSS_4(story, fault):
    phones = [("1002", Behaviour.answers(1.0, hangs_up_after_s=60.0)), ("1003", Behaviour.rings())]
    at_each_moment(story, phones, fault, least=16)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_at_each_moment_of_a_conference_leaves_nothing_behind_SIP_4(fault):
    phones = [("1003", Behaviour.rings())]
    at_each_moment(meet, phones, fault, least=13)


@pytest.mark.parametrize("fault", [*FAULTS, disk_full], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS.keys())
def test_a_fault_at_each_moment_of_a_recording_leaves_nothing_behind_SIP_5(recording, fault):
    story, phones = recording
    at_each_moment(story, phones, fault, least=16)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("pressed", BY_KEYS.values(), ids=BY_KEYS.keys())
def test_a_fault_at_each_moment_of_keys_in_a_call_leaves_nothing_behind_CODE_1(pressed, fault):
    def story(place: Office):
        return keys(place, *pressed[0])

    at_each_moment(story, pressed[1], fault, least=16)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_at_each_moment_of_picking_up_a_flip_leaves_nothing_behind_CODE_1(fault):
    async def story(place: Office) -> None:
        await keys(place, "*01")
        phones_of(place, "1003")[0].call("*041002")
        await asyncio.sleep(3)

    phones = [TALKS, ("1002", Behaviour.rings()), ("1003", Behaviour.rings())]
    at_each_moment(story, phones, fault, least=16)
