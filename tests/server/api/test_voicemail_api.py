"""VM-1 to VM-6 over the API: who may, what is not taken, and sound in parts."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from server.app import Application
from server.contract.errors import ErrorCode
from server.contract.voicemail import (
    MAX_GREETING_BYTES,
    GroupMailbox,
    MailboxState,
    VoicemailGreeting,
    VoicemailMessage,
    VoicemailSettings,
)
from server.switch.port import Party, Recorded
from tests.server.api.conftest import Ask
from tests.server.services.test_voicemail import samples, wav

OWN = "/api/v1/me/voicemail"
BORIS = "/api/v1/voicemail/1002"


async def left(application: Application, tmp_path: Path, box: str, seconds: float = 2.5) -> VoicemailMessage:
    """A message in a mailbox."""
    path = tmp_path / "recorded.wav"
    path.write_bytes(wav(samples(seconds)))
    voicemail = application.services.voicemail
    return await voicemail.messages.add(box, Party("1003", "Cyril"), Recorded(path, seconds))


async def test_own_messages_are_listed_marked_and_deleted_VM_4(
    application: Application, ask: Ask, user_token: str, tmp_path: Path
) -> None:
    messages = [await left(application, tmp_path, "1001") for _ in range(3)]
    others = await left(application, tmp_path, "1002")
    listed = json.loads((await ask("GET", OWN, token=user_token)).text)
    assert {item["id"] for item in listed} == {message.id for message in messages}
    assert listed[0]["caller_name"] == "Cyril"
    ids = [messages[0].id, others.id]
    heard = await ask("POST", f"{OWN}/heard", token=user_token, json={"ids": ids})
    assert json.loads(heard.text) == {"count": 1}
    (state,) = json.loads((await ask("GET", f"{OWN}/mailboxes", token=user_token)).text)
    assert MailboxState.model_validate(state).model_dump() == {
        "box": "1001", "name": "1001", "group": False, "new": 2, "heard": 1
    }  # fmt: skip
    assert (await ask("DELETE", f"{OWN}/{messages[0].id}", token=user_token)).status == 204
    assert (await ask("DELETE", f"{OWN}/{messages[0].id}", token=user_token)).status == 404
    assert (await ask("DELETE", f"{OWN}/{others.id}", token=user_token)).status == 404
    gone = await ask("POST", f"{OWN}/delete", token=user_token, json={"all": True})
    assert json.loads(gone.text) == {"count": 2}
    assert len(await application.services.voicemail.messages.list("1002")) == 1


async def test_a_message_is_heard_whole_and_in_parts_VM_4(
    application: Application, ask: Ask, user_token: str, tmp_path: Path
) -> None:
    message = await left(application, tmp_path, "1001")
    whole = await ask("GET", f"{OWN}/{message.id}/audio", token=user_token)
    assert (whole.status, whole.headers["Content-Type"]) == (200, "audio/wav")
    assert whole.content == wav(samples(2.5))
    assert "no-store" in whole.headers["Cache-Control"]
    part = await ask("GET", f"{OWN}/{message.id}/audio", token=user_token, headers={"Range": "bytes=100-199"})
    assert part.status == 206
    assert part.content == whole.content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    beyond = await ask(
        "GET", f"{OWN}/{message.id}/audio", token=user_token, headers={"Range": "bytes=99999999-"}
    )
    assert beyond.status == 416


async def test_nobody_reaches_the_mailbox_of_a_colleague_AUTH_7(
    application: Application, ask: Ask, user_token: str, tmp_path: Path
) -> None:
    message = await left(application, tmp_path, "1002")
    assert (await ask("GET", f"{OWN}/{message.id}/audio", token=user_token)).status == 404
    for method, path in (
        ("GET", BORIS),
        ("GET", f"{BORIS}/settings"),
        ("GET", f"{BORIS}/{message.id}/audio"),
        ("DELETE", f"{BORIS}/{message.id}"),
        ("GET", f"{BORIS}/greetings"),
        ("GET", "/api/v1/voicemail/9999"),
    ):
        answer = await ask(method, path, token=user_token)
        assert (answer.status, answer.error.code) == (403, ErrorCode.FORBIDDEN), path
    assert len(await application.services.voicemail.messages.list("1002")) == 1


async def test_what_an_administrator_hears_or_deletes_is_in_the_audit_log_VM_4(
    application: Application, ask: Ask, user_token: str, admin_token: str, tmp_path: Path
) -> None:
    del user_token
    message = await left(application, tmp_path, "1002")
    assert (await ask("GET", BORIS, token=admin_token)).status == 200
    assert (await ask("GET", f"{BORIS}/{message.id}/audio", token=admin_token)).status == 200
    assert (await ask("POST", f"{BORIS}/delete", token=admin_token, json={"all": True})).status == 200
    audit = await application.services.audit.list(limit=2)
    assert [(entry.action, entry.subject) for entry in audit] == [
        ("voicemail.delete", "1002"),
        ("voicemail.listen", "1002"),
    ]
    assert (await ask("GET", "/api/v1/voicemail/9999", token=admin_token)).status == 404
    assert (await ask("GET", OWN, token=admin_token)).status == 403


async def test_members_use_the_mailbox_of_their_group_VM_6(
    application: Application, ask: Ask, user_token: str, admin_token: str, tmp_path: Path
) -> None:
    added = await ask(
        "PUT",
        "/api/v1/group-mailboxes/650",
        token=admin_token,
        json={"name": "Sales", "members": ["1001", "1002"]},
    )
    assert added.status == 200
    message = await left(application, tmp_path, "650")
    boxes = json.loads((await ask("GET", f"{OWN}/mailboxes", token=user_token)).text)
    assert [(box["box"], box["new"]) for box in boxes] == [("1001", 0), ("650", 1)]
    assert (await ask("GET", f"/api/v1/voicemail/650/{message.id}/audio", token=user_token)).status == 200
    group = GroupMailbox(number="650", members=("1002",))
    await application.services.configuration.put(group, by="test")
    assert (await ask("GET", "/api/v1/voicemail/650", token=user_token)).status == 403


async def test_settings_are_replaced_and_the_pin_is_never_shown_VM_1(ask: Ask, user_token: str) -> None:
    first = await ask("GET", f"{OWN}/settings", token=user_token)
    assert VoicemailSettings.model_validate_json(first.text) == VoicemailSettings()
    wanted = {"announce_time": False, "pin": "4711"}
    answer = await ask("PUT", f"{OWN}/settings", token=user_token, json=wanted)
    assert answer.status == 200
    assert "4711" not in answer.text
    settings = VoicemailSettings.model_validate_json(answer.text)
    assert (settings.announce_time, settings.announce_caller, settings.pin_set) == (False, True, True)
    sent_back = settings.model_dump(mode="json")
    again = await ask("PUT", f"{OWN}/settings", token=user_token, json=sent_back)
    assert VoicemailSettings.model_validate_json(again.text) == settings, "what is shown can be sent back"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("settings", {"pin": "12"}, "pin"),
        ("settings", {"pin": "12x4"}, "pin"),
        ("settings", {"greeting": "x"}, "greeting"),
        ("settings", {"greeting": "0" * 32}, "greeting"),
        ("settings", {"greetings": {"asleep": "0" * 32}}, "greetings.asleep.[key]"),
        ("settings", {"greetings": {"away": "0" * 32}}, "greetings.away"),
        ("settings", {"volume": 11}, "volume"),
        ("heard", {"ids": ["x"]}, "ids.0"),
        ("heard", {"heard": True}, "body"),
        ("delete", {"ids": ["0" * 32], "all": True}, "body"),
        ("greetings/delete", {}, "body"),
        ("greetings/record", {"name": ""}, "name"),
        ("greetings/record", {"name": "a\nb"}, "name"),
    ],
)
async def test_bad_input_is_told_by_its_field(
    ask: Ask, user_token: str, path: str, body: dict[str, Any], field: str
) -> None:
    answer = await ask("PUT" if path == "settings" else "POST", f"{OWN}/{path}", token=user_token, json=body)
    assert answer.status == 422
    assert field in [problem.field for problem in answer.error.fields]


async def test_greetings_are_uploaded_heard_and_deleted_VM_3(ask: Ask, user_token: str) -> None:
    content = wav(samples(1.0))
    added = await ask("POST", f"{OWN}/greetings", token=user_token, params={"name": "At lunch"}, data=content)
    assert added.status == 201
    greeting = VoicemailGreeting.model_validate_json(added.text)
    assert (greeting.name, greeting.seconds) == ("At lunch", 1.0)
    sound = await ask("GET", f"{OWN}/greetings/{greeting.id}/audio", token=user_token)
    assert sound.content[44:] == samples(1.0)
    assert (await ask("GET", f"{OWN}/greetings/{'0' * 32}/audio", token=user_token)).status == 404
    chosen = await ask("PUT", f"{OWN}/settings", token=user_token, json={"greeting": greeting.id})
    assert chosen.status == 200
    gone = await ask("POST", f"{OWN}/greetings/delete", token=user_token, json={"ids": [greeting.id]})
    assert json.loads(gone.text) == {"count": 1}
    settings = await ask("GET", f"{OWN}/settings", token=user_token)
    assert VoicemailSettings.model_validate_json(settings.text).greeting is None


async def test_a_greeting_that_is_none_or_too_large_is_refused_VM_3(ask: Ask, user_token: str) -> None:
    url, name = f"{OWN}/greetings", {"name": "x"}
    bad = await ask("POST", url, token=user_token, params=name, data=b"MP3")
    assert (bad.status, bad.error.code) == (422, ErrorCode.INVALID)
    large = await ask(
        "POST", url, token=user_token, params=name, data=io.BytesIO(bytes(MAX_GREETING_BYTES + 1))
    )
    assert (large.status, large.error.code) == (413, ErrorCode.TOO_LARGE)
    nameless = await ask("POST", url, token=user_token, data=wav(samples(1.0)))
    assert nameless.status == 422
    assert json.loads((await ask("GET", url, token=user_token)).text) == []


async def test_without_a_phone_no_greeting_is_recorded_VM_3(ask: Ask, user_token: str) -> None:
    answer = await ask("POST", f"{OWN}/greetings/record", token=user_token, json={"name": "New"})
    assert answer.status in (409, 503)
    assert answer.error.message
    absent = await ask("POST", f"{OWN}/greetings/{'0' * 32}/play", token=user_token)
    assert absent.status == 404
