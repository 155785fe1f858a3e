"""A session: being logged in to a server, until log-out or until the server ends it (AUTH-3, 7, 8)."""

import asyncio
import logging

import aiohttp
from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.api import Api
from linkus_desktop.pbx.backoff import Backoff
from linkus_desktop.pbx.certificate import Trust
from linkus_desktop.pbx.connection import Connection
from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.pbx.line import Line
from linkus_desktop.pbx.live import LiveState
from linkus_desktop.pbx.own_mail import OwnMail
from linkus_desktop.pbx.reach import Reached, choose, reach
from linkus_desktop.pbx.reaching import ReachingDraft
from linkus_desktop.pbx.states import ConnectionState
from server.contract.auth import LoginReply, Me, SipAccount
from server.contract.presence import Presence, PresenceChange

logger = logging.getLogger(__name__)

LOGOUT_S = 3.0
"""How long a log-out waits for the server; after that it is forgotten on this side only."""


class Session(QObject):
    """What a login gives: who I am, my phone's account, the server's answers and its live state.

    Made by `login`. `start` begins to follow the live state.

    Attributes:
        me: the own account, kept up to date.
        sip: the account for the phone, None for an administrator without an extension.
        address: where the server is reached now.
        api: requests. live: the mirror of the server's state.
        reaching: how the own extension is reached, as it is being edited.
        mail: which mails the own extension gets.
        state, state_text: of the connection, as last signalled.
        server_name, server_version: as the server calls itself.

    Signals:
        connection_changed(ConnectionState, str): the text is for people, "" while all is well.
        me_changed()
        moved(ServerAddress): the server is reached by another address now (LAN or WAN).
        ended(str): the server ended the session; the text is for people. Not after `logout`.
    """

    connection_changed = Signal(object, str)
    me_changed = Signal()
    moved = Signal(object)
    ended = Signal(str)

    def __init__(
        self,
        line: Line,
        reply: LoginReply,
        *,
        lan: ServerAddress | None,
        wan: ServerAddress | None,
        trust: Trust,
        backoff: Backoff | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.me: Me = reply.me
        self.sip: SipAccount | None = reply.sip
        self.server_name = reply.server_name
        self.server_version = reply.server_version
        self.api = Api(line)
        self.reaching = ReachingDraft(self.api, self)
        self.mail = OwnMail(self.api, self)
        self.live = LiveState(self)
        self._line = line
        self._lan, self._wan, self._trust = lan, wan, trust
        self._over = False
        self._connection = Connection(line, self.live, self._find, backoff, self)
        self._connection.changed.connect(self._on_connection)
        self._connection.moved.connect(self._on_moved)
        line.on_ended = self._connection.end
        self.live.me.reset.connect(self._on_me)
        self.live.me.changed.connect(self._on_me)

    @property
    def address(self) -> ServerAddress:
        """Where the server is reached now."""
        return self._line.reached.address

    @property
    def fingerprint(self) -> str | None:
        """Of the certificate the user agreed to, `AA:BB:…`; None where a known authority vouches for it."""
        tls = self._line.reached.tls
        return tls.fingerprint.hex(":").upper() if isinstance(tls, aiohttp.Fingerprint) else None

    @property
    def state(self) -> ConnectionState:
        """Of the connection."""
        return self._connection.state

    @property
    def state_text(self) -> str:
        """What is the matter with the connection, "" while all is well."""
        return self._connection.text

    def start(self) -> None:
        """Follow the live state, until `close`."""
        self._connection.start()

    def network_changed(self) -> None:
        """Sleep or another network: look for the server anew, now (AUTH-8)."""
        self._connection.reconnect()

    async def set_presence(self, change: PresenceChange) -> Presence:
        """Change the own presence (PRES-1). Raises `PbxError`."""
        return await self.api.set_presence(change)

    async def change_password(self, old: str, new: str) -> None:
        """Change the own password (AUTH-5). Raises `PbxError`; this session goes on."""
        await self.api.change_password(old, new)

    async def logout(self) -> None:
        """Forget the session on both sides, and close. Never raises for a server that cannot be reached."""
        self._over = True
        try:
            async with asyncio.timeout(LOGOUT_S):
                await self.api.logout()
        except (PbxError, TimeoutError) as error:
            logger.info("The server was not told of the log-out: %s", error)
        self._line.forget_tokens()
        await self.close()

    async def close(self) -> None:
        """Close every connection; the session stays valid on the server. Idempotent."""
        self._over = True
        await self._connection.stop()
        await self._line.http.close()

    async def _find(self) -> Reached:
        """The server again, at either address; the certificate known for one is good for the other."""
        known = (
            self._trust.fingerprint(address.host, address.port)
            for address in (self._lan, self._wan)
            if address
        )
        agreed = frozenset(fingerprint for fingerprint in known if fingerprint)

        async def attempt(address: ServerAddress) -> Reached:
            return await reach(self._line.http, address, self._trust, agreed)

        return await choose(self._lan, self._wan, attempt)

    def _on_connection(self, state: ConnectionState, text: str) -> None:
        if self._over:
            return
        self.connection_changed.emit(state, text)
        if state is ConnectionState.ENDED:
            self._over = True
            self.ended.emit(text)

    def _on_moved(self) -> None:
        self.moved.emit(self.address)

    def _on_me(self) -> None:
        me = self.live.me.get("me")
        if me is not None and me != self.me:
            self.me = me
            self.me_changed.emit()


def new_http() -> aiohttp.ClientSession:
    """The connections of one session, to be closed with it."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "application/json"},
        connector=aiohttp.TCPConnector(limit=16, keepalive_timeout=20.0),
    )
