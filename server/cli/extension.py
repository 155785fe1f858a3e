"""`linkus-pbx extension …`."""

from typing import Annotated, Any

import typer

from server.cli import extension_mail, keys
from server.cli.backend import backend
from server.cli.common import (
    Config,
    Data,
    Json,
    SecretsStdin,
    load_settings,
    read_secrets,
    reporting,
    run,
    show,
    table,
)
from server.contract.extensions import (
    Extension,
    ExtensionChange,
    ExtensionCreate,
    ExtensionCreated,
    SrtpMode,
)
from server.contract.login_links import LoginLinks, WelcomeSent
from server.services.errors import invalid
from server.settings import Settings

SECRETS = ("password", "sip_secret")

app = typer.Typer(help="Add, change, list, show and remove extensions.", no_args_is_help=True)
app.add_typer(keys.app, name="keys")
app.add_typer(extension_mail.app, name="mail")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the extension.")]
FirstName = Annotated[str | None, typer.Option("--first-name", metavar="NAME")]
LastName = Annotated[str | None, typer.Option("--last-name", metavar="NAME")]
Email = Annotated[str | None, typer.Option("--email", metavar="ADDRESS", help="May be used to log in.")]
Mobile = Annotated[str | None, typer.Option("--mobile", metavar="NUMBER")]
Groups = Annotated[list[str] | None, typer.Option("--group", metavar="NAME", help="May be repeated.")]
Srtp = Annotated[SrtpMode | None, typer.Option("--srtp", help="Encryption of media.")]
Monitored = Annotated[
    bool | None,
    typer.Option("--monitored/--not-monitored", help="Others see its state; supervisors may listen."),
]
Spoken = Annotated[
    str | None,
    typer.Option("--language", metavar="CODE", help="In which it hears the PBX; empty: that of the system."),
]
Client = Annotated[bool | None, typer.Option("--client/--no-client", help="May use the desktop client.")]


@app.command("add")
def add(  # noqa: PLR0917
    number: Number,
    data: Data = None,
    config: Config = None,
    first_name: FirstName = None,
    last_name: LastName = None,
    email: Email = None,
    mobile: Mobile = None,
    group: Groups = None,
    srtp: Srtp = None,
    client: Client = None,
    monitored: Monitored = None,
    language: Spoken = None,
    *,
    secrets_stdin: SecretsStdin = False,
    json: Json = False,
) -> None:
    """Add an extension. Its password and SIP secret are made and shown once.

    Or they come on standard input: --secrets-stdin with {"password": "...", "sip_secret": "..."}.
    """
    with reporting(as_json=json):
        settings = load_settings(data, config)
        given = _given(first_name, last_name, email, mobile, group, srtp, client, monitored, language)
        given |= read_secrets(SECRETS) if secrets_stdin else {}
        new = ExtensionCreate(number=number, **given)
    created = run(_add(settings, new), as_json=json)
    show(created, as_json=json, text=lambda: _text(f"Extension {number} was added.", created))


@app.command("set")
def set_(  # noqa: PLR0917
    number: Number,
    data: Data = None,
    config: Config = None,
    first_name: FirstName = None,
    last_name: LastName = None,
    email: Email = None,
    mobile: Mobile = None,
    group: Groups = None,
    srtp: Srtp = None,
    client: Client = None,
    monitored: Monitored = None,
    language: Spoken = None,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help="Disabled: out at once, on SIP too.")
    ] = None,
    *,
    new_password: Annotated[bool, typer.Option("--new-password", help="Make one; sessions end.")] = False,
    new_sip_secret: Annotated[bool, typer.Option("--new-sip-secret", help="Make one.")] = False,
    secrets_stdin: SecretsStdin = False,
    json: Json = False,
) -> None:
    """Change what is given, and nothing else. An empty text clears; --group gives the whole list anew."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        given = _given(first_name, last_name, email, mobile, group, srtp, client, monitored, language)
        if enabled is not None:
            given["enabled"] = enabled
        given |= {
            name: None for name, wanted in zip(SECRETS, (new_password, new_sip_secret), strict=True) if wanted
        }
        given |= read_secrets(SECRETS) if secrets_stdin else {}
        if not given:
            raise invalid("extension set", "nothing to change was given; see --help")
        change = ExtensionChange(**given)
    changed = run(_set(settings, number, change), as_json=json)
    show(changed, as_json=json, text=lambda: _text(f"Extension {number} was changed.", changed))


@app.command("list")
def list_(data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """List all extensions."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_list(settings), as_json=json)
    show(found, as_json=json, text=lambda: _table(found))


@app.command("show")
def show_(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show one extension."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_show(settings, number), as_json=json)
    show(found, as_json=json, text=lambda: _table([found]))


@app.command("remove")
def remove(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Remove an extension: its sessions, registrations and calls end at once."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    run(_remove(settings, number), as_json=json)
    show({"number": number}, as_json=json, text=lambda: f"Extension {number} was removed.")


@app.command("unlock")
def unlock(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Lift the lock that wrong passwords led to."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_unlock(settings, number), as_json=json)
    show(found, as_json=json, text=lambda: f"Extension {number} is unlocked.")


@app.command("welcome")
def welcome(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Send a welcome mail with a link that logs in once, within 24 hours; the password becomes a new one."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    sent = run(_welcome(settings, number), as_json=json)
    show(sent, as_json=json, text=lambda: f"A welcome mail to {sent.to} is on its way.")


@app.command("login-link")
def login_link(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show such a link, to be handed over by other means; links of before work no more."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    made = run(_login_link(settings, number), as_json=json)
    show(made, as_json=json, text=lambda: _links(made))


async def _welcome(settings: Settings, number: str) -> WelcomeSent:
    async with backend(settings) as where:
        return await where.send_welcome(number)


async def _login_link(settings: Settings, number: str) -> LoginLinks:
    async with backend(settings) as where:
        return await where.make_login_link(number)


def _links(made: LoginLinks) -> str:
    rows = [[link.network, link.link] for link in made.links]
    until = f"Works once, until {made.expires_at.astimezone():%Y-%m-%d %H:%M}."
    return "\n".join([until, table(["NETWORK", "LINK"], rows)])


async def _add(settings: Settings, new: ExtensionCreate) -> ExtensionCreated:
    async with backend(settings) as where:
        return await where.add_extension(new)


async def _set(settings: Settings, number: str, change: ExtensionChange) -> ExtensionCreated:
    async with backend(settings) as where:
        return await where.change_extension(number, change)


async def _list(settings: Settings) -> list[Extension]:
    async with backend(settings) as where:
        return await where.extensions()


async def _show(settings: Settings, number: str) -> Extension:
    async with backend(settings) as where:
        return await where.extension(number)


async def _remove(settings: Settings, number: str) -> None:
    async with backend(settings) as where:
        await where.remove_extension(number)


async def _unlock(settings: Settings, number: str) -> Extension:
    async with backend(settings) as where:
        return await where.unlock_extension(number)


def _given(  # noqa: PLR0917
    first_name: str | None,
    last_name: str | None,
    email: str | None,
    mobile: str | None,
    groups: list[str] | None,
    srtp: SrtpMode | None,
    client: bool | None,
    monitored: bool | None,
    language: str | None,
) -> dict[str, Any]:
    """Only what was given; an empty e-mail address, mobile number, language or list of groups clears."""
    given: dict[str, Any] = {
        "first_name": first_name,
        "last_name": last_name,
        "srtp": srtp,
        "client_enabled": client,
        "monitored": monitored,
    }
    given = {name: value for name, value in given.items() if value is not None}
    for name, text in (("email", email), ("mobile", mobile), ("language", language)):
        if text is not None:
            given[name] = text or None
    if groups:
        given["groups"] = [group for group in groups if group]
    return given


def _text(done: str, created: ExtensionCreated) -> str:
    lines = [done]
    if created.password:
        lines.append(f"Password:    {created.password}")
    if created.sip_secret:
        lines.append(f"SIP secret:  {created.sip_secret}")
    if len(lines) > 1:
        lines.append("Keep them: they are not shown again.")
    return "\n".join(lines)


def _table(found: list[Extension]) -> str:
    rows = [
        [
            extension.number,
            f"{extension.first_name} {extension.last_name}".strip(),
            extension.email or "",
            ", ".join(extension.groups),
            _state(extension),
        ]
        for extension in found
    ]
    return table(["NUMBER", "NAME", "E-MAIL", "GROUPS", "STATE"], rows)


def _state(extension: Extension) -> str:
    if not extension.enabled:
        return "disabled"
    if extension.locked_until is not None:
        return f"locked until {extension.locked_until.astimezone():%H:%M:%S}"
    words = [
        "enabled",
        *([] if extension.client_enabled else ["no client"]),
        *([] if extension.monitored else ["not monitored"]),
        *([f"hears {extension.language}"] if extension.language else []),
    ]
    return ", ".join(words)
