"""Q-9, Q-13 on real clients: a caller gives up, both agents' logs have it, and one deals with it."""

from pathlib import Path

import pytest

from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.workplace import at_work

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

QUEUE = {
    "name": "Sales",
    "static_agents": [{"extension": "1002"}, {"extension": "1003"}],
    "managers": ["1003"],
    "log_for_all_agents": True,
    "agent_timeout_s": 60,
}
CALL = ("Alice Archer, 1001, queue Sales",)


async def test_who_gives_up_is_in_both_logs_and_one_deals_with_it_Q_9(pbx: Pbx, tmp_path: Path) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as alice,
        at_work(pbx, "1002", tmp_path / "bob") as bob,
        at_work(pbx, "1003", tmp_path / "cenek") as cenek,
    ):
        await pbx.register(alice)
        await pbx.api("PUT", "/queues/6400", body=QUEUE)

        async def available() -> bool:
            agents = await pbx.api("GET", "/queues/6400/agents")
            return all(agent["state"] == "available" for agent in agents)

        await until(available, "both clients can be rung", every_s=0.2)
        for client in (bob, cenek):
            await client.click("Call Logs")
            await client.click("Queue")
            await client.see("No calls yet")
        await cenek.click("Queues")
        await cenek.see("Sales (6400), Waiting: 0")
        await bob.miss("Queues")
        await alice.dial("6400")
        await alice.connected()
        for client in (bob, cenek):
            await client.see("Incoming call for Sales")
        await cenek.see("Queues, 1 waiting")
        await cenek.see("Sales (6400), Waiting: 1", "2 ringing")
        await alice.hangup()
        await cenek.see("Sales (6400), Waiting: 0", "Abandoned: 1")
        await bob.see("Abandoned, ", *CALL, "Not dealt with")
        await cenek.click("Call Logs, 1 missed")  # of the own calls, which nobody has looked at
        await cenek.see("Abandoned, ", *CALL, "Not dealt with")
        await bob.click("Not dealt with")
        await bob.choose("Dealing")
        await cenek.click("Dealing · Bob Baker")
        await bob.see("Abandoned, ", *CALL, "Dealing · Bob Baker")
        await cenek.choose("Dealt with")
        await bob.see("Abandoned, ", *CALL, "Dealt with · Čeněk Žák")
        (line,) = await pbx.api("GET", "/queues/6400/calls")
        assert (line["end"], line["result"], line["result_by"]) == ("abandoned", "dealt", "1003")
    await pbx.nothing_left()
