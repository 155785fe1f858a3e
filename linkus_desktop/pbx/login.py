"""Logging in (AUTH-1, AUTH-3)."""

import platform
from collections.abc import Callable

from pydantic import ValidationError

from linkus_desktop import __version__
from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.certificate import Trust, normal
from linkus_desktop.pbx.errors import (
    ApiError,
    BadCredentials,
    ClientDisabled,
    Locked,
    LoginError,
    NotConnected,
    RateLimited,
    ServerProblem,
    Unreachable,
)
from linkus_desktop.pbx.line import Line, understood
from linkus_desktop.pbx.reach import Reached, choose, reach
from linkus_desktop.pbx.session import Session, new_http
from server.contract.auth import ClientInfo, LoginReply, LoginRequest
from server.contract.errors import ErrorBody, ErrorCode

DEFAULT_WAIT_S = 60


async def login(
    lan: ServerAddress | None,
    wan: ServerAddress | None,
    user: str,
    password: str,
    *,
    trust: Trust,
    accept_fingerprint: str | None = None,
) -> Session:
    """Find the server, recognise it, and log in; returns a session that has not been started.

    One address is enough; with two the LAN is preferred, and a certificate known at one is good at the other.
    `accept_fingerprint` is what the user agreed to after a `CertificateUnknown`. Raises `LoginError`.
    """
    known = (trust.fingerprint(address.host, address.port) for address in (lan, wan) if address)
    agreed = frozenset(fingerprint for fingerprint in known if fingerprint)
    if accept_fingerprint:
        agreed |= {_accepted(accept_fingerprint)}
    if lan is None and wan is None:
        raise ServerProblem("There is no server address. Enter one.")
    http = new_http()

    async def attempt(address: ServerAddress) -> Reached:
        return await reach(http, address, trust, agreed)

    try:
        line = Line(http, await choose(lan, wan, attempt))
        reply = await _ask(line, user, password)
        return Session(line, reply, lan=lan, wan=wan, trust=trust)
    except BaseException:
        await http.close()
        raise


async def _ask(line: Line, user: str, password: str) -> LoginReply:
    try:
        request = LoginRequest(user=user, password=password, client=_client())
    except ValidationError:
        raise BadCredentials from None  # too long or empty to be right; the error would quote the password
    try:
        text, date = await line.send("POST", "/auth/login", body=request)
        reply = understood(LoginReply, text)
    except ApiError as error:
        raise _refusal(error) from error
    except NotConnected as error:
        raise Unreachable([(line.reached.address, error.why)]) from error
    line.use(reply, date)
    return reply


def _client() -> ClientInfo:
    return ClientInfo(
        kind="desktop",
        version=__version__,
        platform=f"{platform.system()} {platform.release()}"[:63],
        host=platform.node()[:255],
    )


def _accepted(fingerprint: str) -> str:
    try:
        return normal(fingerprint)
    except ValueError as error:
        raise ServerProblem(str(error)) from error


_REFUSALS: dict[ErrorCode, Callable[[ErrorBody], LoginError]] = {
    ErrorCode.BAD_CREDENTIALS: lambda _: BadCredentials(),
    ErrorCode.LOCKED: lambda body: Locked(body.retry_after_s or DEFAULT_WAIT_S),
    ErrorCode.RATE_LIMITED: lambda body: RateLimited(body.retry_after_s or DEFAULT_WAIT_S),
    ErrorCode.CLIENT_DISABLED: lambda _: ClientDisabled(),
}


def _refusal(error: ApiError) -> LoginError:
    make = _REFUSALS.get(error.code)
    return make(error.body) if make else ServerProblem(error.text)
