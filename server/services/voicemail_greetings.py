"""The personal greetings of mailboxes (VM-3)."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.errors import ErrorCode
from server.contract.voicemail import MAX_GREETINGS, VoicemailGreeting, VoicemailSettings
from server.db.base import Database
from server.db.models import VoicemailGreetingRow
from server.services.audit import Audit
from server.services.errors import ServiceError, conflict, not_found
from server.services.voicemail_audio import Speech, speech_of
from server.services.voicemail_files import VoicemailFiles
from server.services.voicemail_rows import (
    delete_rows,
    greeting_of_row,
    is_there,
    mailbox_row,
    settings_of_row,
    stored_settings,
)
from server.switch.port import Recorded


class VoicemailGreetings:
    """The greetings of every mailbox.

    `check` raises `NOT_FOUND` unless a mailbox exists; `changed` is told the settings of one that used a
    greeting which is gone.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        audit: Audit,
        files: VoicemailFiles,
        check: Callable[[str], Awaitable[None]],
        changed: Callable[[str, VoicemailSettings], None],
    ) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._files = files
        self._check = check
        self._changed = changed

    async def list(self, box: str) -> "list[VoicemailGreeting]":
        """The personal greetings of a mailbox, the oldest first."""
        query = (
            select(VoicemailGreetingRow)
            .where(VoicemailGreetingRow.box == box)
            .order_by(VoicemailGreetingRow.created_at, VoicemailGreetingRow.id)
        )
        async with self._db.reading() as session:
            return [greeting_of_row(row) for row in await session.scalars(query)]

    async def upload(
        self, box: str, name: str, content: bytes, *, by: str, address: str = ""
    ) -> VoicemailGreeting:
        """Keep an uploaded file as a greeting (VM-3).

        Raises:
            ServiceError: `INVALID`, `TOO_LARGE`, `NOT_FOUND`; `CONFLICT`: there are ten already;
                `UNAVAILABLE`: it cannot be stored.
        """
        await self._check(box)
        speech = speech_of(content)
        return await self._add(box, name, speech.seconds, speech, by=by, address=address)

    async def keep(self, box: str, name: str, recorded: Recorded, *, by: str) -> VoicemailGreeting:
        """Keep a recording as a greeting; raises as `upload`. The recording is gone in any case."""
        try:
            return await self._add(box, name, recorded.seconds, recorded.path, by=by)
        finally:
            await self._files.discard(recorded.path)

    async def delete(self, box: str, ids: Sequence[str] | None, *, by: str, address: str = "") -> int:
        """Delete greetings (None: all), which are not used any more then; returns how many there were."""
        changed: VoicemailSettings | None = None
        async with self._db.session() as session:
            found = await delete_rows(session, VoicemailGreetingRow, box, ids)
            if found:
                row = await mailbox_row(session, box, self._clock)
                changed = _without(settings_of_row(row), found)
                row.settings = stored_settings(changed)
                self._audit.record(
                    session, "voicemail.greeting.remove", actor=by, subject=box, address=address
                )
        if changed is not None:
            self._changed(box, changed)
        await self._files.remove(found)
        return len(found)

    async def file(self, box: str, greeting_id: str) -> Path:
        """The WAV file of a greeting.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.reading() as session:
            there = await is_there(session, VoicemailGreetingRow, box, greeting_id)
        path = self._files.path(greeting_id)
        if not there or not path.is_file():
            raise not_found(f"greeting {greeting_id} in mailbox {box}")
        return path

    async def _add(
        self, box: str, name: str, seconds: float, sound: Speech | Path, *, by: str, address: str = ""
    ) -> VoicemailGreeting:
        row = VoicemailGreetingRow(
            id=uuid.uuid4().hex, box=box, name=name, seconds=seconds, created_at=self._clock.now()
        )
        try:
            if isinstance(sound, Speech):
                await self._files.write(row.id, sound)
            else:
                await self._files.keep(row.id, sound)
        except OSError as error:
            raise ServiceError(
                ErrorCode.UNAVAILABLE, f"The greeting cannot be stored: {error.strerror}."
            ) from error
        try:
            async with self._db.session() as session:
                await _check_room(session, box)
                session.add(row)
                self._audit.record(session, "voicemail.greeting.add", actor=by, subject=box, address=address)
        except BaseException:
            await self._files.remove([row.id])
            raise
        return greeting_of_row(row)


async def _check_room(session: AsyncSession, box: str) -> None:
    count = select(func.count()).where(VoicemailGreetingRow.box == box)
    if (await session.scalar(count) or 0) >= MAX_GREETINGS:
        raise conflict(f"There are {MAX_GREETINGS} greetings already: delete one first.")


def _without(settings: VoicemailSettings, gone: Sequence[str]) -> VoicemailSettings:
    return settings.model_copy(
        update={
            "greeting": None if settings.greeting in gone else settings.greeting,
            "greetings": {s: g for s, g in settings.greetings.items() if g not in gone},
        }
    )
