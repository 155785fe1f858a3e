"""`linkus-pbx call …`: the calls of the running server."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.calls import (
    CallAnswer,
    CallHold,
    CallOrder,
    CallOrdered,
    CallPark,
    CallParked,
    CallTransfer,
)
from server.contract.recording import CallRecording, RecordingAction, RecordingOrder
from server.contract.system import ActiveCall
from server.settings import Settings

if TYPE_CHECKING:
    from server.cli.remote import Remote

app = typer.Typer(
    help="Calls in progress: show, make, answer, hold, park, transfer and end them.", no_args_is_help=True
)

CallId = Annotated[str, typer.Argument(metavar="ID", help="The id that `call list` shows.")]
Side = Annotated[str, typer.Argument(metavar="EXTENSION", help="Whose side of the call it is.")]


@app.callback()
def _call() -> None:
    """Calls in progress: show, make, answer, hold, park, transfer and end them."""


@app.command("list")
def list_calls(data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show the calls in progress, the oldest first."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_list(settings), as_json=json)
    show(found, as_json=json, text=lambda: _text(found))


@app.command("make")
def make(
    extension: Annotated[str, typer.Argument(metavar="EXTENSION", help="Whose phones ring first.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="What is called once one has answered.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Let an extension call a number."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        order = CallOrder(number=number)
    made = run(_make(settings, extension, order), as_json=json)
    show(made, as_json=json, text=lambda: f"The phones of {extension} ring; the call is {made.id}.")


@app.command("transfer")
def transfer(
    call: CallId,
    by: Annotated[str, typer.Argument(metavar="EXTENSION", help="Whose partner is sent on.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Where to.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Send whom an extension talks to on to a number."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        order = CallTransfer(by=by, to=number)
    run(_transfer(settings, call, order), as_json=json)


@app.command("answer")
def answer(call: CallId, by: Side, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Have a phone of an extension answer a call that rings there; not every phone can be told to."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        order = CallAnswer(by=by)
    run(_answer(settings, call, order), as_json=json)


@app.command("hold")
def hold(call: CallId, by: Side, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Hold a call for an extension: whom it talks to hears music."""
    _hold_or_resume(call, by, data, config, as_json=json, on=True)


@app.command("resume")
def resume(call: CallId, by: Side, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Let an extension talk again in a call that was held for it."""
    _hold_or_resume(call, by, data, config, as_json=json, on=False)


@app.command("park")
def park(
    call: CallId,
    by: Side,
    slot: Annotated[str | None, typer.Argument(metavar="[SLOT]", help="Where; else a free one.")] = None,
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Let whom an extension talks to wait on a parking slot."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        order = CallPark(by=by, slot=slot)
    parked = run(_park(settings, call, order), as_json=json)
    show(parked, as_json=json, text=lambda: f"The call waits on slot {parked.slot}.")


@app.command("record")
def record(
    call: CallId,
    action: Annotated[RecordingAction, typer.Argument(help="What to do.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Record a call that is answered, pause that, go on with it, or end it."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        order = RecordingOrder(action=action)
    done = run(_record(settings, call, order), as_json=json)
    show(done, as_json=json, text=lambda: f"The recording is {done.state or 'off'}.")


@app.command("hang-up")
def hang_up(call: CallId, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """End a call."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    run(_hang_up(settings, call), as_json=json)


def _hold_or_resume(call: str, by: str, data: Data, config: Config, *, as_json: bool, on: bool) -> None:
    with reporting(as_json=as_json):
        settings = load_settings(data, config)
        order = CallHold(by=by)
    run(_hold(settings, call, order, on=on), as_json=as_json)


def _server(settings: Settings) -> "AbstractAsyncContextManager[Remote]":
    from server.cli import remote  # noqa: PLC0415  (only commands that are carried out need an HTTP client)

    return remote.server(settings)


async def _list(settings: Settings) -> list[ActiveCall]:
    async with _server(settings) as remote:
        return await remote.active_calls()


async def _make(settings: Settings, extension: str, order: CallOrder) -> CallOrdered:
    async with _server(settings) as remote:
        return await remote.make_call(extension, order)


async def _transfer(settings: Settings, call: str, order: CallTransfer) -> None:
    async with _server(settings) as remote:
        await remote.transfer_call(call, order)


async def _answer(settings: Settings, call: str, order: CallAnswer) -> None:
    async with _server(settings) as remote:
        await remote.answer_call(call, order)


async def _hold(settings: Settings, call: str, order: CallHold, *, on: bool) -> None:
    async with _server(settings) as remote:
        await remote.hold_call(call, order, on=on)


async def _park(settings: Settings, call: str, order: CallPark) -> CallParked:
    async with _server(settings) as remote:
        return await remote.park_call(call, order)


async def _record(settings: Settings, call: str, order: RecordingOrder) -> CallRecording:
    async with _server(settings) as remote:
        return await remote.record_call(call, order)


async def _hang_up(settings: Settings, call: str) -> None:
    async with _server(settings) as remote:
        await remote.hang_up_call(call)


def state_text(call: ActiveCall) -> str:
    """What happens in a call, in words."""
    return f"held by {', '.join(call.held_by)}" if call.held_by else call.state


def _text(found: list[ActiveCall]) -> str:
    rows = [
        [call.caller, call.dialled, state_text(call), f"{call.since.astimezone():%H:%M:%S}", call.id]
        for call in found
    ]
    return table(["FROM", "TO", "STATE", "SINCE", "ID"], rows)
