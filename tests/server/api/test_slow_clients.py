"""Who holds a connection without using it loses it; who uses it does not notice (A.2)."""

import asyncio
import ssl

import aiohttp
import pytest

from server.api import serve
from server.app import Application
from server.services.vault import CLI_TOKEN_NAME, read_secret


@pytest.mark.parametrize("said", [b"", b"GET /api/v1/health HTTP/1.1\r\nX-A: "], ids=["nothing", "half"])
async def test_a_request_that_never_comes_ends_the_connection(
    application: Application, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(serve, "HEADERS_S", 0.3)
    context = ssl.create_default_context(cafile=str(application.settings.certificate))
    reader, writer = await asyncio.open_connection("127.0.0.1", application.http_port, ssl=context)
    writer.write(said)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        async with asyncio.timeout(60):
            await reader.readexactly(1)
    writer.close()


async def test_a_second_request_that_comes_byte_by_byte_ends_it_too(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(cafile=str(application.settings.certificate))
    reader, writer = await asyncio.open_connection("127.0.0.1", application.http_port, ssl=context)
    writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"200" in await reader.readline()
    await reader.readuntil(b"}")
    monkeypatch.setattr(serve, "HEADERS_S", 0.3)
    writer.write(b"GET /")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        async with asyncio.timeout(60):
            await reader.readexactly(1)
    writer.close()


async def test_a_live_connection_stays(
    application: Application, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "HEADERS_S", 2.0)  # time enough to connect
    token = read_secret(application.settings.data / CLI_TOKEN_NAME)
    async with http.ws_connect("/api/v1/events", headers={"Authorization": f"Bearer {token}"}) as socket:
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=2.5)
        await socket.send_json({"type": "subscribe", "topics": ["extensions"]})
        assert (await socket.receive_json(timeout=60))["type"] == "snapshot"
