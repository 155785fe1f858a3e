"""The logs of all queues of which one may see something (Q-9)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from server.api.deps import CurrentUser, ServicesDep
from server.api.moments import Moment
from server.contract.agents import CallResult
from server.contract.base import ExtensionNumber
from server.contract.queue_log import LogCursor, QueueLogDeleted, QueueLogPage, QueueLogSelection
from server.services.queue_log import Filter

router = APIRouter(prefix="/queue-log", tags=["queues"])


def _filter(
    *,
    queue: Annotated[ExtensionNumber | None, Query(description="Only calls of this queue.")] = None,
    since: Annotated[Moment | None, Query(description="The caller joined then or later.")] = None,
    until: Annotated[Moment | None, Query(description="The caller joined before.")] = None,
    answered: Annotated[bool | None, Query(description="By an agent, or by nobody.")] = None,
    result: CallResult | None = None,
    q: Annotated[str, Query(max_length=64, description="Part of the caller's number or name.")] = "",
) -> Filter:
    return Filter(
        queue=queue, since=since, until=until, answered=answered, result=result, text=q.replace("\0", "")
    )


@router.get("")
async def page(
    wanted: Annotated[Filter, Depends(_filter)],
    who: CurrentUser,
    services: ServicesDep,
    *,
    before: Annotated[LogCursor | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> QueueLogPage:
    """Calls that are over, the newest first, as far as one may see them; a page at a time."""
    return await services.queue_log.page(who, wanted, before=before, limit=limit)


@router.post("/delete")
async def delete_many(
    selection: QueueLogSelection, who: CurrentUser, services: ServicesDep
) -> QueueLogDeleted:
    """Delete calls that one has answered oneself, from one's own view of the log; all of them or none."""
    return QueueLogDeleted(count=await services.queue_log.delete(selection.ids, who))
