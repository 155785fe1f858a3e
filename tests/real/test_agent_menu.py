"""Q-10, SIP-9, KEY-2 on a real client: an agent logs in, takes a call, pauses, by menu and key."""

from pathlib import Path

import pytest

from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx
from tests.real.workplace import at_work

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

QUEUES = {
    "6400": {"name": "Support", "dynamic_agents": [{"extension": "1003"}], "wrap_up_s": 60},
    "6401": {"name": "Sales", "static_agents": [{"extension": "1003"}]},
}


async def test_an_agent_logs_in_answers_sees_queue_and_wait_and_pauses_by_menu_and_key_Q_10(
    pbx: Pbx, tmp_path: Path
) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, at_work(pbx, "1003", tmp_path) as client:
        await pbx.register(anna)
        await client.miss("Agent status")
        for number, queue in QUEUES.items():
            await pbx.api("PUT", f"/queues/{number}", body=queue)
        keys = {"keys": [{"type": "agent_pause", "value": "6400"}]}
        await pbx.api("PUT", "/extensions/1003/keys", body=keys)
        await client.see("Pause Support: Logged out")
        anna.says(1000)
        await anna.dial("6400")
        await anna.connected()  # waits, as nobody is logged in
        await client.click("Agent status: Available")
        await client.see("Support Logged out")
        await client.choose("Log in to all")
        await client.see("Incoming call for Support")
        await client.see("waits 0:0")
        await client.click("Answer")
        await client.see("In a call for Support, waited 0:0")
        await client.see("Agent status: In a call")
        await client.see("Sound quality: good")
        await client.click("Hang up")
        await anna.ended()
        await client.see("Agent status: Wrap-up")
        await client.click("Pause Support: Not paused")
        await client.see("Pause Support: Paused")
        await client.click("Agent status: Available")  # in Sales
        await client.choose("Pause in all")
        await client.choose("Lunch")
        await client.see("Agent status: Paused: Lunch")
        for number in QUEUES:
            (agent,) = await pbx.api("GET", f"/queues/{number}/agents")
            assert (agent["state"], agent["reason"]) == ("paused", "Lunch")
        await client.click("Pause Support: Paused: Lunch")
        await client.see("Pause Support: Not paused")
        for number in QUEUES:
            await pbx.api("DELETE", f"/queues/{number}")
        await client.miss("Agent status")
        await pbx.api("PUT", "/extensions/1003/keys", body={"keys": []})
    await pbx.nothing_left()
