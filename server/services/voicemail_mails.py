"""Mails about new messages: with the sound or without, and what becomes of the message then (VM-1)."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.contract.mail import MailKind
from server.contract.voicemail import AfterMail, VoicemailMail, VoicemailMessage, VoicemailSettings
from server.db.models import ExtensionRow
from server.services.errors import ServiceError
from server.services.mail import Extra
from server.services.mail_letters import Attachment
from server.services.mail_outbox import Outbox, beside
from server.services.voicemail import Voicemail

_log = logging.getLogger(__name__)


class VoicemailMails:
    """Writes them, as the settings of each mailbox say. Those of a group go to all of its members."""

    def __init__(self, *, outbox: Outbox, voicemail: Voicemail) -> None:
        self._outbox = outbox
        self._voicemail = voicemail

    @property
    def extra(self) -> Extra:
        """What these mails have beside their text."""
        return Extra(attachment=self._attachment, after=self._after)

    async def add(self, session: AsyncSession, message: VoicemailMessage) -> None:
        """The mails about a message that is new in this transaction."""
        settings = self._voicemail.settings_of(message.box)
        if settings.mail is not VoicemailMail.NO and self._outbox.is_open:
            async with beside(session, f"a message for {message.box}"):
                await self._add(session, message, settings)

    async def _add(
        self, session: AsyncSession, message: VoicemailMessage, settings: VoicemailSettings
    ) -> None:
        facts = {
            "box": message.box,
            "box_name": self._voicemail.name(message.box),
            "number": message.caller,
            "name": message.caller_name,
            "at": message.received_at.isoformat(),
            "seconds": round(message.seconds),
            "attached": settings.mail is VoicemailMail.WITH_SOUND,
        }
        follow_up = {
            "box": message.box,
            "id": message.id,
            "attached": facts["attached"],
            "after": settings.after_mail.value,
        }
        own = [settings.mail_to] if settings.mail_to else await self._addresses(session, message.box)
        for address in own:
            await self._outbox.add(
                session, MailKind.VOICEMAIL, address, facts, follow_up=follow_up, topic=_topic(message.id)
            )

    async def _addresses(self, session: AsyncSession, box: str) -> list[str]:
        query = select(ExtensionRow.email).where(
            ExtensionRow.number.in_(self._voicemail.users_of(box)),
            ExtensionRow.enabled,
            ExtensionRow.email.is_not(None),
        )
        return [found for found in await session.scalars(query.order_by(ExtensionRow.number)) if found]

    async def _attachment(self, follow_up: Mapping[str, Any]) -> Attachment | None:
        """The sound; None where it is not wanted, or the message was deleted meanwhile."""
        if not follow_up["attached"]:
            return None
        try:
            path = await self._voicemail.messages.file(follow_up["box"], follow_up["id"])
            content = await asyncio.to_thread(path.read_bytes)
        except (ServiceError, OSError) as error:
            _log.info("A mail about a message goes without its sound: %s", error)
            return None
        return Attachment(f"message-{follow_up['id'][:8]}.wav", "audio/wav", content)

    async def _after(self, follow_up: Mapping[str, Any]) -> None:
        """The mail is sent: do what is wanted then, once no other mail still needs the message."""
        after = AfterMail(follow_up["after"])
        if after is AfterMail.NOTHING or await self._outbox.waits(_topic(follow_up["id"])):
            return
        if after is AfterMail.DELETE:
            await self._voicemail.messages.delete(follow_up["box"], [follow_up["id"]])
        else:
            await self._voicemail.messages.mark(follow_up["box"], [follow_up["id"]])


def _topic(message_id: str) -> str:
    return f"message:{message_id}"
