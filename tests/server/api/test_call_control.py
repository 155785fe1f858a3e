"""B.6: calls are made, ended and transferred over the API, by those who may."""

import asyncio

import pytest

from server.contract.extensions import CallState
from server.switch.port import DEFAULT_MUSIC, SILENCE
from server.switch.simulated import Behaviour
from tests.server.api.live_office import live_office


@pytest.fixture
async def office(initialised):
    async with live_office(initialised) as running:
        yield running


async def active(client, state, path="/me/calls"):
    """The only call in progress, once it is in this state."""
    async with asyncio.timeout(60):
        while True:
            _, found = await client.call("GET", path)
            if [call["state"] for call in found] == [state]:
                return found[0]
            await asyncio.sleep(0.02)


async def talking(client, call_id):
    """Wait until people talk in this call."""
    async with asyncio.timeout(60):
        while True:
            _, found = await client.call("GET", "/me/calls")
            if (call_id, "talking") in [(call["id"], call["state"]) for call in found]:
                return
            await asyncio.sleep(0.02)


async def test_click_to_call_transfer_and_hang_up_SIP_2_SIP_4(office):
    anna, boris = await office.login("1001"), await office.login("1002")
    desk = office.engine.phone("1001", Behaviour.answers(0.05))
    office.engine.phone("1002", Behaviour.answers(0.05))
    status, ordered = await anna.call("POST", "/me/calls", json={"number": "10 02"})
    assert status == 202
    call = await active(anna, "talking")
    assert (call["id"], call["caller"], call["dialled"]) == (ordered["id"], "1001", "1002")
    assert (await active(boris, "talking"))["id"] == call["id"], "it is the callee's, too"
    path = f"/me/calls/{call['id']}"
    assert (await anna.call("POST", f"{path}/transfer", json={"to": "4711"}))[0] == 202
    assert (await active(anna, "talking"))["id"] == call["id"], "nobody is there: the two talk on"
    assert (await boris.call("DELETE", path))[0] == 204
    await office.logged()
    assert desk.calls[0].state.name == "GONE"
    status, log = await anna.call("GET", "/call-log?outcome=answered")
    assert [(entry["number"], entry["direction"]) for entry in log] == [("1002", "outgoing")]


async def test_an_administrator_controls_everybodys_calls_and_that_is_audited(office):
    admin, anna = await office.admin(), await office.login("1001")
    office.engine.phone("1001", Behaviour.answers(0.05))
    office.engine.phone("1002", Behaviour.answers(0.05))
    status, ordered = await admin.call("POST", "/extensions/1001/calls", json={"number": "1002"})
    assert status == 202
    call = await active(admin, "talking", "/calls/active")
    assert call["id"] == ordered["id"]
    body = {"by": "1001", "to": "4711"}
    assert (await admin.call("POST", f"/calls/{call['id']}/transfer", json=body))[0] == 202
    assert (await admin.call("DELETE", f"/calls/{call['id']}"))[0] == 204
    await office.logged()
    _, audit = await admin.call("GET", "/audit?limit=3")
    assert [(entry["action"], entry["actor"]) for entry in audit] == [
        ("call.hang_up", "admin"),
        ("call.transfer", "admin"),
        ("call.make", "admin"),
    ]
    assert (await anna.call("GET", "/me/calls")) == (200, [])


async def test_an_own_call_is_held_and_resumed_and_everybody_sees_that_SIP_4(office):
    anna, boris = await office.login("1001"), await office.login("1002")
    desk = office.engine.phone("1001", Behaviour.answers(0.05))
    other = office.engine.phone("1002", Behaviour.answers(0.05))
    await anna.call("POST", "/me/calls", json={"number": "1002"})
    call = await active(anna, "talking")
    assert call["held_by"] == []
    path = f"/me/calls/{call['id']}"
    assert await anna.call("POST", f"{path}/hold") == (204, None)
    assert other.calls[0].music == DEFAULT_MUSIC
    assert desk.calls[0].music == SILENCE
    for client in (anna, boris):
        assert (await active(client, "talking"))["held_by"] == ["1001"]
    state = office.app.services.states.get("1001")
    assert state is not None
    assert state.call is CallState.HELD
    assert (await boris.call("POST", f"{path}/resume"))[0] == 204, "Boris does not hold: nothing to do"
    assert (await active(anna, "talking"))["held_by"] == ["1001"]
    assert await anna.call("POST", f"{path}/resume") == (204, None)
    assert not other.calls[0].music
    assert (await active(boris, "talking"))["held_by"] == []
    desk.hold(desk.calls[0])
    status, told = await anna.call("POST", f"{path}/resume")
    assert (status, "phone" in told["message"]) == (409, True)
    await anna.call("DELETE", path)
    await office.logged()


async def test_an_administrator_holds_a_call_for_one_of_its_sides_and_that_is_audited_SIP_4(office):
    admin, anna = await office.admin(), await office.login("1001")
    office.engine.phone("1001", Behaviour.answers(0.05))
    office.engine.phone("1002", Behaviour.answers(0.05))
    await admin.call("POST", "/extensions/1001/calls", json={"number": "1002"})
    call = await active(admin, "talking", "/calls/active")
    path = f"/calls/{call['id']}"
    for body, status in (
        ({}, 422),
        ({"by": "x"}, 422),
        ({"by": "1003"}, 404),
        ({"by": "1002", "to": "1"}, 422),
    ):
        for action in ("hold", "resume"):
            assert (await admin.call("POST", f"{path}/{action}", json=body))[0] == status
    assert (await admin.call("POST", f"{path}/hold", json={"by": "1002"}))[0] == 204
    assert (await active(anna, "talking"))["held_by"] == ["1002"]
    assert (await admin.call("POST", f"{path}/resume", json={"by": "1002"}))[0] == 204
    assert (await active(anna, "talking"))["held_by"] == []
    _, audit = await admin.call("GET", "/audit?limit=2")
    assert [(one["action"], one["actor"], one["subject"], one["detail"]) for one in audit] == [
        ("call.resume", "admin", "1002", {"call": call["id"]}),
        ("call.hold", "admin", "1002", {"call": call["id"]}),
    ]
    assert (await admin.call("DELETE", path))[0] == 204
    await office.logged()


async def test_an_own_call_is_parked_and_the_answer_tells_where_SIP_4(office):
    anna, boris = await office.login("1001"), await office.login("1002")
    office.engine.phone("1001", Behaviour.answers(0.05))
    other = office.engine.phone("1002", Behaviour.answers(0.05))
    for slot, body in (("6900", {}), ("6903", {"slot": "6903"})):
        _, ordered = await anna.call("POST", "/me/calls", json={"number": "1002"})
        await talking(anna, ordered["id"])
        path = f"/me/calls/{ordered['id']}/park"
        assert (await anna.call("POST", path, json={"slot": "1002"}))[0] == 422, "that is no slot"
        if slot != "6900":
            status, told = await anna.call("POST", path, json={"slot": "6900"})
            assert (status, "6900 is taken" in told["message"]) == (409, True)
        assert await anna.call("POST", path, json=body) == (200, {"slot": slot})
        assert other.calls[-1].music == DEFAULT_MUSIC
        async with boris.events("parked") as live:
            parked = (await live.receive_json())["items"][slot]
        assert (parked["number"], parked["by"]) == ("1002", "1001")
    for call in other.calls:
        other.hang_up(call)
    await office.logged()


async def test_an_administrator_parks_a_call_for_one_of_its_sides_and_that_is_audited_SIP_4(office):
    admin, anna = await office.admin(), await office.login("1001")
    office.engine.phone("1001", Behaviour.answers(0.05))
    boris = office.engine.phone("1002", Behaviour.answers(0.05))
    await admin.call("POST", "/extensions/1001/calls", json={"number": "1002"})
    call = await active(admin, "talking", "/calls/active")
    path = f"/calls/{call['id']}/park"
    for body, status in (
        ({}, 422),
        ({"by": "x"}, 422),
        ({"by": "1003"}, 404),
        ({"by": "1001", "slot": "1002"}, 422),
    ):
        assert (await admin.call("POST", path, json=body))[0] == status
    assert (await anna.call("POST", path, json={"by": "1001"}))[0] == 403
    assert await admin.call("POST", path, json={"by": "1001", "slot": "6905"}) == (200, {"slot": "6905"})
    _, audit = await admin.call("GET", "/audit?limit=1")
    assert [(one["action"], one["actor"], one["subject"], one["detail"]) for one in audit] == [
        ("call.park", "admin", "1001", {"call": call["id"], "slot": "6905"})
    ]
    boris.hang_up(boris.calls[0])
    await office.logged()


async def test_an_own_call_is_answered_by_the_desk_phone_and_keys_are_sent_SIP_11(office):
    anna, boris = await office.login("1001"), await office.login("1002")
    office.engine.phone("1001", Behaviour.answers(0.05))
    desk = office.engine.phone("1002", Behaviour.rings(), user_agent="Yealink SIP-T54W 96.86")
    async with boris.events("phones", "calls") as live:
        topics = {}
        for _ in range(2):
            snapshot = await live.receive_json()
            topics[snapshot["topic"]] = snapshot["items"]
        ((key, phone),) = topics["phones"].items()
        assert (phone["id"], phone["name"]) == (key, "Yealink SIP-T54W 96.86")
        assert (phone["kind"], phone["can_answer"], phone["reachable"]) == ("extension_endpoint", True, True)
        assert topics["calls"] == {}
        await anna.call("POST", "/me/calls", json={"number": "1002"})
        async with asyncio.timeout(60):
            while not (told := await live.receive_json())["item"]["can_answer"]:
                pass
        assert (told["item"]["state"], told["item"]["direction"]) == ("ringing", "incoming")
    path = f"/me/calls/{told['key']}"
    assert (await boris.call("POST", f"{path}/keys", json={"keys": "1"}))[0] == 409, "it is not answered"
    assert (await boris.call("POST", f"{path}/answer")) == (204, None)
    await active(boris, "talking")
    assert (await boris.call("POST", f"{path}/answer"))[0] == 409
    assert (await anna.call("POST", f"{path}/keys", json={"keys": "12#"})) == (204, None)
    assert desk.calls[0].digits_heard == "12#"
    assert (await boris.call("DELETE", path))[0] == 204
    await office.logged()


async def test_an_administrator_answers_for_others_which_is_audited_SIP_11(office):
    admin, anna = await office.admin(), await office.login("1001")
    office.engine.phone("1001", Behaviour.answers(0.05))
    office.engine.phone("1002", Behaviour.rings(), user_agent="snom320")
    await anna.call("POST", "/me/calls", json={"number": "1002"})
    call = await active(anna, "ringing")
    async with asyncio.timeout(60):
        while not any(one.can_answer for one in office.app.services.own_calls.of("1002")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    path = f"/calls/{call['id']}/answer"
    for body, status in (({}, 422), ({"by": "x"}, 422), ({"by": "1003"}, 404), ({"by": "1001"}, 409)):
        assert (await admin.call("POST", path, json=body))[0] == status
    assert (await anna.call("POST", path, json={"by": "1002"}))[0] == 403
    assert (await admin.call("POST", path, json={"by": "1002"})) == (204, None)
    await active(anna, "talking")
    _, audit = await admin.call("GET", "/audit?limit=1")
    assert [(one["action"], one["subject"], one["detail"]) for one in audit] == [
        ("call.answer", "1002", {"call": call["id"]})
    ]
    await admin.call("DELETE", f"/calls/{call['id']}")
    await office.logged()


async def test_users_control_their_own_calls_only(office):
    anna, boris, admin = await office.login("1001"), await office.login("1002"), await office.admin()
    office.engine.phone("1001", Behaviour.rings())
    _, ordered = await anna.call("POST", "/me/calls", json={"number": "1002"})
    call = ordered["id"]
    assert (await boris.call("GET", "/me/calls")) == (200, [])
    for method, path, body in (
        ("DELETE", f"/me/calls/{call}", None),
        ("POST", f"/me/calls/{call}/transfer", {"to": "1001"}),
        ("POST", f"/me/calls/{call}/transfer", {"call": "0" * 32}),
        ("POST", f"/me/calls/{call}/answer", None),
        ("POST", f"/me/calls/{call}/keys", {"keys": "1"}),
        ("POST", f"/me/calls/{call}/hold", None),
        ("POST", f"/me/calls/{call}/resume", None),
    ):
        assert (await boris.call(method, path, json=body))[0] == 404
    for method, path, body in (
        ("GET", "/calls/active", None),
        ("DELETE", f"/calls/{call}", None),
        ("POST", f"/calls/{call}/transfer", {"by": "1001", "to": "1002"}),
        ("POST", f"/calls/{call}/answer", {"by": "1001"}),
        ("POST", f"/calls/{call}/hold", {"by": "1001"}),
        ("POST", f"/calls/{call}/resume", {"by": "1001"}),
        ("POST", "/extensions/1001/calls", {"number": "1002"}),
    ):
        assert (await boris.call(method, path, json=body))[0] == 403
    assert (await admin.call("POST", "/me/calls", json={"number": "1002"}))[0] == 403, "it has no phone"
    assert (await anna.call("POST", f"/me/calls/{call}/hold"))[0] == 409, "it is not answered yet"
    assert (await anna.call("DELETE", f"/me/calls/{call}"))[0] == 204
    assert (await anna.call("DELETE", f"/me/calls/{call}"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/me/calls", {"number": ""}, 422),
        ("POST", "/me/calls", {"number": "x" * 65}, 422),
        ("POST", "/me/calls", {"number": "Boris"}, 422),
        ("POST", "/me/calls", {"number": "1001"}, 422),
        ("POST", "/me/calls", {"number": "1002", "to": "1"}, 422),
        ("POST", "/me/calls", {"number": "1002"}, 409),
        ("POST", "/me/calls", {"number": "1002", "auto_answer": "perhaps"}, 422),
        ("POST", "/me/calls", {"number": "1002", "phone": "sip:1002@192.0.2.1"}, 422),
        ("POST", f"/me/calls/{'0' * 32}/answer", None, 404),
        ("POST", f"/me/calls/{'0' * 32}/keys", {"keys": "1"}, 404),
        ("POST", f"/me/calls/{'0' * 32}/keys", {"keys": ""}, 422),
        ("POST", f"/me/calls/{'0' * 32}/keys", {"keys": "1\n2"}, 422),
        ("POST", f"/me/calls/{'0' * 32}/keys", {"keys": "1" * 65}, 422),
        ("POST", f"/me/calls/{'0' * 32}/transfer", {}, 422),
        ("POST", f"/me/calls/{'0' * 32}/transfer", {"to": "1002", "call": "0" * 32}, 422),
        ("POST", f"/me/calls/{'0' * 32}/transfer", {"call": "../1"}, 422),
        ("POST", f"/me/calls/{'0' * 32}/transfer", {"call": "1" * 32}, 404),
        ("DELETE", "/me/calls/not-an-id", None, 422),
        ("DELETE", f"/me/calls/{'0' * 32}", None, 404),
        ("POST", f"/me/calls/{'0' * 32}/transfer", {"to": "1002"}, 404),
        ("POST", f"/me/calls/{'0' * 32}/transfer", {"to": "Boris"}, 422),
        ("POST", f"/me/calls/{'0' * 32}/hold", None, 404),
        ("POST", f"/me/calls/{'0' * 32}/resume", None, 404),
        ("POST", "/me/calls/not-an-id/hold", None, 422),
        ("POST", f"/me/calls/{'0' * 32}/park", {}, 404),
        ("POST", f"/me/calls/{'0' * 32}/park", {"slot": "6900"}, 404),
        ("POST", f"/me/calls/{'0' * 32}/park", {"slot": "any"}, 422),
        ("POST", f"/me/calls/{'0' * 32}/park", {"slot": "6900", "by": "1001"}, 422),
        ("POST", "/me/calls/not-an-id/park", {}, 422),
    ],
)
async def test_what_cannot_be_done_is_told_with_the_reason(office, method, path, body, status):
    anna = await office.login("1001")
    answer, told = await anna.call(method, path, json=body)
    assert (answer, bool(told["message"])) == (status, True)
