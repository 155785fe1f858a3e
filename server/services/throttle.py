"""Limits on wrong passwords, by account and by address; they survive a restart (AUTH-6).

A try is counted *before* the password is checked and taken back if it was right, so that a hundred tries at
once are no way round the limit.

A lock must not be a way to keep somebody out: it is short, doubles up to a limit, and strangers' failures
are counted apart from those of addresses where this account has a live session.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.errors import ErrorCode
from server.db.models import ThrottleRow
from server.db.upsert import insert_missing
from server.services.errors import AuthError
from server.settings import AuthSettings

CLOCK_STEP = timedelta(seconds=60)
"""What is noted as of later than this from now was noted by a clock that has been set back since.

It counts no more: nobody can say how long ago it was, and it must not last until that moment comes again.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted try. `locked_until`: the lock that holds from now on unless the try succeeds."""

    key: str
    address_key: str
    locked_until: datetime | None


def account_key(account_id: int, *, trusted_address: str | None = None) -> str:
    """Under what to count tries for an account; `trusted_address`: one where it is logged in."""
    return f"account:{account_id}" + (f"@{_network(trusted_address)}" if trusted_address else "")


def unknown_key(user: str) -> str:
    """Under what to count tries for a user that does not exist: they must look the same from outside."""
    return f"unknown:{sha256(user.encode()).hexdigest()[:32]}"


def _network(address: str) -> str:
    """An IPv6 host owns its /64: one address there is as good as another."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:63]
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Throttle:
    """Counts, locks, forgets. Every method takes part in the caller's transaction."""

    def __init__(self, *, clock: Clock, settings: AuthSettings) -> None:
        self._clock = clock
        self._settings = settings

    async def begin(self, session: AsyncSession, *, key: str, address: str) -> Attempt:
        """Count a try for an account (`key`) from an address.

        Raises:
            AuthError: `LOCKED` or `RATE_LIMITED`; the try is not counted then.
        """
        now = self._clock.now()
        address_key = f"address:{_network(address)}"
        by_address = await self._row(session, address_key, now)
        if by_address.failures >= self._settings.address_tries:
            ends = by_address.since + timedelta(seconds=self._settings.address_window_s)
            raise self.rate_limited(ends)
        by_account = await self._row(session, key, now)
        if by_account.locked_until is not None and by_account.locked_until > now:
            raise self.locked(by_account.locked_until)
        by_address.failures += 1
        by_address.changed_at = now
        by_account.failures += 1
        by_account.changed_at = now
        if by_account.failures >= self._settings.tries:
            by_account.failures = 0
            by_account.level += 1
            by_account.locked_until = now + timedelta(seconds=self._lock_s(by_account.level))
        else:
            by_account.locked_until = None
        return Attempt(key, address_key, by_account.locked_until)

    async def succeeded(self, session: AsyncSession, attempt: Attempt) -> None:
        """The password was right: the account starts anew, and the try does not count for the address."""
        # The address first, as in `begin`: two who log in at once would wait for each other for ever.
        by_address = await session.get(ThrottleRow, attempt.address_key, with_for_update=True)
        if by_address is not None:
            by_address.failures = max(0, by_address.failures - 1)
        await session.execute(delete(ThrottleRow).where(ThrottleRow.key == attempt.key))

    async def unlock(self, session: AsyncSession, account_id: int) -> None:
        """Forget every failure and lock of an account."""
        await session.execute(delete(ThrottleRow).where(_of(account_id)))

    async def locks(self, session: AsyncSession, account_ids: Iterable[int]) -> dict[int, datetime]:
        """Which of these accounts are locked now, and until when (for strangers' addresses or any other)."""
        wanted = set(account_ids)
        rows = await session.scalars(
            select(ThrottleRow).where(
                ThrottleRow.locked_until > self._clock.now(), ThrottleRow.key.startswith("account:")
            )
        )
        found: dict[int, datetime] = {}
        for row in rows:
            account_id = int(row.key.removeprefix("account:").partition("@")[0])
            if account_id in wanted and row.locked_until is not None:
                found[account_id] = max(row.locked_until, found.get(account_id, row.locked_until))
        return found

    async def prune(self, session: AsyncSession) -> None:
        """Drop what would be forgotten at its next use anyway."""
        old = self._clock.now() - timedelta(seconds=self._settings.forget_s + self._settings.lock_max_s)
        await session.execute(delete(ThrottleRow).where(ThrottleRow.changed_at < old))

    def locked(self, until: datetime) -> AuthError:
        """The answer to a try on a locked account."""
        wait = self._wait(until)
        return AuthError(
            ErrorCode.LOCKED,
            f"Too many wrong passwords: this account is locked for {_duration(wait)}. "
            "Wait, or ask the administrator to unlock it.",
            retry_after_s=wait,
        )

    def rate_limited(self, until: datetime) -> AuthError:
        """The answer to an address that tried too often."""
        wait = self._wait(until)
        return AuthError(
            ErrorCode.RATE_LIMITED,
            f"Too many wrong passwords from this address: try again in {_duration(wait)}.",
            retry_after_s=wait,
        )

    def _wait(self, until: datetime) -> int:
        return max(1, ceil((until - self._clock.now()).total_seconds()))

    def _lock_s(self, level: int) -> float:
        return min(self._settings.lock_s * 2.0 ** min(level - 1, 30), self._settings.lock_max_s)

    async def _row(self, session: AsyncSession, key: str, now: datetime) -> ThrottleRow:
        await insert_missing(
            session, ThrottleRow, key=key, failures=0, since=now, changed_at=now, level=0, locked_until=None
        )
        row = await session.get_one(ThrottleRow, key, with_for_update=True)
        is_address = key.startswith("address:")
        window = self._settings.address_window_s if is_address else self._settings.forget_s
        started = row.since if is_address else row.changed_at
        if now - started >= timedelta(seconds=window):
            row.failures, row.level, row.since, row.locked_until = 0, 0, now, None
        elif row.changed_at - now > CLOCK_STEP:
            row.failures, row.since, row.locked_until = 0, now, None
        return row


def _of(account_id: int) -> ColumnElement[bool]:
    return (ThrottleRow.key == account_key(account_id)) | ThrottleRow.key.startswith(f"account:{account_id}@")


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{ceil(seconds / 60)} minutes"
