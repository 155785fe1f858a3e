"""Extensions and pictures over HTTPS, and what follows from a change at once."""

import asyncio
import json
from collections.abc import Sequence

import aiohttp
import pytest

from server.app import Application
from server.contract.errors import ErrorCode
from server.contract.events import CloseCode
from server.contract.extensions import ExtensionCreated
from server.switch.port import SipEndpoint
from tests.server.api.conftest import USER_PASSWORD, Ask
from tests.server.idle_switch import IdleSwitch
from tests.server.services.test_extensions import png


async def test_an_extension_from_add_to_remove(ask: Ask, admin_token: str) -> None:
    added = await ask(
        "POST", "/api/v1/extensions", token=admin_token, json={"number": "1001", "first_name": "Anna"}
    )
    assert added.status == 201
    created = ExtensionCreated.model_validate_json(added.text)
    assert created.password
    assert created.sip_secret
    again = await ask("POST", "/api/v1/extensions", token=admin_token, json={"number": "1001"})
    assert (again.status, again.error.code) == (409, ErrorCode.CONFLICT)
    bad = await ask("POST", "/api/v1/extensions", token=admin_token, json={"number": "10x1"})
    assert (bad.status, [field.field for field in bad.error.fields]) == (422, ["number"])
    changed = await ask("PATCH", "/api/v1/extensions/1001", token=admin_token, json={"last_name": "Bell"})
    assert json.loads(changed.text)["last_name"] == "Bell"
    assert json.loads(changed.text)["password"] is None
    hidden = await ask("PATCH", "/api/v1/extensions/1001", token=admin_token, json={"monitored": False})
    assert json.loads(hidden.text)["monitored"] is False
    bad = await ask("PATCH", "/api/v1/extensions/1001", token=admin_token, json={"monitored": None})
    assert (bad.status, [field.field for field in bad.error.fields]) == (422, ["monitored"])
    shown = json.loads((await ask("GET", "/api/v1/extensions/1001", token=admin_token)).text)
    assert shown["monitored"] is False
    assert (shown["first_name"], shown["last_name"]) == ("Anna", "Bell")
    assert "password" not in shown
    assert (await ask("DELETE", "/api/v1/extensions/1001", token=admin_token)).status == 204
    assert (await ask("GET", "/api/v1/extensions/1001", token=admin_token)).status == 404
    assert json.loads((await ask("GET", "/api/v1/extensions", token=admin_token)).text) == []


async def test_a_picture_is_cached_by_its_hash_DIR_4(ask: Ask, user_token: str, admin_token: str) -> None:
    path = "/api/v1/extensions/1001/avatar"
    assert (await ask("PUT", path, token=user_token, data=png())).status == 204
    got = await ask("GET", path, token=user_token)
    assert (got.status, got.content, got.headers["Content-Type"]) == (200, png(), "image/png")
    etag = got.headers["ETag"]
    assert json.loads((await ask("GET", "/api/v1/me", token=user_token)).text)["extension"]["avatar"] in etag
    cached = await ask("GET", path, token=user_token, headers={"If-None-Match": etag})
    assert (cached.status, cached.content) == (304, b"")
    assert (await ask("PUT", path, token=user_token, data=b"no picture")).error.code is ErrorCode.INVALID
    large = await ask("PUT", path, token=user_token, data=bytes(1_000_001))
    assert (large.status, large.error.code) == (413, ErrorCode.TOO_LARGE)
    assert (await ask("PUT", "/api/v1/extensions/1002/avatar", token=user_token, data=png())).status == 403
    assert (await ask("DELETE", path, token=admin_token)).status == 204
    assert (await ask("GET", path, token=user_token)).status == 404


async def test_a_disabled_extension_is_out_at_once_on_the_live_connection_and_on_sip_AUTH_7(
    application: Application, ask: Ask, http: aiohttp.ClientSession, user_token: str, admin_token: str
) -> None:
    switch = application.services.switch
    assert isinstance(switch, IdleSwitch)
    async with asyncio.timeout(60):
        async with http.ws_connect(
            "/api/v1/events", headers={"Authorization": f"Bearer {user_token}"}
        ) as events:
            await events.send_json({"type": "subscribe", "topics": ["me"]})
            await events.receive()
            await ask("PATCH", "/api/v1/extensions/1001", token=admin_token, json={"enabled": False})
            message = await events.receive()
            while message.type is not aiohttp.WSMsgType.CLOSE:
                message = await events.receive()
            assert message.data == CloseCode.UNAUTHENTICATED
    assert (await ask("GET", "/api/v1/me", token=user_token)).status == 401
    assert "1001" not in switch.endpoints


async def test_a_change_of_the_own_account_is_told_live(
    ask: Ask, http: aiohttp.ClientSession, user_token: str, admin_token: str
) -> None:
    async with asyncio.timeout(60):
        async with http.ws_connect(
            "/api/v1/events", headers={"Authorization": f"Bearer {user_token}"}
        ) as events:
            await events.send_json({"type": "subscribe", "topics": ["me"]})
            snapshot = await events.receive_json()
            await ask("PATCH", "/api/v1/extensions/1001", token=admin_token, json={"first_name": "Annabel"})
            delta = await events.receive_json()
    assert snapshot["items"]["me"]["user"] == "1001"
    assert (delta["key"], delta["item"]["extension"]["first_name"]) == ("me", "Annabel")


async def test_sessions_over_https_AUTH_7(ask: Ask, user_token: str) -> None:
    login = {"user": "1001", "password": USER_PASSWORD}
    reply = json.loads((await ask("POST", "/api/v1/auth/login", json=login)).text)
    refresh = {"refresh_token": reply["refresh_token"]}
    tokens = json.loads((await ask("POST", "/api/v1/auth/refresh", json=refresh)).text)
    assert (await ask("GET", "/api/v1/me", token=tokens["access_token"])).status == 200
    assert (await ask("POST", "/api/v1/auth/logout", token=tokens["access_token"])).status == 204
    assert (await ask("GET", "/api/v1/me", token=tokens["access_token"])).status == 401
    assert (await ask("GET", "/api/v1/me", token=user_token)).status == 200


async def test_a_lock_is_told_with_the_time_to_wait_AUTH_6(
    ask: Ask, user_token: str, admin_token: str
) -> None:
    for _ in range(5):
        answer = await ask("POST", "/api/v1/auth/login", json={"user": "1001", "password": "wrong-one-1"})
    assert (answer.status, answer.error.code) == (423, ErrorCode.LOCKED)
    assert int(answer.headers["Retry-After"]) == answer.error.retry_after_s
    shown = json.loads((await ask("GET", "/api/v1/extensions/1001", token=admin_token)).text)
    assert shown["locked_until"]
    assert (await ask("POST", "/api/v1/extensions/1001/unlock", token=admin_token)).status == 200
    login = {"user": "1001", "password": USER_PASSWORD}
    assert (await ask("POST", "/api/v1/auth/login", json=login)).status == 200


async def test_changing_the_password_over_https_AUTH_5(ask: Ask, user_token: str) -> None:
    change = {"old_password": USER_PASSWORD, "new_password": "another-good-one"}
    assert (await ask("POST", "/api/v1/auth/password", token=user_token, json=change)).status == 204
    answer = await ask("POST", "/api/v1/auth/login", json={"user": "1001", "password": "another-good-one"})
    assert answer.status == 200


async def test_the_answer_comes_once_the_switch_has_the_change_AUTH_7(
    application: Application, ask: Ask, admin_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = application.services.switch
    assert isinstance(switch, IdleSwitch)
    push, remove = switch.push, switch.remove

    async def slow_push(endpoints: Sequence[SipEndpoint]) -> None:
        await asyncio.sleep(0.05)
        await push(endpoints)

    async def slow_remove(number: str) -> None:
        await asyncio.sleep(0.05)
        await remove(number)

    monkeypatch.setattr(switch, "push", slow_push)
    monkeypatch.setattr(switch, "remove", slow_remove)
    path = "/api/v1/extensions"
    added = await ask("POST", path, token=admin_token, json={"number": "1001"})
    assert switch.endpoints["1001"].secret == json.loads(added.text)["sip_secret"]
    changed = await ask("PATCH", f"{path}/1001", token=admin_token, json={"sip_secret": None})
    assert switch.endpoints["1001"].secret == json.loads(changed.text)["sip_secret"]
    assert (await ask("DELETE", f"{path}/1001", token=admin_token)).status == 204
    assert "1001" not in switch.endpoints
