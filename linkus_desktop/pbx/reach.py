"""Finding the server: on the LAN first, then on the WAN (AUTH-1).

Both are tried almost at once, in the manner of RFC 8305: a dead LAN address costs a second, not a time-out,
and a living one is preferred. Nothing secret is sent before the server has been recognised.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from pydantic import ValidationError

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.certificate import Tls, Trust, identify
from linkus_desktop.pbx.errors import CertificateUnknown, LoginError, Unreachable
from server.contract.system import Health

REACH_TIMEOUT_S = 6.0
"""The longest that one address may take to show that a server is there."""
HEAD_START_S = 0.3
"""How long the LAN is tried alone."""
LAN_PATIENCE_S = 1.2
"""How long a WAN that is there waits for the LAN, from the start."""
HEALTH = "/api/v1/health"


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that answered: where, and how to know it again."""

    address: ServerAddress
    tls: Tls


Reach = Callable[[ServerAddress], Awaitable[Reached]]


async def reach(
    http: aiohttp.ClientSession, address: ServerAddress, trust: Trust, agreed: frozenset[str] = frozenset()
) -> Reached:
    """See whether a Linkus server that we trust is at `address`. Raises `LoginError`."""
    try:
        async with asyncio.timeout(REACH_TIMEOUT_S):
            tls = await identify(address, trust, agreed)
            async with http.get(address.url + HEALTH, ssl=tls, allow_redirects=False) as answer:
                Health.model_validate_json(await read_body(answer, 65536))
    except (OSError, ssl.SSLError, aiohttp.ClientError, ValidationError) as error:
        raise Unreachable([(address, why(error, address))]) from error
    return Reached(address, tls)


async def choose(lan: ServerAddress | None, wan: ServerAddress | None, attempt: Reach) -> Reached:
    """The LAN address if a server is there, else the WAN one. Raises `LoginError` about both.

    Raises `ValueError` if there is no address at all.
    """
    if lan is None or wan is None or lan == wan:
        only = lan or wan
        if only is None:
            raise ValueError("There is no server address. Enter one.")
        return await attempt(only)
    near = asyncio.ensure_future(attempt(lan))
    far: asyncio.Future[Reached] | None = None
    try:
        await asyncio.wait([near], timeout=HEAD_START_S)
        if _is_good(near):
            return near.result()
        far = asyncio.ensure_future(attempt(wan))
        await asyncio.wait([near, far], timeout=LAN_PATIENCE_S - HEAD_START_S)
        while not (near.done() and far.done()):
            if _is_good(near) or _is_good(far):
                break
            await asyncio.wait([near, far], return_when=asyncio.FIRST_COMPLETED)
        for one in (near, far):
            if _is_good(one):
                return one.result()
        raise _worst(_error(near), _error(far))
    finally:
        await _drop(near, *([far] if far else []))


async def read_body(answer: aiohttp.ClientResponse, longest: int) -> bytes:
    """The body of an answer. Raises `aiohttp.ClientPayloadError` if it is longer than `longest` bytes."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > longest:
            raise aiohttp.ClientPayloadError(f"the answer is longer than {longest} bytes")
    return bytes(body)


def why(error: BaseException, address: ServerAddress) -> str:
    """What an error of the network means, as a sentence for people."""
    cause: BaseException | None = error
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
    for kinds, text in _REASONS:
        if isinstance(cause, kinds):
            return text.format(port=address.port)
    if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, ssl.SSLError):
        return f"{cause.strerror[:1].upper()}{cause.strerror[1:]}."
    return "The connection failed."


_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (TimeoutError, "It did not answer in time."),
    (socket.gaierror, "There is no computer of that name."),
    (ConnectionRefusedError, "It is there, but nothing listens on port {port}."),
    (
        (ConnectionError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError),
        "It closed the connection.",
    ),
    (
        (ssl.SSLError, ValidationError, aiohttp.ClientResponseError, aiohttp.ClientPayloadError),
        "Something else than a Linkus server answers on port {port}.",
    ),
)


def _is_good(future: "asyncio.Future[Reached]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _error(future: "asyncio.Future[Reached]") -> BaseException:
    error = future.exception()
    assert error is not None  # noqa: S101  only asked of futures that failed
    return error


def _worst(near: BaseException, far: BaseException) -> BaseException:
    """Of two failures the one to tell: a bug, then a certificate, then that neither was reached."""
    for error in (near, far):
        if not isinstance(error, LoginError):
            return error
    if isinstance(near, Unreachable) and isinstance(far, Unreachable):
        return Unreachable([*near.tried, *far.tried])
    told = [error for error in (near, far) if not isinstance(error, Unreachable)]
    return next((error for error in told if not isinstance(error, CertificateUnknown)), told[0])


async def _drop(*futures: "asyncio.Future[Reached]") -> None:
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
