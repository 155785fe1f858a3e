"""SIP-8 over REST: clients tell how their calls sounded; their logs, and administrators, have it."""

import asyncio
import json

import pytest

from server.contract.extensions import ExtensionCreate
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from tests.server.api.live_office import live_office

FIGURES = {
    "codec": "G722",
    "encrypted": False,
    "measured_s": 12.0,
    "mos": 4.1,
    "mos_worst": 2.5,
    "loss_received": 1.5,
    "loss_sent": 0.0,
    "jitter_ms": 4.0,
    "jitter_worst_ms": 30.0,
    "round_trip_ms": 18.0,
}


@pytest.fixture
async def office(initialised):
    async with live_office(initialised) as running:
        yield running


async def talk(office):
    """Anna calls Boris, who answers; (her dialog, her phone, the call's id)."""
    office.engine.phone("1002", Behaviour.answers(0.01))
    anna = office.engine.phone("1001")
    dialog = anna.call("1002")
    async with asyncio.timeout(60):
        while dialog.state is not LegState.UP:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (call,) = (await (await office.login("1001")).call("GET", "/me/calls"))[1]
    return dialog, anna, call["id"]


async def raw(client, call_id, body):
    url = f"{client.office.url}/me/calls/{call_id}/quality"
    headers = client.headers | {"Content-Type": "application/json"}
    async with client.http.put(url, data=body, headers=headers, ssl=False) as answer:
        return answer.status, json.loads(await answer.text())


async def test_both_sides_tell_and_everybody_sees_their_own_SIP_8(office):
    dialog, phone, call_id = await talk(office)
    phone.hang_up(dialog)
    anna, boris, admin = await office.login("1001"), await office.login("1002"), await office.admin()
    # At once, as clients do: the server may be busy ending it.
    assert (await anna.call("PUT", f"/me/calls/{call_id}/quality", json=FIGURES)) == (204, None)
    await office.logged()
    assert (await anna.call("GET", "/call-log"))[1][0]["quality"] == FIGURES
    assert (await boris.call("GET", "/call-log"))[1][0]["quality"] is None
    assert (await boris.call("PUT", f"/me/calls/{call_id}/quality", json={"mos": 3.0}))[0] == 204
    assert (await boris.call("PUT", f"/me/calls/{call_id}/quality", json={"mos": 2.0}))[0] == 204
    assert (await boris.call("GET", "/call-log"))[1][0]["quality"]["mos"] == 2.0
    (record,) = (await admin.call("GET", "/calls"))[1]
    assert record["quality"]["1001"] == FIGURES
    assert {number: told["mos"] for number, told in record["quality"].items()} == {"1001": 4.1, "1002": 2.0}


async def test_a_client_that_follows_its_log_is_told_SIP_8(office):
    dialog, phone, call_id = await talk(office)
    phone.hang_up(dialog)
    await office.logged()
    anna = await office.login("1001")
    async with anna.events("call_log") as line:
        snapshot = await line.receive_json(timeout=30)
        assert [entry["quality"] for entry in snapshot["items"].values()] == [None]
        await anna.call("PUT", f"/me/calls/{call_id}/quality", json=FIGURES)
        delta = await line.receive_json(timeout=30)
    assert (delta["topic"], delta["item"]["quality"]) == ("call_log", FIGURES)


async def test_only_a_party_can_tell_and_only_of_a_call_that_is_SIP_8(office):
    dialog, phone, call_id = await talk(office)
    third = ExtensionCreate(number="1003", first_name="Eva", password="eva-has-a-password-1")
    await office.app.services.extensions.add(third, by="test")
    eva = await office.login("1003", "eva-has-a-password-1")
    admin = await office.admin()
    for _ in range(2):  # while it lasts, and afterwards
        status, answer = await eva.call("PUT", f"/me/calls/{call_id}/quality", json=FIGURES)
        assert (status, answer["code"]) == (404, "not_found")
        assert (await admin.call("PUT", f"/me/calls/{call_id}/quality", json=FIGURES))[0] == 403
        if not phone.calls:
            break
        phone.hang_up(dialog)
        await office.logged()
    anna = await office.login("1001")
    assert (await anna.call("PUT", f"/me/calls/{'0' * 32}/quality", json=FIGURES))[0] == 404
    assert (await anna.call("PUT", "/me/calls/%27/quality", json=FIGURES))[0] == 422
    url = f"{office.url}/me/calls/{call_id}/quality"
    async with anna.http.put(url, json=FIGURES, ssl=False) as answer:
        assert answer.status == 401, "nobody is logged in"
    assert (await admin.call("GET", "/calls"))[1][0]["quality"] == {}


async def test_bad_figures_are_refused_by_name_SIP_8(office):
    dialog, phone, call_id = await talk(office)
    anna = await office.login("1001")
    for field, value in (
        ("mos", 0), ("mos", "good"), ("loss_sent", 101), ("jitter_ms", -1), ("codec", "a\nb"), ("mood", 1),
        ("measured_s", 1e12), ("encrypted", 7), ("round_trip_ms", []),
    ):  # fmt: skip
        status, answer = await anna.call("PUT", f"/me/calls/{call_id}/quality", json={field: value})
        assert (status, answer["code"]) == (422, "invalid")
        assert answer["fields"][0]["field"] == field
    for body in ("{}", "[]", "", '{"mos": NaN}', '{"mos": 1e999}', '{"codec": "\\ud800"}'):
        status, answer = await raw(anna, call_id, body)
        assert (status, answer["code"]) == (422, "invalid"), body
    phone.hang_up(dialog)
    await office.logged()
    assert (await anna.call("GET", "/call-log"))[1][0]["quality"] is None
