"""Asking a running server."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import pytest
from multidict import CIMultiDictProxy

from server.app import Application
from server.contract.auth import LoginRequest
from server.contract.errors import ErrorBody
from server.contract.extensions import ExtensionCreate

USER_PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    text: str
    content: bytes
    headers: CIMultiDictProxy[str]

    @property
    def error(self) -> ErrorBody:
        return ErrorBody.model_validate_json(self.text)


class Ask(Protocol):
    """One request."""

    async def __call__(self, method: str, path: str, *, token: str | None = None, **more: Any) -> Answer: ...


@pytest.fixture
async def http(application: Application) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that trusts the server's own certificate only."""
    context = ssl.create_default_context(cafile=str(application.settings.certificate))
    async with aiohttp.ClientSession(
        f"https://127.0.0.1:{application.http_port}", connector=aiohttp.TCPConnector(ssl=context)
    ) as session:
        yield session


@pytest.fixture
def ask(http: aiohttp.ClientSession) -> Ask:
    async def ask(method: str, path: str, *, token: str | None = None, **more: Any) -> Answer:
        if token is not None:
            more["headers"] = more.get("headers", {}) | {"Authorization": f"Bearer {token}"}
        async with http.request(method.upper(), path, **more) as response:
            content = await response.read()
            return Answer(response.status, content.decode("utf-8", "replace"), content, response.headers)

    return ask


@pytest.fixture
async def user_token(application: Application) -> str:
    """An access token of extension 1001; there is an extension 1002 too."""
    services = application.services
    await services.extensions.add(ExtensionCreate(number="1001", password=USER_PASSWORD), by="test")
    await services.extensions.add(ExtensionCreate(number="1002"), by="test")
    reply = await services.auth.login(LoginRequest(user="1001", password=USER_PASSWORD), address="127.0.0.1")
    return reply.access_token


@pytest.fixture
def admin_token(application: Application) -> str:
    """The token of the command line."""
    return (application.settings.data / "cli.token").read_text().strip()
