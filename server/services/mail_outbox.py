"""The outbox: mails in the database, until some days after they are sent.

A mail is added in the same transaction as what it tells of: the one is kept if and only if the other is.
"""

import json
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.mail import MailKind, MailSettings, MailState, QueuedMail
from server.contract.mail_address import address_problem
from server.db.base import Database
from server.db.models import MailRow
from server.services.audit import Audit
from server.services.errors import conflict, not_found
from server.services.mail_letters import one_line
from server.services.vault import Vault, VaultError

MAX_WAITING = 5000
"""Mails that may wait; further ones are not taken, so that a mail server that is away costs no disk."""

MAX_ITEMS = 100
"""Events that one mail lists; of further ones it tells the number."""

DIGEST_S = 60.0
"""Seconds from one mail of a digest to the next."""

KEEP_SENT = timedelta(days=7)
KEEP_FAILED = timedelta(days=30)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail whose time has come."""

    id: int
    kind: MailKind
    recipient: str
    message_id: str
    facts: Mapping[str, Any]
    follow_up: Mapping[str, Any] | None
    created_at: datetime
    tries: int


@asynccontextmanager
async def beside(session: AsyncSession, what: str) -> AsyncIterator[None]:
    """Write mails in this block: they are kept with the transaction, or it goes on without them.

    Else a mistake in a mail would cost what it tells of, or hold it up for ever.
    """
    try:
        async with session.begin_nested():
            yield
    except (OperationalError, InterfaceError, OSError):
        raise  # the database is away, and may be back
    except Exception:  # noqa: BLE001 - see above
        _log.exception("There is no mail about %s", what)


class Outbox:
    """The one owner of the table of mails.

    Attributes:
        refused: mails that were not taken since the start: no usable address, or too many wait.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        audit: Audit,
        settings: Callable[[], MailSettings],
    ) -> None:
        self.refused = 0
        self._db = db
        self._clock = clock
        self._vault = vault
        self._audit = audit
        self._settings = settings
        self._in_hand: int | None = None
        self._on_added: Callable[[], None] = lambda: None

    @property
    def is_open(self) -> bool:
        """Whether mail is sent at all: without a mail server none is taken."""
        return self._settings().is_set_up

    def tell(self, on_added: Callable[[], None]) -> None:
        """Call this after each mail that was added."""
        self._on_added = on_added

    # Adding

    async def add(
        self,
        session: AsyncSession,
        kind: MailKind,
        recipient: str | None,
        facts: Mapping[str, Any],
        *,
        follow_up: Mapping[str, Any] | None = None,
        topic: str = "",
    ) -> bool:
        """Let this be sent once the transaction is kept; False: it is not taken. `topic`: see `waits`."""
        now = self._clock.now()
        if recipient is None or not await self._takes(session, kind, recipient):
            return False
        self._put(session, kind, recipient, facts, digest=topic, follow_up=follow_up, next_at=now)
        return True

    async def add_to_digest(
        self,
        session: AsyncSession,
        kind: MailKind,
        recipient: str | None,
        *,
        digest: str,
        items: Sequence[Mapping[str, Any]],
    ) -> bool:
        """Tell of these events in the next mail with this `digest`, of which there is one a minute at most.

        The first one is sent at once; what happens in the minute after it becomes one mail.
        """
        if recipient is None:
            return False
        now = self._clock.now()
        query = select(MailRow).where(MailRow.digest == digest, MailRow.recipient == recipient)
        last = await session.scalar(query.order_by(MailRow.id.desc()).limit(1).with_for_update())
        if last is not None and self._still_grows(last):
            last.facts = self._seal(_grown(self._open_facts(last), items))
            return True
        if not await self._takes(session, kind, recipient):
            return False
        before = (last.done_at or last.next_at) if last is not None else None
        next_at = max(now, before + timedelta(seconds=DIGEST_S)) if before is not None else now
        facts = _grown({"items": []}, items)
        self._put(session, kind, recipient, facts, digest=digest, next_at=next_at)
        return True

    def _still_grows(self, row: MailRow) -> bool:
        return row.state == MailState.WAITING and row.tries == 0 and row.id != self._in_hand

    async def _takes(self, session: AsyncSession, kind: MailKind, recipient: str) -> bool:
        if not self.is_open:
            return False
        if problem := address_problem(recipient):
            _log.warning("A mail (%s) is not sent: %r %s", kind, recipient, problem)
            self.refused += 1
            return False
        waiting = select(func.count()).where(MailRow.state == MailState.WAITING)
        if (await session.scalar(waiting) or 0) >= MAX_WAITING:
            _log.error("A mail (%s) to %s is lost: %d mails wait already", kind, recipient, MAX_WAITING)
            self.refused += 1
            return False
        return True

    def _put(
        self,
        session: AsyncSession,
        kind: MailKind,
        recipient: str,
        facts: Mapping[str, Any],
        *,
        next_at: datetime,
        digest: str = "",
        follow_up: Mapping[str, Any] | None = None,
    ) -> None:
        domain = self._settings().sender.rpartition("@")[2]
        session.add(
            MailRow(
                kind=kind,
                recipient=recipient,
                message_id=f"<{uuid.uuid4().hex}@{domain}>",
                facts=self._seal(facts),
                digest=digest,
                follow_up=dict(follow_up) if follow_up is not None else None,
                state=MailState.WAITING,
                tries=0,
                error="",
                created_at=self._clock.now(),
                next_at=next_at,
                done_at=None,
            )
        )
        # Not once: the end of a savepoint looks the same as that of the transaction.
        event.listen(session.sync_session, "after_commit", lambda _: self._on_added())

    # Sending

    async def take_due(self) -> Outgoing | None:
        """The mail that has been due for longest; it is in hand until one of the next four is called."""
        now = self._clock.now()
        due = select(MailRow).where(MailRow.state == MailState.WAITING, MailRow.next_at <= now)
        async with self._db.session() as session:
            while True:
                row = await session.scalar(
                    due.order_by(MailRow.next_at, MailRow.id).limit(1).with_for_update()
                )
                if row is None:
                    return None
                try:
                    facts = self._open_facts(row)
                    break
                except VaultError as error:
                    _close(row, MailState.FAILED, now, str(error))
                    await session.flush()
            self._in_hand = row.id
            return Outgoing(
                id=row.id,
                kind=MailKind(row.kind),
                recipient=row.recipient,
                message_id=row.message_id,
                facts=facts,
                follow_up=row.follow_up,
                created_at=row.created_at,
                tries=row.tries,
            )

    def put_back(self) -> None:
        """The mail in hand was not tried."""
        self._in_hand = None

    async def sent(self, mail_id: int) -> None:
        """The mail server has taken it; what follows from that is still to be done."""
        async with self._db.session() as session:
            if (row := await session.get(MailRow, mail_id)) is not None:
                row.tries += 1
                row.facts = None
                _close(row, MailState.SENT, self._clock.now())
        self._in_hand = None

    async def try_again(self, mail_id: int, at: datetime, error: str) -> None:
        """It was not taken now."""
        async with self._db.session() as session:
            if (row := await session.get(MailRow, mail_id)) is not None:
                row.tries += 1
                row.next_at, row.error = at, error[:255]
        self._in_hand = None

    async def failed(self, mail_id: int, error: str) -> None:
        """It will never be taken."""
        async with self._db.session() as session:
            if (row := await session.get(MailRow, mail_id)) is not None:
                row.tries += 1
                _close(row, MailState.FAILED, self._clock.now(), error)
        self._in_hand = None

    async def give_up(self, *, older_than: datetime, why: str) -> list[QueuedMail]:
        """Mails of before that moment that still wait have failed; `why`, where no try has told that."""
        query = select(MailRow).where(MailRow.state == MailState.WAITING, MailRow.created_at < older_than)
        async with self._db.session() as session:
            rows = [row for row in await session.scalars(query.limit(200)) if row.id != self._in_hand]
            for row in rows:
                _close(row, MailState.FAILED, self._clock.now(), f"given up: {row.error or why}")
            return [_queued(row) for row in rows]

    async def next_at(self) -> datetime | None:
        """When the next mail is due; None: none waits."""
        async with self._db.reading() as session:
            return await session.scalar(
                select(func.min(MailRow.next_at)).where(MailRow.state == MailState.WAITING)
            )

    async def to_follow_up(self) -> list[Outgoing]:
        """Mails that are sent, of which something still follows."""
        query = select(MailRow).where(MailRow.state == MailState.SENT, MailRow.follow_up.is_not(None))
        async with self._db.reading() as session:
            return [
                Outgoing(
                    row.id,
                    MailKind(row.kind),
                    row.recipient,
                    row.message_id,
                    {},
                    row.follow_up,
                    row.created_at,
                    row.tries,
                )
                for row in await session.scalars(query.order_by(MailRow.id))
            ]

    async def followed_up(self, mail_id: int) -> None:
        """What followed from it is done."""
        async with self._db.session() as session:
            if (row := await session.get(MailRow, mail_id)) is not None:
                row.follow_up = None

    async def waits(self, topic: str) -> bool:
        """Whether a mail about this topic is still to be sent."""
        query = select(MailRow.id).where(MailRow.digest == topic, MailRow.state == MailState.WAITING)
        async with self._db.reading() as session:
            return await session.scalar(query.limit(1)) is not None

    # For people

    async def counts(self) -> dict[MailState, int]:
        """How many mails there are of each state."""
        query = select(MailRow.state, func.count()).group_by(MailRow.state)
        async with self._db.reading() as session:
            found = {state: count for state, count in await session.execute(query)}  # noqa: C416
        return {state: found.get(state.value, 0) for state in MailState}

    async def list(self, *, state: MailState | None = None, limit: int = 100) -> "list[QueuedMail]":
        """The newest mails first."""
        query = select(MailRow).order_by(MailRow.id.desc()).limit(limit)
        if state is not None:
            query = query.where(MailRow.state == state)
        async with self._db.reading() as session:
            return [_queued(row) for row in await session.scalars(query)]

    async def retry(self, mail_id: int, *, by: str, address: str = "") -> QueuedMail:
        """Try a mail at once that waits or has failed, for as long as a new one.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: it is sent, or being sent.
        """
        async with self._db.session() as session:
            row = await self._row(session, mail_id)
            if row.state == MailState.SENT or row.id == self._in_hand:
                raise conflict(f"Mail {mail_id} is sent already, or is being sent.")
            now = self._clock.now()
            row.state, row.next_at, row.created_at, row.done_at = MailState.WAITING, now, now, None
            self._audit.record(session, "mail.retry", actor=by, subject=row.recipient, address=address)
            found = _queued(row)
        self._on_added()
        return found

    async def cancel(self, mail_id: int, *, by: str, address: str = "") -> None:
        """Remove a mail that is not sent.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: it is sent, or being sent.
        """
        async with self._db.session() as session:
            row = await self._row(session, mail_id)
            if row.state == MailState.SENT or row.id == self._in_hand:
                raise conflict(f"Mail {mail_id} is sent already, or is being sent.")
            await session.delete(row)
            self._audit.record(session, "mail.cancel", actor=by, subject=row.recipient, address=address)

    async def sweep(self) -> None:
        """Forget mails that were sent, or have failed, long ago."""
        now = self._clock.now()
        async with self._db.session() as session:
            for state, keep in ((MailState.SENT, KEEP_SENT), (MailState.FAILED, KEEP_FAILED)):
                await session.execute(
                    delete(MailRow).where(MailRow.state == state, MailRow.done_at < now - keep)
                )

    @staticmethod
    async def _row(session: AsyncSession, mail_id: int) -> MailRow:
        row = await session.get(MailRow, mail_id)
        if row is None:
            raise not_found(f"mail {mail_id}")
        return row

    def _seal(self, facts: Mapping[str, Any]) -> bytes:
        return self._vault.seal(json.dumps(facts))

    def _open_facts(self, row: MailRow) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._vault.unseal(row.facts or b""))
        return found


def _grown(facts: dict[str, Any], items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Facts of a digest with these events, too; of those that are too many it has the number."""
    room = max(0, MAX_ITEMS - len(facts["items"]))
    more = facts.get("more", 0) + max(0, len(items) - room)
    grown = {"items": [*facts["items"], *(dict(item) for item in items[:room])]}
    return grown | ({"more": more} if more else {})


def _close(row: MailRow, state: MailState, at: datetime, error: str = "") -> None:
    row.state, row.done_at, row.next_at = state, at, None
    row.error = one_line(error)[:255]


def _queued(row: MailRow) -> QueuedMail:
    return QueuedMail(
        id=row.id,
        kind=MailKind(row.kind),
        recipient=row.recipient,
        state=MailState(row.state),
        message_id=row.message_id,
        created_at=row.created_at,
        tries=row.tries,
        next_at=row.next_at,
        sent_at=row.done_at if row.state == MailState.SENT else None,
        error=row.error,
    )
