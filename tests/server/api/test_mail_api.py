"""The mail server and the outbox over the API and the command line, with a real mail server."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.app import Application
from server.contract.errors import ErrorCode
from server.contract.mail import MailKind, MailSettings
from tests.phones.waiting import until
from tests.server.api.conftest import Ask
from tests.server.cli.conftest import command
from tests.server.mail_server import PASSWORD, MailServer, mail_server

MAIL = "/api/v1/mail"


def body(server: MailServer, **more: Any) -> dict[str, Any]:
    settings = server.settings(**more)
    return settings.model_dump(mode="json", exclude_unset=True)


async def test_the_mail_server_is_set_up_tried_and_its_password_never_shown(
    application: Application, ask: Ask, admin_token: str, tls_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = await ask("POST", f"{MAIL}/test", token=admin_token, json={"to": "anna@example.org"})
    assert (refused.status, refused.error.code) == (409, ErrorCode.CONFLICT)
    async with mail_server(tls_folder) as server:
        put = await ask("PUT", MAIL, token=admin_token, json=body(server))
        assert put.status == 200, put.text
        assert (json.loads(put.text)["secret_set"], json.loads(put.text)["secret"]) == (True, None)
        sent = await ask("POST", f"{MAIL}/test", token=admin_token, json={"to": "anna@example.org"})
        assert (sent.status, json.loads(sent.text)) == (
            200, {"to": "anna@example.org", "server": f"localhost:{server.port}"}
        )  # fmt: skip
        assert (server.recipients, server.encrypted) == (["anna@example.org"], [True])
        assert server.got[0]["From"] == "Linkus PBX <pbx@example.com>"
        # The stored password is kept when the settings are written back without it.
        again = {**json.loads((await ask("GET", MAIL, token=admin_token)).text), "language": "cs"}
        assert (await ask("PUT", MAIL, token=admin_token, json=again)).status == 200
        assert (
            await ask("POST", f"{MAIL}/test", token=admin_token, json={"to": "b@example.org"})
        ).status == 200
        assert "Zkušební" in server.got[1]["Subject"]
        wrong = await ask("PUT", MAIL, token=admin_token, json=body(server, secret="not-this-one"))
        assert wrong.status == 200
        failed = await ask("POST", f"{MAIL}/test", token=admin_token, json={"to": "c@example.org"})
        assert (failed.status, failed.error.code) == (503, ErrorCode.UNAVAILABLE)
        assert "refuses user name and password" in failed.error.message
    everything = put.text + sent.text + failed.text + (await ask("GET", MAIL, token=admin_token)).text
    everything += (await ask("GET", "/api/v1/audit", token=admin_token)).text + caplog.text
    for secret in (PASSWORD, "not-this-one"):
        assert secret not in everything
    async with application.services.db.reading() as session:
        stored = (
            await session.execute(text("SELECT body, secret FROM configuration WHERE kind='mail'"))
        ).one()
    assert "not-this-one" not in str(stored)
    entries = await application.services.audit.list()
    assert {"mail.add", "mail.change", "mail.test"} <= {entry.action for entry in entries}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"host": "mail.example"}, "sender"),
    ({"host": "mail.example:587", "sender": "a@b.c"}, "port has its own field"),
    ({"host": "mail example", "sender": "a@b.c"}, "host"),
    ({"host": "mail.example", "sender": "a@b.c\r\nBcc: d@e.f"}, "no e-mail address"),
    ({"host": "mail.example", "sender": "nobody"}, "no e-mail address"),
    ({"host": "mail.example", "sender": "a@b.c", "sender_name": "x\ny"}, "sender_name"),
    ({"host": "mail.example", "sender": "a@b.c", "security": "none"}, "another machine"),
    ({"host": "mail.example", "sender": "a@b.c", "security": "ssl3"}, "security"),
    ({"host": "mail.example", "sender": "a@b.c", "port": 0}, "port"),
    ({"host": "mail.example", "sender": "a@b.c", "give_up_hours": 0}, "give_up_hours"),
    ({"host": "mail.example", "sender": "a@b.c", "language": "xx"}, "language"),
    ({"host": "mail.example", "sender": "a@b.c", "certificates": "not a certificate"}, "PEM"),
    ({"host": "mail.example", "sender": "a@b.c", "secret": "x" * 129}, "secret"),
    ({"hostname": "mail.example"}, "hostname"),
]


async def test_settings_that_cannot_work_are_refused_and_say_why(ask: Ask, admin_token: str) -> None:
    for given, said in BAD:
        answer = await ask("PUT", MAIL, token=admin_token, json=given)
        assert (answer.status, said in answer.error.message) == (422, True), (given, answer.text)
    assert json.loads((await ask("GET", MAIL, token=admin_token)).text)["host"] == ""
    here = {"host": "127.0.0.1", "sender": "a@b.c", "security": "none"}
    there = {"host": "mail.example", "sender": "a@b.c", "security": "none", "clear_text_elsewhere": True}
    for good in (here, there, {}):
        assert (await ask("PUT", MAIL, token=admin_token, json=good)).status == 200
    for to in ("nobody", "a@b.c\r\nBcc: d@e.f", "", 7):
        answer = await ask("POST", f"{MAIL}/test", token=admin_token, json={"to": to})
        assert answer.status == 422, to


async def test_the_outbox_is_shown_tried_again_and_emptied(
    application: Application, ask: Ask, admin_token: str, user_token: str, tls_folder: Path
) -> None:
    services = application.services
    async with mail_server(tls_folder) as server:
        server.recipient_answers = {"gone@example.org": "550 no such person", "full@example.org": "452 full"}
        await ask("PUT", MAIL, token=admin_token, json=body(server))
        async with services.db.session() as session:
            for to in ("anna@example.org", "gone@example.org", "full@example.org"):
                assert await services.mail.outbox.add(session, MailKind.TEST, to, {})

        async def settled() -> list[dict[str, Any]] | None:
            found = json.loads((await ask("GET", f"{MAIL}/queue", token=admin_token)).text)
            return found if all(one["tries"] for one in found) else None

        found = await until(settled, "each was tried")
        assert [(one["recipient"], one["state"], one["error"]) for one in found] == [
            ("full@example.org", "waiting", "452 full"),
            ("gone@example.org", "failed", "550 no such person"),
            ("anna@example.org", "sent", ""),
        ]
        assert server.got[0]["Message-ID"] == found[2]["message_id"]
        full, gone, sent = (one["id"] for one in found)
        for path in (f"{MAIL}/queue/{sent}/retry", f"{MAIL}/queue/{gone}/retry"):
            assert (await ask("POST", path, token=user_token)).status == 403
        failed = json.loads((await ask("GET", f"{MAIL}/queue?state=failed", token=admin_token)).text)
        assert [one["id"] for one in failed] == [gone]
        metrics = (await ask("GET", "/metrics", token=admin_token)).text
        for line in (
            'linkus_mails{state="waiting"} 1.0',
            'linkus_mails{state="failed"} 1.0',
            "linkus_mail_up 1.0",
            'linkus_mail_tries_total{outcome="delivered"} 1.0',
        ):
            assert line in metrics
        assert (await ask("POST", f"{MAIL}/queue/{sent}/retry", token=admin_token)).status == 409
        assert (await ask("DELETE", f"{MAIL}/queue/{sent}", token=admin_token)).status == 409
        assert (await ask("DELETE", f"{MAIL}/queue/{full}", token=admin_token)).status == 204
        assert (await ask("DELETE", f"{MAIL}/queue/{full}", token=admin_token)).status == 404
        assert (await ask("POST", f"{MAIL}/queue/0/retry", token=admin_token)).status == 422
        assert (await ask("GET", f"{MAIL}/queue?state=lost", token=admin_token)).status == 422
        server.recipient_answers.clear()
        assert (await ask("POST", f"{MAIL}/queue/{gone}/retry", token=admin_token)).status == 200
        await until(lambda: len(server.got) == 2, "it is sent now")
    # The mail server is away: calls can be made all the same.
    async with services.db.session() as session:
        await services.mail.outbox.add(session, MailKind.TEST, "anna@example.org", {})
    await until(lambda: services.mail.problem, "the problem is known")
    ready = await ask("GET", "/api/v1/ready")
    (check,) = (one for one in json.loads(ready.text)["checks"] if one["name"] == "mail")
    assert (ready.status, check["ok"], "cannot be reached" in check["message"]) == (200, False, True)
    assert "linkus_mail_up 0.0" in (await ask("GET", "/metrics", token=admin_token)).text


async def test_the_command_line_does_all_of_it(
    application: Application, tls_folder: Path, tmp_path: Path
) -> None:
    data = application.settings.data
    async with mail_server(tls_folder) as server:
        file = tmp_path / "mail.json"
        file.write_text(json.dumps(body(server)))
        done = await command("mail", "set", "--file", str(file), data=data)
        assert done.exit_code == 0, done.stderr
        shown = await command("mail", "show", data=data)
        assert (shown.json["host"], shown.json["secret_set"], PASSWORD in shown.stdout) == (
            "localhost",
            True,
            False,
        )
        sent = await command("mail", "test", "anna@example.org", data=data)
        assert sent.stdout.strip() == f"localhost:{server.port} has taken the mail to anna@example.org."
        assert (await command("mail", "test", "nobody", data=data)).exit_code == 2
        server.recipient_answers["gone@example.org"] = "550 no such person"
        refused = await command("mail", "test", "gone@example.org", "--json", data=data)
        assert (refused.exit_code, "550 no such person" in refused.stderr) == (5, True)
        services = application.services
        async with services.db.session() as session:
            await services.mail.outbox.add(session, MailKind.TEST, "gone@example.org", {})

        async def failed() -> Any:
            listed = await command("mail", "queue", "--state", "failed", "--json", data=data)
            assert listed.exit_code == 0, listed.stderr
            return listed.json

        (mail,) = await until(failed, "it has failed")
        table = await command("mail", "queue", data=data)
        assert "550 no such person" in table.stdout
        server.recipient_answers.clear()
        assert (await command("mail", "retry", str(mail["id"]), data=data)).exit_code == 0
        await until(lambda: len(server.got) == 2, "it is sent now")
        assert (await command("mail", "cancel", "99", data=data)).exit_code == 3


async def test_the_settings_are_those_of_a_folder_without_a_server_too(
    initialised: Any, tmp_path: Path
) -> None:
    file = tmp_path / "mail.toml"
    file.write_text('host = "mail.example"\nsender = "pbx@example.com"\nsecret = "hush-hush"\n')
    done = await command("mail", "set", "--file", str(file), data=initialised.data)
    assert done.exit_code == 0, done.stderr
    shown = await command("mail", "show", data=initialised.data)
    assert (shown.json["host"], "hush" in shown.stdout) == ("mail.example", False)
    assert (await command("mail", "queue", data=initialised.data)).exit_code == 5
    assert MailSettings.model_validate(shown.json).port == 587
