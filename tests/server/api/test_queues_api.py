"""Q-6, Q-11 over the API and the command line: agents change themselves, managers change others."""

import asyncio
import csv
import io

from server.switch.simulated import Behaviour
from tests.phones.waiting import until
from tests.server.api.live_office import LiveOffice, live_office
from tests.server.cli.conftest import command

QUEUE = {
    "name": "Sales",
    "static_agents": [{"extension": "1001"}],
    "dynamic_agents": [{"extension": "1002"}],
    "managers": ["1001"],
}


async def test_agents_change_themselves_and_see_it_live_Q_11(initialised) -> None:
    async with live_office(initialised) as office:
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        assert (await boris.call("GET", "/me/queues")) == (200, [])
        assert (await boris.call("PUT", "/me/queues", json={"logged_in": True}))[0] == 404
        assert (await admin.call("PUT", "/queues/6400", json=QUEUE))[0] == 200
        office.engine.phone("1002")
        status, (own,) = await boris.call("GET", "/me/queues")
        assert (status, own["queue_name"], own["state"], own["dynamic"]) == (200, "Sales", "logged_out", True)
        assert (await boris.call("GET", "/me/queues/reasons"))[1]["reasons"]["2"] == "Lunch"
        async with boris.events("agents") as his, anna.events("agents") as hers:
            assert [*(await his.receive_json(timeout=20))["items"]] == ["6400/1002"]
            assert sorted((await hers.receive_json(timeout=20))["items"]) == ["6400/1001", "6400/1002"]
            for body, state, reason in (
                ({"logged_in": True}, "available", ""),
                ({"paused": True, "reason": "2"}, "paused", "Lunch"),
                ({"paused": True, "reason": "back soon"}, "paused", "back soon"),
                ({"paused": False}, "available", ""),
                ({"logged_in": False}, "logged_out", ""),
            ):
                status, now = await boris.call("PUT", "/me/queues/6400", json=body)
                assert (status, now["state"], now["reason"]) == (200, state, reason)
                for socket in (his, hers):
                    delta = await socket.receive_json(timeout=20)
                    assert delta["key"] == "6400/1002"
                    assert (delta["item"]["state"], delta["item"]["reason"]) == (state, reason)
        for client, path, body, expected in (
            (boris, "/me/queues/6401", {"logged_in": True}, 404),
            (boris, "/me/queues/x", {"logged_in": True}, 422),
            (boris, "/me/queues/6400", {}, 422),
            (boris, "/me/queues/6400", {"paused": False, "reason": "2"}, 422),
            (boris, "/me/queues/6400", {"logged_in": False, "paused": True}, 422),
            (boris, "/me/queues/6400", {"paused": True, "reason": "x" * 64}, 422),
            (anna, "/me/queues/6400", {"logged_in": False}, 409),
            (anna, "/me/queues", {"logged_in": False}, 409),
            (admin, "/me/queues", {"logged_in": True}, 403),
        ):
            assert (await client.call("PUT", path, json=body))[0] == expected, (path, body)


async def test_an_agent_logs_in_to_the_queues_of_last_time_Q_10(initialised) -> None:
    async with live_office(initialised) as office:
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        assert (await boris.call("POST", "/me/queues/last"))[0] == 404, "no agent"
        for number in ("6400", "6401", "6402"):
            assert (await admin.call("PUT", f"/queues/{number}", json=QUEUE))[0] == 200
        for client in (boris, anna):
            status, body = await client.call("POST", "/me/queues/last")
            assert (status, "no queue yet" in body["message"]) == (409, True)
        for number in ("6400", "6402"):
            assert (await boris.call("PUT", f"/me/queues/{number}", json={"logged_in": True}))[0] == 200
        assert (await boris.call("PUT", "/me/queues", json={"logged_in": False}))[0] == 200
        status, now = await boris.call("POST", "/me/queues/last")
        assert (status, [(one["queue"], one["logged_in"]) for one in now]) == (
            200, [("6400", True), ("6402", True)]
        )  # fmt: skip
        assert [one["logged_in"] for one in (await boris.call("GET", "/me/queues"))[1]] == [True, False, True]
        assert (await admin.call("POST", "/me/queues/last"))[0] == 403


async def test_managers_and_administrators_change_others_and_nobody_else_does_Q_6(initialised) -> None:
    async with live_office(initialised) as office:
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        assert (await admin.call("PUT", "/queues/6400", json=QUEUE))[0] == 200
        status, found = await anna.call("GET", "/queues/6400/agents")
        assert (status, [one["extension"] for one in found]) == (200, ["1001", "1002"])
        for client in (anna, admin):
            status, now = await client.call(
                "PUT", "/queues/6400/agents/1002", json={"logged_in": True, "paused": True, "reason": "1"}
            )
            assert (status, now["logged_in"], now["state"], now["reason"]) == (200, True, "paused", "Break")
        assert (await boris.call("GET", "/queues/6400/agents"))[0] == 403
        assert (await boris.call("GET", "/queues/6400/callers"))[0] == 403
        assert (await boris.call("PUT", "/queues/6400/agents/1001", json={"paused": True}))[0] == 403
        assert (await anna.call("PUT", "/queues/6400/agents/1009", json={"paused": True}))[0] == 404
        assert (await admin.call("GET", "/queues/6401/agents"))[0] == 404
        assert await anna.call("GET", "/queues/6400/callers") == (200, [])
        entry = (await office.app.services.audit.list(limit=1))[0]
        assert (entry.action, entry.subject, entry.actor) == ("agent.switch", "1002", "admin")


async def test_agents_are_shown_and_switched_on_the_command_line_Q_6(initialised, tmp_path) -> None:
    async with live_office(initialised) as office:
        data = office.app.settings.data
        assert (await (await office.admin()).call("PUT", "/queues/6400", json=QUEUE))[0] == 200
        office.engine.phone("1002")
        for words, state in (
            (("log-in",), "available"),
            (("pause", "--reason", "2"), "paused"),
            (("resume",), "available"),
            (("log-out",), "logged_out"),
        ):
            done = await command("agent", words[0], "6400", "1002", *words[1:], "--json", data=data)
            assert (done.exit_code, done.json["state"]) == (0, state), done.stderr
        shown = await command("agent", "list", "6400", data=data)
        assert "logged out" in shown.stdout
        assert "SINCE (UTC)" in shown.stdout
        assert (await command("agent", "callers", "6400", data=data)).exit_code == 0
        await command("agent", "log-in", "6400", "1002", data=data)
        office.engine.phone("1001").call("6400")

        async def waits() -> bool:
            found = await command("agent", "callers", "6400", data=data)
            return "CALLER" in found.stdout and "1001 Anna" in found.stdout

        await until(waits, "the caller is named")
        assert (await command("agent", "log-out", "6400", "1001", data=data)).exit_code == 4
        assert (await command("agent", "list", "6499", data=data)).exit_code == 3
        kept = await command("queue", "show", "6400", data=data)
        file = tmp_path / "queue.json"
        file.write_text(kept.stdout.replace("6400", "6401"))
        again = await command("queue", "set", "6401", "--file", str(file), data=data)
        assert again.exit_code == 0, again.stderr
    assert (await command("agent", "list", "6400", data=data)).exit_code == 5


async def served(office: LiveOffice) -> None:
    """One caller is answered by 1002, another one gives up."""
    admin = await office.admin()
    await admin.call("POST", "/extensions", json={"number": "1003", "first_name": "Cyril"})
    body = QUEUE | {"static_agents": [{"extension": "1002"}], "dynamic_agents": []}
    assert (await admin.call("PUT", "/queues/6400", json=body))[0] == 200
    agent = office.engine.phone("1002", Behaviour.answers(0.05))
    caller = office.engine.phone("1003")
    caller.call("6400")
    async with asyncio.timeout(60):
        while (await admin.call("GET", "/queues/6400/agents"))[1][0]["state"] != "talking":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    agent.hang_up(agent.calls[0])
    await office.logged()
    agent.behaviour = Behaviour.rings()
    call = caller.call("6400")
    async with asyncio.timeout(60):
        while len(agent.calls) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    caller.hang_up(call)
    await office.logged()
    async with asyncio.timeout(60):
        while office.app.services.queues.writer.pending:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_log_and_the_reports_of_a_queue_agree_and_are_for_those_who_may_Q_12(initialised) -> None:
    async with live_office(initialised) as office:
        await served(office)
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        status, found = await anna.call("GET", "/queues/6400/calls")
        assert status == 200
        assert [(one["end"], one["agent"], one["number"]) for one in found] == [
            ("abandoned", None, "1003"),
            ("answered", "1002", "1003"),
        ]
        assert len((await admin.call("GET", "/queues/6400/calls?end=answered&q=100&limit=1"))[1]) == 1
        assert (await admin.call("GET", "/queues/6400/calls?q=Dana"))[1] == []
        status, (report,) = await admin.call("GET", "/queues/6400/report")
        counts = {name: report[name] for name in ("calls", "answered", "abandoned", "in_time")}
        assert counts == {"calls": 2, "answered": 1, "abandoned": 1, "in_time": 1}
        assert (report["service_level"], report["service_level_all"]) == (1.0, 1.0)
        hourly = (await anna.call("GET", "/queues/6400/report?interval_s=3600"))[1]
        assert sum(one["calls"] for one in hourly) == 2
        assert len(hourly) == 24
        (agent,) = (await anna.call("GET", "/queues/6400/agent-report"))[1]
        assert (agent["extension"], agent["answered"]) == ("1002", 1)
        assert agent["seconds"]["talking"] > 0
        for path, status in (
            ("calls?since=2026-01-01", 422),
            ("calls?since=2099-01-01T00:00Z", 422),
            ("report?since=2020-01-01T00:00Z", 422),
            ("report?interval_s=1", 422),
            ("calls?limit=501", 422),
            ("calls?end=lost", 422),
            ("calls?result=lost", 422),
        ):
            assert (await admin.call("GET", f"/queues/6400/{path}"))[0] == status, path
        for path in ("calls", "report", "report.csv", "agent-report", "agent-report.csv"):
            assert (await boris.call("GET", f"/queues/6400/{path}"))[0] == 403, path
            assert (await admin.call("GET", f"/queues/6499/{path}"))[0] == 404, path
        for path, column, value in (("report", "answered", "1"), ("agent-report", "extension", "1002")):
            url = f"{office.url}/queues/6400/{path}.csv"
            async with admin.http.get(url, headers=admin.headers, ssl=False) as answer:
                assert answer.content_type == "text/csv"
                (line,) = csv.DictReader(io.StringIO(await answer.text()))
            assert line[column] == value


async def test_logs_and_reports_are_shown_on_the_command_line_and_measured_Q_12(initialised) -> None:
    async with live_office(initialised) as office:
        await served(office)
        data = office.app.settings.data
        calls = await command("queue", "calls", "6400", data=data)
        assert "abandoned" in calls.stdout, calls.stderr
        report = await command("queue", "report", "6400", "--json", data=data)
        assert report.json[0]["calls"] == 2
        shown = (await command("queue", "report", "6400", data=data)).stdout
        assert "100%" in shown
        head, line = shown.splitlines()
        ends = ("CALLS", "ANSWERED", "ABANDONED", "FAILED OVER", "LEFT", "PICKED UP")
        counts = [int(line[head.index(end) :].split()[0]) for end in ends]
        assert counts == [2, 1, 1, 0, 0, 0], "the ends add up to the calls"
        sums = await command("queue", "report", "6400", "--csv", "--interval", "7200", data=data)
        assert len(sums.stdout.splitlines()) == 1 + 12
        agents = await command("queue", "agent-report", "6400", data=data)
        assert agents.stdout.splitlines()[1].split()[:3] == ["1002", "1", "0"]
        assert (await command("queue", "report", "6400", "--since", "long ago", data=data)).exit_code == 2
        assert (await command("queue", "report", "6499", data=data)).exit_code == 3
        admin = await office.admin()
        url = office.url.removesuffix("/api/v1") + "/metrics"
        async with admin.http.get(url, headers=admin.headers, ssl=False) as answer:
            text = await answer.text()
        assert 'linkus_queue_waiting{queue="6400"} 0.0' in text
        assert 'linkus_queue_agents{queue="6400",state="available"} 1.0' in text


async def test_a_result_is_seen_by_all_who_may_at_once_and_by_nobody_else_Q_9(initialised) -> None:
    async with live_office(initialised) as office:
        await served(office)
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        body = (await admin.call("GET", "/queues/6400"))[1] | {"log_agents": ["1002"], "log_missed": False}
        assert (await boris.call("GET", "/queues/6400/calls"))[0] == 403
        async with boris.events("queue_log") as his:
            assert (await his.receive_json(timeout=20))["items"] == {}
        assert (await admin.call("PUT", "/queues/6400", json=body))[0] == 200
        lost, taken = (await anna.call("GET", "/queues/6400/calls"))[1]
        assert lost["result"] == taken["result"] == "not_dealt"
        assert [one["id"] for one in (await boris.call("GET", "/queues/6400/calls"))[1]] == [taken["id"]]
        async with anna.events("queue_log") as hers, boris.events("queue_log") as his:
            assert {*(await hers.receive_json(timeout=20))["items"]} == {str(lost["id"]), str(taken["id"])}
            assert [*(await his.receive_json(timeout=20))["items"]] == [str(taken["id"])]
            path = f"/queues/6400/calls/{taken['id']}/result"
            status, now = await boris.call("PUT", path, json={"result": "dealing"})
            assert (status, now["result"], now["result_by"]) == (200, "dealing", "1002")
            for socket in (hers, his):
                item = (await socket.receive_json(timeout=20))["item"]
                assert (item["id"], item["result"], item["result_by"]) == (taken["id"], "dealing", "1002")
            path = f"/queues/6400/calls/{lost['id']}/result"
            assert (await boris.call("PUT", path, json={"result": "dealt"}))[0] == 404
            assert (await anna.call("PUT", path, json={"result": "dealt"}))[0] == 200
            assert (await hers.receive_json(timeout=20))["key"] == str(lost["id"])
        assert len((await anna.call("GET", "/queues/6400/calls?result=dealt"))[1]) == 1
        assert (await anna.call("PUT", path, json={"result": "gone"}))[0] == 422
        assert (await anna.call("PUT", "/queues/6400/calls/0/result", json={"result": "dealt"}))[0] == 422
        assert (await anna.call("PUT", "/queues/6499/calls/1/result", json={"result": "dealt"}))[0] == 404


async def test_a_result_that_moves_forward_is_that_of_the_callers_other_lost_calls_Q_9(initialised) -> None:
    async with live_office(initialised) as office:
        await served(office)
        admin, anna = await office.admin(), await office.login("1001")
        _, taken = (await anna.call("GET", "/queues/6400/calls"))[1]

        async def results() -> list[tuple[str, bool]]:
            found = (await anna.call("GET", "/queues/6400/calls"))[1]
            return [(one["result"], one["automatic"]) for one in found]

        path = f"/queues/6400/calls/{taken['id']}/result"
        await anna.call("PUT", path, json={"result": "dealing"})
        assert await results() == [("not_dealt", False), ("dealing", False)], "off by default"
        assert (await admin.call("PUT", "/queue-options", json={"sync_results": True}))[0] == 200
        await anna.call("PUT", path, json={"result": "dealt"})
        assert await results() == [("dealt", True), ("dealt", False)]
        await anna.call("PUT", path, json={"result": "not_dealt"})
        assert await results() == [("dealt", True), ("not_dealt", False)], "back is for one only"


async def test_the_queue_log_is_read_by_pages_and_own_answers_are_deleted_Q_9(initialised) -> None:
    async with live_office(initialised) as office:
        await served(office)
        admin, anna, boris = await office.admin(), await office.login("1001"), await office.login("1002")
        assert (await boris.call("GET", "/queue-log")) == (200, {"entries": [], "queues": [], "next": None})
        body = (await admin.call("GET", "/queues/6400"))[1] | {"log_for_all_agents": True}
        async with boris.events("queue_log") as his:
            assert (await his.receive_json(timeout=20))["items"] == {}
            assert (await admin.call("PUT", "/queues/6400", json=body))[0] == 200
            snapshot = await his.receive_json(timeout=20)
            assert (snapshot["type"], len(snapshot["items"])) == ("snapshot", 2), "now he may"
            status, page = await boris.call("GET", "/queue-log?limit=1")
            (lost,) = page["entries"]
            assert (status, lost["end"], page["queues"][0]["name"]) == (200, "abandoned", "Sales")
            (taken,) = (await boris.call("GET", f"/queue-log?before={page['next']}"))[1]["entries"]
            assert taken["end"] == "answered"
            path = f"/queues/6400/calls/{taken['id']}"
            assert (await anna.call("DELETE", path))[0] == 403
            assert (await boris.call("DELETE", f"/queues/6400/calls/{lost['id']}"))[0] == 403
            assert (await boris.call("DELETE", path))[0] == 204
            gone = await his.receive_json(timeout=20)
            assert (gone["key"], gone["item"]) == (str(taken["id"]), None)
        many = {"ids": [taken["id"]]}
        assert (await boris.call("POST", "/queue-log/delete", json=many)) == (200, {"count": 0})
        assert (await boris.call("POST", "/queue-log/delete", json={"ids": []}))[0] == 422
        assert len((await boris.call("GET", "/queue-log"))[1]["entries"]) == 1
        assert len((await anna.call("GET", "/queue-log?answered=true"))[1]["entries"]) == 1
        for query in (
            "before=x",
            "limit=501",
            "answered=maybe",
            "result=lost",
            "since=2026-01-01",
            "queue=x",
        ):
            assert (await boris.call("GET", f"/queue-log?{query}"))[0] == 422, query
        assert (await boris.call("GET", "/queue-log?queue=6499"))[0] == 404


async def test_a_result_is_set_on_the_command_line_Q_9(initialised) -> None:
    async with live_office(initialised) as office:
        await served(office)
        data = office.app.settings.data
        lost, _ = (await command("queue", "calls", "6400", "--json", data=data)).json
        done = await command("queue", "result", "6400", str(lost["id"]), "dealing", data=data)
        assert "dealing (local, " in done.stdout, done.stderr
        found = await command("queue", "calls", "6400", "--result", "dealing", "--json", data=data)
        assert [one["id"] for one in found.json] == [lost["id"]]
        assert (await command("queue", "result", "6400", "99999", "dealt", data=data)).exit_code == 3
        assert (await command("queue", "result", "6400", "1", "lost", data=data)).exit_code == 2
