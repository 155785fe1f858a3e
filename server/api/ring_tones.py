"""What is heard of ring tones. The ring tones themselves: `server.api.configuration`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from server.api.configuration import Key
from server.api.deps import Address, Administrator, ServicesDep
from server.api.presence import OwnNumber
from server.contract.ring_tones import RingTones, RingToneSound

PATH = "sound"

router = APIRouter(prefix=f"/ring-tones/{{name}}/{PATH}", tags=["configuration"])
own = APIRouter(prefix="/me/ring-tones", tags=["me"])

Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="As the calls of a queue name it.")]

_WAV: dict[str, Any] = {"audio/wav": {}}
_SOUND: dict[str, Any] = {"audio/*": {"schema": {"type": "string", "format": "binary"}}}
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
"""A hash has one content."""


@own.get("")
async def list_own_ring_tones(_: OwnNumber, services: ServicesDep) -> RingTones:
    """What a call may ask a client to ring, beside the tones that it has: to be fetched before."""
    return RingTones(hashes=services.ring_tones.hashes())


@own.get("/{hashed}", response_class=Response, responses={200: {"content": _WAV}})
async def get_own_ring_tone(hashed: Hash, _: OwnNumber, services: ServicesDep) -> Response:
    """What is heard, as WAV (16 kHz, 16 bit, one channel)."""
    content = await services.ring_tones.content(hashed=hashed)
    return Response(content, media_type="audio/wav", headers=_FOR_EVER)


@router.get("", response_class=Response, responses={200: {"content": _WAV}})
async def get_ring_tone_sound(name: Key, _: Administrator, services: ServicesDep) -> Response:
    """What is heard, as WAV (16 kHz, 16 bit, one channel)."""
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    content = await services.ring_tones.content(name=name)
    return Response(content, media_type="audio/wav", headers=headers)


@router.put("", openapi_extra={"requestBody": {"required": True, "content": _SOUND}})
async def upload_ring_tone_sound(
    name: Key, request: Request, who: Administrator, services: ServicesDep, address: Address
) -> RingToneSound:
    """Replace what is heard: WAV, AIFF, FLAC, Ogg or MP3, at most 16 MiB, 0.2 to 30 s."""
    return await services.ring_tones.upload(name, await request.body(), by=who.user, address=address)
