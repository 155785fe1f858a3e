"""Which mails each extension gets (LOG-3): the one owner of that, and the mails about oneself."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.calls import CallLogEntry, Direction
from server.contract.mail import MailKind, MailPreferences
from server.db.base import Database
from server.db.models import CallLogRow, ExtensionRow, MailPreferencesRow
from server.services.audit import Audit
from server.services.errors import not_found
from server.services.mail_outbox import Outbox, beside

_log = logging.getLogger(__name__)


class PersonalMail:
    """Keeps who wants which mails, and writes them into the transactions of what they tell of."""

    def __init__(self, *, db: Database, clock: Clock, audit: Audit, outbox: Outbox) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._outbox = outbox

    async def get(self, number: str) -> MailPreferences:
        """Which mails an extension gets.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.reading() as session:
            extension = await _extension(session, number)
            row = await session.get(MailPreferencesRow, extension.id)
            return self._with_server(_read(row.preferences if row is not None else None))

    async def change(
        self, number: str, preferences: MailPreferences, *, by: str, address: str = ""
    ) -> MailPreferences:
        """Replace that.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.session() as session:
            extension = await _extension(session, number)
            stored = preferences.model_dump(mode="json", exclude={"mail_server"})
            await session.merge(
                MailPreferencesRow(
                    extension_id=extension.id, preferences=stored, changed_at=self._clock.now()
                )
            )
            self._audit.record(
                session, "mail.preferences", actor=by, subject=number, address=address, **stored
            )
        return self._with_server(preferences)

    def _with_server(self, preferences: MailPreferences) -> MailPreferences:
        return preferences.model_copy(update={"mail_server": self._outbox.is_open})

    async def password_changed(
        self, session: AsyncSession, extension: ExtensionRow, email: str | None, *, by: str, address: str
    ) -> None:
        """Tell the owner of an extension, at this address, that the password was changed (AUTH-5)."""
        if not (email and self._outbox.is_open):
            return
        async with beside(session, f"the password of {extension.number}"):
            row = await session.get(MailPreferencesRow, extension.id)
            if _read(row.preferences if row is not None else None).password_changed:
                facts = {
                    "number": extension.number,
                    "at": self._clock.now().isoformat(),
                    "by": by,
                    "address": address,
                }
                await self._outbox.add(session, MailKind.PASSWORD_CHANGED, email, facts)

    async def calls_missed(self, session: AsyncSession, entries: Sequence[CallLogEntry]) -> None:
        """Tell owners of those of these entries that are calls they have missed, and not in the log yet."""
        if not self._outbox.is_open:
            return
        missed = [entry for entry in entries if entry.direction is Direction.INCOMING and not entry.seen]
        if missed:
            async with beside(session, "missed calls"):
                await self._tell_of_missed(session, missed)

    async def _tell_of_missed(self, session: AsyncSession, missed: Sequence[CallLogEntry]) -> None:
        addresses = await self._who_wants(session, {entry.owner for entry in missed})
        missed = [entry for entry in missed if entry.owner in addresses]
        if not missed:
            return
        told = select(CallLogRow.id).where(CallLogRow.id.in_([entry.id for entry in missed]))
        known = set(await session.scalars(told))
        for owner, email in addresses.items():
            items = [_item(one) for one in missed if one.owner == owner and one.id not in known]
            if items:
                await self._outbox.add_to_digest(
                    session, MailKind.CALLS_MISSED, email, digest=f"missed:{owner}", items=items
                )

    @staticmethod
    async def _who_wants(session: AsyncSession, owners: set[str]) -> dict[str, str]:
        """The addresses of those of these extensions that want to be told of missed calls."""
        query = (
            select(ExtensionRow.number, ExtensionRow.email, MailPreferencesRow.preferences)
            .join(MailPreferencesRow, MailPreferencesRow.extension_id == ExtensionRow.id)
            .where(ExtensionRow.number.in_(owners), ExtensionRow.enabled, ExtensionRow.email.is_not(None))
        )
        found = await session.execute(query)
        return {number: email for number, email, wish in found if email and _read(wish).missed_calls}


def _item(entry: CallLogEntry) -> dict[str, Any]:
    started: datetime = entry.started_at
    return {"owner": entry.owner, "number": entry.number, "name": entry.name, "at": started.isoformat()}


def _read(stored: dict[str, Any] | None) -> MailPreferences:
    try:
        return MailPreferences.model_validate(stored or {})
    except ValidationError as error:
        _log.error("Preferences of mails cannot be read, the defaults hold: %s", error)
        return MailPreferences()


async def _extension(session: AsyncSession, number: str) -> ExtensionRow:
    row = await session.scalar(select(ExtensionRow).where(ExtensionRow.number == number))
    if row is None:
        raise not_found(f"extension {number}")
    return row
