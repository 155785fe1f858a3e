"""SIP-4, Q-11 on real phones: a colleague takes the caller who rings at an agent, or waits in a queue."""

import asyncio
from typing import Any

import pytest

from tests.phones.hearing import hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_parking import hears_music
from tests.real.test_queue import QUEUE, are, configure

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


async def calls(pbx: Pbx) -> list[dict[str, Any]]:
    """The queue's log, newest first."""
    found: list[dict[str, Any]] = await pbx.api("GET", f"/queues/{QUEUE}/calls")
    return found


async def next_call(pbx: Pbx, before: int) -> dict[str, Any]:
    """The first line of the log after so many; it is written a moment after the call is over."""

    async def look() -> bool:
        return len(await calls(pbx)) > before

    await until(look, "the call is in the queue's log")
    return (await calls(pbx))[0]


@pytest.mark.parametrize("phone", [ScriptPhone, OwnPhone])
async def test_a_colleague_takes_the_caller_who_rings_at_an_agent_SIP_4(
    pbx: Pbx, phone: type[RealPhone]
) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        phone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await configure(pbx, "1002", agent_timeout_s=60)
        before = len(await calls(pbx))
        anna.says(550)
        cyril.says(1000)
        await anna.dial(QUEUE)
        await anna.connected()
        await hears_music(anna)
        await boris.incoming()
        if isinstance(cyril, OwnPhone):
            await cyril.pick_up("*041002", "1002")
        else:
            await cyril.dial("*041002")
        await cyril.connected()
        lost = await boris.ended()
        assert "SIP;cause=200" in lost.reason.replace(" ", ""), "no missed call on this phone"
        await asyncio.gather(hears_tone(anna, 1000), hears_tone(cyril, 550))
        await are(pbx, {"1002": "available"})
        await cyril.hangup()
        await anna.ended()
    await pbx.nothing_left()
    newest = await next_call(pbx, before)
    assert (newest["end"], newest["agent"], newest["missed"]) == ("picked_up", "1003", [])


async def test_an_agent_takes_who_waits_by_the_number_of_the_queue_Q_11(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1003")) as agent,
    ):
        await pbx.register(anna, agent)
        before = len(await calls(pbx))
        await configure(pbx, dynamic_agents=[{"extension": "1003"}])
        anna.says(550)
        agent.says(1000)
        await anna.dial(QUEUE)
        await anna.connected()
        await until(lambda: pbx.api("GET", f"/queues/{QUEUE}/callers"), "1001 waits")
        await agent.dial(f"*04{QUEUE}")
        await agent.connected()
        await asyncio.gather(hears_tone(anna, 1000), hears_tone(agent, 550))
        await are(pbx, {"1003": "talking"})  # though logged out
        await anna.hangup()
        await agent.ended()
    await pbx.nothing_left()
    newest = await next_call(pbx, before)
    assert (newest["end"], newest["agent"]) == ("answered", "1003")
