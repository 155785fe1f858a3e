"""What every command shares: options, exit codes, output, errors."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import BaseModel, TypeAdapter, ValidationError

from server import settings as settings_module
from server.contract.errors import ErrorBody, ErrorCode, FieldProblem
from server.data_folder import DataFolderError
from server.services.errors import ServiceError
from server.services.vault import VaultError
from server.settings import Settings, SettingsError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class ExitCode(IntEnum):
    """How a command ended, for scripts."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    UNREACHABLE = 5
    """No server runs in this data folder, or it does not answer, or it cannot do this now."""


_EXIT_CODES = {
    ErrorCode.INVALID: ExitCode.USAGE,
    ErrorCode.WEAK_PASSWORD: ExitCode.USAGE,
    ErrorCode.NOT_FOUND: ExitCode.NOT_FOUND,
    ErrorCode.CONFLICT: ExitCode.CONFLICT,
    ErrorCode.UNAVAILABLE: ExitCode.UNREACHABLE,
}

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder (else LINKUS_DATA, else the default)."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file (default: linkus.toml in the data folder)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; errors too, on standard error.")]
SecretsStdin = Annotated[
    bool, typer.Option("--secrets-stdin", help="Read secrets as a JSON object from standard input.")
]


class Unreachable(Exception):
    """No server to talk to; the message says what to do."""


def fail(body: ErrorBody, *, as_json: bool, exit_code: ExitCode | None = None) -> NoReturn:
    """Print an error and end the command."""
    if as_json:
        typer.echo(body.model_dump_json(exclude_defaults=True), err=True)
    else:
        typer.echo(body.message, err=True)
    raise typer.Exit(exit_code or _EXIT_CODES.get(body.code, ExitCode.ERROR))


@contextmanager
def reporting(*, as_json: bool) -> Iterator[None]:
    """Turn every expected error of the block into a message and an exit code."""
    try:
        yield
    except ServiceError as error:
        fail(error.body(), as_json=as_json)
    except ValidationError as error:
        fail(_invalid(error), as_json=as_json)
    except SettingsError as error:
        fail(ErrorBody(code=ErrorCode.INVALID, message=str(error)), as_json=as_json)
    except Unreachable as error:
        fail(ErrorBody(code=ErrorCode.UNAVAILABLE, message=str(error)), as_json=as_json)
    except _refusals() as error:
        body = ErrorBody(code=ErrorCode.INTERNAL, message=str(error))
        fail(body, as_json=as_json, exit_code=ExitCode.ERROR)
    except _database_errors() as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        message = f"The database cannot do this now: {reason}. Nothing was changed."
        fail(ErrorBody(code=ErrorCode.UNAVAILABLE, message=message), as_json=as_json)
    except OSError as error:
        message = f"The system does not allow this: {error}. Make room, or correct the rights, and repeat it."
        fail(ErrorBody(code=ErrorCode.INTERNAL, message=message), as_json=as_json)


def _refusals() -> tuple[type[Exception], ...]:
    """Why a folder or a server cannot be used. Asked for, and so imported, only once something was raised."""
    from server.db.migrate import DatabaseTooNew  # noqa: PLC0415
    from server.ports import PortTaken  # noqa: PLC0415
    from server.services.certificate import CertificateError  # noqa: PLC0415

    return DataFolderError, PortTaken, VaultError, CertificateError, DatabaseTooNew


def _database_errors() -> tuple[type[Exception], ...]:
    """What a database says that cannot do it now."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    return (SQLAlchemyError,)


def run(work: Coroutine[Any, Any, T], *, as_json: bool) -> T:
    """Run a command's coroutine, reporting its errors."""
    with reporting(as_json=as_json):
        return asyncio.run(work)


def load_settings(data: Path | None, config: Path | None, options: dict[str, Any] | None = None) -> Settings:
    """Settings from every source (see `server.settings`)."""
    return settings_module.load(data, config=config, options=options)


def read_secrets(names: Sequence[str]) -> dict[str, str]:
    """The secrets on standard input: a JSON object with some of these names.

    Raises:
        ServiceError: `INVALID`. The text itself is never shown.
    """
    try:
        given = TypeAdapter(dict[str, str]).validate_json(sys.stdin.read())
    except ValidationError:
        given = None
    if given is None or not set(given) <= set(names):
        raise ServiceError(
            ErrorCode.INVALID,
            f"Standard input must be a JSON object of strings named {' and '.join(names)}, and nothing else.",
        )
    return given


def show(value: Any, *, as_json: bool, text: Callable[[], str]) -> None:
    """Print a result: as JSON, or as `text` makes it."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2) if as_json else text())


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (headings, *rows)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _invalid(error: ValidationError) -> ErrorBody:
    fields = [
        FieldProblem(
            field=".".join(map(str, problem["loc"])),
            problem=str(problem["msg"]).removeprefix("Value error, "),
        )
        for problem in error.errors(include_input=False, include_url=False)
    ]
    listed = "; ".join(f"{field.field}: {field.problem}" for field in fields)
    return ErrorBody(code=ErrorCode.INVALID, message=f"Not usable: {listed}.", fields=fields)
