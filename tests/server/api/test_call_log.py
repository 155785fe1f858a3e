"""LOG-1 over REST: the own call log, and all calls for administrators."""

import asyncio

import pytest

from server.switch.simulated import Behaviour
from tests.server.api.live_office import live_office


@pytest.fixture
async def office(initialised):
    async with live_office(initialised) as running:
        yield running


async def make_calls(office):
    """Anna calls Boris (busy), a number that does not exist, and Boris calls Anna (answered)."""
    anna = office.engine.phone("1001", Behaviour.answers(0.01))
    boris = office.engine.phone("1002", Behaviour.refuses(486))
    for phone, dialled in ((anna, "1002"), (anna, "9999"), (boris, "1001")):
        dialog = phone.call(dialled)
        await asyncio.sleep(0)
        if phone is boris:
            async with asyncio.timeout(60):
                # Who hangs up before both are connected was not answered.
                while not any(one.state == "talking" for one in office.app.services.calls.active()):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            boris.hang_up(dialog)
        await office.logged()


async def test_the_log_can_be_filtered_searched_and_paged(office):
    await make_calls(office)
    anna = await office.login("1001")
    status, entries = await anna.call("GET", "/call-log")
    assert status == 200
    assert [(e["direction"], e["number"], e["outcome"]) for e in entries] == [
        ("incoming", "1002", "answered"),
        ("outgoing", "9999", "unknown_number"),
        ("outgoing", "1002", "busy"),
    ]
    assert {entry["owner"] for entry in entries} == {"1001"}

    async def numbers(query):
        status, found = await anna.call("GET", "/call-log" + query)
        assert status == 200
        return [entry["number"] for entry in found]

    assert await numbers("?direction=outgoing") == ["9999", "1002"]
    assert await numbers("?outcome=busy") == ["1002"]
    assert await numbers("?q=BORIS") == ["1002", "1002"]
    assert await numbers("?q=99") == ["9999"]
    assert await numbers("?q=%25") == []
    assert await numbers("?q=%00") == ["1002", "9999", "1002"]
    assert await numbers("?limit=1") == ["1002"]
    assert await numbers(f"?before={entries[0]['id']}&limit=1") == ["9999"]
    assert await numbers(f"?before={entries[2]['id']}") == []


async def test_bad_filters_are_refused_by_name(office):
    anna = await office.login("1001")
    long_id, long_text = "a" * 41, "x" * 65
    for query in (
        "direction=up",
        "outcome=x",
        "limit=0",
        "limit=501",
        "before=%27",
        f"before={long_id}",
        f"q={long_text}",
    ):
        status, body = await anna.call("GET", f"/call-log?{query}")
        assert (status, body["code"]) == (422, "invalid")
        assert body["fields"][0]["field"] == query.split("=")[0]


async def test_nobody_reaches_the_entries_of_another(office):
    await make_calls(office)
    anna, boris = await office.login("1001"), await office.login("1002")
    _, hers = await anna.call("GET", "/call-log")
    ids = [entry["id"] for entry in hers]
    assert (await boris.call("DELETE", f"/call-log/{ids[0]}"))[0] == 404
    assert (await boris.call("POST", "/call-log/delete", json={"ids": ids}))[1] == {"count": 0}
    assert (await boris.call("POST", "/call-log/seen", json={"ids": ids}))[1] == {"count": 0}
    assert (await boris.call("GET", f"/call-log?before={ids[0]}"))[1] == []
    assert len((await anna.call("GET", "/call-log"))[1]) == 3


async def test_entries_are_marked_seen_and_deleted_singly_and_all_at_once(office):
    await make_calls(office)
    boris = await office.login("1002")
    _, entries = await boris.call("GET", "/call-log")
    assert [entry["seen"] for entry in entries] == [True, False]
    missed = entries[1]["id"]
    assert (await boris.call("POST", "/call-log/seen", json={"ids": [missed]}))[1] == {"count": 1}
    assert (await boris.call("POST", "/call-log/seen", json={"all": True}))[1] == {"count": 0}
    assert (await boris.call("DELETE", f"/call-log/{missed}"))[0] == 204
    assert (await boris.call("DELETE", f"/call-log/{missed}"))[0] == 404
    assert (await boris.call("POST", "/call-log/delete", json={"all": True}))[1] == {"count": 1}
    assert (await boris.call("GET", "/call-log"))[1] == []
    anna = await office.login("1001")
    assert len((await anna.call("GET", "/call-log"))[1]) == 3


async def test_a_selection_is_either_ids_or_all(office):
    anna = await office.login("1001")
    for body in ({}, {"ids": []}, {"ids": ["a"], "all": True}, {"ids": ["'"]}, {"ids": ["a"] * 501}):
        assert (await anna.call("POST", "/call-log/delete", json=body))[0] == 422


async def test_an_account_without_extension_has_no_log_and_no_presence(office):
    admin = await office.admin()
    for method, path, body in (
        ("GET", "/call-log", None),
        ("POST", "/call-log/seen", {"all": True}),
        ("PUT", "/me/presence", {"status": "away"}),
    ):
        status, answer = await admin.call(method, path, json=body)
        assert (status, answer["code"]) == (403, "forbidden")


async def test_bad_presence_is_refused_PRES_1(office):
    anna = await office.login("1001")
    for body in (
        {},
        {"status": "asleep"},
        {"status": "away", "note": "a\nb"},
        {"status": "away", "note": "x" * 256},
    ):
        assert (await anna.call("PUT", "/me/presence", json=body))[0] == 422


async def test_administrators_see_all_calls_also_those_in_progress(office):
    await make_calls(office)
    boris = office.engine.phone("1002", Behaviour.answers(0.01))
    call = office.engine.phone("1001").call("1002")
    async with asyncio.timeout(60):
        while office.app.services.call_log.pending or not boris.calls:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    admin, anna = await office.admin(), await office.login("1001")
    assert (await anna.call("GET", "/calls"))[0] == 403
    status, calls = await admin.call("GET", "/calls")
    assert status == 200
    assert [(c["caller"], c["dialled"], c["outcome"]) for c in calls] == [
        ("1001", "1002", None),
        ("1002", "1001", "answered"),
        ("1001", "9999", "unknown_number"),
        ("1001", "1002", "busy"),
    ]
    assert [c["dialled"] for c in (await admin.call("GET", "/calls?extension=9999"))[1]] == ["9999"]
    assert len((await admin.call("GET", "/calls?extension=1002"))[1]) == 3
    older = (await admin.call("GET", f"/calls?before={calls[1]['id']}&limit=1"))[1]
    assert [c["id"] for c in older] == [calls[2]["id"]]
    assert (await admin.call("GET", "/calls?limit=0"))[0] == 422
    boris.hang_up(boris.calls[0])
    await office.logged()
    assert call.ended is not None
