"""Logging in (AUTH-1, AUTH-2, AUTH-3)."""

import platform
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import ValidationError

from linkus_desktop import __version__
from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.certificate import Trust, normal
from linkus_desktop.pbx.errors import (
    ApiError,
    BadCredentials,
    ClientDisabled,
    LinkOfNoUse,
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
from server.contract.login_links import LinkLogin, LinkLoginReply

R = TypeVar("R", bound=LoginReply)

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

    async def ask(line: Line) -> LoginReply:
        return await _ask(line, "/auth/login", _request(user, password), LoginReply)

    line, reply = await _enter(lan, wan, trust, agreed, ask)
    return Session(line, reply, lan=lan, wan=wan, trust=trust)


async def login_by_link(
    server: ServerAddress, token: str, *, trust: Trust, accept_fingerprint: str | None = None
) -> tuple[Session, str]:
    """The same by the token of a login link (AUTH-2); also the password that the account has from now on."""
    known = trust.fingerprint(server.host, server.port)
    agreed = frozenset({known} if known else ()) | frozenset(
        {_accepted(accept_fingerprint)} if accept_fingerprint else ()
    )

    async def ask(line: Line) -> LinkLoginReply:
        try:
            request = LinkLogin(token=token, client=_client())
        except ValidationError:
            raise LinkOfNoUse from None
        try:
            return await _ask(line, "/auth/login-link", request, LinkLoginReply)
        except BadCredentials:
            raise LinkOfNoUse from None

    line, reply = await _enter(server, None, trust, agreed, ask)
    return Session(line, reply, lan=server, wan=None, trust=trust), reply.password


async def _enter(
    lan: ServerAddress | None,
    wan: ServerAddress | None,
    trust: Trust,
    agreed: frozenset[str],
    ask: Callable[[Line], Awaitable[R]],
) -> tuple[Line, R]:
    """Find the server, recognise it, and ask to be let in."""
    http = new_http()

    async def attempt(address: ServerAddress) -> Reached:
        return await reach(http, address, trust, agreed)

    try:
        line = Line(http, await choose(lan, wan, attempt))
        return line, await ask(line)
    except BaseException:
        await http.close()
        raise


def _request(user: str, password: str) -> LoginRequest:
    try:
        return LoginRequest(user=user, password=password, client=_client())
    except ValidationError:
        raise BadCredentials from None  # too long or empty to be right; the error would quote the password


async def _ask(line: Line, path: str, request: LoginRequest | LinkLogin, model: type[R]) -> R:
    try:
        text, date = await line.send("POST", path, body=request)
        reply = understood(model, text)
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
