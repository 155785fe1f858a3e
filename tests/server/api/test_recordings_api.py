"""SIP-5, LOG-1, B.6: recordings over the API, for those who may."""

import asyncio
import io
import wave

import pytest

from server.app import Application
from server.contract.recording import RecordingRight
from server.switch.simulated import Behaviour
from tests.server.api.conftest import Ask
from tests.server.api.live_office import live_office
from tests.server.recorded import kept, recording

ALL = ("record", "pause", "listen", "delete")


@pytest.fixture
async def office(initialised):
    async with live_office(initialised) as running:
        yield running


async def permit(application: Application, number: str, *permissions: str) -> None:
    right = RecordingRight(name=number, extensions=(number,), permissions=permissions)
    await application.services.configuration.put(right, by="test")


async def recorded(application: Application, tmp_path, *owners: str) -> str:
    services = application.services
    made = recording(services.clock, *owners)
    return (await kept(services.recordings, made, tmp_path)).id


async def talk(office) -> str:
    """1001 and 1002 talk; the id of their call."""
    office.engine.phone("1001", Behaviour.answers(0.02))
    office.engine.phone("1002", Behaviour.answers(0.02))
    control = office.app.services.control
    call_id = await control.make("1001", "1002")
    async with asyncio.timeout(60):
        while office.app.services.recorder.tape_of(call_id) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return call_id


async def told(socket, state):
    """The next event in which a call is recorded like this."""
    async with asyncio.timeout(60):
        while True:
            message = await socket.receive_json()
            items = message["items"].values() if message["type"] == "snapshot" else [message["item"]]
            for item in items:
                is_told = item is not None and (item["recording"]["actions"] or item["recording"]["refusal"])
                if is_told and item["recording"]["state"] == state:
                    return item


async def test_a_call_is_recorded_and_both_clients_see_it_SIP_5(office):
    await permit(office.app, "1001", *ALL)
    anna, boris = await office.login("1001"), await office.login("1002")
    async with anna.events("calls") as hers, boris.events("calls") as his:
        call_id = await talk(office)
        path = f"/me/calls/{call_id}/recording"
        shown = await told(hers, None)
        assert (shown["id"], shown["recording"]["actions"]) == (call_id, ["start"])
        assert (await told(his, None))["recording"]["refusal"] == "not_allowed"
        assert (await boris.call("POST", path, json={"action": "start"}))[0] == 403
        for action, state, offered in [
            ("start", "recording", ["pause", "stop"]),
            ("pause", "paused", ["resume", "stop"]),
            ("resume", "recording", ["pause", "stop"]),
        ]:
            status, answer = await anna.call("POST", path, json={"action": action})
            assert (status, answer["state"], answer["actions"]) == (200, state, offered)
            await told(hers, state)
            assert (await told(his, state))["recording"]["refusal"] == "not_yours"
        assert (await boris.call("POST", path, json={"action": "pause"}))[0] == 409
        assert (await anna.call("POST", path, json={"action": "stop"}))[1]["state"] == "finished"
        assert (await anna.call("POST", path, json={"action": "start"}))[0] == 409
    assert (await anna.call("DELETE", f"/me/calls/{call_id}"))[0] == 204
    await office.logged()
    assert (await anna.call("POST", path, json={"action": "start"}))[0] == 404


async def test_administrators_record_any_call_with_an_audit_entry_SIP_5(office):
    admin, anna = await office.admin(), await office.login("1001")
    call_id = await talk(office)
    path = f"/calls/{call_id}/recording"
    assert (await anna.call("POST", path, json={"action": "start"}))[0] == 403
    status, answer = await admin.call("POST", path, json={"action": "start"})
    assert (status, answer["state"]) == (200, "recording")
    _, audit = await admin.call("GET", "/audit?limit=1")
    assert (audit[0]["action"], audit[0]["detail"]["call"]) == ("recording.start", call_id)
    await admin.call("DELETE", f"/calls/{call_id}")
    await office.logged()


@pytest.mark.parametrize("body", [{}, {"action": "erase"}, {"action": "start", "file": "/etc/passwd"}, None])
async def test_an_order_that_makes_no_sense_is_refused(ask: Ask, user_token: str, body) -> None:
    answer = await ask("POST", f"/api/v1/me/calls/{'0' * 32}/recording", token=user_token, json=body)
    assert answer.status == 422
    answer = await ask("POST", "/api/v1/me/calls/../../x/recording", token=user_token, json=body)
    assert answer.status in {404, 405, 422}


async def test_each_permission_opens_its_own_door_LOG_1(
    application: Application, ask: Ask, user_token: str, tmp_path
) -> None:
    one = await recorded(application, tmp_path, "1001")
    ways = {
        ("GET", "/api/v1/me/recordings"): "listen",
        ("GET", f"/api/v1/me/recordings/{one}"): "listen",
        ("GET", f"/api/v1/me/recordings/{one}/audio"): "listen",
        ("POST", "/api/v1/me/recordings/delete"): "delete",
        ("DELETE", f"/api/v1/me/recordings/{one}"): "delete",
    }
    for permission in ("none", "delete", "listen"):
        others = tuple(one for one in ALL if one != permission)
        await permit(application, "1001", *(("record", "pause") if permission == "none" else others))
        for (method, path), needed in ways.items():
            if permission == "none" or needed == permission:
                answer = await ask(method, path, token=user_token, json={"all": True})
                assert answer.status == 403, (method, path)
                assert "ask the administrator" in answer.error.message
    await permit(application, "1001", *ALL)
    me = (await ask("GET", "/api/v1/me", token=user_token)).text
    for permission in ALL:
        assert f'"recording.{permission}"' in me


async def test_the_sound_is_fetched_whole_and_in_parts_LOG_1(
    application: Application, ask: Ask, user_token: str, tmp_path
) -> None:
    await permit(application, "1001", "listen")
    one = await recorded(application, tmp_path, "1001")
    path = f"/api/v1/me/recordings/{one}/audio"
    whole = await ask("GET", path, token=user_token)
    assert whole.status == 200
    assert whole.headers["Content-Type"] == "audio/wav"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert "no-store" in whole.headers["Cache-Control"]
    with wave.open(io.BytesIO(whole.content)) as file:
        assert (file.getframerate(), file.getnframes()) == (8000, 24_000)
    part = await ask("GET", path, token=user_token, headers={"Range": "bytes=100-199"})
    assert (part.status, part.content) == (206, whole.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    beyond = await ask("GET", path, token=user_token, headers={"Range": "bytes=9999999-"})
    assert beyond.status == 416


async def test_nobody_hears_or_deletes_what_is_not_theirs_LOG_1(
    application: Application, ask: Ask, user_token: str, tmp_path
) -> None:
    await permit(application, "1001", *ALL)
    others = await recorded(application, tmp_path, "1002")
    for method, path in [
        ("GET", f"/api/v1/me/recordings/{others}"),
        ("GET", f"/api/v1/me/recordings/{others}/audio"),
        ("DELETE", f"/api/v1/me/recordings/{others}"),
    ]:
        assert (await ask(method, path, token=user_token)).status == 404, path
    answer = await ask("POST", "/api/v1/me/recordings/delete", token=user_token, json={"ids": [others]})
    assert (answer.status, answer.text) == (200, '{"count":0}')
    assert (await ask("GET", "/api/v1/me/recordings", token=user_token)).text == "[]"
    for method, path in [
        ("GET", "/api/v1/recordings"),
        ("GET", f"/api/v1/recordings/{others}"),
        ("GET", f"/api/v1/recordings/{others}/audio"),
        ("DELETE", f"/api/v1/recordings/{others}"),
    ]:
        assert (await ask(method, path, token=user_token)).status == 403, path
        assert (await ask(method, path)).status == 401, path
    assert (await application.services.recordings.file(others)).exists()


@pytest.mark.parametrize(
    "path",
    [
        "?limit=0", "?limit=501", f"?q={'x' * 65}", "?before=../../etc", "/..%2f..%2fcli.token/audio", "/abc",
        f"/{'G' * 32}/audio",
    ],
)  # fmt: skip
async def test_bad_input_is_refused_LOG_1(
    application: Application, ask: Ask, user_token: str, admin_token: str, path: str
) -> None:
    await permit(application, "1001", *ALL)
    for where, token in (("/api/v1/me/recordings", user_token), ("/api/v1/recordings", admin_token)):
        answer = await ask("GET", where + path, token=token)
        assert answer.status in {404, 422}
        assert b"linkus" not in answer.content.lower()
    selection = {"ids": ["x"]}
    answer = await ask("POST", "/api/v1/me/recordings/delete", token=user_token, json=selection)
    assert answer.status == 422


async def test_administrators_list_hear_and_remove_with_audit_entries_LOG_1(
    application: Application, ask: Ask, admin_token: str, tmp_path
) -> None:
    one = await recorded(application, tmp_path, "1001")
    nobodys = await recorded(application, tmp_path)
    listed = await ask("GET", "/api/v1/recordings", token=admin_token)
    assert one in listed.text
    assert nobodys in listed.text
    own = await ask("GET", "/api/v1/recordings?extension=1001", token=admin_token)
    assert one in own.text
    assert nobodys not in own.text
    assert (await ask("GET", f"/api/v1/recordings/{one}/audio", token=admin_token)).status == 200
    assert (await ask("DELETE", f"/api/v1/recordings/{one}", token=admin_token)).status == 204
    assert (await ask("DELETE", f"/api/v1/recordings/{one}", token=admin_token)).status == 404
    audit = await application.services.audit.list(limit=2)
    assert [(entry.action, entry.subject) for entry in audit] == [
        ("recording.remove", one), ("recording.export", one),
    ]  # fmt: skip


async def test_who_loses_the_permission_loses_the_list_at_once_LOG_1(office, tmp_path):
    await permit(office.app, "1001", "listen")
    one = await recorded(office.app, tmp_path, "1001")
    anna = await office.login("1001")
    async with anna.events("recordings") as socket:
        assert list((await socket.receive_json())["items"]) == [one]
        await permit(office.app, "1001", "record")
        assert (await socket.receive_json())["items"] == {}
