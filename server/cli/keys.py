"""`linkus-pbx extension keys …`: the function keys of an extension."""

from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.cli.configuration import File, given_object, read_text
from server.contract.keys import FunctionKeys, FunctionKeysChange
from server.settings import Settings

app = typer.Typer(help="Function keys: what an extension has beside its calls.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the extension.")]


@app.command("show")
def show_(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show the keys in their order; with --json as set takes them."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_show(settings, number), as_json=json)
    show(found, as_json=json, text=lambda: _table(found))


@app.command("set")
def set_(
    number: Number, data: Data = None, config: Config = None, file: File = None, *, json: Json = False
) -> None:
    """Set all keys: TOML or JSON on standard input, or --file, as [[keys]] with type, value and label.

    Types: blf, speed_dial, boss_secretary, intercom, park, pickup, voicemail, dtmf, prefix, presence,
    forward, agent_login, agent_pause, recording, url. With the revision that show tells, keys that were
    changed meanwhile are not overwritten.
    """
    with reporting(as_json=json):
        settings = load_settings(data, config)
        change = FunctionKeysChange.model_validate(given_object(read_text(file)))
    stored = run(_set(settings, number, change), as_json=json)
    show(stored, as_json=json, text=lambda: f"Extension {number} has {_count(stored)} now.\n{_table(stored)}")


@app.command("clear")
def clear(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Remove all keys of an extension."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    stored = run(_set(settings, number, FunctionKeysChange(keys=[])), as_json=json)
    show(stored, as_json=json, text=lambda: f"Extension {number} has no keys now.")


async def _show(settings: Settings, number: str) -> FunctionKeys:
    async with backend(settings) as where:
        return await where.keys(number)


async def _set(settings: Settings, number: str, change: FunctionKeysChange) -> FunctionKeys:
    async with backend(settings) as where:
        return await where.change_keys(number, change)


def _count(found: FunctionKeys) -> str:
    return f"{len(found.keys)} key{'' if len(found.keys) == 1 else 's'}"


def _table(found: FunctionKeys) -> str:
    rows = [[str(place), key.type, key.value, key.label] for place, key in enumerate(found.keys, 1)]
    return table(["KEY", "TYPE", "VALUE", "LABEL"], rows)
