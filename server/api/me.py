"""The own account."""

from fastapi import APIRouter

from server.api.deps import CurrentUser, ServicesDep
from server.contract.auth import Me

router = APIRouter(prefix="/me", tags=["me"])


@router.get("")
async def me(who: CurrentUser, services: ServicesDep) -> Me:
    """Who is logged in, and what they may do."""
    return await services.auth.me(who)
