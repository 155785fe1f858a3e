"""`linkus-pbx status`."""

import typer

from server.cli.call import state_text
from server.cli.common import Config, Data, ExitCode, Json, load_settings, reporting, run, show, table
from server.contract.system import ServerStatus
from server.settings import Settings


def status(data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show the running server at a glance. Exit code 1 if it runs but is not ready for calls."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_ask(settings), as_json=json)
    show(found, as_json=json, text=lambda: _text(found))
    if not found.ready:
        raise typer.Exit(ExitCode.ERROR)


async def _ask(settings: Settings) -> ServerStatus:
    from server.cli import remote  # noqa: PLC0415  (only commands that are carried out need an HTTP client)

    async with remote.server(settings) as running:
        return await running.status()


def _text(found: ServerStatus) -> str:
    lines = [
        f"{found.name}, version {found.version}, since {found.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"Asterisk {found.switch_version or 'is not running'}"
        + (f" (process {found.switch_pid})" if found.switch_pid else ""),
        f"SIP {found.sip_udp or 'off'}, TLS {found.sip_tls or 'off'}",
        f"Extensions {found.extensions}, registered {found.registered} with {found.phones} phones",
        f"Calls in progress {len(found.active_calls)}",
        "Ready for calls" if found.ready else "NOT ready for calls",
    ]
    lines += [f"  {check.name}: {check.message}" for check in found.checks if not check.ok]
    if found.trunks:
        lines.append(
            table(
                ["TRUNK", "STATE", ""], [[trunk.name, trunk.status, trunk.reason] for trunk in found.trunks]
            )
        )
    if found.active_calls:
        rows = [
            [call.caller, call.dialled, state_text(call), f"{call.since.astimezone():%H:%M:%S}"]
            for call in found.active_calls
        ]
        lines.append(table(["FROM", "TO", "STATE", "SINCE"], rows))
    return "\n".join(lines)
