"""`linkus-pbx pair …`: bosses and secretaries, as the running server has them."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.pairs import Pair, PairSwitch
from server.settings import Settings

if TYPE_CHECKING:
    from server.cli.remote import Remote

app = typer.Typer(help="Pairs of boss and secretary: show and switch them.", no_args_is_help=True)

Boss = Annotated[str, typer.Argument(metavar="BOSS", help="The number of the boss.")]
Secretary = Annotated[str, typer.Argument(metavar="SECRETARY", help="The number of the secretary.")]


@app.callback()
def _pair() -> None:
    """Pairs of boss and secretary: show and switch them."""


@app.command("list")
def list_pairs(data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show all pairs, and what the secretary does with the boss's calls."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_list(settings), as_json=json)
    show(found, as_json=json, text=lambda: _text(found))


@app.command("on")
def switch_on(
    boss: Boss, secretary: Secretary, data: Data = None, config: Config = None, *, json: Json = False
) -> None:
    """Let calls to the boss go to this secretary."""
    _switch(boss, secretary, data, config, as_json=json, on=True)


@app.command("off")
def switch_off(
    boss: Boss, secretary: Secretary, data: Data = None, config: Config = None, *, json: Json = False
) -> None:
    """Let no calls to the boss go to this secretary."""
    _switch(boss, secretary, data, config, as_json=json, on=False)


def _switch(boss: str, secretary: str, data: Data, config: Config, *, as_json: bool, on: bool) -> None:
    with reporting(as_json=as_json):
        settings = load_settings(data, config)
    pair = run(_put(settings, boss, secretary, PairSwitch(on=on)), as_json=as_json)
    show(pair, as_json=as_json, text=lambda: _text([pair]))


def _server(settings: Settings) -> "AbstractAsyncContextManager[Remote]":
    from server.cli import remote  # noqa: PLC0415  (only commands that are carried out need an HTTP client)

    return remote.server(settings)


async def _list(settings: Settings) -> list[Pair]:
    async with _server(settings) as remote:
        return await remote.pairs()


async def _put(settings: Settings, boss: str, secretary: str, switch: PairSwitch) -> Pair:
    async with _server(settings) as remote:
        return await remote.switch_pair(boss, secretary, switch)


def _text(found: list[Pair]) -> str:
    rows = [
        [
            f"{pair.boss} {pair.boss_name}".strip(),
            f"{pair.secretary} {pair.secretary_name}".strip(),
            pair.value,
            pair.state,
            ", ".join(call.number for call in pair.calls),
        ]
        for pair in found
    ]
    return table(["BOSS", "SECRETARY", "CODE", "STATE", "CALLERS"], rows)
