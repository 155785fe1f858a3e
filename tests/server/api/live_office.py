"""A running server with its real HTTPS, on a simulated switch in real time, and clients of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from server.app import Application
from server.contract.extensions import ExtensionCreate
from server.settings import Settings
from server.switch.simulated import SimulatedEngine, SimulatedSwitch
from tests.server.conftest import ADMIN_PASSWORD

PASSWORD = "a-good-password-1"


class Client:
    """One logged-in account."""

    def __init__(self, office: "LiveOffice", http: aiohttp.ClientSession, tokens: dict[str, Any]) -> None:
        self.office = office
        self.http = http
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    async def call(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """(status, JSON body) of a request."""
        url = self.office.url + path
        async with self.http.request(method, url, headers=self.headers, ssl=False, **kwargs) as answer:
            return answer.status, await answer.json() if answer.content_length else None

    @asynccontextmanager
    async def events(self, *topics: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A live connection, subscribed to these topics."""
        url = self.office.url + "/events"
        async with self.http.ws_connect(url, headers=self.headers, ssl=False) as socket:
            if topics:
                await socket.send_json({"type": "subscribe", "topics": topics})
            yield socket


class LiveOffice:
    """The server, its engine, and who may log in: `admin`, 1001 Anna, 1002 Boris."""

    def __init__(self, app: Application, engine: SimulatedEngine, switch: SimulatedSwitch) -> None:
        self.app = app
        self.engine = engine
        self.switch = switch
        self.url = f"https://127.0.0.1:{app.http_port}/api/v1"
        self._http: list[aiohttp.ClientSession] = []

    async def login(self, user: str, password: str = PASSWORD) -> Client:
        http = aiohttp.ClientSession()
        self._http.append(http)
        async with http.post(
            self.url + "/auth/login", json={"user": user, "password": password}, ssl=False
        ) as answer:
            assert answer.status == 200, await answer.text()
            return Client(self, http, await answer.json())

    async def admin(self) -> Client:
        return await self.login("admin", ADMIN_PASSWORD)

    async def close(self) -> None:
        for http in self._http:
            await http.close()

    @property
    def busy(self) -> bool:
        return bool(self.app.services.calls.active() or self.app.services.call_log.pending)

    async def logged(self) -> None:
        """Wait until no call is in progress and everything is in the log."""
        async with asyncio.timeout(60):
            while self.busy:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def live_office(initialised: Settings) -> AsyncIterator[LiveOffice]:
    engine = SimulatedEngine()
    switch = SimulatedSwitch(engine)
    async with Application(initialised, switch=switch) as app:
        for number, name in {"1001": "Anna", "1002": "Boris"}.items():
            await app.services.extensions.add(
                ExtensionCreate(number=number, first_name=name, password=PASSWORD), by="test"
            )
        office = LiveOffice(app, engine, switch)
        try:
            yield office
        finally:
            await office.close()
