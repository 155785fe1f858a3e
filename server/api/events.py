"""Live events over WebSocket; see `server.contract.events` for the protocol.

uvicorn must run with `ws_max_size=MAX_FRAME`, so that a huge frame is refused before it is in memory, and
with `ws_ping_interval` and `ws_ping_timeout`, so that a peer that vanished without a word is noticed.
"""

import asyncio
import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter, ValidationError

from server.api.deps import CurrentUser, services_of
from server.api.direct import DIRECT
from server.contract.events import ClientMessage, CloseCode, Subscribe
from server.services.accounts import Who
from server.services.hub import TooManySubscribers
from server.services.subscriber import Closed, Subscriber

MAX_FRAME = 16 * 1024
"""Bytes of the longest message a client may send; a subscription to everything has under 1 KiB."""

TRY_AGAIN_LATER = 1013
"""RFC 6455 registry of close codes."""

INTERNAL_ERROR = 1011

router = APIRouter(tags=["events"])

_log = logging.getLogger(__name__)
_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


@router.websocket("/events")
async def events(socket: WebSocket, who: CurrentUser) -> None:
    """Snapshots and deltas of the topics that the client subscribes to."""
    try:
        await _live(socket, who)
    except asyncio.CancelledError:
        # The server stops, and this took longer to end than it waits. Nobody awaits this task, and uvicorn
        # would log the cancellation that it asked for as a failure.
        _log.debug("A live connection of %s was cut off at shutdown", who.user)


async def _live(socket: WebSocket, who: Who) -> None:
    hub = services_of(socket).hub
    await socket.accept()
    try:
        subscriber = hub.connect(who)
    except TooManySubscribers:
        await socket.close(TRY_AGAIN_LATER, f"{who.user} has too many live connections")
        return
    code, reason = INTERNAL_ERROR, "The server failed to do this"
    try:
        code, reason = await _serve(socket, subscriber)
    except WebSocketDisconnect:
        return
    except Exception:  # noqa: BLE001 - logged, and the client is told
        _log.exception("Live events of %s failed", who.user)
    finally:
        hub.disconnect(subscriber)
    await _close(socket, code, reason)


async def _serve(socket: WebSocket, subscriber: Subscriber) -> tuple[int, str]:
    """Read and send until the connection is to be closed; returns the close code and the reason."""
    reading = asyncio.ensure_future(_read(socket, subscriber))
    direct = socket.scope.get("extensions", {}).get(DIRECT)
    sending = asyncio.ensure_future(subscriber.run(socket.send_text, direct))
    try:
        await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            return reading.result()
        sending.result()
    except Closed as closed:
        return closed.code, closed.reason
    finally:
        for task in (reading, sending):
            task.cancel()
        await asyncio.gather(reading, sending, return_exceptions=True)
    raise AssertionError("sending only ends by an exception")


async def _read(socket: WebSocket, subscriber: Subscriber) -> tuple[int, str]:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None or len(text) > MAX_FRAME:
            return CloseCode.BAD_MESSAGE, "Only JSON text of at most 16 KiB is understood"
        try:
            request = _messages.validate_json(text)
        except ValidationError:
            return CloseCode.BAD_MESSAGE, "This is not a message of the events API"
        if isinstance(request, Subscribe):
            subscriber.subscribe(request.topics)
        else:
            subscriber.unsubscribe(request.topics)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Say goodbye; a peer that is gone, or takes no data, needs none."""
    try:
        async with asyncio.timeout(5.0):
            await socket.close(code, reason)
    except (TimeoutError, RuntimeError, OSError, WebSocketDisconnect):
        _log.debug("A live connection ended without a goodbye")
