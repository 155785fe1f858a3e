"""Q-3: wherever a queue may fail over to, its caller gets there, and what answers there answers."""

import asyncio
from pathlib import Path

import pytest

from server.contract.call_flows import CallFlow, FlowStep, Origin
from server.contract.conference import Conference
from server.contract.destinations import DestinationKind
from server.contract.ivr import Ivr
from server.contract.routing import RingGroup
from server.contract.voicemail import GroupMailbox
from server.flows.conference import ALONE
from server.flows.voicemail_prompts import built_in_greeting
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_outside import calls_of, with_trunks
from tests.server.flows.test_queue import SALES, WELCOME, sales, set_up
from tests.server.flows.test_ways import to
from tests.virtual_time import in_virtual_time

PHONE = ("1004",)
"""What rings in the place of the queue."""

FAILOVERS: dict[str, tuple[tuple[str, ...], tuple[Sound, ...]]] = {
    "hang_up": ((), ()),
    "extension:1004": (PHONE, ()),
    "voicemail:1002": ((), built_in_greeting("1002", group=False)[:1]),
    "group_voicemail:650": ((), built_in_greeting("650", group=True)[:1]),
    "ivr:6500": ((), (WELCOME,)),
    "ring_group:620": (PHONE, ()),
    "queue:6401": (PHONE, ()),
    "conference:6600": ((), (ALONE,)),
    "external:00420530335111": (("one",), ()),
    "prompt:welcome": ((), (WELCOME,)),
    "call_flow:after": (PHONE, ()),
}
"""By failover: which phone or trunk rings, and what a machine says first."""


async def everything(place: Office) -> None:
    """Something of every kind."""
    await with_trunks(
        place,
        Ivr(number="6500", prompt="welcome", choices=[{"key": "1", "destination": to("hang_up")}]),
        RingGroup(number="620", members=["1004"]),
        GroupMailbox(number="650", queues=[SALES]),
        Conference(number="6600"),
        CallFlow(name="after", steps=[FlowStep(origin=Origin.INTERNAL, destination=to("extension:1004"))]),
    )
    place.voicemail.groups["650"] = ("1002",)
    place.engine.files[Path(WELCOME.value)] = 4.0


@pytest.mark.parametrize("failover", FAILOVERS)
@in_virtual_time
async def test_each_failover_is_carried_out_Q_3(failover: str) -> None:
    rings, said = FAILOVERS[failover]
    async with office() as place:
        set_up(place, sales("1002", max_wait_s=5, failover=to(failover)), sales("1004", number="6401"))
        await everything(place)
        dana = place.engine.phone("1004", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(4.5)
        assert (call.state, dana.calls, calls_of(place, "one")) == (LegState.UP, [], [])
        await asyncio.sleep(3)
        assert tuple(call.sounds[:1]) == said
        rung = [*(leg.number for leg in dana.calls), *(leg.trunk for leg in calls_of(place, "one"))]
        assert tuple(rung) == rings
        assert (call.state is LegState.GONE) == (failover == "hang_up")
        anna.hang_up(call)
        await place.idle()
        ends = [line.end for line in place.queue_store.calls if line.queue == SALES]
        assert ends == ["failed_over"]


def test_every_kind_of_destination_is_tried() -> None:
    """But for the own mobile number, as a queue is nobody's."""
    kinds = {DestinationKind(failover.partition(":")[0]) for failover in FAILOVERS}
    assert kinds == set(DestinationKind) - {DestinationKind.MOBILE}
