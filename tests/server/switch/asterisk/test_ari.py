"""Requests to the engine: over the WebSocket of its events where it can, else by HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from server.switch.asterisk.ari import Ari, AriError, takes_requests_by_socket
from server.switch.port import SwitchUnavailable


class Engine:
    """Speaks ARI as Asterisk does, and notes by which way each request came.

    `silent`: requests over the socket are not answered.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.silent = False
        self.port = 0
        self._socket: web.WebSocketResponse | None = None
        self._heard = asyncio.Event()

    async def serve(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        app.router.add_route("*", "/ari/{path:.*}", self._http)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        return runner

    async def tell(self, event: dict[str, Any]) -> None:
        """Send an event."""
        assert self._socket is not None
        await self._socket.send_str(json.dumps(event))

    async def heard(self) -> None:
        """Return when the next request has come over the socket."""
        await self._heard.wait()
        self._heard.clear()

    async def hang_up(self) -> None:
        """End the socket."""
        assert self._socket is not None
        await self._socket.close()

    async def _http(self, request: web.Request) -> web.Response:
        self.asked.append(("http", request.method, request.path_qs.removeprefix("/ari/")))
        return web.json_response({"by": "http"})

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            asked = json.loads(message.data)
            self.asked.append(("socket", asked["method"], asked["uri"]))
            self._heard.set()
            if not self.silent:
                missing = asked["uri"] == "channels/nobody"
                answer = {"message": "Channel not found"} if missing else {"by": "socket"}
                await self.tell(
                    {
                        "type": "RESTResponse",
                        "request_id": asked["request_id"],
                        "status_code": 404 if missing else 200,
                        "message_body": json.dumps(answer),
                    }
                )
        return socket


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine()
    runner = await engine.serve()
    yield engine
    await runner.cleanup()


class Reader:
    """Reads the events of a connection, as the switch does."""

    def __init__(self, ari: Ari) -> None:
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._ari = ari
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self._ari.events():
            self.told.put_nowait(event)


async def _reading(ari: Ari, engine: Engine) -> Reader:
    await ari.connect()
    reader = Reader(ari)
    await engine.tell({"type": "StasisStart"})
    assert await reader.told.get() == {"type": "StasisStart"}
    engine.asked.clear()
    return reader


async def test_requests_go_over_the_socket_once_its_events_are_read(engine: Engine) -> None:
    async with Ari(engine.port, "secret", "22.10.1") as ari:
        assert await ari.get("asterisk/modules") == {"by": "http"}
        reader = await _reading(ari, engine)
        assert await ari.post("channels", {"variables": {}}, endpoint="PJSIP/1/sip:1@h:1;x=y") == {
            "by": "socket"
        }
        assert engine.asked == [("socket", "POST", "channels?endpoint=PJSIP%2F1%2Fsip%3A1%40h%3A1%3Bx%3Dy")]
        assert not await ari.delete("channels/nobody")
        with pytest.raises(AriError, match="404 Channel not found"):
            await ari.post("channels/nobody")
        assert reader.told.empty()
        await engine.hang_up()
        await reader.task


async def test_an_engine_that_cannot_take_them_there_is_asked_by_http(engine: Engine) -> None:
    async with Ari(engine.port, "secret", "20.9.0") as ari:
        reader = await _reading(ari, engine)
        assert await ari.get("channels") == {"by": "http"}
        await engine.hang_up()
        await reader.task


async def test_whoever_waits_is_told_at_once_when_the_socket_ends(engine: Engine) -> None:
    async with Ari(engine.port, "secret", "22.10.1") as ari:
        reader = await _reading(ari, engine)
        engine.silent = True
        asked = asyncio.create_task(ari.get("channels"))
        await engine.heard()
        await engine.hang_up()
        async with asyncio.timeout(4):
            with pytest.raises(SwitchUnavailable, match="did not answer GET channels"):
                await asked
        await reader.task


@pytest.mark.parametrize(
    ("version", "can"),
    [
        ("20.9.0", False), ("20.13.1", False), ("20.14.0", True), ("20.20.2", True), ("21.8.0", False),
        ("21.9.0", True), ("22.3.0", False), ("22.4.0", True), ("22.10.1", True), ("23.0.0", True),
        ("certified/20.7-cert5", False), ("", False),
    ],
)  # fmt: skip
def test_versions_that_take_requests_over_the_socket(version: str, can: bool) -> None:
    assert takes_requests_by_socket(version) is can
