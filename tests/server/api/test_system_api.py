"""Health, readiness, metrics, audit; and a server that stays up when what it needs is away."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import event

from server.app import Application
from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.system import Readiness, ServerStatus
from server.services.vault import CLI_TOKEN_NAME, read_secret
from server.settings import HttpSettings
from tests.server.api.conftest import Ask
from tests.server.conftest import Templates
from tests.server.idle_switch import IdleSwitch
from tests.server.services.test_extensions import png


async def test_ready_while_everything_is_there(ask: Ask) -> None:
    assert (await ask("GET", "/api/v1/health")).status == 200
    answer = await ask("GET", "/api/v1/ready")
    assert answer.status == 200
    checks = Readiness.model_validate_json(answer.text).checks
    assert [check.name for check in checks] == ["api", "database", "disk", "switch"]
    assert all(check.ok for check in checks)


async def test_not_ready_without_a_switch_and_says_why(
    application: Application, ask: Ask, admin_token: str
) -> None:
    switch = application.services.switch
    assert isinstance(switch, IdleSwitch)
    switch.fail("Port 5060 is taken: stop the program that uses it.")
    answer = await ask("GET", "/api/v1/ready")
    assert answer.status == 503
    told = {check.name: check.message for check in Readiness.model_validate_json(answer.text).checks}
    assert told["switch"] == "Port 5060 is taken: stop the program that uses it."
    status = ServerStatus.model_validate_json((await ask("GET", "/api/v1/status", token=admin_token)).text)
    assert (status.ready, status.name) == (False, "Linkus PBX")
    assert (await ask("GET", "/api/v1/health")).status == 200


@contextmanager
def pragma(application: Application, text: str) -> Iterator[None]:
    """Give every connection that is taken from now on a setting of SQLite."""

    def apply(connection: Any, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {text}")
        cursor.close()

    engine = application.services.db.engine.sync_engine
    event.listen(engine, "checkout", apply)
    try:
        yield
    finally:
        event.remove(engine, "checkout", apply)


async def test_a_database_that_is_held_by_another_program_is_a_clear_503_and_passes(
    application: Application, ask: Ask, admin_token: str
) -> None:
    """A backup program holds it, say: reading goes on, and so does all once it is done."""
    file = application.settings.data / "linkus.db"
    with sqlite3.connect(file, isolation_level=None, check_same_thread=False) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")  # the server may just be writing
        with pragma(application, "busy_timeout=20"):
            answer = await ask("POST", "/api/v1/extensions", token=admin_token, json={"number": "1001"})
            assert (answer.status, answer.error.code) == (503, ErrorCode.UNAVAILABLE)
            assert "locked" in answer.error.message
            assert answer.headers["Retry-After"]
            assert (await ask("GET", "/api/v1/extensions", token=admin_token)).text == "[]"
            ready = await ask("GET", "/api/v1/ready")
            assert (ready.status, "database is locked" in ready.text) == (503, True)
        other.execute("ROLLBACK")
    other.close()
    assert (await ask("POST", "/api/v1/extensions", token=admin_token, json={"number": "1001"})).status == 201


async def test_a_full_disk_is_a_clear_503_and_nothing_is_half_written(
    application: Application, ask: Ask, admin_token: str
) -> None:
    """SQLite's limit of pages gives the very error of a full disk."""
    picture = png() + bytes(200_000)
    path = "/api/v1/extensions/1001/avatar"
    await ask("POST", "/api/v1/extensions", token=admin_token, json={"number": "1001"})
    with pragma(application, "max_page_count=1"):
        answer = await ask("PUT", path, token=admin_token, data=picture)
    assert (answer.status, answer.error.code) == (503, ErrorCode.UNAVAILABLE)
    assert "full" in answer.error.message
    assert json.loads((await ask("GET", "/api/v1/extensions/1001", token=admin_token)).text)["avatar"] is None
    with pragma(application, "max_page_count=100000"):
        assert (await ask("PUT", path, token=admin_token, data=picture)).status == 204


async def test_metrics_for_prometheus(ask: Ask, admin_token: str, user_token: str) -> None:
    await ask("POST", "/api/v1/auth/login", json={"user": "1001", "password": "wrong-one-1"})
    answer = await ask("GET", "/metrics", token=admin_token)
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert "linkus_switch_up 1.0" in lines
    assert "linkus_calls 0.0" in lines
    assert 'linkus_logins_total{outcome="refused"} 1.0' in lines
    assert 'linkus_logins_total{outcome="succeeded"} 1.0' in lines


async def test_the_audit_log_pages_backwards(ask: Ask, admin_token: str) -> None:
    for number in ("1001", "1002", "1003"):
        await ask("POST", "/api/v1/extensions", token=admin_token, json={"number": number})
    first = json.loads((await ask("GET", "/api/v1/audit?limit=2", token=admin_token)).text)
    assert [entry["subject"] for entry in first] == ["1003", "1002"]
    assert first[0]["actor"] == "local"
    more = await ask(
        "GET", "/api/v1/audit", token=admin_token, params={"limit": "1", "before": first[1]["at"]}
    )
    assert [entry["subject"] for entry in json.loads(more.text)] == ["1001"]
    assert (await ask("GET", "/api/v1/audit?limit=0", token=admin_token)).status == 422


async def test_two_servers_of_one_process_answer_each_for_itself(
    application: Application,
    ask: Ask,
    admin_token: str,
    http: aiohttp.ClientSession,
    templates: Templates,
    tmp_path: Path,
) -> None:
    """They share their routes, and nothing else."""
    data = shutil.copytree(templates("sqlite").data, tmp_path / "other")
    settings = application.settings.model_copy(
        update={"data": data, "http": HttpSettings(host="127.0.0.1", port=0)}
    )
    async with Application(settings, switch=IdleSwitch()) as other:
        await other.services.extensions.add(ExtensionCreate(number="1001"), by="test")
        assert (await ask("GET", "/api/v1/extensions", token=admin_token)).text == "[]"
        token = read_secret(data / CLI_TOKEN_NAME)
        theirs = f"https://127.0.0.1:{other.http_port}/api/v1/extensions"
        async with http.get(theirs, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert [extension["number"] for extension in await answer.json()] == ["1001"]
