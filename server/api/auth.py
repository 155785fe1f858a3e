"""Login, refresh, log-out, change of password (AUTH-1, 3, 5, 6, 7)."""

from fastapi import APIRouter, Response

from server.api.deps import Address, CurrentUser, ServicesDep
from server.contract.auth import (
    AdministratorPassword,
    AdministratorPasswordReset,
    LoginReply,
    LoginRequest,
    PasswordChange,
    RefreshRequest,
    Tokens,
)
from server.contract.errors import ErrorCode
from server.contract.login_links import LinkLogin, LinkLoginReply
from server.services.accounts import LOCAL_SESSION
from server.services.errors import AuthError

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/login")
async def login(
    request: LoginRequest, services: ServicesDep, address: Address, response: Response
) -> LoginReply:
    """Open a session with an extension number, an e-mail address or `admin`, and a password."""
    response.headers["Cache-Control"] = "no-store"
    return await services.auth.login(request, address=address)


@router.post("/login-link")
async def login_by_link(
    request: LinkLogin, services: ServicesDep, address: Address, response: Response
) -> LinkLoginReply:
    """Open a session with the token of a login link, which works once; the answer has a new password."""
    response.headers["Cache-Control"] = "no-store"
    return await services.auth.login_by_link(request, address=address)


@router.post("/refresh")
async def refresh(
    request: RefreshRequest, services: ServicesDep, address: Address, response: Response
) -> Tokens:
    """New tokens for a refresh token, which works once: a second use ends the session."""
    response.headers["Cache-Control"] = "no-store"
    return await services.auth.refresh(request.refresh_token, address=address)


@router.post("/logout", status_code=204)
async def logout(who: CurrentUser, services: ServicesDep, address: Address) -> None:
    """End this session at once, its live connections too."""
    await services.auth.logout(who, address=address)


@router.post("/password", status_code=204)
async def change_password(
    change: PasswordChange, who: CurrentUser, services: ServicesDep, address: Address
) -> None:
    """Change the own password; every other session of this account ends."""
    await services.auth.change_password(who, change, address=address)


@router.post("/administrator-password")
async def reset_administrator(
    wanted: AdministratorPasswordReset,
    who: CurrentUser,
    services: ServicesDep,
    address: Address,
    response: Response,
) -> AdministratorPassword:
    """Replace a lost administrator's password. Only for the command line on the server's own machine."""
    if who.session_id != LOCAL_SESSION:
        raise AuthError(
            ErrorCode.FORBIDDEN, "Only `linkus-pbx admin password` on the server's own machine may do this."
        )
    response.headers["Cache-Control"] = "no-store"
    return await services.administrator.reset(wanted.password, by=who.user, address=address)
