"""`linkus-pbx recording …`: recordings of calls."""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.recording import Recording
from server.services.errors import conflict
from server.settings import Settings

app = typer.Typer(help="Recordings of calls: list, export and remove them.", no_args_is_help=True)

RecordingId = Annotated[str, typer.Argument(metavar="ID", help="The id that `recording list` shows.")]


@app.callback()
def _recording() -> None:
    """Recordings of calls: list, export and remove them."""


@app.command("list")
def list_recordings(
    data: Data = None,
    config: Config = None,
    *,
    extension: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Only recordings of this extension.")
    ] = None,
    search: Annotated[str, typer.Option(metavar="TEXT", help="Part of a number or name.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, the newest first.")] = 50,
    json: Json = False,
) -> None:
    """Show recordings, the newest first."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_list(settings, extension, search, limit), as_json=json)
    show(found, as_json=json, text=lambda: _text(found))


@app.command("show")
def show_recording(
    recording: RecordingId, data: Data = None, config: Config = None, *, json: Json = False
) -> None:
    """Show one recording."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_show(settings, recording), as_json=json)
    show(found, as_json=json, text=lambda: _text([found]))


@app.command("export")
def export(
    recording: RecordingId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, for the sound (WAV).")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Write the sound of a recording to a new file; that is noted in the audit log."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    run(_export(settings, recording, file), as_json=json)


@app.command("remove")
def remove(recording: RecordingId, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Delete a recording, for everybody who owns it."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    run(_remove(settings, recording), as_json=json)


async def _list(settings: Settings, extension: str | None, text: str, limit: int) -> list[Recording]:
    async with backend(settings) as where:
        return await where.recordings(extension=extension, text=text, limit=limit)


async def _show(settings: Settings, recording: str) -> Recording:
    async with backend(settings) as where:
        return await where.recording(recording)


async def _export(settings: Settings, recording: str, file: Path) -> int:
    async with backend(settings) as where:
        try:
            return await where.export_recording(recording, file)
        except FileExistsError as error:
            raise conflict(f"There is a file {file} already: name another one.") from error


async def _remove(settings: Settings, recording: str) -> None:
    async with backend(settings) as where:
        await where.remove_recording(recording)


def _text(found: list[Recording]) -> str:
    rows = [
        [
            f"{one.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
            f"{one.caller} {one.caller_name}".strip(),
            f"{one.callee} {one.callee_name}".strip(),
            f"{one.seconds:.0f}",
            one.state,
            ", ".join(one.owners) or "-",
            one.id,
        ]
        for one in found
    ]
    return table(["STARTED", "FROM", "TO", "SECONDS", "STATE", "OF", "ID"], rows)
