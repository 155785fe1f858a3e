"""The server is killed while an ordered call is about to be made: the next one makes it (OPS-1, SIP-2)."""

import asyncio

from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import RING_S
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_resumption import closed, opened, phone
from tests.server.flows.test_ways import forwards, together
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_the_own_phone_of_who_ordered_a_call_rings_on_and_the_call_is_made_SIP_2():
    first = await opened(_1002=Behaviour.answers(1.0))
    anna = phone(first, "1001")
    order_id = await first.control.make("1001", "1002")
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert anna.calls[0].state is LegState.RINGING
    assert [(call.id, call.state) for call in second.control.in_progress("1001")] == [(order_id, "ordered")]
    assert [(own.id, str(own.state)) for own in second.own_calls.of("1001")] == [(order_id, "ordered")]
    anna.answer(anna.calls[0])
    await asyncio.sleep(2)
    assert together(second, anna.calls[0], phone(second, "1002").calls[0])
    anna.hang_up(anna.calls[0])
    await second.idle()
    assert second.log("1001") == [("outgoing", "1002", "answered", None)]
    await closed(second)


@in_virtual_time
async def test_who_answers_an_ordered_call_while_no_server_is_there_is_connected_SIP_2():
    first = await opened(_1002=Behaviour.answers(1.0))
    anna = phone(first, "1001")
    await first.control.make("1001", "1002")
    await asyncio.sleep(1)
    second = await after_a_kill(first, meanwhile=lambda: anna.answer(anna.calls[0]))
    await asyncio.sleep(2)
    assert together(second, anna.calls[0], phone(second, "1002").calls[0])
    anna.hang_up(anna.calls[0])
    await closed(second)


@in_virtual_time
async def test_an_ordered_call_that_rings_can_be_taken_back_at_the_next_server_SIP_2():
    first = await opened(_1002=Behaviour.answers(1.0))
    order_id = await first.control.make("1001", "1002")
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await second.control.hang_up(order_id, "1001")
    await asyncio.sleep(1)
    assert phone(second, "1001").calls[0].state is LegState.GONE
    assert phone(second, "1002").calls == []
    await closed(second)


@in_virtual_time
async def test_a_code_that_was_ordered_is_done_and_told_by_the_next_server_SIP_2_CODE_1():
    first = await opened()
    anna = phone(first, "1001")
    await first.control.make("1001", "*311002")
    await asyncio.sleep(1)
    anna.answer(anna.calls[0])
    await asyncio.sleep(0.05)
    first.reaching.settings.clear()
    second = await after_a_kill(first)
    await asyncio.sleep(15)
    assert anna.calls[0].sounds[-1] == Sound.digits("1002")
    assert str(second.reaching.settings["1001"].statuses.available.internal.always) == "extension:1002"
    assert anna.calls[0].state is LegState.GONE
    await closed(second)


@in_virtual_time
async def test_an_ordered_call_that_was_over_before_the_kill_is_not_made_again_SIP_2():
    first = await opened(_1002=Behaviour.answers(1.0, hangs_up_after_s=1.0))
    anna = phone(first, "1001")
    order_id = await first.control.make("1001", "1002")
    await asyncio.sleep(1)
    anna.answer(anna.calls[0])
    await asyncio.sleep(0.5)
    anna.hang_up(anna.calls[0])
    await first.idle()
    left = first.engine.dialogs[anna.calls[0].id] = anna.calls[0]
    left.state = LegState.UP  # as if it had been killed while it hung up
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert len(phone(second, "1002").calls) == 1
    assert left.state is LegState.GONE
    assert order_id in second.store.calls
    await closed(second)


@in_virtual_time
async def test_a_call_that_was_ordered_goes_on_where_it_was_CTI_1():
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.answers(1.0))
    first.reaching.settings["1002"] = forwards(no_answer="extension:1003")
    phone(first, "1001").behaviour = Behaviour.answers(1.0)
    await first.control.make("1001", "1002")
    await asyncio.sleep(10)
    call = phone(first, "1001").calls[0]
    second = await after_a_kill(first)
    await asyncio.sleep(RING_S)
    assert together(second, call, phone(second, "1003").calls[0])
    phone(second, "1001").hang_up(call)
    await closed(second)
