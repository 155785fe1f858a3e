"""Calls: the log of all of them, and control of those in progress (issue B.6).

Everybody controls the calls that their own phones take part in; administrators everybody's.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from server.api.deps import Address, Administrator, ServicesDep
from server.api.extensions import Number
from server.api.presence import OwnNumber
from server.contract.calls import (
    CallAnswer,
    CallHold,
    CallKeys,
    CallLogId,
    CallOrder,
    CallOrdered,
    CallPark,
    CallParked,
    CallQualityReport,
    CallRecord,
    CallTransfer,
    OwnCallOrder,
    OwnCallPark,
    OwnCallTransfer,
)
from server.contract.recording import CallRecording, RecordingOrder
from server.contract.system import ActiveCall
from server.flows.control import Author

router = APIRouter(prefix="/calls", tags=["calls"])
of_extensions = APIRouter(prefix="/extensions/{number}/calls", tags=["extensions"])
own = APIRouter(prefix="/me/calls", tags=["me"])

CallId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a call.")]


@own.get("")
async def own_calls(number: OwnNumber, services: ServicesDep) -> list[ActiveCall]:
    """The own calls in progress, oldest first."""
    return services.control.in_progress(number)


@own.post("", status_code=202)
async def make_own_call(order: OwnCallOrder, number: OwnNumber, services: ServicesDep) -> CallOrdered:
    """Call a number: the own phones ring first, and whichever answers makes the call (SIP-11)."""
    made = await services.control.make(number, order.number, auto_answer=order.auto_answer, phone=order.phone)
    return CallOrdered(id=made)


@own.delete("/{call_id}", status_code=204)
async def hang_up_own(call_id: CallId, number: OwnNumber, services: ServicesDep) -> None:
    """End an own call, whether it is only ordered, rings or is answered; one that comes in is declined."""
    await services.control.hang_up(call_id, number)


@own.post("/{call_id}/answer", status_code=204)
async def answer_own(call_id: CallId, number: OwnNumber, services: ServicesDep) -> None:
    """Have an own phone that rings answer; 409 where it cannot be told to, which `can_answer` tells."""
    await services.control.answer(call_id, number)


@own.post("/{call_id}/keys", status_code=204)
async def press_keys(call_id: CallId, order: CallKeys, number: OwnNumber, services: ServicesDep) -> None:
    """Let the other end of an own call hear these keys, as if they had been pressed on the phone."""
    await services.control.keys(call_id, number, order.keys)


@own.post("/{call_id}/transfer", status_code=202)
async def transfer_own(
    call_id: CallId, transfer: OwnCallTransfer, number: OwnNumber, services: ServicesDep
) -> None:
    """Send the other end of an own call to a number, or put it together with that of another own call.

    If nobody answers at the number, the two talk on.
    """
    if transfer.call is not None:
        await services.control.join(call_id, number, transfer.call)
    else:
        await services.control.transfer(call_id, number, transfer.to or "")


@own.post("/{call_id}/hold", status_code=204)
async def hold_own(call_id: CallId, number: OwnNumber, services: ServicesDep) -> None:
    """Hold an own call that is answered, also where the phone cannot: the other end hears music."""
    await services.control.hold(call_id, number, on=True)


@own.post("/{call_id}/resume", status_code=204)
async def resume_own(call_id: CallId, number: OwnNumber, services: ServicesDep) -> None:
    """Talk again in an own call that was held over the API; what a phone holds is resumed there."""
    await services.control.hold(call_id, number, on=False)


@own.post("/{call_id}/park")
async def park_own(
    call_id: CallId, order: OwnCallPark, number: OwnNumber, services: ServicesDep
) -> CallParked:
    """Let the other end of an own call wait on a parking slot, where anybody may take it."""
    return CallParked(slot=await services.control.park(call_id, number, order.slot))


@own.post("/{call_id}/recording")
async def record_own(
    call_id: CallId, order: RecordingOrder, number: OwnNumber, services: ServicesDep
) -> CallRecording:
    """Record an own call that is answered, pause that, go on, or end it; with the permission to."""
    return await services.control.record(call_id, order.action, number)


@own.put("/{call_id}/quality", status_code=204)
async def tell_quality(
    call_id: CallId, quality: CallQualityReport, number: OwnNumber, services: ServicesDep
) -> None:
    """Tell how an own call sounded, once it is over; again replaces it. It had to be answered (SIP-8)."""
    await services.call_log.tell_quality(number, call_id, quality)


@router.get("")
async def calls(
    _who: Administrator,
    services: ServicesDep,
    extension: Annotated[
        str | None, Query(max_length=64, description="Caller, callee, or what was dialled.")
    ] = None,
    before: Annotated[CallLogId | None, Query(description="Id of a call: only calls older than it.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[CallRecord]:
    """Calls, newest first, those in progress included."""
    if extension is not None:
        extension = extension.replace("\0", "")
    return await services.call_log.records(extension=extension, before=before, limit=limit)


@router.get("/active")
async def active_calls(_who: Administrator, services: ServicesDep) -> list[ActiveCall]:
    """All calls in progress, oldest first, with those that are ordered."""
    return services.control.in_progress()


@router.delete("/{call_id}", status_code=204)
async def hang_up(call_id: CallId, who: Administrator, services: ServicesDep, address: Address) -> None:
    """End any call."""
    await services.control.hang_up(call_id, by=Author(who.user, address))


@router.post("/{call_id}/answer", status_code=204)
async def answer(
    call_id: CallId, order: CallAnswer, who: Administrator, services: ServicesDep, address: Address
) -> None:
    """Have a phone of the extension `by` answer a call that rings there."""
    await services.control.answer(call_id, order.by, by=Author(who.user, address))


@router.post("/{call_id}/transfer", status_code=202)
async def transfer(
    call_id: CallId, order: CallTransfer, who: Administrator, services: ServicesDep, address: Address
) -> None:
    """Send whom the extension `by` talks to on to a number."""
    await services.control.transfer(call_id, order.by, order.to, by=Author(who.user, address))


@router.post("/{call_id}/hold", status_code=204)
async def hold(
    call_id: CallId, order: CallHold, who: Administrator, services: ServicesDep, address: Address
) -> None:
    """Hold a call for the extension `by`: whom it talks to hears music."""
    await services.control.hold(call_id, order.by, on=True, by=Author(who.user, address))


@router.post("/{call_id}/resume", status_code=204)
async def resume(
    call_id: CallId, order: CallHold, who: Administrator, services: ServicesDep, address: Address
) -> None:
    """Let the extension `by` talk again in a call that was held for it."""
    await services.control.hold(call_id, order.by, on=False, by=Author(who.user, address))


@router.post("/{call_id}/park")
async def park(
    call_id: CallId, order: CallPark, who: Administrator, services: ServicesDep, address: Address
) -> CallParked:
    """Let whom the extension `by` talks to wait on a parking slot, where anybody may take it."""
    by = Author(who.user, address)
    return CallParked(slot=await services.control.park(call_id, order.by, order.slot, by=by))


@router.post("/{call_id}/recording")
async def record(
    call_id: CallId, order: RecordingOrder, who: Administrator, services: ServicesDep, address: Address
) -> CallRecording:
    """Record any call that is answered, pause that, go on, or end it; it belongs to no extension."""
    return await services.control.record(call_id, order.action, by=Author(who.user, address))


@of_extensions.post("", status_code=202)
async def make_call(
    number: Number, order: CallOrder, who: Administrator, services: ServicesDep, address: Address
) -> CallOrdered:
    """Let an extension call a number: its phones ring first."""
    made = await services.control.make(number, order.number, by=Author(who.user, address))
    return CallOrdered(id=made)
