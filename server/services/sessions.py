"""Sessions: opaque random tokens, stored hashed, renewed by refresh tokens that work once (AUTH-7)."""

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.auth import ClientInfo, Tokens
from server.contract.errors import ErrorCode
from server.db.base import Database
from server.db.models import AccountRow, RefreshTokenRow, SessionRow
from server.services.accounts import Who
from server.services.audit import Audit
from server.services.errors import AuthError
from server.settings import AuthSettings

REFRESH_RETRY_S = 60.0
"""A refresh whose answer got lost may be repeated this long, as long as nobody used the new tokens."""

OLD_ACCESS_S = 30.0
"""An access token lives on this long after a refresh, for requests that were on their way."""

MAX_PER_ACCOUNT = 100
"""Live sessions of one account; a further login ends the oldest."""

_log = logging.getLogger(__name__)


def token_hash(token: str) -> str:
    """What is stored of a token. It is random, so that a fast hash is enough."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Refreshed:
    """New tokens, and whose they are."""

    tokens: Tokens
    who: Who


class Sessions:
    """The one owner of sessions."""

    def __init__(self, *, db: Database, clock: Clock, audit: Audit, settings: AuthSettings) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._settings = settings
        self._observers: list[Callable[[str], None]] = []

    def observe_ended(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call back with the id of every session that has ended; the returned function ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    def announce_ended(self, session_ids: Iterable[str]) -> None:
        """Tell the observers, after the transaction that ended the sessions was committed."""
        for session_id in session_ids:
            for callback in tuple(self._observers):
                try:
                    callback(session_id)
                except Exception:  # noqa: BLE001  (one observer must not keep the others from being told)
                    _log.exception("An observer of ended sessions failed")

    async def create(
        self, session: AsyncSession, account_id: int, client: ClientInfo, address: str
    ) -> tuple[Tokens, list[str]]:
        """A new session; also the ids of old ones that had to go (to be announced after the commit)."""
        now = self._clock.now()
        tokens = self._new_tokens(now)
        row = SessionRow(
            id=secrets.token_urlsafe(16),
            account_id=account_id,
            access_hash=token_hash(tokens.access_token),
            access_expires_at=tokens.access_expires_at,
            confirmed=False,
            created_at=now,
            expires_at=tokens.refresh_expires_at,
            address=address[:63],
            client_kind=client.kind,
            client_version=client.version,
            client_platform=client.platform,
            client_host=client.host,
        )
        session.add(row)
        await session.flush()
        session.add(_refresh_row(row.id, tokens))
        surplus = await session.scalars(
            select(SessionRow.id)
            .where(SessionRow.account_id == account_id)
            .order_by(SessionRow.created_at.desc())
            .offset(MAX_PER_ACCOUNT)
        )
        return tokens, await self._delete(session, surplus.all())

    async def authenticate(self, access_token: str) -> Who:
        """Whose token this is.

        Raises:
            AuthError: `UNAUTHENTICATED`: unknown, expired or revoked.
        """
        hashed = token_hash(access_token)
        now = self._clock.now()
        async with self._db.reading() as session:
            found = (
                await session.execute(
                    select(SessionRow, AccountRow)
                    .join(AccountRow, AccountRow.id == SessionRow.account_id)
                    .where(or_(SessionRow.access_hash == hashed, SessionRow.previous_access_hash == hashed))
                )
            ).first()
            if found is None:
                raise _unauthenticated()
            row, account = found
            current = row.access_hash == hashed
            expires_at = row.access_expires_at if current else row.previous_access_expires_at
            if expires_at is None or expires_at <= now or not _may_have_sessions(account):
                raise _unauthenticated()
            who = who_is(account, row.id)
        if current and not row.confirmed:
            async with self._db.session() as session:
                await session.execute(
                    update(SessionRow)
                    .where(SessionRow.id == row.id, SessionRow.access_hash == hashed)
                    .values(confirmed=True)
                )
        return who

    async def refresh(self, refresh_token: str, *, address: str) -> Refreshed:
        """New tokens for a refresh token, which is used up by this.

        A second use of it ends the session: one of the two users of it stole it. Only where the new tokens
        were never used is it taken for a repetition after a lost answer.

        Raises:
            AuthError: `UNAUTHENTICATED`.
        """
        async with self._db.session() as session:
            refreshed, ended = await self._refresh(session, token_hash(refresh_token), address)
        self.announce_ended(ended)
        if refreshed is None:
            raise _unauthenticated()
        return refreshed

    async def _refresh(
        self, session: AsyncSession, hashed: str, address: str
    ) -> tuple[Refreshed | None, list[str]]:
        now = self._clock.now()
        used = await session.get(RefreshTokenRow, hashed)
        if used is None:
            return None, []
        row = await session.get(SessionRow, used.session_id, with_for_update=True)
        await session.refresh(used)  # as it is now that we hold the session
        account = await session.get(AccountRow, row.account_id) if row else None
        if row is None or account is None or used.expires_at <= now or not _may_have_sessions(account):
            return None, []
        if used.replaced_at is not None:
            repeated = not row.confirmed and now - used.replaced_at <= timedelta(seconds=REFRESH_RETRY_S)
            if not repeated:
                self._audit.record(
                    session, "session.token_reuse", actor=account.user, subject=account.user, address=address
                )
                return None, await self._delete(session, [row.id])
        await session.execute(
            update(RefreshTokenRow)
            .where(RefreshTokenRow.session_id == row.id, RefreshTokenRow.replaced_at.is_(None))
            .values(replaced_at=now)
        )
        tokens = self._new_tokens(now)
        session.add(_refresh_row(row.id, tokens))
        row.previous_access_hash = row.access_hash
        row.previous_access_expires_at = min(row.access_expires_at, now + timedelta(seconds=OLD_ACCESS_S))
        row.access_hash = token_hash(tokens.access_token)
        row.access_expires_at = tokens.access_expires_at
        row.expires_at = tokens.refresh_expires_at
        row.confirmed = False
        row.address = address[:63]
        return Refreshed(tokens, who_is(account, row.id)), []

    async def end(self, session: AsyncSession, session_id: str) -> list[str]:
        """End one session; returns what to announce after the commit."""
        return await self._delete(session, [session_id])

    async def end_all(self, session: AsyncSession, account_id: int, *, but: str | None = None) -> list[str]:
        """End every session of an account, except `but`; returns what to announce after the commit."""
        ids = await session.scalars(select(SessionRow.id).where(SessionRow.account_id == account_id))
        return await self._delete(session, [session_id for session_id in ids if session_id != but])

    async def has_address(self, session: AsyncSession, account_id: int, address: str) -> bool:
        """Whether the account has a live session that was last renewed from this address."""
        found = await session.scalar(
            select(SessionRow.id)
            .where(
                SessionRow.account_id == account_id,
                SessionRow.address == address,
                SessionRow.expires_at > self._clock.now(),
            )
            .limit(1)
        )
        return found is not None

    async def sweep(self) -> None:
        """End sessions whose time is over, and forget refresh tokens that could not be used any more."""
        now = self._clock.now()
        async with self._db.session() as session:
            ids = await session.scalars(select(SessionRow.id).where(SessionRow.expires_at <= now))
            ended = await self._delete(session, ids.all())
            await session.execute(
                delete(RefreshTokenRow).where(
                    RefreshTokenRow.expires_at <= now, RefreshTokenRow.replaced_at.is_not(None)
                )
            )
        self.announce_ended(ended)

    async def _delete(self, session: AsyncSession, ids: Sequence[str]) -> list[str]:
        if not ids:
            return []
        # In one order, whoever deletes: two that lock the same rows in another would wait for each other.
        rows = select(SessionRow.id).where(SessionRow.id.in_(ids))
        await session.execute(rows.order_by(SessionRow.id).with_for_update())
        await session.execute(delete(SessionRow).where(SessionRow.id.in_(ids)))
        return list(ids)

    def _new_tokens(self, now: datetime) -> Tokens:
        return Tokens(
            access_token=secrets.token_urlsafe(32),
            access_expires_at=now + timedelta(seconds=self._settings.access_ttl_s),
            refresh_token=secrets.token_urlsafe(32),
            refresh_expires_at=now + timedelta(seconds=self._settings.refresh_ttl_s),
        )


def who_is(account: AccountRow, session_id: str) -> Who:
    """The author of requests in this session."""
    return Who(
        account_id=account.id,
        user=account.user,
        number=account.extension.number if account.extension else None,
        role=account.role,
        session_id=session_id,
    )


def _may_have_sessions(account: AccountRow) -> bool:
    extension = account.extension
    return extension is None or (extension.enabled and extension.client_enabled)


def _refresh_row(session_id: str, tokens: Tokens) -> RefreshTokenRow:
    return RefreshTokenRow(
        hash=token_hash(tokens.refresh_token), session_id=session_id, expires_at=tokens.refresh_expires_at
    )


def _unauthenticated() -> AuthError:
    return AuthError(ErrorCode.UNAUTHENTICATED, "The session has ended: log in again.")
