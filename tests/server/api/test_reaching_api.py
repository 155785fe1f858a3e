"""PRES-2, PRES-3, PRES-5, DIR-5 over the API: own settings, an administrator's, bad input."""

import json
from typing import Any

from server.app import Application
from server.contract.errors import ErrorCode
from server.contract.presence import Presence
from server.contract.reaching import ReachingSettings
from tests.server.api.conftest import Ask

OWN = "/api/v1/me/presence"
ANNA = "/api/v1/extensions/1001/presence"
TO_1002 = {"kind": "extension", "value": "10 02"}


async def test_own_settings_are_read_and_replaced_PRES_2(
    application: Application, ask: Ask, user_token: str
) -> None:
    first = await ask("GET", f"{OWN}/settings", token=user_token)
    assert ReachingSettings.model_validate_json(first.text) == ReachingSettings()
    wanted = {
        "statuses": {"away": {"internal": {"always": TO_1002}, "ring_timeout_s": 15}},
        "caller_rules": [{"pattern": "100xx", "destination": {"kind": "hang_up"}}],
    }
    answer = await ask("PUT", f"{OWN}/settings", token=user_token, json=wanted)
    assert answer.status == 200
    settings = application.services.reaching.of("1001")
    assert ReachingSettings.model_validate_json(answer.text) == settings
    assert settings.statuses.away.internal.always is not None
    assert settings.statuses.away.internal.always.value == "1002"
    assert settings.caller_rules[0].pattern == "100XX"


async def test_an_administrator_sets_anybodys_PRES_2(
    application: Application, ask: Ask, user_token: str, admin_token: str
) -> None:
    answer = await ask("PUT", f"{ANNA}/settings", token=admin_token, json={"all_busy": True})
    assert answer.status == 200
    assert json.loads((await ask("GET", f"{OWN}/settings", token=user_token)).text)["all_busy"] is True
    assert (await ask("GET", f"{ANNA}/settings", token=admin_token)).status == 200
    away = {"status": "away", "note": "ill", "for_minutes": 60}
    changed = await ask("PUT", ANNA, token=admin_token, json=away)
    presence = Presence.model_validate_json(changed.text)
    assert presence.until is not None
    state = application.services.states.get("1001")
    assert state is not None
    assert state.presence == presence, "colleagues see it, and until when"
    assert Presence.model_validate_json((await ask("GET", OWN, token=user_token)).text) == presence
    audit = await application.services.audit.list(limit=2)
    assert [entry.action for entry in audit] == ["presence.change", "presence.settings"]


BAD_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"statuses": {"away": {"ring_timeout_s": 4}}}, "statuses.away.ring_timeout_s"),
    ({"statuses": {"away": {"ring_timeout_s": 301}}}, "statuses.away.ring_timeout_s"),
    ({"statuses": {"away": {"ring_first": []}}}, "statuses.away.ring_first"),
    ({"statuses": {"away": {"ring_first": ["web", "web"]}}}, "statuses.away.ring_first"),
    ({"statuses": {"away": {"ring_second": ["web"]}}}, "statuses.away.ring_second"),
    ({"statuses": {"away": {"ring_first": ["fax"]}}}, "statuses.away.ring_first.0"),
    ({"statuses": {"away": {"note": "x" * 256}}}, "statuses.away.note"),
    ({"statuses": {"asleep": {}}}, "statuses.asleep"),
    (
        {"statuses": {"do_not_disturb": {"internal": {"busy": TO_1002}}}},
        "statuses.do_not_disturb.internal.busy",
    ),
    ({"statuses": {"do_not_disturb": {"ring_mobile": True}}}, "statuses.do_not_disturb.ring_mobile"),
    (
        {"statuses": {"away": {"external": {"always": {"kind": "extension", "value": "x"}}}}},
        "statuses.away.external.always",
    ),
    (
        {"statuses": {"away": {"external": {"always": {"kind": "hang_up", "value": "1"}}}}},
        "statuses.away.external.always",
    ),
    (
        {"statuses": {"away": {"external": {"always": {"kind": "moon", "value": "1"}}}}},
        "statuses.away.external.always.kind",
    ),
    (
        {"statuses": {"away": {"external": {"always": {"kind": "extension", "value": "1999"}}}}},
        "statuses.away.external.always",
    ),
    ({"caller_rules": [{"pattern": "[5-1]"}]}, "caller_rules.0.pattern"),
    ({"caller_rules": [{"pattern": "1"}] * 101}, "caller_rules"),
    ({"mobile_prefix": "zero"}, "mobile_prefix"),
    ({"surprise": 1}, "surprise"),
]


async def test_bad_settings_are_refused_with_the_field_and_nothing_changes(
    application: Application, ask: Ask, user_token: str
) -> None:
    for body, field in BAD_SETTINGS:
        answer = await ask("PUT", f"{OWN}/settings", token=user_token, json=body)
        assert (answer.status, answer.error.code) == (422, ErrorCode.INVALID), body
        assert [problem.field for problem in answer.error.fields] == [field], body
        assert application.services.reaching.of("1001") == ReachingSettings(), body


async def test_a_bad_temporary_status_is_refused_with_the_field_PRES_5(ask: Ask, user_token: str) -> None:
    changes: list[tuple[dict[str, Any], str]] = [
        ({"status": "away", "for_minutes": 0}, "for_minutes"),
        ({"status": "away", "for_minutes": 1441}, "for_minutes"),
        ({"status": "asleep"}, "status"),
        ({"status": "away", "note": "a\nb"}, "note"),
    ]
    for change, field in changes:
        answer = await ask("PUT", OWN, token=user_token, json=change)
        assert answer.status == 422, change
        assert [problem.field for problem in answer.error.fields] == [field], change


async def test_who_has_no_extension_or_names_none_is_told_so(ask: Ask, admin_token: str) -> None:
    for method, path in (("GET", OWN), ("GET", f"{OWN}/settings")):
        assert (await ask(method, path, token=admin_token)).status == 403
    for path in ("", "/settings"):
        missing = f"/api/v1/extensions/9999/presence{path}"
        assert (await ask("GET", missing, token=admin_token)).status == 404
        body = {"status": "away"} if not path else {}
        assert (await ask("PUT", missing, token=admin_token, json=body)).status == 404
