"""Trunks, routes, hours and ring groups over HTTPS, and the explanation of a route (ADMIN-2, ADMIN-5)."""

import io
import json
from typing import Any

import pytest

from server.api.limits import MAX_BODY, MAX_OBJECT
from server.app import Application
from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.hours import Weekday
from server.contract.kinds import KINDS
from tests.server.api.conftest import Ask

A = "/api/v1"
TRUNK = {"kind": "peer", "host": "192.0.2.1", "secret": "hush-hush"}
OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "trunks": ("main", TRUNK),
    "holidays": ("feasts", {"dates": [{"first": "2026-12-24", "yearly": True}]}),
    "time-conditions": (
        "Pracovní doba",
        {"periods": [{"days": ["monday"], "start": "09:00", "end": "17:00"}]},
    ),
    "time-switches": ("7", {"time_condition": "Pracovní doba", "extensions": ["1001"]}),
    "emergency-numbers": ("112", {"trunks": ["main"]}),
    "prompts": ("welcome", {"description": "heard first"}),
    "ring-tones": ("anthem", {"description": "of the company"}),
    "ivrs": (
        "6500",
        {
            "prompt": "welcome",
            "choices": [{"key": "1", "destination": {"kind": "extension", "value": "1001"}}],
        },
    ),
    "group-mailboxes": ("6700", {"members": ["1001"]}),
    "queues": ("6400", {"static_agents": [{"extension": "1001"}]}),
    "conferences": ("6600", {"secret": "1234"}),
    "ring-groups": ("6200", {"members": ["1001"]}),
    "call-flows": (
        "by day",
        {"steps": [{"origin": "internal", "destination": {"kind": "ring_group", "value": "6200"}}]},
    ),
    "bosses": ("1001", {"ring_group": "6200"}),
    "monitoring-rights": ("team", {"supervisors": ["1001"], "everybody": True}),
    "recording-rules": ("all", {"everybody": True}),
    "recording-rights": ("team", {"extensions": ["1001"]}),
    "key-rights": ("team", {"extensions": ["1001"]}),
    "inbound-routes": ("in", {"destination": {"kind": "ring_group", "value": "6200"}}),
    "outbound-routes": (
        "out",
        {
            "patterns": [{"pattern": "0."}],
            "extensions": ["1001"],
            "trunks": ["main"],
            "time_condition": "Pracovní doba",
        },
    ),
}


@pytest.fixture
async def filled(application: Application, ask: Ask, admin_token: str) -> None:
    """One object of every kind."""
    await application.services.extensions.add(ExtensionCreate(number="1001"), by="test")
    for path, (key, body) in OBJECTS.items():
        answer = await ask("PUT", f"{A}/{path}/{key}", token=admin_token, json=body)
        assert answer.status == 200, answer.text
    assert {kind.path for kind in KINDS if not kind.single} == set(OBJECTS)


@pytest.mark.usefixtures("filled")
async def test_every_kind_can_be_listed_read_written_back_and_removed(ask: Ask, admin_token: str) -> None:
    for path, (key, body) in reversed(OBJECTS.items()):
        (listed,) = json.loads((await ask("GET", f"{A}/{path}", token=admin_token)).text)
        shown = json.loads((await ask("GET", f"{A}/{path}/{key}", token=admin_token)).text)
        assert listed == shown
        assert key in {shown.get("name"), shown.get("number"), shown.get("digits")}
        assert all(shown[name] == value for name, value in body.items() if name in {"host", "trunks"})
        again = await ask("PUT", f"{A}/{path}/{key}", token=admin_token, json=shown)
        assert (again.status, json.loads(again.text)) == (200, shown)
        assert (await ask("DELETE", f"{A}/{path}/{key}", token=admin_token)).status == 204
        assert (await ask("GET", f"{A}/{path}/{key}", token=admin_token)).status == 404
        assert (await ask("DELETE", f"{A}/{path}/{key}", token=admin_token)).status == 404


@pytest.mark.usefixtures("filled")
async def test_a_secret_is_kept_by_a_change_without_it_and_is_never_shown(
    application: Application, ask: Ask, admin_token: str
) -> None:
    path = f"{A}/trunks/main"
    shown = json.loads((await ask("GET", path, token=admin_token)).text)
    assert (shown["secret"], shown["secret_set"]) == (None, True)
    changed = await ask("PUT", path, token=admin_token, json=shown | {"port": 5080})
    assert json.loads(changed.text)["secret_set"] is True
    bad = await ask("PUT", path, token=admin_token, json=TRUNK | {"port": 0})
    everything = changed.text + bad.text + (await ask("GET", f"{A}/audit", token=admin_token)).text
    assert "hush" not in everything


UNUSABLE: list[tuple[str, dict[str, Any], int, str | None]] = [
    ("trunks/main2", {"kind": "peer"}, 422, "host"),
    ("trunks/main2", {"kind": "peer", "host": "a b"}, 422, "host"),
    ("trunks/main2", {"kind": "peer", "host": "a:5060"}, 422, "host"),
    ("trunks/1001", {"kind": "peer", "host": "a"}, 422, "name"),
    ("trunks/main2", {"name": "other", "kind": "peer", "host": "a"}, 422, "name"),
    ("trunks/main2", {"kind": "peer", "host": "a", "surprise": 1}, 422, "surprise"),
    ("trunks/main2", {"kind": "peer", "host": "a", "secret": "a\N{NO-BREAK SPACE}b"}, 422, "secret"),
    ("ring-groups/12x", {"members": ["1001"]}, 422, "number"),
    ("ring-groups/6300", {"members": []}, 422, "members"),
    ("ring-groups/6300", {"members": ["1001", "1001"]}, 422, "body"),
    ("ring-groups/6300", {"members": ["9999"]}, 422, "members"),
    (
        "ring-groups/6300",
        {"members": ["1001"], "destination": {"kind": "mobile"}},
        422,
        "destination",
    ),
    (
        "inbound-routes/x",
        {"destination": {"kind": "external", "value": "call me"}},
        422,
        "destination",
    ),
    (
        "outbound-routes/x",
        {"patterns": [{"pattern": "0.1"}], "everybody": True, "trunks": ["main"]},
        422,
        "patterns.0.pattern",
    ),
    ("outbound-routes/x", {"patterns": [{"pattern": "0."}], "trunks": ["main"]}, 422, "body"),
    ("holidays/x", {"dates": [{"first": "2026-02-30"}]}, 422, "dates.0.first"),
    ("time-switches/7a", {"time_condition": "Pracovní doba", "everybody": True}, 422, "digits"),
    ("time-switches/8", {"time_condition": "Pracovní doba"}, 422, "body"),
    ("time-switches/8", {"time_condition": "night", "everybody": True}, 422, "time_condition"),
    ("feature-codes", {"forward_busy": "*31"}, 422, "body"),
    ("system-settings", {"time_zone": "Europe/Nowhere"}, 422, "time_zone"),
    ("system-settings", {"name": "other"}, 422, "name"),
    ("emergency-numbers/1001", {"trunks": ["main"]}, 409, None),
    ("ring-groups/112", {"members": ["1001"]}, 409, None),
]


@pytest.mark.usefixtures("filled")
async def test_what_cannot_be_used_is_refused_with_the_field_and_loses_nothing(
    application: Application, ask: Ask, admin_token: str
) -> None:
    def everything() -> list[list[object]]:
        return [application.services.configuration.list(kind.model) for kind in KINDS]

    before = everything()
    for path, body, status, field in UNUSABLE:
        answer = await ask("PUT", f"{A}/{path}", token=admin_token, json=body)
        refused = (answer.status, [one.field for one in answer.error.fields])
        assert refused == (status, [field] if field else []), (path, body)
        assert everything() == before, (path, body)


LONGEST: dict[str, dict[str, Any]] = {
    "outbound-routes/long": {
        "patterns": [
            {"pattern": f"{number:03}" + "X" * 60 + ".", "strip": 32, "prepend": "0" * 31}
            for number in range(500)
        ],
        "groups": [f"{number:03}" + "\N{TELEPHONE RECEIVER}" * 60 for number in range(100)],
        "trunks": ["main"],
    },
    "holidays/long": {
        "dates": [{"label": "\N{CHRISTMAS TREE}" * 63, "first": "2026-12-24", "last": "2026-12-26"}] * 500
    },
    "time-conditions/long": {
        "periods": [
            {
                "days": [day.value for day in Weekday],
                "start": f"{hour:02}:{quarter}0",
                "end": f"{hour:02}:{quarter}9",
            }
            for hour in range(24)
            for quarter in range(4)
        ],
        "months": list(range(1, 13)),
        "days_of_month": list(range(1, 32)),
    },
}
"""As long as their models allow, with every character escaped."""


@pytest.mark.parametrize("path", LONGEST)
@pytest.mark.usefixtures("filled")
async def test_the_longest_object_that_is_allowed_is_taken(ask: Ask, admin_token: str, path: str) -> None:
    answer = await ask("PUT", f"{A}/{path}", token=admin_token, json=LONGEST[path])
    assert answer.status == 200, answer.text[:500]
    shown = json.loads((await ask("GET", f"{A}/{path}", token=admin_token)).text)
    assert all(len(shown[name]) == len(value) for name, value in LONGEST[path].items())


async def test_there_is_a_limit_all_the_same(ask: Ask, admin_token: str) -> None:
    for path, limit in (("holidays/x", MAX_OBJECT), ("extensions", MAX_BODY), ("system-settings", MAX_BODY)):
        method = "POST" if path == "extensions" else "PUT"
        body = io.BytesIO(b" " * (limit + 1))
        headers = {"Content-Type": "application/json"}
        answer = await ask(method, f"{A}/{path}", token=admin_token, data=body, headers=headers)
        assert (answer.status, answer.error.code) == (413, ErrorCode.TOO_LARGE)


@pytest.mark.usefixtures("filled")
async def test_what_is_in_use_or_taken_is_a_conflict(ask: Ask, admin_token: str) -> None:
    for path in ("trunks/main", "ring-groups/6200", "extensions/1001"):
        answer = await ask("DELETE", f"{A}/{path}", token=admin_token)
        assert (answer.status, answer.error.code) == (409, ErrorCode.CONFLICT)
        assert "is used by" in answer.error.message
    taken = await ask("POST", f"{A}/extensions", token=admin_token, json={"number": "6200"})
    assert taken.status == 409


async def test_the_settings_of_the_system_are_one_object(ask: Ask, admin_token: str) -> None:
    path = f"{A}/system-settings"
    assert json.loads((await ask("GET", path, token=admin_token)).text)["time_zone"] == "UTC"
    body = {"time_zone": "Europe/Prague"}
    assert json.loads((await ask("PUT", path, token=admin_token, json=body)).text)["name"] == "system"
    assert json.loads((await ask("GET", path, token=admin_token)).text)["time_zone"] == "Europe/Prague"
    assert (await ask("DELETE", path, token=admin_token)).status == 405


async def test_the_description_has_a_schema_for_every_kind(ask: Ask) -> None:
    description = json.loads((await ask("GET", f"{A}/openapi.json")).text)
    for kind in KINDS:
        operation = description["paths"][f"{A}/{kind.path}" + ("" if kind.single else "/{name}")]["put"]
        for content in (operation["requestBody"]["content"], operation["responses"]["200"]["content"]):
            schema = content["application/json"]["schema"]
            assert schema == {"$ref": f"#/components/schemas/{kind.model.__name__}"}


async def explain(ask: Ask, token: str, **query: str) -> Any:
    answer = await ask("GET", f"{A}/route/explain", token=token, params=query)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


@pytest.mark.usefixtures("filled")
async def test_a_route_is_explained_with_every_rule_that_was_tried(ask: Ask, admin_token: str) -> None:
    body = {"time_zone": "Europe/Prague"}
    await ask("PUT", f"{A}/system-settings", token=admin_token, json=body)
    query = {"from": "1001", "dialled": "0 530-335 533"}
    found = await explain(ask, admin_token, **query, at="2026-03-02T16:59")
    assert (found["at"], found["time_zone"]) == ("2026-03-02T15:59:00Z", "Europe/Prague")
    assert (found["decision"]["kind"], found["decision"]["number"]) == ("outbound", "0530335533")
    assert [step["rule"] for step in found["decision"]["steps"]] == [
        "emergency",
        "extension",
        "ring_group",
        "ivr",
        "queue",
        "conference",
        "group_mailbox",
        "outbound_route",
        "decision",
    ]
    late = await explain(ask, admin_token, **query, at="2026-03-02T17:00")
    assert late["decision"]["refusal"] == "outside_hours"
    same = await explain(ask, admin_token, **query, at="2026-03-02T16:00:00+00:00")
    assert same["decision"] == late["decision"]
    from_trunk = await explain(ask, admin_token, trunk="main", dialled="530", caller="+49301234")
    assert (from_trunk["decision"]["kind"], from_trunk["decision"]["number"]) == ("ring_group", "6200")
    urgent = await explain(ask, admin_token, dialled="112", **{"from": "1001"})
    assert urgent["decision"]["trunks"] == [{"trunk": "main", "caller_number": "", "caller_name": ""}]


@pytest.mark.usefixtures("filled")
async def test_the_call_back_of_an_emergency_call_is_explained_while_it_is_waited_for_PRES_8(
    application: Application, ask: Ask, admin_token: str
) -> None:
    emergencies = application.services.calls._desk.emergencies
    emergencies.begun("call", extension="1001", number="112", trunk="main", shown="+420530000112")
    asked = {"trunk": "main", "dialled": "530000112"}
    found = (await explain(ask, admin_token, **asked))["decision"]
    assert (found["kind"], found["number"], found["emergency_call_back"]) == ("extension", "1001", True)
    assert [step["rule"] for step in found["steps"]] == ["emergency_call_back", "decision"]
    assert found["steps"][0]["reason"] == "1001 called 112 0 min ago, showing +420530000112"
    marked = (await explain(ask, admin_token, trunk="main", dialled="999", psap_callback="true"))["decision"]
    assert (marked["number"], marked["emergency_call_back"]) == ("1001", True)
    ordinary = (await explain(ask, admin_token, trunk="main", dialled="999"))["decision"]
    assert (ordinary["number"], ordinary["emergency_call_back"]) == ("6200", False)
    never = {"trunks": ["main"], "call_back_minutes": 0}
    answer = await ask("PUT", f"{A}/emergency-numbers/112", token=admin_token, json=never)
    assert json.loads(answer.text)["call_back_minutes"] == 0
    off = (await explain(ask, admin_token, **asked))["decision"]
    assert (off["number"], off["emergency_call_back"]) == ("6200", False)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("minutes", [-1, 1441, "long", 1.5])
async def test_a_time_of_call_back_that_cannot_be_says_so_PRES_8(
    ask: Ask, admin_token: str, minutes: object
) -> None:
    body = {"trunks": ["main"], "call_back_minutes": minutes}
    answer = await ask("PUT", f"{A}/emergency-numbers/112", token=admin_token, json=body)
    assert (answer.status, [one.field for one in answer.error.fields]) == (422, ["call_back_minutes"])


async def test_a_question_that_cannot_be_answered_says_which_part(ask: Ask, admin_token: str) -> None:
    questions: list[tuple[dict[str, str], str]] = [
        ({"dialled": "112"}, "from"),
        ({"dialled": "112", "from": "1001", "trunk": "main"}, "from"),
        ({"dialled": "112", "from": "1001", "caller": "5"}, "caller"),
        ({"dialled": "112", "from": "1001", "psap_callback": "true"}, "psap_callback"),
        ({"dialled": "112", "trunk": "main", "psap_callback": "perhaps"}, "psap_callback"),
        ({"from": "1001"}, "dialled"),
        ({"dialled": "112", "from": "1001", "at": "tomorrow"}, "at"),
        ({"dialled": "112", "from": "1001", "at": "0001-01-01T00:00:00+14:00"}, "at"),
    ]
    for query, field in questions:
        answer = await ask("GET", f"{A}/route/explain", token=admin_token, params=query)
        assert (answer.status, [one.field for one in answer.error.fields]) == (422, [field]), query
