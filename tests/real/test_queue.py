"""Q-2 to Q-4, Q-11 on real phones: who waits hears music, who rings is the one whose turn it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.phones.hearing import hears_tone
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_parking import hears_music

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

QUEUE = "6400"
AGENTS = ("1002", "1003", "1004")
TONES = {"1001": 550.0, "1002": 700.0, "1003": 1000.0, "1004": 1400.0, "1005": 1800.0}


@asynccontextmanager
async def phones(pbx: Pbx, *numbers: str) -> AsyncIterator[list[ScriptPhone]]:
    """Registered phones, each of which speaks in its tone."""
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(ScriptPhone(pbx.line(number))) for number in numbers]
        await pbx.register(*found)
        for number, phone in zip(numbers, found, strict=True):
            phone.says(TONES[number])
        yield found


async def configure(pbx: Pbx, *agents: str, **more: object) -> None:
    body = {
        "name": "Sales",
        "static_agents": [{"extension": agent} for agent in agents],
        "strategy": "least_recent",
        "agent_timeout_s": 5,
        "retry_s": 1,
    }
    await pbx.api("PUT", f"/queues/{QUEUE}", body=body | more)


async def talks(caller: ScriptPhone, agent: ScriptPhone, tones: tuple[float, float]) -> None:
    """The agent answers, and the two hear each other."""
    await agent.incoming()
    await agent.answer()
    await asyncio.gather(hears_tone(caller, tones[1]), hears_tone(agent, tones[0]))


async def states(pbx: Pbx) -> dict[str, str]:
    found = await pbx.api("GET", f"/queues/{QUEUE}/agents")
    return {one["extension"]: one["state"] for one in found}


async def are(pbx: Pbx, wanted: dict[str, str]) -> None:
    """Wait until these agents of the queue are in these states."""

    async def look() -> bool:
        return wanted.items() <= (await states(pbx)).items()

    await until(look, f"agents are {wanted}", every_s=0.1)


async def test_agents_take_turns_and_a_refusal_goes_to_the_next_at_once_Q_2(pbx: Pbx) -> None:
    async with phones(pbx, "1001", *AGENTS) as (anna, *agents):
        await configure(pbx, *AGENTS, agent_timeout_s=60, alert_info="sales")
        for agent in agents[:2]:
            await anna.dial(QUEUE)
            await anna.connected()
            await agent.incoming()
            assert agent.dialog is not None
            assert agent.dialog.invite.get("Diversion").startswith('"Sales" <sip:6400@')
            assert agent.dialog.invite.get("Alert-Info") == "<http://queue>;info=sales"
            await hears_music(anna)
            await agent.answer()
            await asyncio.gather(hears_tone(anna, TONES[agent.line.number]), hears_tone(agent, TONES["1001"]))
            await agent.hangup()
            await anna.ended()
        await anna.dial(QUEUE)
        await agents[2].incoming()
        await agents[2].reject()
        await talks(anna, agents[0], (TONES["1001"], TONES["1002"]))
        await are(pbx, {"1002": "talking"})
        await anna.hangup()
        await agents[0].ended()
    await pbx.nothing_left()


async def test_who_does_not_answer_is_passed_over_and_who_waits_too_long_goes_on_Q_4(pbx: Pbx) -> None:
    after = {"failover": {"kind": "extension", "value": "1005"}}
    async with phones(pbx, "1001", "1005", "1002", "1004") as (anna, emil, bob, dana):
        await configure(pbx, "1002", "1003", "1004", strategy="linear", **after)
        await anna.dial(QUEUE)
        await bob.incoming()
        await bob.ended()
        await talks(anna, dana, (TONES["1001"], TONES["1004"]))
        await dana.hangup()
        await anna.ended()
        await configure(pbx, max_wait_s=5, **after)
        await anna.dial(QUEUE)
        await anna.connected()
        await talks(anna, emil, (TONES["1001"], TONES["1005"]))
        await anna.hangup()
        await emil.ended()
        assert (await pbx.log_of("1002"))[0]["outcome"] == "missed"
    await pbx.nothing_left()


async def test_a_vanished_phone_is_passed_over_and_a_kill_costs_nobody_the_place_Q_11(own_pbx: Pbx) -> None:
    await own_pbx.add("1004", "Dana", "Dvořák")
    gone = ScriptPhone(own_pbx.line("1002"))
    await gone.start()
    await own_pbx.register(gone)
    await gone.crash()
    async with phones(own_pbx, "1001", "1004", "1003") as (anna, dana, agent):
        await configure(own_pbx, "1002", "1003", strategy="linear", agent_timeout_s=60)
        await anna.dial(QUEUE)
        await anna.connected()
        await agent.incoming()
        await configure(own_pbx, "1003", agent_timeout_s=60)
        await dana.dial(QUEUE)
        await dana.connected()
        await until(lambda: _waiting(own_pbx, 2), "both wait", every_s=0.2)
        rung = agent.dialog
        assert rung is not None
        await own_pbx.kill()
        await own_pbx.start()
        await own_pbx.ready()
        await until(rung.gone.is_set, "the phone is told that its call is over")  # and is rung anew
        await hears_music(dana)
        await talks(anna, agent, (TONES["1001"], TONES["1003"]))
        await anna.hangup()
        await agent.ended()
        await talks(dana, agent, (TONES["1004"], TONES["1003"]))
        await dana.hangup()
        await agent.ended()
    await own_pbx.nothing_left()


async def _waiting(pbx: Pbx, count: int) -> bool:
    return len(await pbx.api("GET", f"/queues/{QUEUE}/callers")) == count
