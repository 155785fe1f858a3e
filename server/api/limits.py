"""Limits on what a request may send, before anything reads it."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.errors import respond
from server.contract.errors import ErrorBody, ErrorCode

MAX_BODY = 64 * 1024
"""Bytes of a JSON body, other than an object of the configuration."""

MAX_OBJECT = 1024 * 1024
"""Bytes of an object of the configuration, which is given as a whole.

The longest that the models allow are 500 holidays with labels: 420 KB, if every character is escaped.
"""

BODY_TIMEOUT_S = 30.0
"""A body that takes longer to arrive comes from somebody who only wants to hold the connection."""


class BodyLimit:
    """ASGI middleware: refuses bodies that are too large (413) or too slow (400).

    `limit_of` gives the limit in bytes for a path.
    """

    def __init__(self, app: ASGIApp, *, limit_of: Callable[[str], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        length = dict(scope["headers"]).get(b"content-length", b"0")
        refusal: ErrorBody | None = None
        body = b""
        if not length.isdigit() or int(length) > limit:
            refusal = _too_large(limit)
        else:
            try:
                async with asyncio.timeout(BODY_TIMEOUT_S):
                    body = await _read(receive, limit)
            except TimeoutError:
                refusal = ErrorBody(
                    code=ErrorCode.INVALID,
                    message=f"The body took more than {BODY_TIMEOUT_S:.0f} s to arrive.",
                )
            except _TooLarge:
                refusal = _too_large(limit)
            except _Gone:
                return
        if refusal is not None:
            response = respond(refusal, status=400 if refusal.code is ErrorCode.INVALID else None)
            response.headers["Connection"] = "close"  # what is left of the body is not worth reading
            await response(scope, receive, send)
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    pass


async def _read(receive: Receive, limit: int) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        parts += message.get("body", b"")
        if len(parts) > limit:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(parts)


def _too_large(limit: int) -> ErrorBody:
    return ErrorBody(code=ErrorCode.TOO_LARGE, message=f"The body is too large: {limit} bytes are allowed.")
