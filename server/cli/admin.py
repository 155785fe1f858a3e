"""`linkus-pbx admin …`."""

import typer

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
)
from server.contract.auth import AdministratorPassword
from server.settings import Settings

app = typer.Typer(help="The administrator's account.", no_args_is_help=True)


@app.callback()
def _admin() -> None:
    """The administrator's account."""


@app.command("password")
def password(
    data: Data = None, config: Config = None, *, secrets_stdin: SecretsStdin = False, json: Json = False
) -> None:
    """Set a new administrator's password, for when it is lost; its sessions end, a lock is lifted.

    The password is made and shown once, unless it comes on standard input (--secrets-stdin with
    {"password": "..."}).
    """
    with reporting(as_json=json):
        settings = load_settings(data, config)
        given = read_secrets(["password"]) if secrets_stdin else {}
    done = run(_reset(settings, given.get("password")), as_json=json)
    show(done, as_json=json, text=lambda: _text(done))


async def _reset(settings: Settings, new: str | None) -> AdministratorPassword:
    async with backend(settings) as where:
        return await where.reset_administrator(new)


def _text(done: AdministratorPassword) -> str:
    lines = ["The administrator's password was changed.", f"User:      {done.user}"]
    if done.password:
        lines += [f"Password:  {done.password}", "Keep it: it is not shown again."]
    return "\n".join(lines)
