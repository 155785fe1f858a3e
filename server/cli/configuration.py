"""`linkus-pbx trunk …`, `inbound-route …` and so on: the same commands for every kind of object."""

import json as json_module
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from server.cli.backend import Backend, backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.configuration import ConfigObject
from server.contract.errors import ErrorCode
from server.contract.kinds import Kind
from server.services.errors import ServiceError, invalid
from server.settings import Settings

Key = Annotated[str, typer.Argument(metavar="NAME", help="Name or number of the object.")]
File = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Read the object from here, not standard input.")
]


def commands(kind: Kind) -> typer.Typer:
    """The commands of a kind: list, show, set and remove; show and set only, where there is one object."""
    app = typer.Typer(help=kind.help, no_args_is_help=True)
    if kind.single:
        _add_single(app, kind)
    else:
        _add_list(app, kind)
        _add_change(app, kind)
    return app


async def add_unless_there(where: Backend, kind: Kind, item: ConfigObject) -> bool:
    """Add an object unless there is one with its key; whether that was so."""
    try:
        await where.object(kind, item.key)
    except ServiceError as error:
        if error.code is not ErrorCode.NOT_FOUND:
            raise
        await where.put_object(kind, item)
        return True
    return False


def _add_single(app: typer.Typer, kind: Kind) -> None:
    key = kind.model().key

    @app.command("show", help=f"Show the {kind.title}, as set takes them.")
    def show_(data: Data = None, config: Config = None, *, json: Json = False) -> None:
        _show(kind, key, data, config, json=json)

    @app.command("set", help=f"Set the {kind.title}: TOML or JSON on standard input, or --file.")
    def set_(data: Data = None, config: Config = None, file: File = None, *, json: Json = False) -> None:
        _set(kind, key, data, config, file, json=json)


def _add_list(app: typer.Typer, kind: Kind) -> None:
    @app.command("list", help=f"List every {kind.title}, in order.")
    def list_(data: Data = None, config: Config = None, *, json: Json = False) -> None:
        with reporting(as_json=json):
            settings = load_settings(data, config)
        found = run(_ask_list(settings, kind), as_json=json)
        heading = kind.model.key_field.upper()
        rows = [[item.key, item.summary] for item in found]
        show(found, as_json=json, text=lambda: table([heading, "SUMMARY"], rows))

    @app.command("show", help=f"Show one {kind.title}, as set takes it; a secret is never shown.")
    def show_(key: Key, data: Data = None, config: Config = None, *, json: Json = False) -> None:
        _show(kind, key, data, config, json=json)


def _add_change(app: typer.Typer, kind: Kind) -> None:
    @app.command(
        "set",
        help=f"Add a {kind.title} or replace it as a whole: TOML or JSON on standard input, or --file.",
    )
    def set_(
        key: Key, data: Data = None, config: Config = None, file: File = None, *, json: Json = False
    ) -> None:
        _set(kind, key, data, config, file, json=json)

    @app.command("remove", help=f"Remove a {kind.title}; a conflict while something refers to it.")
    def remove(key: Key, data: Data = None, config: Config = None, *, json: Json = False) -> None:
        with reporting(as_json=json):
            settings = load_settings(data, config)
        run(_ask_remove(settings, kind, key), as_json=json)
        show(
            {kind.model.key_field: key},
            as_json=json,
            text=lambda: f"{kind.title.capitalize()} {key} was removed.",
        )


def _show(kind: Kind, key: str, data: Path | None, config: Path | None, *, json: bool) -> None:
    with reporting(as_json=json):
        settings = load_settings(data, config)
    show(run(_ask_show(settings, kind, key), as_json=json), as_json=True, text=str)


def _set(
    kind: Kind, key: str, data: Path | None, config: Path | None, file: Path | None, *, json: bool
) -> None:  # fmt: skip
    with reporting(as_json=json):
        settings = load_settings(data, config)
        item = read_object(kind, key, read_text(file))
    stored = run(_ask_put(settings, kind, item), as_json=json)
    done = f"The {kind.title} were set." if kind.single else f"{kind.title.capitalize()} {key} was set."
    show(stored, as_json=json, text=lambda: done)


def read_text(file: Path | None) -> str:
    """What stands in a file, or on standard input.

    Raises:
        ServiceError: `INVALID`: it is no text.
    """
    try:
        return file.read_text("utf-8") if file else sys.stdin.read()
    except UnicodeDecodeError:
        raise invalid("the object", "must be text in UTF-8") from None


def read_object(kind: Kind, key: str, text: str) -> ConfigObject:
    """The object with this key in a text of TOML or JSON, which may leave the key out.

    Raises:
        ServiceError: `INVALID`: the text is neither, or has another key. The text itself is never shown.
        ValidationError: it is no such object.
    """
    given = given_object(text)
    field = kind.model.key_field
    if given.setdefault(field, key) != key:
        raise invalid(field, f"is {given[field]} in the object, but {key} on the command line")
    return kind.model.model_validate(given)


def given_object(text: str) -> dict[str, Any]:
    """What a text of TOML or JSON says.

    Raises:
        ServiceError: `INVALID`: the text is neither. The text itself is never shown.
    """
    try:
        given: dict[str, Any] = (
            json_module.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        )
    except (ValueError, RecursionError) as error:
        raise invalid("the object", f"is neither TOML nor a JSON object: {_where(error)}") from None
    return given


def _where(error: Exception) -> str:
    """Where a text cannot be read, without what stands there, which may be a secret."""
    if isinstance(error, json_module.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    found = str(error).rpartition("(at ")[2].removesuffix(")")
    return f"it cannot be read at {found}" if "line" in found or "end" in found else "it cannot be read"


async def _ask_list(settings: Settings, kind: Kind) -> list[ConfigObject]:
    async with backend(settings) as where:
        return await where.objects(kind)


async def _ask_show(settings: Settings, kind: Kind, key: str) -> ConfigObject:
    async with backend(settings) as where:
        return await where.object(kind, key)


async def _ask_put(settings: Settings, kind: Kind, item: ConfigObject) -> ConfigObject:
    async with backend(settings) as where:
        return await where.put_object(kind, item)


async def _ask_remove(settings: Settings, kind: Kind, key: str) -> None:
    async with backend(settings) as where:
        await where.remove_object(kind, key)
