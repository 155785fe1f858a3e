"""Q-13 over the API and the command line: the board of a queue, live."""

from typing import Any

import aiohttp

from server.switch.simulated import Behaviour
from tests.server.api.live_office import live_office
from tests.server.cli.conftest import command

QUEUE = {"name": "Sales", "static_agents": [{"extension": "1002"}], "managers": ["1001"]}


async def board(socket: aiohttp.ClientWebSocketResponse, fits: Any) -> Any:
    """The next board for which this holds."""
    while True:
        item = (await socket.receive_json(timeout=60))["item"]
        if fits(item):
            return item


async def test_a_manager_sees_callers_come_talk_and_go_and_nobody_polls_Q_13(initialised) -> None:
    async with live_office(initialised) as office:
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        await admin.call("POST", "/extensions", json={"number": "1003", "first_name": "Cyril"})
        assert (await admin.call("PUT", "/queues/6400", json=QUEUE))[0] == 200
        async with boris.events("queues") as his:
            assert (await his.receive_json(timeout=60))["items"] == {}
        async with anna.events("queues") as hers, admin.events("queues") as theirs:
            for socket in (hers, theirs):
                items = (await socket.receive_json(timeout=60))["items"]
                assert (items["6400"]["name"], items["6400"]["waiting"]) == ("Sales", 0)
            caller = office.engine.phone("1003")
            call = caller.call("6400")
            for socket in (hers, theirs):
                now = await board(socket, lambda item: item["waiting"] == 1)
                assert now["callers"][0]["number"] == "1003"
                assert now["callers"][0]["name"] == "Cyril"
                assert now["longest_since"] == now["callers"][0]["since"]
            status, full = await anna.call("GET", "/queues/6400/board")
            assert (status, full["waiting"], full["members"][0]["state"]) == (200, 1, "unreachable")
            caller.hang_up(call)
            await board(
                hers,
                lambda item: (
                    (item["today"]["abandoned"], item["waiting"], item["longest_since"]) == (1, 0, None)
                ),
            )
            office.engine.phone("1002", Behaviour.answers(0.05))
            call = caller.call("6400")
            await board(
                hers,
                lambda item: (
                    (item["talking"], item["agents"], item["today"]["answered"]) == (1, {"talking": 1}, 1)
                ),
            )
            caller.hang_up(call)
            await board(
                hers,
                lambda item: (
                    (item["talking"], item["today"]["answered"], item["today"]["service_level"])
                    == (0, 1, 1.0)
                ),
            )
        assert (await boris.call("GET", "/queues/6400/board"))[0] == 403
        assert (await admin.call("GET", "/queues/6499/board"))[0] == 404
        await office.logged()


async def test_the_board_is_shown_on_the_command_line_Q_13(initialised) -> None:
    async with live_office(initialised) as office:
        admin, data = await office.admin(), office.app.settings.data
        await admin.call("POST", "/extensions", json={"number": "1003", "first_name": "Cyril"})
        assert (await admin.call("PUT", "/queues/6400", json=QUEUE))[0] == 200
        caller = office.engine.phone("1003")
        async with admin.events("queues") as socket:
            await socket.receive_json(timeout=60)
            call = caller.call("6400")
            await board(socket, lambda item: item["waiting"] == 1)
            shown = await command("queue", "board", "6400", data=data)
            assert "Waiting" in shown.stdout, shown.stderr
            for words in ("1, the longest since", "1 unreachable", "no calls yet", "1003 Cyril"):
                assert words in shown.stdout, words
            as_json = await command("queue", "board", "6400", "--json", data=data)
            assert (as_json.json["waiting"], as_json.json["members"][0]["extension"]) == (1, "1002")
            caller.hang_up(call)
            await office.logged()
        assert (await command("queue", "board", "6499", data=data)).exit_code == 3
