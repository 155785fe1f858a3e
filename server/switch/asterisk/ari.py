"""A thin client of Asterisk's REST interface (ARI): requests, and the one WebSocket of events.

Requests go over the WebSocket too as soon as its events are read, where Asterisk can do that: it costs both
sides a fifth of what HTTP does. Before that, and with an older Asterisk, they are HTTP with kept connections.
"""

import asyncio
import base64
import itertools
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Self, cast
from urllib.parse import quote, urlencode

import aiohttp

from server.switch.asterisk.config import APPLICATION
from server.switch.port import SwitchError, SwitchUnavailable

REQUEST_S = 5.0
HEARTBEAT_S = 5.0
CONNECTIONS = 64
GOODBYE_S = 1.0

EVENTS = (
    "StasisStart", "StasisEnd", "ChannelStateChange", "ChannelDestroyed", "ChannelHangupRequest", "Dial",
    "ChannelHold", "ChannelUnhold", "ChannelEnteredBridge", "ChannelLeftBridge",
    "BridgeDestroyed", "ChannelTransfer", "PlaybackFinished", "RecordingFinished", "RecordingFailed",
    "ApplicationReplaced", "RESTResponse",
)  # fmt: skip
"""Types of event that are sent to us; Asterisk keeps the others to itself, answers to requests too."""

SOURCES = ("channel:", "bridge:")
"""What we are told of: every channel and every bridge.

Never of device states, and so not of everything (`subscribeAll`): when a connection ends, Asterisk waits,
with a lock in hand, until the last message about a device state is delivered, which needs that lock.
One that comes in this moment leaves Asterisk hanging for good.
"""

SOCKET_SINCE = {20: [20, 14], 21: [21, 9], 22: [22, 4]}
"""First release of each major version that takes requests over the WebSocket; all later ones do."""

Json = Any


class AriError(SwitchError):
    """Asterisk refused a request; `status` is the HTTP status, `message` what it said."""

    def __init__(self, status: int, message: str, what: str) -> None:
        super().__init__(f"{what}: {status} {message}")
        self.status = status
        self.message = message


class Ari:
    """The REST interface of one engine. Use it with `async with`.

    `version` is the engine's; it decides whether requests go over the WebSocket.
    """

    def __init__(self, port: int, secret: str, version: str) -> None:
        token = base64.b64encode(f"{APPLICATION}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        self._base = f"http://127.0.0.1:{port}/ari"
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._requests_by_socket = takes_requests_by_socket(version)
        self._reading = False
        self._answers: dict[str, asyncio.Future[Json]] = {}
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=300),
            timeout=aiohttp.ClientTimeout(total=REQUEST_S),
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._socket is not None:
            with suppress(TimeoutError):  # one that hangs does not say goodbye
                async with asyncio.timeout(GOODBYE_S):
                    await self._socket.close()
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **parameters: str) -> Json:
        """GET; the parsed answer."""
        return await self._request("GET", path, parameters)

    async def post(self, path: str, body: Json = None, **parameters: str) -> Json:
        """POST; the parsed answer, None if it is empty."""
        return await self._request("POST", path, parameters, body)

    async def put(self, path: str, body: Json = None, **parameters: str) -> Json:
        """PUT, as `post`."""
        return await self._request("PUT", path, parameters, body)

    async def delete(self, path: str, **parameters: str) -> bool:
        """DELETE; False if there was no such thing (any more)."""
        try:
            await self._request("DELETE", path, parameters)
        except AriError as error:
            if error.status == 404:
                return False
            raise
        return True

    async def connect(self) -> None:
        """Open the WebSocket: from now on Asterisk hands calls to us. Raises `SwitchUnavailable`."""
        if self._session is None:
            raise SwitchUnavailable("The connection to Asterisk is closed.")
        url = f"{self._base}/events?app={APPLICATION}"
        try:
            self._socket = await self._session.ws_connect(url, heartbeat=HEARTBEAT_S, max_msg_size=0)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SwitchUnavailable(f"Asterisk does not answer on its control port: {error}.") from error
        await self.post(f"applications/{APPLICATION}/subscription", eventSource=",".join(SOURCES))
        await self.put(
            f"applications/{APPLICATION}/eventFilter", {"allowed": [{"type": name} for name in EVENTS]}
        )

    async def events(self) -> AsyncIterator[dict[str, Json]]:
        """Events in order, until the connection ends."""
        if self._socket is None:
            return
        self._reading = True
        try:
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                event = json.loads(message.data)
                if event["type"] != "RESTResponse":
                    yield event
                elif answer := self._answers.get(event["request_id"]):
                    _settle(answer, event)
        finally:
            self._reading = False
            for answer in self._answers.values():
                _settle(answer, None)

    async def _request(
        self, method: str, path: str, parameters: Mapping[str, str], body: Json = None
    ) -> Json:
        if self._session is None or self._session.closed:
            raise SwitchUnavailable("The connection to Asterisk is closed.")
        if self._reading and self._requests_by_socket:
            status, text = await self._ask_by_socket(method, path, parameters, body)
        else:
            status, text = await self._ask_by_http(self._session, method, path, parameters, body)
        if status >= 400:
            raise AriError(status, _message(text), f"{method} {path}")
        return json.loads(text) if text else None

    async def _ask_by_socket(
        self, method: str, path: str, parameters: Mapping[str, str], body: Json
    ) -> tuple[int, str]:
        request = {
            "type": "RESTRequest",
            "request_id": str(next(self._numbers)),
            "method": method,
            "uri": f"{path}?{urlencode(parameters, quote_via=quote)}" if parameters else path,
        }
        if body is not None:
            request |= {"content_type": "application/json", "message_body": json.dumps(body)}
        answer = asyncio.get_running_loop().create_future()
        self._answers[request["request_id"]] = answer
        try:
            async with asyncio.timeout(REQUEST_S):
                await cast("aiohttp.ClientWebSocketResponse", self._socket).send_str(json.dumps(request))
                told = await answer
        except (aiohttp.ClientError, OSError, TimeoutError):
            told = None
        finally:
            del self._answers[request["request_id"]]
        if told is None:
            raise SwitchUnavailable(f"Asterisk did not answer {method} {path}.")
        return told["status_code"], told.get("message_body") or ""

    async def _ask_by_http(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        body: Json,
    ) -> tuple[int, str]:
        url = f"{self._base}/{path}"
        try:
            async with session.request(method, url, params=parameters, json=body) as reply:
                return reply.status, await reply.text()
        except (aiohttp.ClientError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise SwitchUnavailable(f"Asterisk did not answer {method} {path}.") from error


def takes_requests_by_socket(version: str) -> bool:
    """Whether an Asterisk of this version takes requests over the WebSocket of its events."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return numbers >= SOCKET_SINCE.get(numbers[0], [0]) if numbers and numbers[0] >= 20 else False


def segment(text: str) -> str:
    """Text as one segment of a path (contact ids hold `;` and `@`)."""
    return quote(text, safe="")


def _message(text: str) -> str:
    try:
        answer = json.loads(text)
    except ValueError:
        return text[:200]
    return str(answer.get("message") or answer.get("error") or "") if isinstance(answer, dict) else text[:200]


def _settle(answer: "asyncio.Future[Json]", told: Json) -> None:
    if not answer.done():
        answer.set_result(told)
