"""A caller of a queue gives up, and real mails come to a real mail server (Q-4, Q-6)."""

import asyncio
from pathlib import Path

from server.contract.extensions import ExtensionChange
from server.settings import Settings
from server.switch.simulated import Behaviour
from tests.phones.waiting import until
from tests.server.api.live_office import live_office
from tests.server.mail_server import mail_server

QUEUE = {
    "name": "Sales",
    "strategy": "linear",
    "static_agents": [{"extension": "1002"}],
    "managers": ["1001"],
    "agent_timeout_s": 5,
    "auto_pause_after": 1,
    "notify_abandoned": True,
}


async def test_a_lost_call_and_a_pause_are_told_by_mail_Q_4_Q_6(
    initialised: Settings, tls_folder: Path
) -> None:
    async with mail_server(tls_folder) as server, live_office(initialised) as office:
        admin = await office.admin()
        body = server.settings().model_dump(mode="json", exclude_unset=True)
        assert (await admin.call("PUT", "/mail", json=body))[0] == 200
        for number, email in (("1001", "anna@example.org"), ("1002", "boris@example.org")):
            await office.app.services.extensions.change(number, ExtensionChange(email=email), by="test")
        await admin.call("POST", "/extensions", json={"number": "1003", "first_name": "Cyril"})
        assert (await admin.call("PUT", "/queues/6400", json=QUEUE))[0] == 200
        office.engine.phone("1002", Behaviour.rings())
        caller = office.engine.phone("1003")
        call = caller.call("6400")
        await until(lambda: server.recipients == ["boris@example.org"], "the agent is told of the pause")
        caller.hang_up(call)
        await until(lambda: len(server.got) == 2, "the manager is told of the lost call")
        assert server.recipients[1] == "anna@example.org"
        paused, lost = server.got
        assert paused["Subject"] == "You are paused in queue Sales 6400"
        assert lost["Subject"] == "Queue Sales 6400: 1 lost"
        assert "Cyril 1003, waited 0:0" in lost.get_content()
        assert "abandoned, the caller hung up" in lost.get_content()
        assert "rung in vain: 1002" in lost.get_content()
        await office.logged()
        await asyncio.sleep(0)
        assert len(server.got) == 2
