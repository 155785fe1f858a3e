"""`linkus-pbx extension mail …`: which mails an extension gets (LOG-3)."""

from typing import Annotated, Any

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show
from server.contract.mail import MailPreferences
from server.services.errors import invalid
from server.settings import Settings

app = typer.Typer(help="Mails that an extension gets about itself.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the extension.")]
Missed = Annotated[
    bool | None, typer.Option("--missed-calls/--no-missed-calls", help="About calls that were missed.")
]
Password = Annotated[
    bool | None,
    typer.Option("--password-changed/--no-password-changed", help="When the password was changed."),
]


@app.command("show")
def show_(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show which mails an extension gets."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_change(settings, number, {}), as_json=json)
    show(found, as_json=json, text=lambda: _text(number, found))


@app.command("set")
def set_(
    number: Number,
    data: Data = None,
    config: Config = None,
    missed_calls: Missed = None,
    password_changed: Password = None,
    *,
    json: Json = False,
) -> None:
    """Change that: what is given, and nothing else."""
    given = {"missed_calls": missed_calls, "password_changed": password_changed}
    given = {name: value for name, value in given.items() if value is not None}
    with reporting(as_json=json):
        settings = load_settings(data, config)
        if not given:
            raise invalid("extension mail set", "nothing to change was given; see --help")
    changed = run(_change(settings, number, given), as_json=json)
    show(changed, as_json=json, text=lambda: _text(number, changed))


async def _change(settings: Settings, number: str, given: dict[str, Any]) -> MailPreferences:
    async with backend(settings) as where:
        found = await where.mail_preferences(number)
        if not given:
            return found
        wanted = MailPreferences.model_validate(found.model_dump() | given)
        return await where.change_mail_preferences(number, wanted)


def _text(number: str, found: MailPreferences) -> str:
    said = {True: "yes", False: "no"}
    lines = [
        f"Mails to extension {number}",
        f"missed calls      {said[found.missed_calls]}",
        f"password changed  {said[found.password_changed]}",
    ]
    if not found.mail_server:
        lines.append("No mail server is set up, so none are sent: see `linkus-pbx mail set`.")
    return "\n".join(lines)
