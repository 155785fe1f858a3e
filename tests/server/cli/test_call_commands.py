"""B.6: calls in progress are shown, made and ended on the command line."""

import asyncio

from server.switch.simulated import Behaviour
from tests.server.api.live_office import live_office
from tests.server.cli.conftest import command


async def test_a_call_is_made_shown_held_transferred_and_ended(initialised) -> None:
    async with live_office(initialised) as office:
        data = office.app.settings.data
        office.engine.phone("1001", Behaviour.answers(0.05))
        office.engine.phone("1002", Behaviour.answers(0.05))
        made = await command("call", "make", "1001", "1002", "--json", data=data)
        assert made.exit_code == 0, made.stderr
        async with asyncio.timeout(60):
            while [call.state for call in office.app.services.control.in_progress()] != ["talking"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        shown = await command("call", "list", "--json", data=data)
        (call,) = shown.json
        assert (call["id"], call["caller"], call["dialled"]) == (made.json["id"], "1001", "1002")
        for action, state in (("start", "recording"), ("pause", "paused"), ("resume", "recording")):
            recorded = await command("call", "record", call["id"], action, "--json", data=data)
            assert (recorded.exit_code, recorded.json["state"]) == (0, state), recorded.stderr
        again = await command("call", "record", call["id"], "erase", data=data)
        assert again.exit_code == 2
        unknown = await command("call", "record", "0" * 32, "start", data=data)
        assert unknown.exit_code == 3
        for action, state in (("hold", "held by 1002"), ("resume", "talking")):
            done = await command("call", action, call["id"], "1002", data=data)
            assert done.exit_code == 0, done.stderr
            assert state in (await command("call", "list", data=data)).stdout
            assert state in (await command("status", data=data)).stdout
            for bad, code in ((("0" * 32, "1002"), 3), ((call["id"], "1003"), 3), ((call["id"], "x"), 2)):
                assert (await command("call", action, *bad, data=data)).exit_code == code
        for bad, code in (
            (("0" * 32, "1002"), 3),
            ((call["id"], "1003"), 3),
            ((call["id"], "x"), 2),
            ((call["id"], "1002", "1001"), 2),
        ):
            assert (await command("call", "park", *bad, data=data)).exit_code == code
        refused = await command("call", "transfer", call["id"], "1003", "1002", data=data)
        assert (refused.exit_code, "1003" in refused.stderr) == (3, True)
        parked = await command("call", "park", call["id"], "1002", "6901", data=data)
        assert (parked.exit_code, "6901" in parked.stdout) == (0, True), parked.stderr
        (waits,) = (await command("call", "list", "--json", data=data)).json
        assert (waits["caller"], waits["dialled"]) == ("1001", "6901")
        assert (await command("call", "hang-up", waits["id"], data=data)).exit_code == 0
        await office.logged()


async def test_a_call_that_rings_is_answered_by_a_phone_that_can_be_told_to_SIP_11(initialised) -> None:
    async with live_office(initialised) as office:
        data = office.app.settings.data
        office.engine.phone("1001", Behaviour.answers(0.05))
        office.engine.phone("1002", Behaviour.rings(), user_agent="Yealink SIP-T31")
        made = await command("call", "make", "1001", "1002", "--json", data=data)
        async with asyncio.timeout(60):
            while not any(one.can_answer for one in office.app.services.own_calls.of("1002")):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        call = made.json["id"]
        for bad, code in ((("0" * 32, "1002"), 3), ((call, "1001"), 4), ((call, "x"), 2)):
            assert (await command("call", "answer", *bad, data=data)).exit_code == code
        done = await command("call", "answer", call, "1002", data=data)
        assert done.exit_code == 0, done.stderr
        assert "talking" in (await command("call", "list", data=data)).stdout
        assert (await command("call", "hang-up", call, data=data)).exit_code == 0
        await office.logged()


async def test_the_log_of_calls_tells_how_they_sounded_SIP_8(initialised) -> None:
    async with live_office(initialised) as office:
        data = office.app.settings.data
        for number in ("1001", "1002"):
            office.engine.phone(number, Behaviour.answers(0.05))
        made = await command("call", "make", "1001", "1002", "--json", data=data)
        async with asyncio.timeout(60):
            while [call.state for call in office.app.services.control.in_progress()] != ["talking"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        anna = await office.login("1001")
        path = f"/me/calls/{made.json['id']}/quality"
        assert (await anna.call("PUT", path, json={"codec": "PCMA", "mos": 4.1}))[0] == 204
        assert (await command("call", "hang-up", made.json["id"], data=data)).exit_code == 0
        await office.logged()
        (told,) = (await command("log", "calls", "--json", data=data)).json
    assert {name: told["quality"]["1001"][name] for name in ("codec", "mos", "loss_sent")} == {
        "codec": "PCMA", "mos": 4.1, "loss_sent": None
    }  # fmt: skip
    (told,) = (await command("log", "calls", "--json", data=data)).json  # from the database itself
    assert list(told["quality"]) == ["1001"]
