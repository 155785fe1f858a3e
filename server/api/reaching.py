"""How an extension is reached: the own settings, and for administrators everybody's (PRES-2, DIR-5)."""

from fastapi import APIRouter

from server.api.deps import Address, Administrator, CurrentUser, ServicesDep
from server.api.extensions import Number
from server.api.presence import OwnNumber
from server.contract.reaching import ReachingSettings

router = APIRouter(prefix="/me/presence/settings", tags=["me"])
of_extensions = APIRouter(prefix="/extensions/{number}/presence/settings", tags=["extensions"])


@router.get("")
async def own_settings(number: OwnNumber, services: ServicesDep) -> ReachingSettings:
    """Forwarding, ring strategy and rules by caller ID of the own extension."""
    return await services.reaching.get(number)


@router.put("")
async def change_own_settings(
    settings: ReachingSettings, number: OwnNumber, who: CurrentUser, services: ServicesDep, address: Address
) -> ReachingSettings:
    """Replace them; what is left out gets its default. The next call follows them."""
    return await services.reaching.change(number, settings, by=who.user, address=address)


@of_extensions.get("")
async def settings_of(number: Number, _: Administrator, services: ServicesDep) -> ReachingSettings:
    """Forwarding, ring strategy and rules by caller ID of an extension."""
    return await services.reaching.get(number)


@of_extensions.put("")
async def change_settings_of(
    number: Number, settings: ReachingSettings, who: Administrator, services: ServicesDep, address: Address
) -> ReachingSettings:
    """Replace them; what is left out gets its default. The next call follows them."""
    return await services.reaching.change(number, settings, by=who.user, address=address)
