"""Function keys: the own ones, and for administrators everybody's (KEY-1)."""

from fastapi import APIRouter

from server.api.deps import Address, Administrator, CurrentUser, ServicesDep
from server.api.extensions import Number
from server.api.presence import OwnNumber
from server.contract.keys import FunctionKey, FunctionKeys, FunctionKeysChange

router = APIRouter(prefix="/me/keys", tags=["me"])
of_extensions = APIRouter(prefix="/extensions/{number}/keys", tags=["extensions"])


@router.get("")
async def own_keys(number: OwnNumber, services: ServicesDep) -> FunctionKeys:
    """The own function keys, in their order."""
    return await services.keys.get(number)


@router.put("")
async def change_own_keys(
    change: FunctionKeysChange, _: OwnNumber, who: CurrentUser, services: ServicesDep, address: Address
) -> FunctionKeys:
    """Replace them all, with the permission `keys.change`; every own client follows at once."""
    return await services.keys.change_own(who, change, address=address)


@router.post("/check", status_code=204)
async def check_own_key(key: FunctionKey, number: OwnNumber, who: CurrentUser, services: ServicesDep) -> None:
    """Whether the own extension could have this key: 422 with the reason if not. Nothing is changed."""
    await services.keys.check_permission(who)
    await services.keys.check(number, key)


@of_extensions.get("")
async def keys_of(number: Number, _: Administrator, services: ServicesDep) -> FunctionKeys:
    """The function keys of an extension, in their order."""
    return await services.keys.get(number)


@of_extensions.put("")
async def change_keys_of(
    number: Number, change: FunctionKeysChange, who: Administrator, services: ServicesDep, address: Address
) -> FunctionKeys:
    """Replace them all; every client of the extension follows at once."""
    return await services.keys.change(number, change, by=who.user, address=address)
