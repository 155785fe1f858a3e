"""Presence: what each extension tells its colleagues, for good or for a while (PRES-1, PRES-5)."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from server.clock import Clock
from server.contract.extensions import Extension
from server.contract.presence import Presence, PresenceChange, PresenceStatus
from server.db.base import Database
from server.db.models.accounts import ExtensionRow
from server.db.models.calls import PresenceRow
from server.services.audit import Audit
from server.services.directory import Directory
from server.services.reaching import Reaching
from server.services.tasks import Background

Observer = Callable[[str], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A presence, and for a temporary one what comes back."""

    presence: Presence
    previous: Presence | None = None


class PresenceService:
    """Owner of every extension's presence: in memory for calls and lamps, in the database for restarts.

    A temporary status ends by a timer for the next that expires; one that expired while no server ran ends
    at the start.

    Attributes:
        ended_meanwhile: whose status has ended so at the start, when nobody could be told yet.
    """

    def __init__(
        self, *, db: Database, clock: Clock, directory: Directory, reaching: Reaching, audit: Audit
    ) -> None:
        self._db = db
        self._clock = clock
        self._directory = directory
        self._reaching = reaching
        self._audit = audit
        self._chosen: dict[str, _Chosen] = {}
        self._started_at = clock.now()
        self._observers: list[Observer] = []
        self.ended_meanwhile: frozenset[str] = frozenset()
        self._background = Background("presence")
        self._changing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._stop_observing: Callable[[], None] | None = None

    async def start(self) -> None:
        """Load what was chosen; end what has expired; forget what removed extensions left behind."""
        self._started_at = self._clock.now()
        async with self._db.session() as session:
            await session.execute(
                delete(PresenceRow).where(PresenceRow.number.not_in(select(ExtensionRow.number))),
                execution_options={"synchronize_session": False},
            )
            rows = list(await session.scalars(select(PresenceRow)))
        self._chosen = {row.number: _chosen(row) for row in rows}
        self._stop_observing = self._directory.observe(self._on_directory)
        before = self.statuses()
        self._expire()
        self.ended_meanwhile = frozenset(
            number for number, status in self.statuses().items() if status is not before[number]
        )

    async def stop(self) -> None:
        """Finish what is being written."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._background.join()

    def of(self, number: str) -> Presence:
        """The presence of an extension; available since the start of the server if it never chose one."""
        chosen = self._chosen.get(number)
        if chosen is not None:
            return chosen.presence
        return Presence(status=PresenceStatus.AVAILABLE, note="", since=self._started_at)

    def statuses(self) -> Mapping[str, PresenceStatus]:
        """The status of everybody who has ever chosen one, by number."""
        return {number: chosen.presence.status for number, chosen in self._chosen.items()}

    def accepts_direct_calls(self, number: str) -> bool:
        """False under Do Not Disturb: direct calls are answered with busy."""
        return self.of(number).status is not PresenceStatus.DO_NOT_DISTURB

    async def change(
        self, number: str, change: PresenceChange, *, by: str | None = None, address: str = ""
    ) -> Presence:
        """Choose a status with its note; colleagues are told after it is stored.

        A temporary one remembers the status that was chosen for good before it. `by` is whoever does this for
        somebody else, for the audit log.
        """
        note = change.note
        if note is None:
            note = self._reaching.of(number).statuses.of(change.status).note
        async with self._changing:
            now = self._clock.now()
            until = now + timedelta(minutes=change.for_minutes) if change.for_minutes else None
            presence = Presence(status=change.status, note=note, since=now, until=until)
            before = self._chosen.get(number)
            previous = (before and before.previous) or self.of(number)
            chosen = _Chosen(presence, previous if until else None)
            async with self._db.session() as session:
                await session.merge(_row(number, chosen))
                if by is not None:
                    self._audit.record(
                        session,
                        "presence.change",
                        actor=by,
                        subject=number,
                        address=address,
                        status=presence.status.value,
                    )
            self._chosen[number] = chosen
        self._tell(number)
        self._expire()
        return presence

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(number)` after each change. The returned function ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _tell(self, number: str) -> None:
        for observer in tuple(self._observers):
            observer(number)

    def _expire(self) -> None:
        """End what has expired by now, and set the timer for the next."""
        now = self._clock.now()
        ends: list[datetime] = []
        for number, chosen in tuple(self._chosen.items()):
            until = chosen.presence.until
            if until is None or chosen.previous is None:
                continue
            if until > now:
                ends.append(until)
                continue
            back = chosen.previous.model_copy(update={"since": until})
            self._chosen[number] = _Chosen(back)
            self._background.spawn(self._store_expired(number, until, back))
            _log.info("Extension %s: the temporary status ended, it is %s again", number, back.status)
            self._tell(number)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if ends:
            wait_s = (min(ends) - now).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._expire)

    async def _store_expired(self, number: str, until: datetime, back: Presence) -> None:
        """Store it, unless something else was chosen meanwhile. Should this fail, the next start does it."""
        async with self._db.session() as session:
            await session.execute(
                update(PresenceRow)
                .where(PresenceRow.number == number, PresenceRow.until == until)
                .values(
                    status=back.status.value,
                    note=back.note,
                    since=back.since,
                    until=None,
                    previous_status=None,
                    previous_note=None,
                ),
                execution_options={"synchronize_session": False},
            )

    def _on_directory(self, number: str, extension: Extension | None) -> None:
        # Whoever gets the number next does not inherit the note of who had it before.
        if extension is None and self._chosen.pop(number, None) is not None:
            self._background.spawn(self._forget(number))

    async def _forget(self, number: str) -> None:
        async with self._db.session() as session:
            await session.execute(delete(PresenceRow).where(PresenceRow.number == number))


def _row(number: str, chosen: _Chosen) -> PresenceRow:
    presence, previous = chosen.presence, chosen.previous
    return PresenceRow(
        number=number,
        status=presence.status.value,
        note=presence.note,
        since=presence.since,
        until=presence.until,
        previous_status=previous.status.value if previous else None,
        previous_note=previous.note if previous else None,
    )


def _chosen(row: PresenceRow) -> _Chosen:
    presence = Presence(status=PresenceStatus(row.status), note=row.note, since=row.since, until=row.until)
    if row.previous_status is None:
        return _Chosen(presence)
    status = PresenceStatus(row.previous_status)
    return _Chosen(presence, Presence(status=status, note=row.previous_note or "", since=row.since))
