"""`linkus-pbx log …`."""

from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.calls import CallRecord
from server.settings import Settings

app = typer.Typer(help="Show logs.", no_args_is_help=True)


@app.callback()
def _log() -> None:
    """Show logs."""


@app.command("calls")
def calls(
    data: Data = None,
    config: Config = None,
    *,
    extension: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Only calls of this extension.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, the newest first.")] = 50,
    json: Json = False,
) -> None:
    """Show calls, the newest first."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_ask(settings, extension, limit), as_json=json)
    show(found, as_json=json, text=lambda: _text(found))


async def _ask(settings: Settings, extension: str | None, limit: int) -> list[CallRecord]:
    async with backend(settings) as where:
        return await where.calls(extension=extension, limit=limit)


def _text(found: list[CallRecord]) -> str:
    rows = []
    for call in found:
        talk_s = (
            (call.ended_at - call.answered_at).total_seconds() if call.ended_at and call.answered_at else 0
        )
        rows.append(
            [
                f"{call.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
                f"{call.caller} {call.caller_name}".strip(),
                f"{call.dialled} {call.callee_name}".strip(),
                call.outcome.value if call.outcome else "in progress",
                str(call.sip_code or ""),
                f"{talk_s:.0f}",
            ]
        )
    return table(["STARTED", "FROM", "TO", "OUTCOME", "SIP", "TALK S"], rows)
