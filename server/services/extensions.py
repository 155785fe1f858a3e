"""Extensions: the one owner of their master data and secrets."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.extensions import (
    Extension,
    ExtensionChange,
    ExtensionCreate,
    ExtensionCreated,
    Role,
)
from server.db.base import Database
from server.db.models import AccountRow, ExtensionRow
from server.services.audit import Audit
from server.services.errors import conflict, invalid, not_found
from server.services.extensions_rows import email_key, endpoint_of, extension_of, set_groups
from server.services.mail_preferences import PersonalMail
from server.services.passwords import Passwords, check_strength
from server.services.sessions import Sessions
from server.services.throttle import Throttle
from server.services.vault import Vault, new_password, new_sip_secret
from server.switch.port import SipEndpoint

_log = logging.getLogger(__name__)

_NOT_NULLABLE = ("first_name", "last_name", "groups", "client_enabled", "monitored", "srtp", "enabled")


@dataclass(frozen=True)
class ExtensionChanged:
    """An extension was added, changed or removed (`extension` is None then)."""

    number: str
    extension: Extension | None


class NumberingPlan(Protocol):
    """Who else has numbers, and refers to extensions: `services.configuration.Configuration`."""

    async def check_free(self, session: AsyncSession, number: str) -> None:
        """Raises `CONFLICT` if something else has the number; it stays free until the transaction ends."""

    async def check_unused(self, session: AsyncSession, number: str) -> None:
        """Raises `CONFLICT` if something refers to the extension; nothing will until the transaction ends."""


class Extensions:
    """Adds, changes, removes and lists extensions; tells observers after each commit.

    `by` is the login name of whoever asks and `address` the IP address, both for the audit log.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        passwords: Passwords,
        sessions: Sessions,
        throttle: Throttle,
        audit: Audit,
        plan: NumberingPlan,
        personal_mail: PersonalMail | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._audit = audit
        self._plan = plan
        self._personal_mail = personal_mail
        self._observers: list[Callable[[ExtensionChanged], None]] = []

    def observe(self, callback: Callable[[ExtensionChanged], None]) -> Callable[[], None]:
        """Call back on the loop after each committed change; the returned function ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    async def add(self, new: ExtensionCreate, *, by: str, address: str = "") -> ExtensionCreated:
        """Add an extension; secrets that are not given are made, and returned this once (AUTH-5).

        Raises:
            ServiceError: `CONFLICT`: number or e-mail address is taken; `WEAK_PASSWORD`.
        """
        if new.password is not None:
            check_strength(new.password, names=_names(new.number, new.email))
        made_password = new_password() if new.password is None else None
        made_secret = new_sip_secret() if new.sip_secret is None else None
        hashed = await self._passwords.hash(new.password or made_password or "")
        now = self._clock.now()
        row = ExtensionRow(
            number=new.number,
            first_name=new.first_name,
            last_name=new.last_name,
            email=new.email,
            email_key=email_key(new.email),
            mobile=new.mobile,
            enabled=True,
            client_enabled=new.client_enabled,
            monitored=new.monitored,
            language=new.language,
            srtp=new.srtp,
            sip_secret=self._vault.seal(new.sip_secret or made_secret or ""),
            avatar=None,
            created_at=now,
            groups=[],
            account=AccountRow(user=new.number, role=Role.USER, password_hash=hashed, created_at=now),
        )
        set_groups(row, new.groups)
        async with self._db.session() as session:
            await self._plan.check_free(session, new.number)
            session.add(row)
            await self._flush(session, new.number, new.email)
            self._audit.record(session, "extension.add", actor=by, subject=new.number, address=address)
        extension = extension_of(row)
        self._announce(ExtensionChanged(new.number, extension))
        return ExtensionCreated(**dict(extension), password=made_password, sip_secret=made_secret)

    async def change(
        self, number: str, change: ExtensionChange, *, by: str, address: str = ""
    ) -> ExtensionCreated:
        """Change the given fields. `password` or `sip_secret` given as None: a new one is made.

        Secrets made here are in the answer, this once. A new password, `enabled` False and `client_enabled`
        False end every session of the extension at once (AUTH-7).

        Raises:
            ServiceError: `NOT_FOUND`, `CONFLICT` (e-mail address taken), `WEAK_PASSWORD`, `INVALID`.
        """
        given = change.model_fields_set
        for name in _NOT_NULLABLE:
            if name in given and getattr(change, name) is None:
                raise invalid(name, "cannot be empty: leave it out to keep it as it is")
        made_password = new_password() if "password" in given and change.password is None else None
        made_secret = new_sip_secret() if "sip_secret" in given and change.sip_secret is None else None
        password = change.password or made_password
        hashed: str | None = None
        if password is not None:
            known = await self.get(number)
            check_strength(password, names=_names(number, change.email or known.email))
            hashed = await self._passwords.hash(password)
        async with self._db.session() as session:
            row = await self._row(session, number)
            if hashed is not None and self._personal_mail is not None:
                # To the address until now: who changes both must not keep the owner from being told.
                await self._personal_mail.password_changed(session, row, row.email, by=by, address=address)
            _apply(row, change)
            if made_secret or change.sip_secret:
                row.sip_secret = self._vault.seal(made_secret or change.sip_secret or "")
            if hashed is not None:
                row.account.password_hash = hashed
            ended: list[str] = []
            if hashed is not None or not row.enabled or not row.client_enabled:
                ended = await self._sessions.end_all(session, row.account_id)
            await self._flush(session, number, change.email)
            self._audit.record(
                session, "extension.change", actor=by, subject=number, address=address, fields=sorted(given)
            )
            extension = extension_of(row)
        self._sessions.announce_ended(ended)
        self._announce(ExtensionChanged(number, extension))
        return ExtensionCreated(**dict(extension), password=made_password, sip_secret=made_secret)

    async def remove(self, number: str, *, by: str, address: str = "") -> None:
        """Remove an extension: sessions end, and SIP too, at once (AUTH-7).

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: a route or ring group needs it.
        """
        async with self._db.session() as session:
            await self._plan.check_unused(session, number)
            row = await self._row(session, number)
            ended = await self._sessions.end_all(session, row.account_id)
            await self._throttle.unlock(session, row.account_id)
            await session.delete(row.account)
            self._audit.record(session, "extension.remove", actor=by, subject=number, address=address)
        self._sessions.announce_ended(ended)
        self._announce(ExtensionChanged(number, None))

    async def unlock(self, number: str, *, by: str, address: str = "") -> Extension:
        """Lift the lock after wrong passwords (AUTH-6).

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.session() as session:
            row = await self._row(session, number)
            await self._throttle.unlock(session, row.account_id)
            self._audit.record(session, "extension.unlock", actor=by, subject=number, address=address)
            return extension_of(row)

    async def get(self, number: str) -> Extension:
        """One extension.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.reading() as session:
            row = await self._row(session, number)
            locks = await self._throttle.locks(session, [row.account_id])
            return extension_of(row, locks.get(row.account_id))

    async def count(self) -> int:
        """How many extensions there are."""
        async with self._db.reading() as session:
            return await session.scalar(select(func.count()).select_from(ExtensionRow)) or 0

    async def sip_endpoint(self, number: str) -> SipEndpoint | None:
        """What the switch must know of an extension; None if it may not be known: removed or disabled."""
        async with self._db.reading() as session:
            row = await session.scalar(
                select(ExtensionRow).where(ExtensionRow.number == number, ExtensionRow.enabled)
            )
            return endpoint_of(row, self._vault) if row else None

    async def sip_endpoints(self) -> "list[SipEndpoint]":
        """What the switch must know: every enabled extension, by number."""
        query = select(ExtensionRow).where(ExtensionRow.enabled).order_by(ExtensionRow.number)
        async with self._db.reading() as session:
            return [endpoint_of(row, self._vault) for row in await session.scalars(query)]

    async def announce(self, number: str) -> None:
        """Tell the observers of a change that was committed elsewhere (a picture)."""
        self._announce(ExtensionChanged(number, await self.get(number)))

    def _announce(self, changed: ExtensionChanged) -> None:
        for callback in tuple(self._observers):
            try:
                callback(changed)
            except Exception:  # noqa: BLE001  (one observer must not keep the others from being told)
                _log.exception("An observer of extension %s failed", changed.number)

    @staticmethod
    async def _row(session: AsyncSession, number: str) -> ExtensionRow:
        row = await session.scalar(select(ExtensionRow).where(ExtensionRow.number == number))
        if row is None:
            raise not_found(f"extension {number}")
        return row

    @staticmethod
    async def _flush(session: AsyncSession, number: str, email: str | None) -> None:
        try:
            await session.flush()
        except IntegrityError as error:
            if "email" in str(error.orig):
                raise conflict(f"The e-mail address {email} belongs to another extension.") from error
            raise conflict(f"There is an extension {number} already.") from error

    async def list(self) -> list[Extension]:
        """All extensions, also the disabled ones, by number."""
        async with self._db.reading() as session:
            rows = (await session.scalars(select(ExtensionRow).order_by(ExtensionRow.number))).all()
            locks = await self._throttle.locks(session, (row.account_id for row in rows))
            return [extension_of(row, locks.get(row.account_id)) for row in rows]


def _apply(row: ExtensionRow, change: ExtensionChange) -> None:
    for name in change.model_fields_set - {"password", "sip_secret", "groups"}:
        setattr(row, name, getattr(change, name))
    if "email" in change.model_fields_set:
        row.email_key = email_key(change.email)
    if change.groups is not None:
        set_groups(row, change.groups)


def _names(number: str, email: str | None) -> tuple[str, ...]:
    return (number, email.partition("@")[0], email) if email else (number,)
