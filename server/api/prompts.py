"""What is heard of prompts: for administrators. The prompts themselves: `server.api.configuration`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from server.api.configuration import Key
from server.api.deps import Address, Administrator, ServicesDep
from server.contract.prompts import Language, PromptRecording

PATH = "recordings"

router = APIRouter(prefix=f"/prompts/{{name}}/{PATH}", tags=["configuration"])

Spoken = Annotated[Language, Path(description="Language, such as `en` or `pt-BR`.")]

_WAV: dict[str, Any] = {"audio/wav": {}}
_SOUND: dict[str, Any] = {"audio/*": {"schema": {"type": "string", "format": "binary"}}}


@router.get("")
async def list_prompt_recordings(name: Key, _: Administrator, services: ServicesDep) -> list[PromptRecording]:
    """The languages in which a prompt can be heard."""
    return await services.prompts.recordings(name)


@router.get("/{language}", response_class=Response, responses={200: {"content": _WAV}})
async def get_prompt_recording(
    name: Key, language: Spoken, _: Administrator, services: ServicesDep
) -> Response:
    """What is heard, as WAV (16 kHz, 16 bit, one channel)."""
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    content = await services.prompts.content(name, language)
    return Response(content, media_type="audio/wav", headers=headers)


@router.put("/{language}", openapi_extra={"requestBody": {"required": True, "content": _SOUND}})
async def upload_prompt_recording(  # noqa: PLR0917
    name: Key,
    language: Spoken,
    request: Request,
    who: Administrator,
    services: ServicesDep,
    address: Address,
) -> PromptRecording:
    """Replace what is heard: WAV, AIFF, FLAC, Ogg or MP3, at most 16 MiB and 15 minutes."""
    return await services.prompts.upload(name, language, await request.body(), by=who.user, address=address)


@router.delete("/{language}", status_code=204)
async def remove_prompt_recording(
    name: Key, language: Spoken, who: Administrator, services: ServicesDep, address: Address
) -> None:
    """The prompt is not heard in this language any more."""
    await services.prompts.remove(name, language, by=who.user, address=address)
