"""Extensions: for administrators; the own one and pictures for everybody.

What changes an extension answers once the switch has it too (or after `provisioning.APPLIED_S`): a phone
that is set up next must not be refused, nor one with an old secret be let in.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response

from server.api.deps import Address, Administrator, CurrentUser, ServicesDep
from server.contract.errors import ErrorCode
from server.contract.extensions import Extension, ExtensionChange, ExtensionCreate, ExtensionCreated
from server.contract.login_links import LoginLinks, WelcomeSent
from server.services.errors import AuthError

router = APIRouter(prefix="/extensions", tags=["extensions"])

Number = Annotated[str, Path(pattern=r"^[0-9]{2,8}$", description="Number of the extension.")]

_PICTURE: dict[str, Any] = {"image/png": {}, "image/jpeg": {}}


@router.get("")
async def list_extensions(_: Administrator, services: ServicesDep) -> list[Extension]:
    """All extensions, by number."""
    return await services.extensions.list()


@router.post("", status_code=201)
async def add_extension(
    new: ExtensionCreate, who: Administrator, services: ServicesDep, address: Address, response: Response
) -> ExtensionCreated:
    """Add an extension. Secrets that are not given are made, and shown in this answer only."""
    response.headers["Cache-Control"] = "no-store"
    added = await services.extensions.add(new, by=who.user, address=address)
    await services.provisioning.applied(new.number)
    return added


@router.get("/{number}")
async def get_extension(number: Number, who: CurrentUser, services: ServicesDep) -> Extension:
    """One extension; users may see their own."""
    if not who.is_administrator and who.number != number:
        raise AuthError(ErrorCode.FORBIDDEN, "Only an administrator may see the data of other extensions.")
    return await services.extensions.get(number)


@router.patch("/{number}")
async def change_extension(  # noqa: PLR0917
    number: Number,
    change: ExtensionChange,
    who: Administrator,
    services: ServicesDep,
    address: Address,
    response: Response,
) -> ExtensionCreated:
    """Change the given fields. `password` or `sip_secret` null: a new one is made, and shown this once.

    A new password or `enabled` false ends every session of the extension at once.
    """
    response.headers["Cache-Control"] = "no-store"
    changed = await services.extensions.change(number, change, by=who.user, address=address)
    await services.provisioning.applied(number)
    return changed


@router.delete("/{number}", status_code=204)
async def remove_extension(
    number: Number, who: Administrator, services: ServicesDep, address: Address
) -> None:
    """Remove an extension; its sessions, registrations and calls end at once."""
    await services.extensions.remove(number, by=who.user, address=address)
    await services.provisioning.applied(number)


@router.post("/{number}/unlock")
async def unlock_extension(
    number: Number, who: Administrator, services: ServicesDep, address: Address
) -> Extension:
    """Lift the lock that wrong passwords led to."""
    return await services.extensions.unlock(number, by=who.user, address=address)


@router.get("/{number}/avatar", response_class=Response, responses={200: {"content": _PICTURE}, 304: {}})
async def get_avatar(
    number: Number,
    _: CurrentUser,
    services: ServicesDep,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """The picture of an extension; its ETag is the `avatar` of `Extension`."""
    picture = await services.avatars.get(number)
    headers = {"ETag": f'"{picture.hash}"', "Cache-Control": "private, no-cache"}
    if picture.hash in if_none_match:
        return Response(status_code=304, headers=headers)
    headers["Content-Security-Policy"] = "default-src 'none'"
    headers["X-Content-Type-Options"] = "nosniff"
    return Response(picture.content, media_type=picture.media_type, headers=headers)


@router.put(
    "/{number}/avatar",
    status_code=204,
    openapi_extra={"requestBody": {"required": True, "content": _PICTURE}},
)
async def set_avatar(
    number: Number, request: Request, who: CurrentUser, services: ServicesDep, address: Address
) -> None:
    """Set a picture, JPEG or PNG up to 1 MB: the own one, or as an administrator anybody's."""
    _check_own(number, who.number, administrator=who.is_administrator)
    await services.avatars.set(number, await request.body(), by=who.user, address=address)


@router.delete("/{number}/avatar", status_code=204)
async def remove_avatar(number: Number, who: CurrentUser, services: ServicesDep, address: Address) -> None:
    """Remove a picture: the own one, or as an administrator anybody's."""
    _check_own(number, who.number, administrator=who.is_administrator)
    await services.avatars.remove(number, by=who.user, address=address)


def _check_own(number: str, own: str | None, *, administrator: bool) -> None:
    if not administrator and own != number:
        raise AuthError(ErrorCode.FORBIDDEN, "Only an administrator may change other people's pictures.")


@router.post("/{number}/login-link")
async def make_login_link(
    number: Number, who: Administrator, services: ServicesDep, address: Address, response: Response
) -> LoginLinks:
    """New links that log in with no typing, shown in this answer only; those of before work no more."""
    response.headers["Cache-Control"] = "no-store"
    return await services.login_links.make(number, by=who.user, address=address)


@router.post("/{number}/welcome", status_code=202)
async def send_welcome(
    number: Number, who: Administrator, services: ServicesDep, address: Address
) -> WelcomeSent:
    """Send such links to the e-mail address of the extension."""
    return await services.login_links.send(number, by=who.user, address=address)
