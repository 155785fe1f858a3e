"""`linkus-pbx agent …`: agents of queues, as the running server has them."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.agents import AgentStatus, AgentSwitch, WaitingCaller
from server.settings import Settings

if TYPE_CHECKING:
    from server.cli.remote import Remote

app = typer.Typer(help="Agents of queues: show them, log them in and out, pause them.", no_args_is_help=True)

Queue = Annotated[str, typer.Argument(metavar="QUEUE", help="The number of the queue.")]
Extension = Annotated[str, typer.Argument(metavar="EXTENSION", help="The extension of the agent.")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="REASON", help="Why: a code of the queue options, or words.")
]


@app.command("list")
def list_agents(queue: Queue, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show the agents of a queue, and what each is doing since when."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_list(settings, queue), as_json=json)
    show(found, as_json=json, text=lambda: _text(found))


@app.command("callers")
def list_callers(queue: Queue, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show who waits in a queue, in order, and which agents are rung."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_callers(settings, queue), as_json=json)
    rows = [
        [
            str(one.position),
            f"{one.number} {one.name}".strip(),
            f"{one.since:%H:%M:%S}",
            ", ".join(one.ringing),
            one.call,
        ]
        for one in found
    ]
    show(found, as_json=json, text=lambda: table(["PLACE", "CALLER", "SINCE (UTC)", "RINGING", "CALL"], rows))


@app.command("log-in")
def log_in(
    queue: Queue, extension: Extension, data: Data = None, config: Config = None, *, json: Json = False
) -> None:
    """Log a dynamic agent in; a static one ends the pause."""
    _switch(queue, extension, AgentSwitch(logged_in=True), data, config, as_json=json)


@app.command("log-out")
def log_out(
    queue: Queue, extension: Extension, data: Data = None, config: Config = None, *, json: Json = False
) -> None:
    """Log a dynamic agent out; a call in hand goes on."""
    _switch(queue, extension, AgentSwitch(logged_in=False), data, config, as_json=json)


@app.command("pause")
def pause(
    queue: Queue,
    extension: Extension,
    reason: Reason = "",
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Ring an agent no more until they go on."""
    with reporting(as_json=json):
        change = AgentSwitch(paused=True, reason=reason)
    _switch(queue, extension, change, data, config, as_json=json)


@app.command("resume")
def resume(
    queue: Queue, extension: Extension, data: Data = None, config: Config = None, *, json: Json = False
) -> None:
    """Let a paused agent go on."""
    _switch(queue, extension, AgentSwitch(paused=False), data, config, as_json=json)


def _switch(
    queue: str, extension: str, change: AgentSwitch, data: Data, config: Config, *, as_json: bool
) -> None:
    with reporting(as_json=as_json):
        settings = load_settings(data, config)
    status = run(_put(settings, queue, extension, change), as_json=as_json)
    show(status, as_json=as_json, text=lambda: _text([status]))


def _server(settings: Settings) -> "AbstractAsyncContextManager[Remote]":
    from server.cli import remote  # noqa: PLC0415  (only commands that are carried out need an HTTP client)

    return remote.server(settings)


async def _list(settings: Settings, queue: str) -> list[AgentStatus]:
    async with _server(settings) as remote:
        return await remote.agents(queue)


async def _callers(settings: Settings, queue: str) -> list[WaitingCaller]:
    async with _server(settings) as remote:
        return await remote.queue_callers(queue)


async def _put(settings: Settings, queue: str, extension: str, change: AgentSwitch) -> AgentStatus:
    async with _server(settings) as remote:
        return await remote.switch_agent(queue, extension, change)


def _text(found: list[AgentStatus]) -> str:
    rows = [
        [
            one.extension,
            "dynamic" if one.dynamic else "static",
            one.state.replace("_", " "),
            f"{one.since:%Y-%m-%d %H:%M:%S}",
            one.reason,
        ]
        for one in found
    ]
    return table(["AGENT", "KIND", "STATE", "SINCE (UTC)", "REASON"], rows)
