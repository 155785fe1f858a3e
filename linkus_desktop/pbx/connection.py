"""The live line to the server: the WebSocket of events, kept up for as long as the session lasts (AUTH-8)."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import aiohttp
from pydantic import TypeAdapter, ValidationError
from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.backoff import Backoff
from linkus_desktop.pbx.errors import LoginError, NotConnected, PbxError, SessionEnded
from linkus_desktop.pbx.line import API, REQUEST_TIMEOUT_S, Line
from linkus_desktop.pbx.live import LiveState
from linkus_desktop.pbx.reach import Reached, why
from linkus_desktop.pbx.states import ConnectionState
from server.contract.events import CloseCode, ServerMessage, Subscribe, Topic

logger = logging.getLogger(__name__)

HEARTBEAT_S = 3.0
"""A line on which nothing was heard for this long is pinged; half of it later it counts as dead."""
CLOSE_S = 1.0
MAX_MESSAGE = 32 * 1024 * 1024
RENEW_RETRY_S = 10.0

_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


class Connection(QObject):
    """Keeps the line up and feeds `LiveState`.

    Args:
        line: with valid tokens.
        live: what the messages are applied to; it is told to forget when the line is lost.
        find: looks for the server anew, after a loss.

    Attributes:
        state, text: as last signalled.

    Signals:
        changed(ConnectionState, str): the text is for people, "" while all is well.
        moved(): the server is reached by another address now.
    """

    changed = Signal(object, str)
    moved = Signal()

    def __init__(
        self,
        line: Line,
        live: LiveState,
        find: Callable[[], Awaitable[Reached]],
        backoff: Backoff | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.state = ConnectionState.CONNECTING
        self.text = ""
        self._line = line
        self._live = live
        self._find = find
        self._backoff = backoff or Backoff()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect, and stay connected."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    def reconnect(self) -> None:
        """The network may be another: do not trust the present line, make a new one now."""
        self._hurry.set()

    def end(self, text: str) -> None:
        """The session is over: do not try again. Idempotent."""
        if self._task is not None:
            self._task.cancel()
        self._live.forget()
        self._set(ConnectionState.ENDED, text)

    async def stop(self) -> None:
        """Close the line. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._live.forget()

    async def _run(self) -> None:
        look = False
        while True:
            self._hurry.clear()
            try:
                await self._unless_hurried(self._serve(look))
                text = "The network has changed. Connecting again."
                wait_s = 0.0
            except SessionEnded as ended:
                self.end(str(ended))
                return
            except PbxError as error:
                text = _lost_text(error)
                wait_s = self._backoff.wait_s()
                logger.info("%s Next try in %.1f s.", text, wait_s)
            self._live.forget()
            self._set(ConnectionState.OFFLINE, text)
            look = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._hurry.wait()

    async def _unless_hurried(self, serving: Awaitable[None]) -> None:
        """Serve until the line is lost (raises) or `reconnect` was called (returns)."""
        task = asyncio.ensure_future(serving)
        hurried = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait([task, hurried], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        finally:
            hurried.cancel()
            task.cancel()
            await asyncio.gather(task, hurried, return_exceptions=True)

    async def _serve(self, look: bool) -> None:
        """Make one connection and read from it until it breaks, which raises `PbxError`."""
        if look:
            reached = await self._find()
            moved = reached.address != self._line.reached.address
            self._line.reached = reached
            if moved:
                self.moved.emit()
            if self._line.renew_in_s == 0:
                await self._line.renew()
        renewer = asyncio.ensure_future(self._keep_tokens_fresh())
        try:
            websocket = await self._open()
            try:
                await websocket.send_str(Subscribe(topics=self._live.topics).model_dump_json())
                self._set(ConnectionState.ONLINE, "")
                await self._read(websocket)
            finally:
                await websocket.close()
        except (OSError, aiohttp.ClientError) as error:
            raise NotConnected(why(error, self._line.reached.address)) from error
        finally:
            renewer.cancel()
            await asyncio.gather(renewer, return_exceptions=True)

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        try:
            return await self._handshake()
        except aiohttp.WSServerHandshakeError as error:
            if error.status not in {401, 403}:
                raise NotConnected(f"The server has a problem (HTTP {error.status}).") from error
        await self._line.renew()
        return await self._handshake()

    async def _handshake(self) -> aiohttp.ClientWebSocketResponse:
        reached = self._line.reached
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            return await self._line.http.ws_connect(
                f"{reached.address.url}{API}/events",
                headers=self._line.authorization,
                ssl=reached.tls,
                heartbeat=HEARTBEAT_S,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                max_msg_size=MAX_MESSAGE,
                compress=0,
            )

    async def _read(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in websocket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise NotConnected("The server sent something that is not understood.")
            for line in message.data.split("\n"):
                again = self._take(line)
                if again is not None:
                    await websocket.send_str(Subscribe(topics=[again]).model_dump_json())
            self._backoff.reset()
        if websocket.close_code == CloseCode.UNAUTHENTICATED:
            await self._line.renew()  # raises if the session is over
            raise NotConnected("The server asked to connect again.")
        error = websocket.exception()
        raise NotConnected(
            why(error, self._line.reached.address) if error else _CLOSED.get(websocket.close_code, _LOST)
        )

    def _take(self, text: str) -> Topic | None:
        try:
            return self._live.take(_MESSAGE.validate_json(text))
        except ValidationError as error:
            logger.warning("A message of the server is not understood: %d problems", error.error_count())
            raise NotConnected("The server sent something that is not understood.") from error

    async def _keep_tokens_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._line.renew_in_s)
            try:
                await self._line.renew()
            except SessionEnded:
                return  # whoever owns the line has been told
            except PbxError:
                await asyncio.sleep(RENEW_RETRY_S)

    def _set(self, state: ConnectionState, text: str) -> None:
        if (state, text) != (self.state, self.text):
            self.state, self.text = state, text
            self.changed.emit(state, text)


_LOST = "The server closed the connection."
_CLOSED: dict[int | None, str] = {
    1001: "The server is shutting down.",
    1012: "The server is restarting.",
    int(CloseCode.TOO_SLOW): "This computer was too slow to keep up.",
}


def _lost_text(error: PbxError) -> str:
    if isinstance(error, NotConnected):
        return f"The connection to the server is lost. {error.why} It is being tried again."
    if isinstance(error, LoginError):
        return str(error)
    return f"The connection to the server is lost. {error}"
