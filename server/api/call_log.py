"""The own call log (LOG-1)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from server.api.deps import CurrentUser, ServicesDep
from server.contract.calls import (
    CallLogChanged,
    CallLogEntry,
    CallLogId,
    CallLogSelection,
    Direction,
    Outcome,
)
from server.contract.errors import ErrorCode
from server.services.errors import ServiceError, not_found

router = APIRouter(prefix="/call-log", tags=["call log"])


def _owner(who: CurrentUser) -> str:
    if who.number is None:
        raise ServiceError(
            ErrorCode.FORBIDDEN, f"{who.user} has no extension, and so no call log: see /api/v1/calls."
        )
    return who.number


Owner = Annotated[str, Depends(_owner)]
"""The extension whose log it is: always the own one."""


@router.get("")
async def entries(
    owner: Owner,
    services: ServicesDep,
    *,
    direction: Direction | None = None,
    outcome: Outcome | None = None,
    q: Annotated[str, Query(max_length=64, description="Part of a number or name.")] = "",
    before: Annotated[
        CallLogId | None, Query(description="Id of an entry: only entries older than it.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[CallLogEntry]:
    """Entries of the own log, newest first."""
    return await services.call_log.entries(
        owner, direction=direction, outcome=outcome, text=q.replace("\0", ""), before=before, limit=limit
    )


@router.post("/seen")
async def mark_seen(selection: CallLogSelection, owner: Owner, services: ServicesDep) -> CallLogChanged:
    """Mark entries as seen: missed calls count no more. Ids that are not there are ignored."""
    return CallLogChanged(count=await services.call_log.mark_seen(owner, _ids(selection)))


@router.post("/delete")
async def delete_many(selection: CallLogSelection, owner: Owner, services: ServicesDep) -> CallLogChanged:
    """Delete entries from the own log; the other party's log keeps its own. Absent ids are ignored."""
    return CallLogChanged(count=await services.call_log.delete(owner, _ids(selection)))


@router.delete("/{entry_id}", status_code=204)
async def delete_one(entry_id: CallLogId, owner: Owner, services: ServicesDep) -> None:
    """Delete one entry from the own log."""
    if not await services.call_log.delete(owner, [entry_id]):
        raise not_found(f"entry {entry_id} in your call log")


def _ids(selection: CallLogSelection) -> list[str] | None:
    return None if selection.all else selection.ids
