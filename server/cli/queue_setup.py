"""`linkus-pbx queue export|import`: all queues as one TOML file (issue D)."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show
from server.contract.queue_setup import QueueSetup, QueueSetupChanges
from server.rules.queues.setup_file import as_toml
from server.services.errors import invalid
from server.services.queue_setup import read_setup
from server.settings import Settings

_STANDARD = "-"


def add_to(app: typer.Typer) -> None:
    """Add the two commands to those of queues."""
    app.command("export", help="Write every queue and the queue options as TOML.")(export)
    app.command("import", help="Have the queues of a TOML file, and no others: all of it, or nothing.")(
        import_
    )


def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="It must not exist yet; else standard output.")
    ] = None,
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Print the set-up, or write it into a new file."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    setup = run(_export(settings), as_json=json)
    if file is None:
        show(setup, as_json=json, text=lambda: as_toml(setup).removesuffix("\n"))
        return
    with reporting(as_json=json), file.open("x", encoding="utf-8") as target:
        target.write(as_toml(setup))
    count = _count(len(setup.queues))
    show({"file": str(file), "queues": len(setup.queues)}, as_json=json, text=lambda: f"{file}: {count}.")


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=f"TOML; {_STANDARD} for standard input.")],
    data: Data = None,
    config: Config = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be changed, or what is wrong.")
    ] = False,
    json: Json = False,
) -> None:
    """Take a set-up over, and say what that has changed."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        setup = read_setup(_text(file))
    done = run(_import(settings, setup, dry_run=dry_run), as_json=json)
    show(done, as_json=json, text=lambda: _told(done))


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == _STANDARD else file.read_text("utf-8")
    except UnicodeDecodeError:
        raise invalid("the set-up", "must be text in UTF-8") from None


def _told(done: QueueSetupChanges) -> str:
    parts = [
        f"{word} {', '.join(numbers)}"
        for word, numbers in (("added", done.added), ("changed", done.changed), ("removed", done.removed))
        if numbers
    ]
    if done.options_changed:
        parts.append("changed the options")
    what = "; ".join(parts) or "nothing to change"
    return f"{'Would be done' if done.dry_run else 'Done'}: {what}."


def _count(queues: int) -> str:
    return "1 queue" if queues == 1 else f"{queues} queues"


async def _export(settings: Settings) -> QueueSetup:
    async with backend(settings) as where:
        return await where.queue_setup()


async def _import(settings: Settings, setup: QueueSetup, *, dry_run: bool) -> QueueSetupChanges:
    async with backend(settings) as where:
        return await where.import_queues(setup, dry_run=dry_run)
