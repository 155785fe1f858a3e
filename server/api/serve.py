"""HTTPS: uvicorn on a socket of ours, inside our event loop, without signal handlers of its own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.api.direct import DirectWebSocket

MAX_CONNECTIONS = 4096
GRACE_S = 3
"""Seconds that requests in progress get when the server stops."""

HEADERS_S = 20.0
"""Seconds from the connection, or from a request's first byte, to the end of its headers."""

WEBSOCKET_MAX_BYTES = 64 * 1024
PING_S = 20.0
"""A client that does not answer a WebSocket ping within another 20 s is gone."""


class _Http(H11Protocol):
    """Drops who connects and then says nothing, or says it byte by byte, to hold the connection for ever.

    Bodies are timed by `server.api.limits`, WebSockets by pings, pauses between requests by uvicorn.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADERS_S, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.conn.their_state is h11.IDLE:
            self.transport.abort()


class _Uvicorn(uvicorn.Server):
    """Tells when it listens, and leaves signals to the application."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(api: ASGIApp, bound: socket.socket, *, certificate: Path, key: Path) -> AsyncIterator[None]:
    """Serve `api` over TLS on a listening socket for as long as the block runs."""
    server = _Uvicorn(
        uvicorn.Config(
            api,
            http=_Http,
            ws=DirectWebSocket,
            loop="none",
            lifespan="off",
            ssl_certfile=certificate,
            ssl_keyfile=key,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_S,
            ws_max_size=WEBSOCKET_MAX_BYTES,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            ws_per_message_deflate=False,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[bound]), name="https")
    listening = asyncio.create_task(server.listening.wait(), name="https listening")
    try:
        await asyncio.wait((task, listening), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task  # raises what went wrong
        yield
    finally:
        listening.cancel()
        server.should_exit = True
        await task
