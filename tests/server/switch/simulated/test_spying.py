"""A third party hears a call, and is heard by those who shall hear it (WALL-3)."""

import pytest

from server.switch.port import LegGone, Whisper
from server.switch.simulated.spying import heard_by
from tests.server.switch.simulated.desk import Desk
from tests.virtual_time import in_virtual_time


@pytest.mark.parametrize(
    ("whisper", "agent_hears", "customer_hears"),
    [(Whisper.NOBODY, False, False), (Whisper.LEG, True, False), (Whisper.ALL, True, True)],
)
@in_virtual_time
async def test_who_hears_the_supervisor_WALL_3(
    whisper: Whisper, agent_hears: bool, customer_hears: bool
) -> None:
    desk = await Desk().up()
    (_, _, agent), (_, _, customer), (_, _, supervisor) = [await desk.answered() for _ in range(3)]
    bridge = await desk.switch.bridge("call")
    await bridge.add(agent, customer)
    spying = await agent.spy(supervisor, whisper)
    assert heard_by(desk.engine, supervisor.id) == {agent.id, customer.id}
    assert (supervisor.id in heard_by(desk.engine, agent.id)) is agent_hears
    assert (supervisor.id in heard_by(desk.engine, customer.id)) is customer_hears
    await spying.stop()
    await spying.stop()
    assert heard_by(desk.engine, supervisor.id) == set()
    assert heard_by(desk.engine, agent.id) == {customer.id}


@in_virtual_time
async def test_who_has_hung_up_can_neither_listen_nor_be_listened_to_WALL_3() -> None:
    desk = await Desk().up()
    (_, _, agent), (phone, dialog, supervisor) = [await desk.answered() for _ in range(2)]
    spying = await agent.spy(supervisor)
    phone.hang_up(dialog)
    await spying.stop()
    with pytest.raises(LegGone):
        await agent.spy(supervisor)
    await agent.hangup()
    with pytest.raises(LegGone):
        await agent.spy(supervisor)
