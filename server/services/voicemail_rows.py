"""The rows of mailboxes, and what stands for them in the contract."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.voicemail import VoicemailGreeting, VoicemailMessage, VoicemailSettings
from server.db.models import MailboxRow, VoicemailGreetingRow, VoicemailMessageRow

NOT_STORED = {"pin", "pin_set"}
"""Fields of the settings that are not in the column of that name."""

SoundRow = VoicemailMessageRow | VoicemailGreetingRow
"""A row to which a file belongs."""


async def mailbox_row(session: AsyncSession, box: str, clock: Clock) -> MailboxRow:
    """The row of a mailbox, made with the defaults where there is none yet."""
    row = await session.get(MailboxRow, box)
    if row is None:
        row = MailboxRow(
            number=box, settings=stored_settings(VoicemailSettings()), pin_hash=None, changed_at=clock.now()
        )
        session.add(row)
    return row


async def delete_rows(
    session: AsyncSession, table: type[SoundRow], box: str, ids: Sequence[str] | None
) -> list[str]:
    """Delete rows of a mailbox (None: all); the ids of those that there were."""
    removal = delete(table).where(table.box == box)
    if ids is not None:
        removal = removal.where(table.id.in_(ids))
    return list(await session.scalars(removal.returning(table.id)))


async def is_there(session: AsyncSession, table: type[SoundRow], box: str, row_id: str) -> bool:
    """Whether a mailbox has this message or greeting."""
    query = select(table.id).where(table.box == box, table.id == row_id)
    return await session.scalar(query) is not None


def stored_settings(settings: VoicemailSettings) -> dict[str, object]:
    """The settings as the row has them."""
    stored: dict[str, object] = settings.model_dump(mode="json", exclude=NOT_STORED)
    return stored


def settings_of_row(row: MailboxRow) -> VoicemailSettings:
    """The settings in a row, without the PIN, but with the word whether there is one."""
    settings = VoicemailSettings.model_validate(row.settings)
    return settings.model_copy(update={"pin_set": row.pin_hash is not None})


def message_of_row(row: VoicemailMessageRow) -> VoicemailMessage:
    """The message in a row."""
    return VoicemailMessage(
        id=row.id,
        box=row.box,
        caller=row.caller,
        caller_name=row.caller_name,
        received_at=row.received_at,
        seconds=row.seconds,
        heard=row.heard,
    )


def greeting_of_row(row: VoicemailGreetingRow) -> VoicemailGreeting:
    """The greeting in a row."""
    return VoicemailGreeting(
        id=row.id, box=row.box, name=row.name, seconds=row.seconds, created_at=row.created_at
    )
