"""Whatever is sent, the server does not fail: 4xx with an `ErrorBody`, never 5xx (A.2)."""

import json
from typing import Any

import pytest

from server.contract.errors import ErrorBody
from server.contract.kinds import KINDS
from server.services.vault import CLI_TOKEN_NAME, read_secret
from tests.server.api.conftest import Ask

A = "/api/v1"
BODIES = [
    b"",
    b"null",
    b"[]",
    b"\xff\xfe",
    b"NaN",
    b"9" * 5000,
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"user":"\\ud800","password":"x"}',
    b'{"user":"\xed\xa0\x80","password":"x"}',
    b'{"user":"a\\u0000b","password":"x"}',
    b'{"user":"1001","password":"\\u0000\\ud800"}',
    b'{"number":"1005","mobile":"\\u0000"}',
    b'{"number":"1005","first_name":"\\ud800"}',
    json.dumps({"number": "1005", "groups": [str(n) for n in range(3000)]}).encode(),
]
QUERIES = [
    "/audit?before=0001-01-01T00:00:00%2B14:00",
    "/audit?before=9999-12-31T23:59:59-14:00",
    "/audit?before=99999999999999999999",
    "/calls?extension=%00",
    "/calls?extension=%ed%a0%80",
    "/calls?limit=99999999999999999999999",
    "/extensions/%00",
    "/extensions/%F0%9F",
    "/extensions/" + "9" * 3000,
    "/trunks/%00",
    "/ring-groups/" + "9" * 3000,
    "/queue-log?since=0001-01-01T00:00:00%2B14:00",
    "/queue-log?until=9999-12-31T23:59:59-14:00",
    "/queue-log?before=0-0",
    "/queue-log?before=" + "9" * 15 + "-1",
    "/queue-log?before=99999999999999999-9999999999",
    "/queue-log?q=%00",
    "/queue-log?q=%ed%a0%80",
    "/queues/6400/calls?q=%00",
    "/queues/6400/calls?q=%ed%a0%80",
    "/queues/%00/board",
    "/queues/6400/callers",
    "/mail/queue?limit=99999999999999999999999",
    "/mail/queue?state=%00",
    "/route/explain?from=1001&dialled=%00",
    "/route/explain?from=%ed%a0%80&dialled=1",
    "/route/explain?from=1001&dialled=112&at=0001-01-01T00:00:00",
    "/route/explain?from=1001&dialled=112&at=0001-01-01T00:00:00%2B14:00",
    "/route/explain?from=1001&dialled=112&at=9999-12-31T23:59:59-14:00",
    "/route/explain?from=1001&dialled=112&at=1e400",
]


@pytest.fixture
def local(application: Any) -> str:
    """The token of the command line: an administrator."""
    return read_secret(application.settings.data / CLI_TOKEN_NAME)


async def _refused(ask: Ask, method: str, path: str, token: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await ask(method, A + path, token=token, data=body, headers=headers)
    assert 400 <= answer.status < 500, (path, body[:40], answer.text)
    ErrorBody.model_validate_json(answer.text)


POSTED = [
    "/auth/login",
    "/auth/refresh",
    "/auth/password",
    "/extensions",
    "/mail/test",
    "/queue-log/delete",
]


@pytest.mark.parametrize("path", POSTED)
async def test_no_body_makes_it_fail(ask: Ask, local: str, path: str) -> None:
    for body in BODIES:
        await _refused(ask, "POST", path, local, body)


async def test_no_body_makes_the_configuration_fail(ask: Ask, local: str) -> None:
    addresses = [f"/{kind.path}" + ("" if kind.single else "/x") for kind in KINDS]
    for path in (*addresses, "/trunks/%00", "/ring-groups/%2e%2e", "/holidays/%C2%A0"):
        for body in BODIES:
            await _refused(ask, "PUT", path, local, body)


async def test_no_body_makes_queues_fail_Q_9(ask: Ask, local: str) -> None:
    agents = {"name": "Sales", "dynamic_agents": [{"extension": "1001"}]}
    assert (await ask("POST", f"{A}/extensions", token=local, json={"number": "1001"})).status == 201
    assert (await ask("PUT", f"{A}/queues/6400", token=local, json=agents)).status == 200
    reasons = (b'{"paused":true,"reason":"\\u0000"}', b'{"paused":true,"reason":"\\ud800"}')
    for path, more in (
        ("/queues/6400/agents/1001", reasons),
        ("/queues/6400/calls/1/result", (b'{"result":"dealt"}',)),
        ("/queues/6400/calls/99999999999999/result", (b'{"result":"dealt"}',)),
        ("/queue-setup", (b'{"queues":[{"number":"6400","name":"\\u0000"}]}', b'{"queues":{}}')),
        ("/extensions/1001/mail", ()),
    ):
        for body in (*BODIES, *more):
            await _refused(ask, "PUT", path, local, body)


async def test_no_name_of_an_object_makes_the_configuration_fail(ask: Ask, local: str) -> None:
    """These come with bodies that are usable, so that it is the name that is looked at."""
    holidays, trunk = b'{"dates":[{"first":"2026-12-24"}]}', b'{"kind":"peer","host":"a"}'
    for name in ("%00", "%2e%2e", "%C2%A0", "x" * 64):
        await _refused(ask, "PUT", f"/holidays/{name}", local, holidays)
        await _refused(ask, "PUT", f"/trunks/{name}", local, trunk)


async def test_no_address_makes_it_fail(ask: Ask, local: str) -> None:
    assert (await ask("PUT", f"{A}/queues/6400", token=local, json={"name": "Sales"})).status == 200
    for query in QUERIES:
        answer = await ask("GET", A + query, token=local)
        assert answer.status < 500, (query[:50], answer.text)


@pytest.mark.parametrize("path", ["calls", "report", "report.csv", "agent-report", "agent-report.csv"])
async def test_no_time_makes_the_reports_of_a_queue_fail_Q_12(ask: Ask, local: str, path: str) -> None:
    assert (await ask("PUT", f"{A}/queues/6400", token=local, json={"name": "Sales"})).status == 200
    for query in (
        "until=0001-01-01T00:00:00Z",
        "until=0001-01-01T00:00:00%2B14:00",
        "since=0001-01-01T00:00:00%2B14:00&until=0001-01-02T00:00:00Z",
        "since=9999-12-31T23:59:59-14:00",
    ):
        answer = await ask("GET", f"{A}/queues/6400/{path}?{query}", token=local)
        assert answer.status == 422, (query, answer.text)
        ErrorBody.model_validate_json(answer.text)
    for seconds in (34_560_001, 10**12, 10**30):
        answer = await ask("GET", f"{A}/queues/6400/{path}?interval_s={seconds}", token=local)
        assert answer.status == (422 if path.startswith("report") else 200), (seconds, answer.text)


async def test_no_content_type_makes_it_fail(ask: Ask, local: str) -> None:
    for kind in (
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=x",
    ):
        answer = await ask(
            "POST", f"{A}/extensions", token=local, data=b'{"number":"x"}', headers={"Content-Type": kind}
        )
        assert answer.status == 422, kind
