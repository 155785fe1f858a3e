"""KEY-1, KEY-2 over the API: own keys, an administrator's, permission, bad input, live changes."""

import json

import pytest

from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.keys import FunctionKey, FunctionKeys, FunctionKeysChange, KeyRight
from tests.server.api.live_office import live_office

OWN = "/api/v1/me/keys"
ANNA = "/api/v1/extensions/1001/keys"
BLF = {"type": "blf", "value": "1002", "label": "Boris"}
PARK = {"type": "park", "value": "6900"}


def keys_of(answer) -> FunctionKeys:
    assert answer.status == 200, answer.text
    return FunctionKeys.model_validate_json(answer.text)


async def permit(application, *numbers):
    await application.services.configuration.put(KeyRight(name="team", extensions=numbers), by="test")


async def test_an_administrator_gives_keys_in_their_order_KEY_1(application, ask, user_token, admin_token):
    assert keys_of(await ask("GET", OWN, token=user_token)) == FunctionKeys()
    given = keys_of(await ask("PUT", ANNA, token=admin_token, json={"keys": [PARK, BLF, PARK]}))
    assert [key.value for key in given.keys] == ["6900", "1002", "6900"]
    assert keys_of(await ask("GET", OWN, token=user_token)) == given
    assert keys_of(await ask("GET", ANNA, token=admin_token)) == given
    newest = (await application.services.audit.list(limit=1))[0]
    assert (newest.action, newest.actor, newest.subject) == ("extension.keys", "local", "1001")


async def test_without_permission_own_keys_are_read_and_not_changed_KEY_1(application, ask, user_token):
    await permit(application, "1002")
    for method, path, body in (("PUT", OWN, {"keys": []}), ("POST", f"{OWN}/check", BLF)):
        refused = await ask(method, path, token=user_token, json=body)
        assert (refused.status, refused.error.code) == (403, ErrorCode.FORBIDDEN)
        assert "administrator" in refused.error.message
    assert (
        "keys.change"
        not in json.loads((await ask("GET", "/api/v1/me", token=user_token)).text)["permissions"]
    )
    assert (await ask("PUT", ANNA, token=user_token, json={"keys": []})).status == 403


async def test_with_permission_own_keys_are_changed_KEY_1(application, ask, user_token):
    await permit(application, "1001")
    assert "keys.change" in json.loads((await ask("GET", "/api/v1/me", token=user_token)).text)["permissions"]
    changed = keys_of(await ask("PUT", OWN, token=user_token, json={"keys": [BLF]}))
    assert changed.keys == [FunctionKey(type="blf", value="1002", label="Boris")]
    assert (await ask("POST", f"{OWN}/check", token=user_token, json=PARK)).status == 204
    wrong = await ask("POST", f"{OWN}/check", token=user_token, json={"type": "blf", "value": "1999"})
    assert (wrong.status, wrong.error.message) == (422, "There is no extension 1999.")


async def test_keys_that_were_changed_meanwhile_are_not_overwritten_KEY_1(ask, user_token, admin_token):
    first = keys_of(await ask("PUT", ANNA, token=admin_token, json={"keys": [BLF], "revision": 0}))
    again = await ask("PUT", ANNA, token=admin_token, json={"keys": [PARK], "revision": 0})
    assert (again.status, again.error.code) == (409, ErrorCode.CONFLICT)
    assert keys_of(await ask("GET", ANNA, token=admin_token)) == first
    now = {"keys": [PARK], "revision": first.revision}
    assert keys_of(await ask("PUT", ANNA, token=admin_token, json=now)).keys[0].value == "6900"


async def test_a_boss_may_have_the_key_of_an_own_secretary_and_of_nobody_else_BOSS_2(
    application, ask, user_token, admin_token
):
    await permit(application, "1001")
    boss = {"secretaries": ["1002"]}
    assert (await ask("PUT", "/api/v1/bosses/1001", token=admin_token, json=boss)).status == 200
    secretary = {"type": "boss_secretary", "value": "*591002"}
    assert (await ask("POST", f"{OWN}/check", token=user_token, json=secretary)).status == 204
    wrong = await ask("POST", f"{OWN}/check", token=user_token, json=secretary | {"value": "*591003"})
    assert (wrong.status, "no secretary of 1001: use *591002" in wrong.error.message) == (422, True)


BAD = [
    ({"keys": [BLF, {"type": "blf", "value": "x"}]}, "keys.1"),
    ({"keys": [{"type": "blf", "value": "1999"}]}, "keys.0.value"),
    ({"keys": [{"type": "boss_secretary", "value": "*591002"}]}, "keys.0.value"),
    ({"keys": [{"type": "moon"}]}, "keys.0.type"),
    ({"keys": [{"type": "recording", "label": "x" * 64}]}, "keys.0.label"),
    ({"keys": [BLF] * 201}, "keys"),
    ({}, "keys"),
    ({"keys": [], "surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
async def test_what_is_wrong_is_named_and_nothing_changes_KEY_2(ask, user_token, admin_token, body, field):
    before = keys_of(await ask("PUT", ANNA, token=admin_token, json={"keys": [PARK]}))
    answer = await ask("PUT", ANNA, token=admin_token, json=body)
    assert (answer.status, [problem.field for problem in answer.error.fields]) == (422, [field])
    assert keys_of(await ask("GET", ANNA, token=admin_token)) == before
    assert (
        await ask("PUT", "/api/v1/extensions/1999/keys", token=admin_token, json={"keys": []})
    ).status == 404


async def test_two_hundred_keys_are_taken_KEY_1(ask, user_token, admin_token):
    url = {"type": "url", "value": "https://crm.example/" + "x" * 480, "label": "€" * 63}
    assert len(keys_of(await ask("PUT", ANNA, token=admin_token, json={"keys": [url] * 200})).keys) == 200


async def test_a_key_outlives_what_it_is_about_and_others_can_still_be_changed_KEY_1(core):
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    blf, park = FunctionKey(**BLF), FunctionKey(**PARK)
    await core.keys.change("1001", FunctionKeysChange(keys=[blf]), by="test")
    await core.extensions.remove("1002", by="test")
    assert (await core.keys.change("1001", FunctionKeysChange(keys=[park, blf]), by="test")).keys == [
        park,
        blf,
    ]
    await core.extensions.remove("1001", by="test")
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    assert await core.keys.get("1001") == FunctionKeys(), "whoever gets the number next begins anew"


async def test_a_change_shows_at_once_in_every_client_of_the_extension_KEY_1(initialised):
    async with live_office(initialised) as office:
        anna, boris = await office.login("1001"), await office.login("1002")
        async with (
            anna.events("keys", "me") as one,
            anna.events("keys") as other,
            boris.events("keys") as his,
        ):
            for socket in (one, other, his):
                snapshot = await socket.receive_json()
                assert snapshot["items"] == {"keys": {"revision": 0, "keys": []}}
            assert (await one.receive_json())["topic"] == "me"
            keys = FunctionKeysChange(keys=[FunctionKey(**BLF)])
            await office.app.services.keys.change("1001", keys, by="test")
            for socket in (one, other):
                told = await socket.receive_json()
                assert (told["topic"], told["item"]["keys"]) == ("keys", [BLF])
            await permit(office.app, "1001")
            assert "keys.change" in (await one.receive_json())["items"]["me"]["permissions"]
            await office.app.services.keys.change("1002", keys.model_copy(update={"keys": []}), by="test")
            assert (await his.receive_json())["item"]["revision"] == 1, "only his own"


async def test_own_forwarding_is_told_by_status_and_condition_KEY_2(initialised):
    async with live_office(initialised) as office:
        anna = await office.login("1001")
        async with anna.events("forwarding") as socket:
            assert (await socket.receive_json())["items"] == {}
            away = {"status": "away"}
            forwarded = {"external": {"busy": {"kind": "extension", "value": "1002"}}}
            assert (await anna.call("PUT", "/me/presence/settings", json={"statuses": {"away": forwarded}}))[
                0
            ] == 200
            told = {delta["key"]: delta["item"] for delta in [await socket.receive_json() for _ in range(3)]}
            assert told == {"always": None, "busy": None, "no_answer": None}, "she is available"
            assert (await anna.call("PUT", "/me/presence", json=away))[0] == 200
            told = {delta["key"]: delta["item"] for delta in [await socket.receive_json() for _ in range(3)]}
            assert told["busy"] == {
                "condition": "busy",
                "destination": {"kind": "extension", "value": "1002"},
            }
            assert told["always"] is told["no_answer"] is None
