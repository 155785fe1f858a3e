"""The logs of queues, and sums over them (Q-9, Q-12): for those who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from server.api.deps import CurrentUser, ServicesDep
from server.api.moments import Moment
from server.api.queues import QueueNumber
from server.contract.agents import (
    AgentReport,
    CallResult,
    QueueEnd,
    QueueLogEntry,
    QueueReport,
    ResultChange,
)
from server.contract.base import Reply
from server.contract.queue_log import EntryId
from server.rules.queues.reports import as_csv
from server.services.queue_log import Filter
from server.services.queue_reports import LONGEST

router = APIRouter(prefix="/queues/{queue}", tags=["queues"])

CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
Since = Annotated[Moment | None, Query(description="From this moment on; a day before the end.")]
Until = Annotated[Moment | None, Query(description="Before this moment; now.")]

Interval = Annotated[
    int | None,
    Query(ge=60, le=LONGEST // timedelta(seconds=1), description="One for each so many seconds."),
]


@dataclass(frozen=True, slots=True)
class Period:
    """Which calls are meant: those that joined then."""

    since: Since = None
    until: Until = None


During = Annotated[Period, Depends()]


@router.get("/calls")
async def calls_of_queue(
    queue: QueueNumber,
    who: CurrentUser,
    services: ServicesDep,
    during: During,
    *,
    end: QueueEnd | None = None,
    result: CallResult | None = None,
    q: Annotated[str, Query(max_length=64, description="Part of the caller's number or name.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[QueueLogEntry]:
    """Calls of a queue that are over, the newest first, as far as one may see them."""
    wanted = Filter(since=during.since, until=during.until, end=end, result=result, text=q.replace("\0", ""))
    return await services.queue_log.calls(queue, who, wanted, limit=limit)


Entry = Annotated[EntryId, Path(description="The id of the line of the log.")]


@router.delete("/calls/{entry}", status_code=204)
async def delete_call(queue: QueueNumber, entry: Entry, who: CurrentUser, services: ServicesDep) -> None:
    """Delete a call that one has answered oneself, from one's own view of the log."""
    await services.queue_log.delete([entry], who, queue=queue)


@router.put("/calls/{entry}/result")
async def set_result(
    queue: QueueNumber,
    entry: Entry,
    change: ResultChange,
    who: CurrentUser,
    services: ServicesDep,
) -> QueueLogEntry:
    """Tell how far a call was dealt with; all who may see it see that at once."""
    return await services.queue_log.set_result(queue, entry, change.result, who)


@router.get("/report")
async def report_of_queue(
    queue: QueueNumber,
    who: CurrentUser,
    services: ServicesDep,
    during: During,
    *,
    interval_s: Interval = None,
) -> list[QueueReport]:
    """Service level by both definitions, answered, abandoned, waits and talks; in all, or by interval."""
    step = timedelta(seconds=interval_s) if interval_s is not None else None
    return await services.queue_reports.report(queue, who, since=during.since, until=during.until, step=step)


@router.get("/report.csv", response_class=Response, responses=CSV)
async def report_of_queue_as_csv(
    queue: QueueNumber,
    who: CurrentUser,
    services: ServicesDep,
    during: During,
    *,
    interval_s: Interval = None,
) -> Response:
    """The same as CSV (RFC 4180)."""
    step = timedelta(seconds=interval_s) if interval_s is not None else None
    return _csv(
        await services.queue_reports.report(queue, who, since=during.since, until=during.until, step=step)
    )


@router.get("/agent-report")
async def report_of_agents(
    queue: QueueNumber, who: CurrentUser, services: ServicesDep, during: During
) -> list[AgentReport]:
    """What each agent did: calls answered and missed, and the time in each state."""
    return await services.queue_reports.agents(queue, who, since=during.since, until=during.until)


@router.get("/agent-report.csv", response_class=Response, responses=CSV)
async def report_of_agents_as_csv(
    queue: QueueNumber, who: CurrentUser, services: ServicesDep, during: During
) -> Response:
    """The same as CSV (RFC 4180)."""
    return _csv(await services.queue_reports.agents(queue, who, since=during.since, until=during.until))


def _csv(reports: Sequence[Reply]) -> Response:
    return Response(as_csv(reports), media_type="text/csv")
