"""Mails about queues: to managers, of callers who were lost; to agents who were paused (Q-4, Q-6).

They are written in the transaction of the queues' log, so that no line is without its mail.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.contract.agents import QueueCall, QueueEnd
from server.contract.mail import MailKind
from server.contract.queues import Queue
from server.db.models import ExtensionRow
from server.services.configuration import Configuration
from server.services.mail_outbox import Outbox
from server.services.queue_store import Changes, Paused
from server.services.vault import VaultError

_log = logging.getLogger(__name__)


class QueueNotices:
    """Writes them, as the settings of each queue say."""

    def __init__(self, *, outbox: Outbox, configuration: Configuration) -> None:
        self._outbox = outbox
        self._configuration = configuration

    async def add(self, session: AsyncSession, changes: Changes) -> None:
        """Mails about what has happened; a mail that cannot be written costs nothing else."""
        if not self._outbox.is_open:
            return
        try:
            for number in dict.fromkeys(call.queue for call in changes.calls):
                await self._tell_managers(
                    session, number, [call for call in changes.calls if call.queue == number]
                )
            for paused in changes.paused:
                await self._tell_agent(session, paused)
        except VaultError as error:
            _log.error("No mails about queues: %s", error)

    async def _tell_managers(self, session: AsyncSession, number: str, calls: Sequence[QueueCall]) -> None:
        queue = self._queue(number)
        items = [_item(queue, call) for call in calls if _is_told(queue, call.end)] if queue else []
        if queue is None or not items:
            return
        for address in await _addresses(session, queue.managers):
            await self._outbox.add_to_digest(
                session, MailKind.QUEUE_CALLS, address, digest=f"queue:{queue.number}", items=items
            )

    async def _tell_agent(self, session: AsyncSession, paused: Paused) -> None:
        queue = self._queue(paused.queue)
        facts: dict[str, Any] = {
            "queue": paused.queue,
            "queue_name": queue.name if queue is not None else "",
            "missed": paused.missed,
            "at": paused.at.isoformat(),
        }
        for address in await _addresses(session, [paused.extension]):
            await self._outbox.add(session, MailKind.AUTO_PAUSED, address, facts)

    def _queue(self, number: str) -> Queue | None:
        return self._configuration.snapshot.get(Queue, number)


def _is_told(queue: Queue, end: QueueEnd) -> bool:
    return (end is QueueEnd.FAILED_OVER and queue.notify_missed) or (
        end is QueueEnd.ABANDONED and queue.notify_abandoned
    )


def _item(queue: Queue, call: QueueCall) -> dict[str, Any]:
    return {
        "queue": queue.number,
        "queue_name": queue.name,
        "end": call.end.value,
        "number": call.number,
        "name": call.name,
        "joined": call.joined.isoformat(),
        "waited_s": round(call.waited_s),
        "rung": sorted(set(call.missed)),
    }


async def _addresses(session: AsyncSession, numbers: Collection[str]) -> Iterable[str]:
    """The e-mail addresses of those of these extensions that have one."""
    query = select(ExtensionRow.email).where(
        ExtensionRow.number.in_(numbers), ExtensionRow.enabled, ExtensionRow.email.is_not(None)
    )
    found = await session.scalars(query.order_by(ExtensionRow.number))
    return [address for address in found if address]
