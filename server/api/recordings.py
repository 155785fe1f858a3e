"""Recordings of calls: the own ones, with permission; all of them for administrators (SIP-5, LOG-1)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from server.api.deps import Address, Administrator, ServicesDep
from server.api.presence import OwnNumber
from server.contract.recording import (
    Recording,
    RecordingId,
    RecordingPermission,
    RecordingsDeleted,
    RecordingSelection,
)

router = APIRouter(prefix="/recordings", tags=["recordings"])
own = APIRouter(prefix="/me/recordings", tags=["me"])

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a recording, and of its call.")]
Text = Annotated[str, Query(max_length=64, description="Part of a number or name of either side.")]
Before = Annotated[RecordingId | None, Query(description="Id of a recording: only recordings older than it.")]
Limit = Annotated[int, Query(ge=1, le=500)]

_SOUND: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": {}}, "description": "WAV: 8 kHz, 16 bit, mono."},
    206: {"content": {"audio/wav": {}}, "description": "The part that `Range` asks for (RFC 9110, 14)."},
    416: {"description": "There is no such part."},
}


@own.get("")
async def own_recordings(
    number: OwnNumber, services: ServicesDep, q: Text = "", before: Before = None, limit: Limit = 100
) -> list[Recording]:
    """The own recordings that have ended, newest first."""
    services.recordings.check(number, RecordingPermission.LISTEN)
    return await services.recordings.find(owner=number, text=_clean(q), before=before, limit=limit)


@own.post("/delete")
async def delete_many(
    selection: RecordingSelection, number: OwnNumber, services: ServicesDep
) -> RecordingsDeleted:
    """Delete own recordings. One that a colleague owns, too, stays for that one. Absent ids are ignored."""
    services.recordings.check(number, RecordingPermission.DELETE)
    ids = None if selection.all else selection.ids
    return RecordingsDeleted(count=await services.recordings.delete(number, ids))


@own.get("/{recording_id}")
async def own_recording(recording_id: Id, number: OwnNumber, services: ServicesDep) -> Recording:
    """One of the own recordings."""
    services.recordings.check(number, RecordingPermission.LISTEN)
    return await services.recordings.get(recording_id, owner=number)


@own.get("/{recording_id}/audio", response_class=FileResponse, responses=_SOUND)
async def own_sound(recording_id: Id, number: OwnNumber, services: ServicesDep) -> FileResponse:
    """The sound of an own recording, or a part of it (`Range`)."""
    services.recordings.check(number, RecordingPermission.LISTEN)
    return _file(await services.recordings.file(recording_id, owner=number), recording_id)


@own.delete("/{recording_id}", status_code=204)
async def delete_own(recording_id: Id, number: OwnNumber, services: ServicesDep) -> None:
    """Delete an own recording; one that a colleague owns, too, stays for that one."""
    services.recordings.check(number, RecordingPermission.DELETE)
    await services.recordings.get(recording_id, owner=number)
    await services.recordings.delete(number, [recording_id])


@router.get("")
async def recordings(
    _who: Administrator,
    services: ServicesDep,
    *,
    extension: Annotated[str | None, Query(pattern=r"^[0-9]{2,8}$", description="Only its own.")] = None,
    q: Text = "",
    before: Before = None,
    limit: Limit = 100,
) -> list[Recording]:
    """Recordings, newest first, those under way included, unless only those of an extension are wanted."""
    return await services.recordings.find(owner=extension, text=_clean(q), before=before, limit=limit)


@router.get("/{recording_id}")
async def recording(recording_id: Id, _who: Administrator, services: ServicesDep) -> Recording:
    """One recording."""
    return await services.recordings.get(recording_id)


@router.get("/{recording_id}/audio", response_class=FileResponse, responses=_SOUND)
async def sound(
    recording_id: Id, who: Administrator, services: ServicesDep, address: Address
) -> FileResponse:
    """The sound of any recording; that it was fetched is in the audit log."""
    path = await services.recordings.file(recording_id)
    await services.audit.note("recording.export", actor=who.user, subject=recording_id, address=address)
    return _file(path, recording_id)


@router.delete("/{recording_id}", status_code=204)
async def remove(recording_id: Id, who: Administrator, services: ServicesDep, address: Address) -> None:
    """Delete a recording for everybody."""
    found = await services.recordings.remove(recording_id)
    await services.audit.note(
        "recording.remove",
        actor=who.user,
        subject=recording_id,
        address=address,
        caller=found.caller,
        callee=found.callee,
    )


def _file(path: Any, recording_id: str) -> FileResponse:
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type="audio/wav", filename=f"{recording_id}.wav", headers=headers)


def _clean(text: str) -> str:
    return text.replace("\0", "")  # PostgreSQL takes no NUL
