"""`linkus-pbx`: the command line of the server.

Exit codes: see `server.cli.common.ExitCode`. Results go to standard output, all else to standard error.
"""

import os
import sys
from typing import Annotated, NoReturn

import typer

import server
from server.cli import (
    admin,
    agent,
    call,
    configuration,
    extension,
    init,
    language,
    log,
    mail,
    pair,
    presence,
    prompt,
    queue,
    recording,
    ring_tone,
    route,
    serve,
    status,
    voicemail,
)
from server.cli.common import ExitCode
from server.contract.errors import ErrorBody, ErrorCode
from server.contract.kinds import KINDS

app = typer.Typer(
    name="linkus-pbx",
    help="The PBX server that Linkus Desktop pairs with.",
    epilog="Exit codes: 0 done, 1 error, 2 wrong use, 3 not found, 4 conflict, 5 server not reachable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("status")(status.status)
app.add_typer(extension.app, name="extension")
app.add_typer(presence.app, name="presence")
app.add_typer(voicemail.app, name="voicemail")
app.add_typer(admin.app, name="admin")
app.add_typer(call.app, name="call")
app.add_typer(log.app, name="log")
app.add_typer(pair.app, name="pair")
app.add_typer(agent.app, name="agent")
app.add_typer(recording.app, name="recording")
_WITH_MORE = {"prompt": prompt.app, "queue": queue.app, "mail": mail.app, "ring-tone": ring_tone.app}
for _kind in KINDS:
    app.add_typer(_WITH_MORE.get(_kind.word) or configuration.commands(_kind), name=_kind.word)
app.add_typer(language.app, name="language")
app.add_typer(route.app, name="route")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"linkus-pbx {server.__version__}")
        raise typer.Exit


@app.callback()
def _linkus_pbx(
    *,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """The PBX server that Linkus Desktop pairs with."""


def main() -> NoReturn:
    """Entry point of `linkus-pbx`. Wrong use is told as JSON too, where `--json` stands among the words."""
    os.umask(0o077)  # whatever this program or its Asterisk writes is its owner's alone
    try:
        sys.exit(app(standalone_mode="--json" not in sys.argv))
    except typer.TyperException as error:
        body = ErrorBody(code=ErrorCode.INVALID, message=error.format_message())
        typer.echo(body.model_dump_json(exclude_defaults=True), err=True)
        sys.exit(ExitCode.USAGE)
    except typer.Abort:
        sys.exit(ExitCode.ERROR)
