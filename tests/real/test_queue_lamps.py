"""KEY-2, KEY-4, Q-10 on the wire: the keys of queues and agents on the desk phones of those concerned."""

import pytest

from tests.phones.phone import Refused
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx
from tests.real.test_lamps import watch

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

QUEUE = "6400"


async def dial(phone: ScriptPhone, code: str) -> None:
    """Dial a code and hear it out."""
    await phone.dial(code)
    await phone.connected()
    await phone.ended()


async def test_an_agents_keys_follow_what_is_dialled_and_outlive_the_server_KEY_4(own_pbx: Pbx) -> None:
    pbx = own_pbx
    body = {"dynamic_agents": [{"extension": "1002"}], "managers": ["1003"], "agent_timeout_s": 60}
    await pbx.api("PUT", f"/queues/{QUEUE}", body=body)
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as agent,
        ScriptPhone(pbx.line("1003")) as manager,
    ):
        await pbx.register(anna, agent, manager)
        for value in (QUEUE, f"*7{QUEUE}", "*77"):
            with pytest.raises(Refused, match="404"):
                await anna.watch(value)
        log_in, pause, everywhere, callers = await watch(agent, f"*7{QUEUE}", f"*07{QUEUE}", "*77", QUEUE)
        (board,) = await watch(manager, QUEUE)
        await dial(agent, f"*7{QUEUE}")
        await log_in.shows("idle", "talking")
        await everywhere.shows("idle", "talking")
        await dial(agent, f"*07{QUEUE}")
        await pause.shows("idle", "talking")
        await anna.dial(QUEUE)
        await anna.connected()
        await callers.shows("idle", "ringing")
        await board.shows("idle", "ringing")
        await pbx.kill()
        await pbx.start()
        await pbx.ready()
        await dial(agent, f"*07{QUEUE}")
        await pause.shows("idle", "talking", "idle")
        await agent.incoming()
        await agent.answer()
        await callers.shows("idle", "ringing", "talking")
        await board.shows("idle", "ringing", "talking")
        await agent.hangup()
        await anna.ended()
        await callers.shows("ringing", "talking", "idle")
        await board.shows("ringing", "talking", "idle")
        assert log_in.lamps == ["idle", "talking"], "neither calls nor the kill have changed it"
        assert await log_in.renew() == 200
        again, *_ = await watch(agent, f"*7{QUEUE}")
        await again.shows("talking")
    await pbx.nothing_left()
