"""Mailboxes: the own one at `/me/voicemail`, and any that one may use at `/voicemail/{box}` (VM-1 to VM-6).

Administrators may use every mailbox, which the audit log keeps, and members that of their group.
"""

from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse

from server.api.deps import Address, CurrentUser, ServicesDep
from server.api.presence import OwnNumber
from server.contract.calls import CallOrdered
from server.contract.errors import ErrorCode
from server.contract.voicemail import (
    GreetingName,
    GreetingRecording,
    MailboxState,
    VoicemailChanged,
    VoicemailGreeting,
    VoicemailHeard,
    VoicemailId,
    VoicemailMessage,
    VoicemailSelection,
    VoicemailSettings,
)
from server.flows.places import Errand
from server.services.errors import AuthError, ServiceError, not_found

_WAV = {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}

own = APIRouter(tags=["voicemail"])
of_boxes = APIRouter(tags=["voicemail"])
_mailbox = APIRouter()
"""What both have."""


def _number(box: Annotated[str, Path(pattern=r"^[0-9]{2,8}$", description="Number of the mailbox.")]) -> str:
    return box


async def _box(request: Request, who: CurrentUser, services: ServicesDep) -> str:
    """The mailbox that is asked for, if whoever asks may use it."""
    box = request.path_params.get("box")
    if box is None:
        if who.number is None:
            raise ServiceError(
                ErrorCode.FORBIDDEN, f"{who.user} has no mailbox: name one, /api/v1/voicemail/NUMBER."
            )
        return who.number
    number: str = box
    if not who.is_administrator and not _is_own(who, number, services):
        raise AuthError(ErrorCode.FORBIDDEN, "Only its owner, its group, or an administrator may do this.")
    await services.voicemail.check(number)
    return number


def _is_own(who: CurrentUser, box: str, services: ServicesDep) -> bool:
    return who.number is not None and services.voicemail.may_use(who.number, box)


Box = Annotated[str, Depends(_box)]


@own.get("/me/voicemail/mailboxes")
async def mailboxes(number: OwnNumber, services: ServicesDep) -> list[MailboxState]:
    """The own mailbox, then those of the own groups, each with how many messages wait."""
    return await services.voicemail.mailboxes(number)


@_mailbox.get("")
async def messages(box: Box, services: ServicesDep) -> list[VoicemailMessage]:
    """The messages, the newest first."""
    return await services.voicemail.messages.list(box)


@_mailbox.post("/heard")
async def mark(selection: VoicemailHeard, box: Box, services: ServicesDep) -> VoicemailChanged:
    """Mark messages as heard, or as new again. Ids that are not there are ignored."""
    count = await services.voicemail.messages.mark(box, selection.chosen, heard=selection.heard)
    return VoicemailChanged(count=count)


@_mailbox.post("/delete")
async def delete_many(
    selection: VoicemailSelection, box: Box, who: CurrentUser, services: ServicesDep, address: Address
) -> VoicemailChanged:
    """Delete messages. Ids that are not there are ignored."""
    count = await services.voicemail.messages.delete(box, selection.chosen)
    if not _is_own(who, box, services):
        await services.audit.note(
            "voicemail.delete", actor=who.user, subject=box, address=address, count=count
        )
    return VoicemailChanged(count=count)


@_mailbox.get("/settings")
async def settings(box: Box, services: ServicesDep) -> VoicemailSettings:
    """The settings; the PIN is never shown."""
    return await services.voicemail.get(box)


@_mailbox.put("/settings")
async def change_settings(
    settings: VoicemailSettings, box: Box, who: CurrentUser, services: ServicesDep, address: Address
) -> VoicemailSettings:
    """Replace the settings; what is left out gets its default, but the PIN stays. The next call follows."""
    return await services.voicemail.change(box, settings, by=who.user, address=address)


@_mailbox.get("/greetings")
async def greetings(box: Box, services: ServicesDep) -> list[VoicemailGreeting]:
    """The personal greetings, the oldest first."""
    return await services.voicemail.greetings.list(box)


@_mailbox.post(
    "/greetings",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": _WAV}},
)
async def add_greeting(  # noqa: PLR0917
    name: Annotated[GreetingName, Query(description="What it is called in lists.")],
    request: Request,
    box: Box,
    who: CurrentUser,
    services: ServicesDep,
    address: Address,
) -> VoicemailGreeting:
    """Upload a greeting: .wav up to 8 MB, one channel at 8 kHz, PCM 16 bit, A-law or mu-law."""
    content = await request.body()
    return await services.voicemail.greetings.upload(box, name, content, by=who.user, address=address)


@_mailbox.post("/greetings/record", status_code=202)
async def record_greeting(
    wanted: GreetingRecording, box: Box, number: OwnNumber, services: ServicesDep
) -> CallOrdered:
    """Ring the own phones; the one that answers records a greeting, until # or the hang-up."""
    machine = services.mailboxes.errand(box, Errand(does="record", greeting=wanted.name), by=number)
    return CallOrdered(id=services.control.serve(number, machine, shown=_shown(services)))


@_mailbox.post("/greetings/{greeting_id}/play", status_code=202)
async def play_greeting(
    greeting_id: Annotated[VoicemailId, Path()], box: Box, number: OwnNumber, services: ServicesDep
) -> CallOrdered:
    """Ring the own phones, and play the greeting on the one that answers."""
    await services.voicemail.greetings.file(box, greeting_id)  # there must be such a one
    machine = services.mailboxes.errand(box, Errand(does="play", greeting=greeting_id), by=number)
    return CallOrdered(id=services.control.serve(number, machine, shown=_shown(services)))


@_mailbox.post("/greetings/delete")
async def delete_greetings(
    selection: VoicemailSelection, box: Box, who: CurrentUser, services: ServicesDep, address: Address
) -> VoicemailChanged:
    """Delete greetings; where one was used, the default or built-in one is heard from now on."""
    count = await services.voicemail.greetings.delete(box, selection.chosen, by=who.user, address=address)
    return VoicemailChanged(count=count)


@_mailbox.get(
    "/greetings/{greeting_id}/audio", response_class=FileResponse, responses={200: {"content": _WAV}}
)
async def greeting_audio(
    greeting_id: Annotated[VoicemailId, Path()], box: Box, services: ServicesDep
) -> FileResponse:
    """The sound of a greeting, also in parts (Range)."""
    return _sound(await services.voicemail.greetings.file(box, greeting_id), f"greeting-{greeting_id}")


@_mailbox.get("/{message_id}/audio", response_class=FileResponse, responses={200: {"content": _WAV}})
async def message_audio(
    message_id: Annotated[VoicemailId, Path()],
    box: Box,
    who: CurrentUser,
    services: ServicesDep,
    address: Address,
) -> FileResponse:
    """The sound of a message, also in parts (Range). It does not count as heard by that."""
    path = await services.voicemail.messages.file(box, message_id)
    if not _is_own(who, box, services):
        await services.audit.note(
            "voicemail.listen", actor=who.user, subject=box, address=address, message=message_id
        )
    return _sound(path, f"message-{message_id}")


@_mailbox.delete("/{message_id}", status_code=204)
async def delete_one(
    message_id: Annotated[VoicemailId, Path()],
    box: Box,
    who: CurrentUser,
    services: ServicesDep,
    address: Address,
) -> None:
    """Delete a message."""
    if not await services.voicemail.messages.delete(box, [message_id]):
        raise not_found(f"message {message_id} in mailbox {box}")
    if not _is_own(who, box, services):
        await services.audit.note("voicemail.delete", actor=who.user, subject=box, address=address, count=1)


def _shown(services: ServicesDep) -> str:
    """The number that phones show while they ring for voicemail."""
    return services.configuration.snapshot.codes.voicemail or "0"


def _sound(path: FilePath, name: str) -> FileResponse:
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type="audio/wav", filename=f"{name}.wav", headers=headers)


own.include_router(_mailbox, prefix="/me/voicemail")
of_boxes.include_router(_mailbox, prefix="/voicemail/{box}", dependencies=[Depends(_number)])
