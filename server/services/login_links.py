"""Login links (AUTH-2): made for an extension, shown to the administrator or sent in a welcome mail.

A token is random, kept as a hash, and works once; a new one of the same account replaces it. `Auth` lets in
who has it.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.login_links import HOURS, SCHEME, LoginLink, LoginLinks, Network, WelcomeSent
from server.contract.mail import MailKind, MailSettings
from server.db.base import Database
from server.db.models import ExtensionRow, LoginLinkRow
from server.services.audit import Audit
from server.services.certificate import CertificateError
from server.services.errors import conflict, not_found
from server.services.mail_outbox import Outbox

_log = logging.getLogger(__name__)


def token_hash(token: str) -> str:
    """By what a token is found."""
    return hashlib.sha256(token.encode()).hexdigest()


class LoginLinkMaker:
    """Makes and sends them. `fingerprint` is that of the certificate of the API, in hex."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        audit: Audit,
        outbox: Outbox,
        settings: Callable[[], MailSettings],
        fingerprint: Callable[[], str],
    ) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._outbox = outbox
        self._settings = settings
        self._fingerprint = fingerprint

    async def make(self, number: str, *, by: str, address: str = "") -> LoginLinks:
        """New links for an extension; those of before work no more.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: it may not log in, or no address of the server is set.
        """
        async with self._db.session() as session:
            made = await self._make(session, await _extension(session, number))
            self._audit.record(session, "login_link.make", actor=by, subject=number, address=address)
        return made

    async def send(self, number: str, *, by: str, address: str = "") -> WelcomeSent:
        """Send a welcome mail with new links to the address of the extension.

        Raises:
            ServiceError: as `make`; `CONFLICT`: no address, no mail server, or the outbox takes none.
        """
        if not self._outbox.is_open:
            raise conflict("No mail server is set up: do that with `mail set` first.")
        async with self._db.session() as session:
            extension = await _extension(session, number)
            if not extension.email:
                raise conflict(f"Extension {number} has no e-mail address: enter it first.")
            made = await self._make(session, extension)
            facts = {
                "number": number,
                "name": f"{extension.first_name} {extension.last_name}".strip(),
                "links": {link.network.value: link.link for link in made.links},
                "until": made.expires_at.isoformat(),
            }
            if not await self._outbox.add(session, MailKind.WELCOME, extension.email, facts):
                raise conflict(f"No mail can go to {extension.email}: it is not usable, or too many wait.")
            self._audit.record(session, "login_link.send", actor=by, subject=number, address=address)
            return WelcomeSent(number=number, to=extension.email, expires_at=made.expires_at)

    async def sweep(self) -> None:
        """Forget links that are too old."""
        async with self._db.session() as session:
            await session.execute(delete(LoginLinkRow).where(LoginLinkRow.expires_at <= self._clock.now()))

    async def _make(self, session: AsyncSession, extension: ExtensionRow) -> LoginLinks:
        if not (extension.enabled and extension.client_enabled):
            raise conflict(f"Extension {extension.number} may not log in with a client: enable that first.")
        servers = self._servers()
        if not servers:
            raise conflict("Where clients reach the server is not known: set login_local or login_public.")
        token, expires_at = secrets.token_urlsafe(32), self._expires_at()
        await session.execute(delete(LoginLinkRow).where(LoginLinkRow.account_id == extension.account_id))
        session.add(
            LoginLinkRow(token_hash=token_hash(token), account_id=extension.account_id, expires_at=expires_at)
        )
        links = [
            LoginLink(network=network, link=self._link(server, extension.number, token))
            for network, server in servers.items()
        ]
        return LoginLinks(number=extension.number, expires_at=expires_at, links=links)

    def _servers(self) -> dict[Network, str]:
        settings = self._settings()
        known = {Network.LOCAL: settings.login_local, Network.PUBLIC: settings.login_public}
        return {network: server for network, server in known.items() if server}

    def _expires_at(self) -> datetime:
        return self._clock.now() + timedelta(hours=HOURS)

    def _link(self, server: str, number: str, token: str) -> str:
        parts = {"server": server, "user": number, "token": token}
        try:
            parts["fingerprint"] = self._fingerprint()
        except CertificateError as error:  # the client asks whether the certificate is the right one
            _log.warning("A login link has no fingerprint: %s", error)
        return f"{SCHEME}://login?{urlencode(parts)}"


async def _extension(session: AsyncSession, number: str) -> ExtensionRow:
    row = await session.scalar(select(ExtensionRow).where(ExtensionRow.number == number))
    if row is None:
        raise not_found(f"extension {number}")
    return row
