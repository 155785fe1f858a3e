"""Every endpoint checks who asks; every error has one shape (A.2, AUTH-7)."""

import json
import re
from typing import Any

import aiohttp
import pytest

from server.app import Application
from server.contract.errors import ErrorBody, ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.kinds import KINDS
from tests.server.api.conftest import Ask
from tests.server.conftest import ADMIN_PASSWORD

OPEN = {
    ("get", "/api/v1/health"),
    ("get", "/api/v1/ready"),
    ("post", "/api/v1/auth/login"),
    ("post", "/api/v1/auth/refresh"),
    ("post", "/api/v1/auth/login-link"),
}
FOR_ADMINISTRATORS = {
    ("get", "/api/v1/queue-setup"),
    ("put", "/api/v1/queue-setup"),
    ("get", "/api/v1/extensions"),
    ("post", "/api/v1/extensions"),
    ("patch", "/api/v1/extensions/{number}"),
    ("delete", "/api/v1/extensions/{number}"),
    ("post", "/api/v1/extensions/{number}/unlock"),
    ("get", "/api/v1/extensions/{number}/presence"),
    ("put", "/api/v1/extensions/{number}/presence"),
    ("get", "/api/v1/extensions/{number}/presence/settings"),
    ("put", "/api/v1/extensions/{number}/presence/settings"),
    ("get", "/api/v1/extensions/{number}/keys"),
    ("put", "/api/v1/extensions/{number}/keys"),
    ("get", "/api/v1/calls"),
    ("get", "/api/v1/calls/active"),
    ("delete", "/api/v1/calls/{call_id}"),
    ("post", "/api/v1/calls/{call_id}/transfer"),
    ("post", "/api/v1/calls/{call_id}/answer"),
    ("post", "/api/v1/calls/{call_id}/hold"),
    ("post", "/api/v1/calls/{call_id}/resume"),
    ("post", "/api/v1/calls/{call_id}/park"),
    ("post", "/api/v1/calls/{call_id}/recording"),
    ("get", "/api/v1/recordings"),
    ("get", "/api/v1/recordings/{recording_id}"),
    ("get", "/api/v1/recordings/{recording_id}/audio"),
    ("delete", "/api/v1/recordings/{recording_id}"),
    ("post", "/api/v1/extensions/{number}/calls"),
    ("get", "/api/v1/pairs"),
    ("put", "/api/v1/pairs/{boss}/{secretary}"),
    ("get", "/api/v1/status"),
    ("post", "/api/v1/extensions/{number}/login-link"),
    ("post", "/api/v1/extensions/{number}/welcome"),
    ("get", "/api/v1/extensions/{number}/mail"),
    ("put", "/api/v1/extensions/{number}/mail"),
    ("post", "/api/v1/mail/test"),
    ("get", "/api/v1/mail/queue"),
    ("post", "/api/v1/mail/queue/{mail_id}/retry"),
    ("delete", "/api/v1/mail/queue/{mail_id}"),
    ("get", "/api/v1/audit"),
    ("get", "/metrics"),
    ("get", "/api/v1/route/explain"),
    ("get", "/api/v1/prompts/{name}/recordings"),
    ("get", "/api/v1/prompts/{name}/recordings/{language}"),
    ("put", "/api/v1/prompts/{name}/recordings/{language}"),
    ("delete", "/api/v1/prompts/{name}/recordings/{language}"),
    ("get", "/api/v1/ring-tones/{name}/sound"),
    ("put", "/api/v1/ring-tones/{name}/sound"),
    ("get", "/api/v1/languages"),
    ("put", "/api/v1/languages/{language}"),
    ("delete", "/api/v1/languages/{language}"),
}
for kind in KINDS:
    FOR_ADMINISTRATORS |= {(method, f"/api/v1/{kind.path}") for method in ("get", "put")[: 1 + kind.single]}
    if not kind.single:
        FOR_ADMINISTRATORS |= {
            (method, f"/api/v1/{kind.path}/{{name}}") for method in ("get", "put", "delete")
        }

BOXES = (
    ("get", ""),
    ("post", "/heard"),
    ("post", "/delete"),
    ("get", "/settings"),
    ("put", "/settings"),
    ("get", "/greetings"),
    ("post", "/greetings"),
    ("post", "/greetings/record"),
    ("post", "/greetings/{greeting_id}/play"),
    ("post", "/greetings/delete"),
    ("get", "/greetings/{greeting_id}/audio"),
    ("get", "/{message_id}/audio"),
    ("delete", "/{message_id}"),
)
"""Of a mailbox that is not the own one (1002)."""

PARTS = {
    "{queue}": "6400", "{extension}": "1002", "{entry}": "1",
    "{boss}": "1002", "{secretary}": "1001",
    "{box}": "1002", "{message_id}": "0" * 32, "{greeting_id}": "0" * 32,
    "{number}": "1002", "{entry_id}": "x", "{name}": "x", "{language}": "en", "{call_id}": "0" * 32,
    "{recording_id}": "0" * 32, "{mail_id}": "1", "{hashed}": "0a" * 32,
}  # fmt: skip


def _address(path: str) -> str:
    """An address that this path describes."""
    return re.sub(r"\{\w+\}", lambda part: PARTS[part.group()], path)


async def _operations(ask: Ask) -> dict[tuple[str, str], dict[str, Any]]:
    description = json.loads((await ask("GET", "/api/v1/openapi.json")).text)
    return {
        (method, path): operation
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    }


async def test_no_endpoint_answers_without_a_login(ask: Ask) -> None:
    operations = await _operations(ask)
    assert len(operations) > 20
    for method, path in operations:
        if (method, path) in OPEN:
            continue
        answer = await ask(method, _address(path))
        assert answer.status == 401, (method, path)
        assert answer.error.code is ErrorCode.UNAUTHENTICATED
        bad = await ask(method, _address(path), token="x" * 43)
        assert bad.status == 401, (method, path)


async def test_a_user_gets_403_where_administrators_only_may(ask: Ask, user_token: str) -> None:
    operations = await _operations(ask)
    assert set(operations) >= FOR_ADMINISTRATORS
    refused = set()
    for method, path in operations:
        if (method, path) in OPEN or path.endswith(("logout", "password")):
            continue
        answer = await ask(method, _address(path), token=user_token)
        if answer.status == 403:
            refused.add((method, path))
    others = {("get", "/api/v1/extensions/{number}")} | {
        (method, "/api/v1/extensions/{number}/avatar") for method in ("put", "delete")
    }
    others |= {(method, f"/api/v1/voicemail/{{box}}{path}") for method, path in BOXES}
    by_permission = {
        ("get", "/api/v1/me/recordings"),
        ("get", "/api/v1/me/recordings/{recording_id}"),
        ("get", "/api/v1/me/recordings/{recording_id}/audio"),
        ("delete", "/api/v1/me/recordings/{recording_id}"),
    }
    assert refused == FOR_ADMINISTRATORS | others | by_permission


async def test_an_administrator_without_an_extension_has_nothing_of_an_own_one(
    ask: Ask, admin_token: str
) -> None:
    """Calls, keys, pairs, presence, mailbox: each is refused, before anything of the body is read."""
    of_accounts = {("get", "/api/v1/me"), ("post", "/api/v1/me/password")}
    for method, path in await _operations(ask):
        if not path.startswith("/api/v1/me") or (method, path) in of_accounts:
            continue
        answer = await ask(method, _address(path), token=admin_token)
        assert answer.status == 403, (method, path, answer.text)
        assert answer.error.code is ErrorCode.FORBIDDEN, (method, path)


async def test_the_description_names_errors_and_the_token(ask: Ask) -> None:
    description = json.loads((await ask("GET", "/api/v1/openapi.json")).text)
    schemes = description["components"]["securitySchemes"]
    assert [scheme["scheme"] for scheme in schemes.values()] == ["bearer"]
    for (method, path), operation in (await _operations(ask)).items():
        assert operation["responses"]["default"]["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/ErrorBody"
        }
        assert bool(operation.get("security")) is ((method, path) not in OPEN), (method, path)
        assert operation["description"], (method, path)


async def test_a_user_sees_the_own_extension_and_everybodys_picture(ask: Ask, user_token: str) -> None:
    assert (await ask("GET", "/api/v1/extensions/1001", token=user_token)).status == 200
    assert (await ask("GET", "/api/v1/extensions/1002", token=user_token)).status == 403
    assert (await ask("GET", "/api/v1/extensions/1002/avatar", token=user_token)).status == 404


async def test_the_token_file_is_an_administrators(application: Application, ask: Ask) -> None:
    token = (application.settings.data / "cli.token").read_text().strip()
    assert (await ask("GET", "/api/v1/status", token=token)).status == 200
    assert (await ask("GET", "/api/v1/status", token=token[:-1])).status == 401
    assert (application.settings.data / "cli.token").stat().st_mode & 0o777 == 0o600
    assert (application.settings.data).stat().st_mode & 0o777 == 0o700


async def test_what_does_not_exist_has_the_same_shape(ask: Ask) -> None:
    for method, path, status in (
        ("GET", "/", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/docs", 404),
        ("DELETE", "/api/v1/health", 405),
    ):
        answer = await ask(method, path)
        assert answer.status == status, path
        assert path in answer.error.message


GARBAGE = [
    (b"", 422, ErrorCode.INVALID),
    (b"{", 422, ErrorCode.INVALID),
    (b"\xff\xfe", 422, ErrorCode.INVALID),
    (b"[" * 60_000, 400, ErrorCode.INVALID),
    (b'{"a":' * 10_000, 400, ErrorCode.INVALID),
    (b"[]", 422, ErrorCode.INVALID),
    (b'{"user": 7, "password": null}', 422, ErrorCode.INVALID),
    (b'{"user": "1001", "password": "x", "surprise": 1}', 422, ErrorCode.INVALID),
    (b'{"user": "1001", "password": "' + b"x" * 200 + b'"}', 422, ErrorCode.INVALID),
    (b"x" * 70_000, 413, ErrorCode.TOO_LARGE),
]


async def test_garbage_is_refused_in_words(ask: Ask) -> None:
    for body, status, code in GARBAGE:
        answer = await ask(
            "POST", "/api/v1/auth/login", data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status in {status, 400}, body[:40]
        assert answer.error.code is code, body[:40]
        assert "xxxx" not in answer.text


async def test_a_body_without_announced_length_is_limited_too(ask: Ask) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 1024

    answer = await ask("POST", "/api/v1/auth/login", data=endless())
    assert answer.status == 413


async def test_a_rejected_password_is_not_in_the_answer(ask: Ask) -> None:
    body = {"user": "1001", "password": "my-secret-" + "x" * 200}
    assert "my-secret" not in (await ask("POST", "/api/v1/auth/login", json=body)).text


async def test_a_websocket_needs_a_login(ask: Ask, http: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect("/api/v1/events")
    assert caught.value.status == 401


async def test_administrators_and_users_log_in_over_https(application: Application, ask: Ask) -> None:
    await application.services.extensions.add(
        ExtensionCreate(number="1003", password="correct-horse-battery"), by="test"
    )
    for user, password in (("admin", ADMIN_PASSWORD), ("1003", "correct-horse-battery")):
        answer = await ask("POST", "/api/v1/auth/login", json={"user": user, "password": password})
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
    wrong = await ask("POST", "/api/v1/auth/login", json={"user": "admin", "password": "wrong-one-1"})
    assert wrong.status == 401
    assert ErrorBody.model_validate_json(wrong.text).code is ErrorCode.BAD_CREDENTIALS
