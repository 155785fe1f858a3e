"""Who gets which mails, over the API and the command line; and a missed call from end to end (LOG-3)."""

import json
from pathlib import Path

from server.app import Application
from server.contract.extensions import ExtensionChange
from server.settings import Settings
from server.switch.port import Party, Recorded
from tests.phones.waiting import until
from tests.server.api.conftest import Ask
from tests.server.api.live_office import live_office
from tests.server.cli.conftest import command
from tests.server.mail_server import mail_server
from tests.server.services.test_voicemail import samples, wav

OWN, OTHERS = "/api/v1/me/mail", "/api/v1/extensions/1001/mail"


async def test_everybody_chooses_the_own_mails_and_administrators_everybodys_LOG_3(
    ask: Ask, admin_token: str, user_token: str
) -> None:
    defaults = {"missed_calls": False, "password_changed": True, "mail_server": False}
    assert json.loads((await ask("GET", OWN, token=user_token)).text) == defaults
    changed = {"missed_calls": True, "password_changed": False, "mail_server": False}
    for path, token in ((OWN, user_token), (OTHERS, admin_token)):
        for body in (changed, defaults):
            answer = await ask("PUT", path, token=token, json=body)
            assert (answer.status, json.loads(answer.text)) == (200, body)
            assert json.loads((await ask("GET", OTHERS, token=admin_token)).text) == body
    for method in ("GET", "PUT"):
        assert (await ask(method, OTHERS, token=user_token, json=changed)).status == 403
        assert (await ask(method, OWN, token=admin_token, json=changed)).status == 403
        missing = "/api/v1/extensions/1099/mail"
        assert (await ask(method, missing, token=admin_token, json=changed)).status == 404
    for bad in ({"missed_calls": "perhaps"}, {"missed": True}, [], {"missed_calls": None}):
        assert (await ask("PUT", OWN, token=user_token, json=bad)).status == 422


async def test_they_are_shown_and_set_on_the_command_line_LOG_3(
    application: Application, user_token: str, initialised: Settings
) -> None:
    data = application.settings.data
    done = await command("extension", "mail", "set", "1001", "--missed-calls", "--json", data=data)
    assert (done.exit_code, done.json) == (
        0,
        {"missed_calls": True, "password_changed": True, "mail_server": False},
    )
    shown = await command("extension", "mail", "show", "1001", data=data)
    assert shown.stdout.splitlines()[1].split() == ["missed", "calls", "yes"]
    assert "none are sent" in shown.stdout
    assert (await command("extension", "mail", "set", "1001", data=data)).exit_code == 2
    assert (await command("extension", "mail", "show", "1099", data=data)).exit_code == 3


async def test_they_are_set_while_no_server_runs_LOG_3(initialised: Settings) -> None:
    data = initialised.data
    assert (await command("extension", "add", "1001", data=data)).exit_code == 0
    done = await command("extension", "mail", "set", "1001", "--no-password-changed", data=data)
    assert done.exit_code == 0, done.stderr
    shown = await command("extension", "mail", "show", "1001", "--json", data=data)
    assert shown.json == {"missed_calls": False, "password_changed": False, "mail_server": False}


async def test_a_missed_call_and_a_new_password_come_by_mail_LOG_3(
    initialised: Settings, tls_folder: Path
) -> None:
    async with mail_server(tls_folder) as server, live_office(initialised) as office:
        admin, boris = await office.admin(), await office.login("1002")
        body = server.settings().model_dump(mode="json", exclude_unset=True)
        assert (await admin.call("PUT", "/mail", json=body))[0] == 200
        await office.app.services.extensions.change(
            "1002", ExtensionChange(email="boris@example.org"), by="test"
        )
        assert (await boris.call("PUT", "/me/mail", json={"missed_calls": True}))[0] == 200
        office.engine.phone("1002")
        anna = office.engine.phone("1001")
        call = anna.call("1002")
        await until(office.app.services.calls.active, "it rings")
        anna.hang_up(call)
        await until(lambda: len(server.got) == 1, "the missed call is told of")
        assert server.got[0]["Subject"] == "Extension 1002: 1 missed"
        assert "Anna 1001" in server.got[0].get_content()
        change = {"old_password": "a-good-password-1", "new_password": "another-good-word-7"}
        assert (await boris.call("POST", "/auth/password", json=change))[0] in (200, 204)
        await until(lambda: len(server.got) == 2, "the new password is told of")
        assert server.got[1]["Subject"] == "Your password was changed"
        assert "another-good-word-7" not in server.raw[1].decode()
        assert server.recipients == ["boris@example.org"] * 2


async def test_a_new_message_comes_by_mail_with_its_sound_VM_1(
    application: Application, user_token: str, ask: Ask, admin_token: str, tls_folder: Path
) -> None:
    services = application.services
    path = application.settings.data / "asterisk/spool/recording/messages/one.wav"
    path.parent.mkdir(parents=True)
    sound = wav(samples(3.0))
    path.write_bytes(sound)
    async with mail_server(tls_folder) as server:
        body = server.settings().model_dump(mode="json", exclude_unset=True)
        assert (await ask("PUT", "/api/v1/mail", token=admin_token, json=body)).status == 200
        await services.extensions.change("1001", ExtensionChange(email="anna@example.org"), by="test")
        wanted = {"mail": "with_sound", "after_mail": "mark_read"}
        box = "/api/v1/voicemail/1001"
        assert (await ask("PUT", f"{box}/settings", token=user_token, json=wanted)).status == 200
        bad = wanted | {"mail": "without_sound", "after_mail": "delete"}
        assert (await ask("PUT", f"{box}/settings", token=user_token, json=bad)).status == 422
        await services.voicemail.messages.add("1001", Party("1002", "Boris"), Recorded(path, 3.0))
        await until(lambda: server.recipients == ["anna@example.org"], "the mail is there")
        (attached,) = server.got[0].iter_attachments()
        assert (attached.get_content_type(), attached.get_content()) == ("audio/wav", sound)

        async def heard() -> bool:
            return json.loads((await ask("GET", box, token=user_token)).text)[0]["heard"]

        await until(heard, "the message is marked as heard")
