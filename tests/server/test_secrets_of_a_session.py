"""After a whole working day no secret is in a file, a log, a process or an answer (AUTH-4, AUTH-5)."""

import json
import secrets
from pathlib import Path

import aiohttp
import pytest

from tests.files import content_of
from tests.phones.phone import Line
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx

pytestmark = pytest.mark.real

MAY_HOLD = {"cli.token", "secrets.key", "engine.json", "ari.conf", "manager.conf", "key.pem"}
"""Files of random keys that are their owner's alone."""


def _programs(data: Path) -> str:
    """Command lines and environments of the server and of all it has started."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes()
            if process.name.isdigit() and str(data).encode() in command:
                found.append(command + (process / "environ").read_bytes())
        except OSError:
            continue  # it has ended, or is somebody else's
    assert len(found) >= 2, "the server and its Asterisk"
    return b"\0".join(found).decode(errors="replace")


async def test_no_secret_is_left_anywhere_even_in_the_most_talkative_log_AUTH_5(tmp_path: Path) -> None:
    wrong = f"wrong-{secrets.token_hex(8)}"
    env = {"LINKUS_LOG__LEVEL": "debug", "LINKUS_AUTH__ADDRESS_TRIES": "1000"}
    async with Pbx(tmp_path, env=env) as pbx:
        told = [await pbx.add(number, "Anna", "Bell") for number in ("1001", "1002")]
        hidden = {wrong} | {account.password for account in told} | {account.secret for account in told}
        hidden.add((await pbx.cli("admin", "password"))["password"])
        answers = []
        login = {"user": "1001", "password": told[0].password}
        opened = await pbx.api("POST", "/auth/login", body=login)
        renewed = await pbx.api("POST", "/auth/refresh", body={"refresh_token": opened["refresh_token"]})
        for tokens in (opened, renewed):
            hidden |= {tokens["access_token"], tokens["refresh_token"]}
        new = f"new-{secrets.token_hex(8)}"
        hidden.add(new)
        session = renewed["access_token"]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as http:
            url = f"https://127.0.0.1:{pbx.http_port}/api/v1/events"
            async with http.ws_connect(url, headers={"Authorization": f"Bearer {session}"}) as socket:
                await socket.send_json({"type": "subscribe", "topics": ["me", "extensions", "call_log"]})
                answers.append(await socket.receive_str(timeout=60))
        change = {"old_password": told[0].password, "new_password": new}
        await pbx.ask("POST", "/auth/password", body=change, token=session)
        for body in ({**login, "password": wrong}, {"user": wrong, "password": wrong}, {"password": wrong}):
            answers += [await pbx.ask("POST", "/auth/login", body=body) for _ in range(7)]
        answers.append(await pbx.ask("POST", "/auth/refresh", body={"refresh_token": wrong}))
        answers.append(await pbx.ask("POST", "/extensions", body={"number": "x", "password": wrong}))
        answers.append(await pbx.ask("GET", "/extensions", token=wrong))
        async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
            await pbx.register(caller, callee)
            await caller.dial("1002")
            await callee.incoming()
            await callee.answer()
            await caller.connected()
            await caller.hangup()
            async with ScriptPhone(Line("1001", wrong, "127.0.0.1", pbx.sip_port)) as thief:
                await thief.try_register()
        await pbx.nothing_left()
        asked = ("/audit", "/status", "/openapi.json", "/calls", "/extensions")
        answers += [await pbx.ask("GET", path) for path in asked]
        answers.append(await pbx.metrics())
        places = {"an answer": json.dumps(answers, default=str), "a process": _programs(pbx.data)}
        own = {
            path.read_text().strip(): path.name
            for path in pbx.data.iterdir()
            if path.name in ("cli.token", "secrets.key")
        }
        hidden |= own.keys()
        places["the log"] = pbx.program.output
        for path in pbx.data.rglob("*"):
            if path.is_file():
                places[str(path.relative_to(pbx.data))] = content_of(path).decode("latin-1")
    for place, text in places.items():
        found = [secret for secret in hidden if secret in text]
        assert not [secret for secret in found if own.get(secret) != place], place
