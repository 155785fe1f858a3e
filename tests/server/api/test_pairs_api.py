"""BOSS-2, BOSS-3 over the API and the command line: pairs are shown and switched by those who may."""

from server.contract.boss import Boss
from server.contract.errors import ErrorCode
from server.switch.simulated import Behaviour
from tests.server.api.live_office import live_office
from tests.server.cli.conftest import command

BOSS = {"secretaries": ["1002"]}


async def test_a_boss_sees_and_switches_the_own_pairs_BOSS_3(initialised) -> None:
    async with live_office(initialised) as office:
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        assert (await admin.call("PUT", "/bosses/1001", json=BOSS))[0] == 200
        status, (pair,) = await anna.call("GET", "/me/pairs")
        assert status == 200
        assert (pair["boss"], pair["secretary"], pair["value"], pair["state"]) == (
            "1001",
            "1002",
            "*591002",
            "idle",
        )
        assert await boris.call("GET", "/me/pairs") == (200, [pair])
        assert (await admin.call("GET", "/me/pairs"))[0] == 403
        status, switched = await anna.call("PUT", "/me/pairs/1002", json={"on": False})
        assert (status, switched["state"]) == (200, "off")
        assert office.app.services.configuration.get(Boss, "1001").switched_off == ("1002",)
        assert (await anna.call("PUT", "/me/pairs/1002", json={"on": False}))[0] == 200, "again is fine"
        for client, path, body, expected in (
            (boris, "/me/pairs/1001", {"on": True}, 404),
            (anna, "/me/pairs/1001", {"on": True}, 404),
            (anna, "/me/pairs/x", {"on": True}, 422),
            (anna, "/me/pairs/1002", {}, 422),
            (anna, "/me/pairs/1002", {"on": True, "now": 1}, 422),
            (anna, "/pairs/1001/1002", {"on": True}, 403),
            (admin, "/pairs/1002/1001", {"on": True}, 404),
        ):
            assert (await client.call("PUT", path, json=body))[0] == expected, path
        assert (await boris.call("GET", "/pairs"))[0] == 403
        status, switched = await admin.call("PUT", "/pairs/1001/1002", json={"on": True})
        assert (status, switched["state"]) == (200, "idle")
        assert [entry.action for entry in await office.app.services.audit.list(limit=2)] == [
            "boss.change"
        ] * 2


async def test_each_change_reaches_both_clients_as_it_happens_BOSS_3(initialised) -> None:
    async with live_office(initialised) as office:
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        await admin.call("POST", "/extensions", json={"number": "1003"})
        await admin.call("PUT", "/bosses/1001", json=BOSS)
        secretary = office.engine.phone("1002", Behaviour.answers(0.05))
        caller = office.engine.phone("1003")
        async with anna.events("pairs") as hers, boris.events("pairs") as his:
            for socket in (hers, his):
                snapshot = await socket.receive_json(timeout=20)
                assert [*snapshot["items"]] == ["1001/1002"]
            call = caller.call("1001")
            for state in ("answering", "held", "idle"):
                for socket in (hers, his):
                    delta = await socket.receive_json(timeout=20)
                    assert (delta["key"], delta["item"]["state"]) == ("1001/1002", state)
                    assert [one["number"] for one in delta["item"]["calls"]] == ["1003"] * (state != "idle")
                if state == "answering":
                    secretary.hold(secretary.calls[0])
                elif state == "held":
                    caller.hang_up(call)
        await office.logged()


async def test_what_does_not_exist_is_no_boss_and_no_secretary_BOSS_1(initialised) -> None:
    async with live_office(initialised) as office:
        admin = await office.admin()
        for number, body, words in (
            ("1009", BOSS, "there is no extension 1009"),
            ("1001", {"secretaries": ["1009"]}, "there is no extension 1009"),
            ("1001", {"ring_group": "6200"}, "there is no ring group 6200"),
            ("1001", {"secretaries": ["1001"]}, "cannot be its own secretary"),
            ("1001", {}, "nobody would answer"),
        ):
            status, error = await admin.call("PUT", f"/bosses/{number}", json=body)
            assert (status, error["code"]) == (422, ErrorCode.INVALID)
            assert words in error["message"]
        assert (await admin.call("PUT", "/bosses/1001", json=BOSS))[0] == 200
        status, error = await admin.call("DELETE", "/extensions/1002")
        assert status == 409
        assert "boss" in error["message"]


async def test_pairs_are_shown_and_switched_on_the_command_line_BOSS_2(initialised) -> None:
    async with live_office(initialised) as office:
        data = office.app.settings.data
        assert (await (await office.admin()).call("PUT", "/bosses/1001", json=BOSS))[0] == 200
        for word, state in (("off", "off"), ("on", "idle")):
            switched = await command("pair", word, "1001", "1002", "--json", data=data)
            assert (switched.exit_code, switched.json["state"]) == (0, state), switched.stderr
        shown = await command("pair", "list", data=data)
        assert "1001 Anna" in shown.stdout
        assert "*591002" in shown.stdout
        explained = await command("route", "explain", "1001", "--from", "1002", data=data)
        assert "1002 is a secretary of 1001" in explained.stdout
        assert (await command("pair", "on", "1002", "1001", data=data)).exit_code == 3
        assert (await command("pair", "on", "x", "1001", data=data)).exit_code == 2
    assert (await command("pair", "list", data=data)).exit_code == 5
