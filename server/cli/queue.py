"""`linkus-pbx queue calls|board|result|report|agent-report|export|import`, beside what every kind has."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from server.cli import queue_setup
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.cli.configuration import Key, commands
from server.contract.agents import AgentReport, CallResult, QueueLogEntry, QueueReport, ResultChange
from server.contract.base import Reply
from server.contract.kinds import kind_of
from server.contract.queue_board import QueueBoardInFull
from server.contract.queues import Queue
from server.rules.queues.reports import as_csv
from server.settings import Settings

if TYPE_CHECKING:
    from server.cli.remote import Remote

T = TypeVar("T")

Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="From then on, such as 2026-03-01T08:00Z; a day ago.")
]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Before then; now.")]
Interval = Annotated[
    int, typer.Option("--interval", metavar="SECONDS", help="A line for each so many seconds; 0: one in all.")
]
Limit = Annotated[int, typer.Option("--limit", metavar="NUMBER", help="So many at most.")]
Csv = Annotated[bool, typer.Option("--csv", help="As CSV, with all columns.")]

app = commands(kind_of(Queue))
queue_setup.add_to(app)


@app.command("calls", help="Calls of a queue that are over, the newest first.")
def calls(
    key: Key,
    since: Since = "",
    until: Until = "",
    data: Data = None,
    config: Config = None,
    *,
    result: Annotated[
        CallResult | None, typer.Option("--result", help="Only calls that were dealt with so far.")
    ] = None,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """See `help`."""
    query = _query(since, until) | {"limit": str(limit)} | ({"result": result.value} if result else {})
    found = _ask(lambda remote: remote.queue_calls(key, query), data, config, as_json=json)
    show(found, as_json=json, text=lambda: _calls(found))


@app.command("board", help="How a queue stands now: who waits, its agents, and today in numbers.")
def board(key: Key, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """See `help`."""
    found = _ask(lambda remote: remote.queue_board(key), data, config, as_json=json)
    show(found, as_json=json, text=lambda: _board(found))


@app.command("result", help="Tell how far a call of a queue was dealt with; all who see the log see it.")
def set_result(
    key: Key,
    entry: Annotated[int, typer.Argument(metavar="ID", help="Of the call: see `queue calls`.")],
    result: Annotated[CallResult, typer.Argument(help="How far it was dealt with.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    change = ResultChange(result=result)
    found = _ask(lambda remote: remote.queue_call_result(key, entry, change), data, config, as_json=json)
    show(found, as_json=json, text=lambda: _calls([found]))


@app.command("report", help="Service level, answered, abandoned, waits and talks of a queue.")
def report(
    key: Key,
    since: Since = "",
    until: Until = "",
    data: Data = None,
    config: Config = None,
    *,
    interval: Interval = 0,
    csv: Csv = False,
    json: Json = False,
) -> None:
    """See `help`."""
    query = _query(since, until) | ({"interval_s": str(interval)} if interval else {})
    found = _ask(lambda remote: remote.queue_report(key, query), data, config, as_json=json)
    _show(found, lambda: _report(found), csv=csv, json=json)


@app.command("agent-report", help="What each agent of a queue did, and the time in each state.")
def agent_report(
    key: Key,
    since: Since = "",
    until: Until = "",
    data: Data = None,
    config: Config = None,
    *,
    csv: Csv = False,
    json: Json = False,
) -> None:
    """See `help`."""
    query = _query(since, until)
    found = _ask(lambda remote: remote.agent_report(key, query), data, config, as_json=json)
    _show(found, lambda: _agents(found), csv=csv, json=json)


def _query(since: str, until: str) -> dict[str, str]:
    return {name: given for name, given in (("since", since), ("until", until)) if given}


def _ask(work: "Callable[[Remote], Awaitable[T]]", data: Data, config: Config, *, as_json: bool) -> T:
    with reporting(as_json=as_json):
        settings = load_settings(data, config)

    async def ask(settings: Settings) -> T:
        from server.cli import remote  # noqa: PLC0415  (only commands that are carried out need it)

        async with remote.server(settings) as running:
            return await work(running)

    return run(ask(settings), as_json=as_json)


def _show(found: Sequence[Reply], text: Callable[[], str], *, csv: bool, json: bool) -> None:
    if csv and not json:
        typer.echo(as_csv(found), nl=False)
    else:
        show(list(found), as_json=json, text=text)


def _calls(found: Sequence[QueueLogEntry]) -> str:
    rows = [
        [
            str(one.id),
            f"{one.joined:%Y-%m-%d %H:%M:%S}",
            f"{one.number} {one.name}".strip(),
            one.end.replace("_", " "),
            one.agent or "",
            f"{one.waited_s:.0f} s",
            f"{one.talked_s:.0f} s",
            _result(one),
        ]
        for one in found
    ]
    return table(["ID", "JOINED (UTC)", "CALLER", "END", "AGENT", "WAITED", "TALKED", "RESULT"], rows)


def _result(entry: QueueLogEntry) -> str:
    """Calls that nobody has answered want somebody; who has dealt with one, and when."""
    if entry.result_at is None:
        return "" if entry.agent is not None else "not dealt"
    automatic = ", automatic" if entry.automatic else ""
    words = entry.result.replace("_", " ")
    return f"{words} ({entry.result_by}, {entry.result_at:%Y-%m-%d %H:%M}{automatic})"


def _board(found: QueueBoardInFull) -> str:
    today, since = found.today, found.longest_since
    facts = [
        ["Waiting", f"{found.waiting}" + (f", the longest since {since:%H:%M:%S} (UTC)" if since else "")],
        ["Talking", str(found.talking)],
        ["Agents", ", ".join(f"{n} {state}" for state, n in found.agents.items()).replace("_", " ")],
        ["Answered today", f"{today.answered} of {today.calls}"],
        ["Abandoned today", str(today.abandoned)],
        [f"Level ({found.service_level_s} s)", _share(today.service_level) or "no calls yet"],
        ["Level of all", _share(today.service_level_all)],
    ]
    callers = [
        [
            str(one.position),
            f"{one.number} {one.name}".strip(),
            f"{one.since:%H:%M:%S}",
            ", ".join(one.ringing),
        ]
        for one in found.callers
    ]
    agents = [
        [one.extension, one.state.replace("_", " "), f"{one.since:%Y-%m-%d %H:%M:%S}", one.reason]
        for one in found.members
    ]
    parts = [table([found.queue, found.name], facts)]
    if callers:
        parts.append(table(["PLACE", "CALLER", "SINCE (UTC)", "RINGING"], callers))
    if agents:
        parts.append(table(["AGENT", "STATE", "SINCE (UTC)", "REASON"], agents))
    return "\n\n".join(parts)


def _report(found: list[QueueReport]) -> str:
    rows = [
        [
            f"{one.since:%Y-%m-%d %H:%M}",
            str(one.calls),
            str(one.answered),
            str(one.abandoned),
            str(one.failed_over),
            str(one.left),
            str(one.picked_up),
            _share(one.service_level),
            _share(one.service_level_all),
            f"{one.mean_wait_s:.0f} s",
            f"{one.mean_talk_s:.0f} s",
        ]
        for one in found
    ]
    heads = ["SINCE (UTC)", "CALLS", "ANSWERED", "ABANDONED", "FAILED OVER", "LEFT", "PICKED UP"]
    return table([*heads, "LEVEL", "LEVEL OF ALL", "WAIT", "TALK"], rows)


def _share(level: float | None) -> str:
    return "" if level is None else f"{level:.0%}"


def _agents(found: list[AgentReport]) -> str:
    rows = [
        [
            one.extension,
            str(one.answered),
            str(one.missed),
            f"{one.talk_s:.0f} s",
            ", ".join(f"{state} {s:.0f} s" for state, s in one.seconds.items() if s >= 1).replace("_", " "),
        ]
        for one in found
    ]
    return table(["AGENT", "ANSWERED", "MISSED", "TALKED", "TIME"], rows)
