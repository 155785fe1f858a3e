"""Made-up calls, callers and boards of queues, and the server that is asked about them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from server.contract.agents import (
    AgentState,
    AgentSwitch,
    CallResult,
    QueueEnd,
    QueueLogEntry,
    WaitingCaller,
)
from server.contract.queue_board import QueueBoard, QueueToday
from server.contract.queue_log import QueueLogPage, QueueLogView

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
_ids = count(1)


class FakeQueueApi:
    """What is asked about queues that are not the own ones; `problem` is raised instead, if set."""

    problem: Exception | None

    def __init__(self) -> None:
        self.queue_lines: list[QueueLogEntry] = []
        self.queue_views: list[QueueLogView] = []
        self.queue_queries: list[dict[str, str | int]] = []
        self.results: list[tuple[str, int, CallResult]] = []
        self.deleted_queue_calls: list[int] = []
        self.switches: list[tuple[str, AgentSwitch]] = []

    async def switch_agent(self, queue: str, extension: str, change: AgentSwitch) -> None:
        self.switches.append((f"{queue}/{extension}", change))
        if self.problem:
            raise self.problem

    async def queue_log(self, query: dict[str, str | int]) -> QueueLogPage:
        self.queue_queries.append(query)
        if self.problem:
            raise self.problem
        begin, limit = int(str(query.get("before", "0-0")).partition("-")[2]), int(query["limit"])
        found = [line for line in self.queue_lines if _is_wanted(line, query)]
        further = f"0-{begin + limit}" if len(found) > begin + limit else None
        return QueueLogPage(entries=found[begin : begin + limit], queues=self.queue_views, next=further)

    async def set_queue_result(self, queue: str, entry: int, result: CallResult) -> None:
        self.results.append((queue, entry, result))
        if self.problem:
            raise self.problem

    async def delete_queue_calls(self, ids: Iterable[int]) -> None:
        if self.problem:
            raise self.problem
        self.deleted_queue_calls.extend(ids)


def queue_line(
    number: str = "+420530535333",
    name: str = "Grace Okafor",
    *,
    queue: str = "6400",
    by: str | None = None,
    ago: timedelta = timedelta(minutes=10),
    waited: timedelta = timedelta(seconds=42),
    talked: timedelta = timedelta(seconds=95),
    **more: object,
) -> QueueLogEntry:
    """One call of a queue that is over; `by`: the agent who answered."""
    joined = NOW - ago
    fields: dict[str, object] = {
        "id": next(_ids),
        "call": f"q{next(_ids)}",
        "queue": queue,
        "number": number,
        "name": name,
        "joined": joined,
        "left": joined + waited,
        "end": QueueEnd.ANSWERED if by else QueueEnd.ABANDONED,
        "agent": by,
        "ended": joined + waited + talked if by else None,
    }
    return QueueLogEntry.model_validate(fields | more)


def queue_view(queue: str = "6400", name: str = "Support", **more: bool) -> QueueLogView:
    """What one may see of a queue's log: everything, if not said."""
    return QueueLogView(queue=queue, name=name, **{"incoming": True, "missed": True, "all": True} | more)


def waiting_caller(
    number: str = "+420530535333",
    name: str = "Grace Okafor",
    *,
    queue: str = "6400",
    position: int = 1,
    ago: timedelta = timedelta(seconds=75),
    ringing: tuple[str, ...] = (),
) -> WaitingCaller:
    """Who waits in a queue."""
    return WaitingCaller(
        call=f"w{next(_ids)}",
        queue=queue,
        number=number,
        name=name,
        since=NOW - ago,
        position=position,
        ringing=ringing,
    )


def board(
    queue: str = "6400",
    name: str = "Support",
    *callers: WaitingCaller,
    agents: dict[str, int] | None = None,
    talking: int = 0,
    more: int = 0,
    **today: float,
) -> QueueBoard:
    """How a queue stands; `more` callers wait than are named."""
    return QueueBoard(
        queue=queue,
        name=name,
        waiting=len(callers) + more,
        longest_since=min((one.since for one in callers), default=None),
        callers=callers,
        talking=talking,
        agents={AgentState(state): count for state, count in (agents or {}).items()},
        service_level_s=20,
        today=QueueToday.model_validate({"since": NOW.replace(hour=0, minute=0)} | today),
    )


def _is_wanted(line: QueueLogEntry, query: dict[str, str | int]) -> bool:
    """The filter of the server, as far as pictures and tests use it."""
    text = str(query.get("q", "")).casefold()
    return (
        query.get("answered", str(line.agent is not None).lower()) == str(line.agent is not None).lower()
        and query.get("result", line.result) == line.result
        and query.get("queue", line.queue) == line.queue
        and text in f"{line.name} {line.number}".casefold()
    )
