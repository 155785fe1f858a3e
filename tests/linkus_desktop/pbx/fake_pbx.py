"""A server that speaks the contract, and misbehaves when told to."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.certificate import fingerprint_of
from server.contract.events import Topic

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def extension_state(number: str, name: str = "", **change: Any) -> dict[str, Any]:
    """The JSON of an `ExtensionState`."""
    return {
        "number": number,
        "name": name,
        "groups": [],
        "avatar": None,
        "registered": True,
        "phones": 1,
        "call": "idle",
        "call_since": NOW.isoformat(),
        "presence": {"status": "available", "note": "", "since": NOW.isoformat()},
    } | change


def call_log_entry(entry_id: str, **change: Any) -> dict[str, Any]:
    """The JSON of a `CallLogEntry`."""
    started = change.pop("started_at", NOW)
    return {
        "id": entry_id,
        "call_id": f"call-{entry_id}",
        "owner": "1001",
        "direction": "incoming",
        "number": "1002",
        "name": "Otto Dorn",
        "outcome": "answered",
        "sip_code": None,
        "started_at": started.isoformat(),
        "answered_at": (started + timedelta(seconds=5)).isoformat(),
        "ended_at": (started + timedelta(seconds=65)).isoformat(),
        "seen": True,
    } | change


def error(status: int, code: str, **more: Any) -> web.Response:
    return web.json_response({"code": code, "message": f"It is {code}."} | more, status=status)


class FakePbx:
    """Attributes:

    address, fingerprint: where it is, and what it shows.
    instead: handlers that answer a path in place of the usual ones.
    requests: method, path and body of each request.
    valid: access tokens that are accepted. refresh_tokens: those that may be used, once.
    topics: items by topic, as sent in snapshots.
    lines: open WebSockets. opened: gets each new one.
    subscriptions: gets the topics of each Subscribe.
    lifetime_s: of access tokens.
    """

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self.instead: dict[str, Handler] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.authorizations: list[str] = []
        self.valid: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.topics: dict[str, dict[str, Any]] = {topic.value: {} for topic in Topic} | {
            "extensions": {
                "1001": extension_state("1001", "Anna Berg"),
                "1002": extension_state("1002", "Otto Dorn"),
            },
        }
        self.lines: list[web.WebSocketResponse] = []
        self.opened: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.subscriptions: asyncio.Queue[list[str]] = asyncio.Queue()
        self.lifetime_s = 900.0
        self.snapshots = True
        self._seq: dict[str, int] = {}
        self._count = 0
        self._port = 0
        self._runner: web.AppRunner | None = None
        self.fingerprint = ""

    @property
    def address(self) -> ServerAddress:
        return ServerAddress("127.0.0.1", self._port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, again on the same port after `stop`."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls, reuse_address=True)
        await site.start()
        assert site._server is not None
        self._port = site._server.sockets[0].getsockname()[1]
        if self._tls is not None and not self.fingerprint:
            self.fingerprint = await _shown(self._port)

    async def stop(self) -> None:
        """Be gone: nothing listens, open lines are cut."""
        for line in self.lines:
            if line._req is not None and line._req.transport is not None:
                line._req.transport.abort()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def change_certificate(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self.fingerprint = ""

    def tokens(self) -> dict[str, Any]:
        """New tokens; the access token is valid from now on."""
        self._count += 1
        now = datetime.now(UTC)
        access, refresh = f"access-{self._count}", f"refresh-{self._count}"
        self.valid.add(access)
        self.refresh_tokens.add(refresh)
        return {
            "access_token": access,
            "access_expires_at": (now + timedelta(seconds=self.lifetime_s)).isoformat(),
            "refresh_token": refresh,
            "refresh_expires_at": (now + timedelta(days=30)).isoformat(),
        }

    async def change(self, topic: str, key: str, item: Any, *, skip: int = 0) -> None:
        """Tell every line that an item changed; `skip` deltas before it get lost."""
        if item is None:
            self.topics[topic].pop(key, None)
        else:
            self.topics[topic][key] = item
        self._seq[topic] = self._seq.get(topic, 0) + 1 + skip
        await self.say({"type": "delta", "topic": topic, "seq": self._seq[topic], "key": key, "item": item})

    def seq_of(self, topic: str) -> int:
        """The sequence number of what was said last about a topic."""
        return self._seq.get(topic, 0)

    async def say(self, message: Any) -> None:
        """Send JSON, or text as it is, on every line."""
        text = message if isinstance(message, str) else json.dumps(message)
        for line in self.lines:
            await line.send_str(text)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v1")
        body = None
        if request.can_read_body:
            body = await request.json()
        self.requests.append((request.method, path, body))
        if path in self.instead:
            return await self.instead[path](request)
        if path == "/health":
            return web.json_response({"status": "ok", "version": "0.1.0"})
        if path == "/auth/login":
            return self._login(body)
        if path == "/auth/refresh":
            return self._refresh(body)
        return await self._authorised(request, path, body)

    def _refresh(self, body: dict[str, Any]) -> web.Response:
        if body["refresh_token"] not in self.refresh_tokens:
            return error(401, "unauthenticated")
        self.refresh_tokens.discard(body["refresh_token"])
        return web.json_response(self.tokens())

    async def _authorised(self, request: web.Request, path: str, body: Any) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.authorizations.append(token)
        if token not in self.valid:
            return error(401, "unauthenticated")
        if path == "/events":
            return await self._events(request)
        if path == "/me":
            return web.json_response(me())
        if path == "/me/presence":
            return web.json_response(body | {"since": NOW.isoformat()})
        if path in {"/auth/logout", "/auth/password"}:
            return web.Response(status=204)
        if path.startswith("/call-log/"):
            return web.json_response({"count": 1})
        return error(404, "not_found")

    def _login(self, body: dict[str, Any]) -> web.Response:
        if body["password"] != "right":
            return error(401, "bad_credentials")
        reply = self.tokens() | {
            "me": me(body["user"]),
            "sip": sip_account(body["user"]),
            "server_name": "Fake",
            "server_version": "0.1.0",
        }
        return web.json_response(reply)

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        self.lines.append(line)
        self.opened.put_nowait(line)
        try:
            async for message in line:
                if message.type is WSMsgType.TEXT:
                    await self._subscribe(line, json.loads(message.data)["topics"])
        finally:
            self.lines.remove(line)
        return line

    async def _subscribe(self, line: web.WebSocketResponse, topics: list[str]) -> None:
        self.subscriptions.put_nowait(topics)
        for topic in topics if self.snapshots else []:
            seq = self._seq.setdefault(topic, 0)
            await line.send_json(
                {"type": "snapshot", "topic": topic, "seq": seq, "items": self.topics[topic]}
            )


def me(number: str = "1001") -> dict[str, Any]:
    return {
        "user": number,
        "role": "user",
        "extension": {
            "number": number,
            "first_name": "Anna",
            "last_name": "Berg",
            "email": None,
            "mobile": None,
            "groups": [],
            "enabled": True,
            "client_enabled": True,
            "srtp": "optional",
            "avatar": None,
            "created_at": NOW.isoformat(),
        },
        "permissions": [],
    }


def sip_account(number: str) -> dict[str, Any]:
    return {
        "username": number,
        "password": "a-sip-secret-of-the-test",
        "realm": "linkus",
        "display_name": "Anna Berg",
        "host": None,
        "udp_port": 9,
        "tcp_port": None,
        "tls_port": None,
        "transport": "udp",
        "srtp": "off",
        "codecs": ["PCMA"],
        "expires_s": 60,
    }


async def _shown(port: int) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return fingerprint_of(certificate)
