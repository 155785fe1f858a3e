"""Sound packages of other languages: for administrators."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from server.api.deps import Address, Administrator, ServicesDep
from server.contract.languages import LanguageInstalled, SpokenLanguage
from server.contract.prompts import Language

PATH = "languages"

router = APIRouter(prefix=f"/{PATH}", tags=["configuration"])

Spoken = Annotated[Language, Path(description="Language, such as `cs` or `pt-BR`.")]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PACKED: dict[str, Any] = {"application/gzip": _BINARY, "application/zip": _BINARY}


@router.get("")
async def list_languages(_: Administrator, services: ServicesDep) -> list[SpokenLanguage]:
    """The languages in which the PBX speaks beside English, and what they lack."""
    return await services.languages.list()


@router.put("/{language}", openapi_extra={"requestBody": {"required": True, "content": _PACKED}})
async def install_language(
    language: Spoken, request: Request, who: Administrator, services: ServicesDep, address: Address
) -> LanguageInstalled:
    """Install a sound package, in place of the one of this language: .tar.gz or .zip, at most 48 MiB."""
    packed = await request.body()
    return await services.languages.install(language, packed, by=who.user, address=address)


@router.delete("/{language}", status_code=204)
async def remove_language(
    language: Spoken, who: Administrator, services: ServicesDep, address: Address
) -> None:
    """The PBX does not speak this language any more."""
    await services.languages.remove(language, by=who.user, address=address)
