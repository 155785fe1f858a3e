"""Presence: the own one, and for administrators everybody's (PRES-1, PRES-5)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from server.api.deps import Address, Administrator, CurrentUser, ServicesDep
from server.api.extensions import Number
from server.contract.errors import ErrorCode
from server.contract.presence import Presence, PresenceChange
from server.services.errors import ServiceError, not_found

router = APIRouter(prefix="/me/presence", tags=["me"])
of_extensions = APIRouter(prefix="/extensions/{number}/presence", tags=["extensions"])


def _own_number(who: CurrentUser) -> str:
    if who.number is None:
        raise ServiceError(
            ErrorCode.FORBIDDEN, f"{who.user} has no extension, and so nothing here: log in as an extension."
        )
    return who.number


OwnNumber = Annotated[str, Depends(_own_number)]
"""The extension of whoever is logged in; 403 for an account without one."""


@router.get("")
async def own_presence(number: OwnNumber, services: ServicesDep) -> Presence:
    """The own status, and for a temporary one until when."""
    return services.presence.of(number)


@router.put("")
async def change_presence(change: PresenceChange, number: OwnNumber, services: ServicesDep) -> Presence:
    """Choose a status with a note, for good or for some minutes; every colleague sees it at once."""
    return await services.presence.change(number, change)


@of_extensions.get("")
async def presence_of(number: Number, _: Administrator, services: ServicesDep) -> Presence:
    """The status of an extension."""
    _check_known(services, number)
    return services.presence.of(number)


@of_extensions.put("")
async def change_presence_of(
    number: Number, change: PresenceChange, who: Administrator, services: ServicesDep, address: Address
) -> Presence:
    """Choose a status for an extension."""
    _check_known(services, number)
    return await services.presence.change(number, change, by=who.user, address=address)


def _check_known(services: ServicesDep, number: str) -> None:
    """A disabled extension has no presence: nobody sees it."""
    if services.directory.get(number) is None:
        raise not_found(f"extension {number} that is enabled")
