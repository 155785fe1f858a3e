"""The messages of mailboxes (VM-4, VM-5)."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.voicemail import MAX_MESSAGES, VoicemailMessage
from server.db.base import Database
from server.db.models import VoicemailMessageRow
from server.services.errors import not_found
from server.services.voicemail_files import VoicemailFiles
from server.services.voicemail_rows import delete_rows, is_there, message_of_row
from server.switch.port import Party, Recorded


async def _nothing(_session: AsyncSession, _message: VoicemailMessage) -> None:
    """Nothing else is written."""


class VoicemailMessages:
    """The messages of every mailbox; `changed` is awaited after each change of one.

    Attributes:
        also: writes into the transaction in which a message is kept.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        files: VoicemailFiles,
        changed: Callable[[str], Awaitable[None]],
    ) -> None:
        self._db = db
        self._clock = clock
        self._files = files
        self._changed = changed
        self.also: Callable[[AsyncSession, VoicemailMessage], Awaitable[None]] = _nothing

    async def list(self, box: str) -> "list[VoicemailMessage]":
        """The messages of a mailbox, the newest first."""
        query = (
            select(VoicemailMessageRow)
            .where(VoicemailMessageRow.box == box)
            .order_by(VoicemailMessageRow.received_at.desc(), VoicemailMessageRow.id)
        )
        async with self._db.reading() as session:
            return [message_of_row(row) for row in await session.scalars(query)]

    async def has_room(self, box: str) -> bool:
        """Whether a further message fits in."""
        query = select(func.count()).where(VoicemailMessageRow.box == box)
        async with self._db.reading() as session:
            return (await session.scalar(query) or 0) < MAX_MESSAGES

    async def add(self, box: str, caller: Party, recorded: Recorded) -> VoicemailMessage:
        """Keep a recording as a new message, and tell whoever hears this mailbox.

        Raises:
            OSError, SQLAlchemyError: it cannot be kept; nothing of it is left.
        """
        row = VoicemailMessageRow(
            id=uuid.uuid4().hex,
            box=box,
            caller=caller.number[:80],
            caller_name=caller.name[:255],
            received_at=self._clock.now(),
            seconds=recorded.seconds,
            heard=False,
        )
        await self._files.keep(row.id, recorded.path)
        try:
            async with self._db.session() as session:
                session.add(row)
                await self.also(session, message_of_row(row))
        except SQLAlchemyError:
            await self._files.remove([row.id])
            raise
        await self._changed(box)
        return message_of_row(row)

    async def mark(self, box: str, ids: Sequence[str] | None, *, heard: bool = True) -> int:
        """Mark messages (None: all) as heard or new; returns how many were not so before."""
        change = (
            update(VoicemailMessageRow)
            .where(VoicemailMessageRow.box == box, VoicemailMessageRow.heard.is_(not heard))
            .values(heard=heard)
        )
        if ids is not None:
            change = change.where(VoicemailMessageRow.id.in_(ids))
        async with self._db.session() as session:
            changed = len([*await session.scalars(change.returning(VoicemailMessageRow.id))])
        if changed:
            await self._changed(box)
        return changed

    async def delete(self, box: str, ids: Sequence[str] | None) -> int:
        """Delete messages (None: all); returns how many there were."""
        async with self._db.session() as session:
            found = await delete_rows(session, VoicemailMessageRow, box, ids)
        await self._files.remove(found)
        if found:
            await self._changed(box)
        return len(found)

    async def file(self, box: str, message_id: str) -> Path:
        """The WAV file of a message.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.reading() as session:
            there = await is_there(session, VoicemailMessageRow, box, message_id)
        path = self._files.path(message_id)
        if not there or not path.is_file():
            raise not_found(f"message {message_id} in mailbox {box}")
        return path
