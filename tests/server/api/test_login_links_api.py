"""AUTH-2: login links and welcome mails over the API and the command line, with a real mail server."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from server.app import Application
from server.contract.extensions import ExtensionChange
from server.contract.mail import MailSettings
from server.settings import Settings
from tests.phones.waiting import until
from tests.server.api.conftest import Ask
from tests.server.cli.conftest import command
from tests.server.mail_server import mail_server

LOGIN = "/api/v1/auth/login-link"


async def test_a_welcome_mail_arrives_and_its_link_logs_in_once_AUTH_2(
    application: Application, ask: Ask, admin_token: str, user_token: str, tls_folder: Path
) -> None:
    path = "/api/v1/extensions/1001/welcome"
    assert (await ask("POST", path, token=user_token)).status == 403
    assert (await ask("POST", path, token=admin_token)).status == 409
    async with mail_server(tls_folder) as server:
        settings = server.settings(login_public="pbx.example.com").model_dump(mode="json", exclude_unset=True)
        assert (await ask("PUT", "/api/v1/mail", token=admin_token, json=settings)).status == 200
        assert (await ask("POST", path, token=admin_token)).status == 409, "no e-mail address"
        change = ExtensionChange(email="anna@example.org")
        await application.services.extensions.change("1001", change, by="test")
        sent = await ask("POST", path, token=admin_token)
        assert (sent.status, json.loads(sent.text)["to"]) == (202, "anna@example.org")
        await until(lambda: len(server.got) == 1, "the mail is there")
        (link,) = (line for line in server.got[0].get_content().split() if line.startswith("linkus://"))
    token = parse_qs(urlsplit(link).query)["token"][0]
    assert token not in sent.text
    login = await ask("POST", LOGIN, json={"token": token})
    assert (login.status, login.headers["Cache-Control"]) == (200, "no-store")
    reply = json.loads(login.text)
    assert reply["me"]["user"] == "1001"
    assert (await ask("GET", "/api/v1/me", token=reply["access_token"])).status == 200
    assert (await ask("GET", "/api/v1/me", token=user_token)).status == 401, "sessions of before are over"
    again = await ask("POST", LOGIN, json={"token": token})
    assert (again.status, token in again.text) == (401, False)
    for bad in (
        {},
        {"token": "short"},
        {"token": "x" * 65},
        {"token": "a b" * 10},
        {"token": token, "more": 1},
    ):
        answer = await ask("POST", LOGIN, json=bad)
        assert (answer.status, token in answer.text) == (422, False)
    assert (await ask("POST", "/api/v1/extensions/1099/login-link", token=admin_token)).status == 404


async def test_links_are_shown_and_sent_on_the_command_line_AUTH_2(
    application: Application, user_token: str
) -> None:
    data, services = application.settings.data, application.services
    refused = await command("extension", "login-link", "1001", data=data)
    assert (refused.exit_code, "login_local" in refused.stderr) == (4, True)
    await services.configuration.put(MailSettings(login_local="192.168.1.5"), by="test")
    shown = await command("extension", "login-link", "1001", "--json", data=data)
    (link,) = shown.json["links"]
    assert (link["network"], link["link"].startswith("linkus://login?server=192.168.1.5")) == ("local", True)
    assert "Works once" in (await command("extension", "login-link", "1001", data=data)).stdout
    assert (await command("extension", "welcome", "1001", data=data)).exit_code == 4


async def test_links_are_made_while_no_server_runs_AUTH_2(initialised: Settings, tmp_path: Path) -> None:
    data, file = initialised.data, tmp_path / "mail.toml"
    file.write_text('login_public = "pbx.example.com:8222"\n')
    assert (await command("mail", "set", "--file", str(file), data=data)).exit_code == 0
    assert (await command("extension", "add", "1001", data=data)).exit_code == 0
    shown = await command("extension", "login-link", "1001", "--json", data=data)
    assert shown.exit_code == 0, shown.stderr
    for wrong in ("pbx example", "pbx.example.com/x", "https://pbx.example.com", "pbx:99999999", "[::1"):
        file.write_text(f'login_public = "{wrong}"\n')
        assert (await command("mail", "set", "--file", str(file), data=data)).exit_code == 2, wrong
