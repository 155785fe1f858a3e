"""Who has called an emergency number lately, and so is to be reached when the emergency centre calls back.

It is in memory as soon as the call is sent, and in the database a moment later, for a later server: nothing
holds an emergency call up, not even a disk.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.contract.routing import MAX_CALL_BACK_MINUTES
from server.db.base import Database
from server.db.models import EmergencyCallRow
from server.rules.routing import EmergencyCall
from server.services.call_log_store import Call
from server.services.tasks import Background

KEPT = timedelta(minutes=MAX_CALL_BACK_MINUTES)
"""What is older than this is of no use under any setting."""

RETRY_S = 2.0
"""Seconds until a failed write is repeated."""

STOP_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """An emergency call, and the id of the call."""

    call_id: str
    call: EmergencyCall

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Of two with the same one only the newer one counts, so that there are never many of them."""
        return self.call.extension, self.call.number, self.call.trunk, self.call.shown


class Store(Protocol):
    """Where they are kept."""

    async def load(self) -> list[Made]:
        """All of them."""

    async def save(self, made: list[Made]) -> None:
        """Keep these, in place of those with the same keys."""

    async def forget(self, made: list[Made]) -> None:
        """Drop these, but not what stands in their place by now."""


class EmergencyStore:
    """Keeps them in the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def load(self) -> list[Made]:
        """See `Store`."""
        async with self._db.reading() as session:
            rows = await session.scalars(select(EmergencyCallRow))
            return [
                Made(row.call_id, EmergencyCall(row.extension, row.number, row.trunk, row.shown, row.at))
                for row in rows
            ]

    async def save(self, made: list[Made]) -> None:
        """See `Store`."""
        async with self._db.session() as session:
            for one in made:
                extension, number, trunk, shown = one.key
                row = EmergencyCallRow(extension=extension, number=number, trunk=trunk, shown=shown)
                row.call_id, row.at = one.call_id, one.call.at
                await session.merge(row)

    async def forget(self, made: list[Made]) -> None:
        """See `Store`."""
        async with self._db.session() as session:
            for one in made:
                extension, number, trunk, shown = one.key
                await session.execute(
                    delete(EmergencyCallRow).where(
                        EmergencyCallRow.extension == extension,
                        EmergencyCallRow.number == number,
                        EmergencyCallRow.trunk == trunk,
                        EmergencyCallRow.shown == shown,
                        EmergencyCallRow.at == one.call.at,
                    )
                )


class Emergencies:
    """Owns the emergency calls that were made lately."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._made: dict[tuple[str, str, str, str], Made] = {}
        self._unsaved: dict[tuple[str, str, str, str], Made] = {}
        self._background = Background("emergency calls")
        self._is_writing = False

    async def load(self) -> None:
        """Read what an earlier server has left."""
        self._made = {made.key: made for made in await self._store.load()} | self._made

    async def stop(self) -> None:
        """Wait until they are stored, for a while."""
        try:
            async with asyncio.timeout(STOP_S):
                await self._background.join()
        except TimeoutError:
            await self._background.cancel()

    def recent(self) -> list[EmergencyCall]:
        """Those of the last day; which of them count, and how long, is set for each emergency number."""
        now = self._clock.now()
        return [made.call for made in self._made.values() if now - made.call.at < KEPT]

    def begun(self, call_id: str, *, extension: str, number: str, trunk: str, shown: str) -> None:
        """An emergency call is sent out now. Never waits, never fails."""
        self._keep(Made(call_id, EmergencyCall(extension, number, trunk, shown, self._clock.now())))

    def knows(self, call_id: str) -> bool:
        """Whether it is known that this is an emergency call."""
        return any(made.call_id == call_id for made in self._made.values())

    def follow(self, call: Call) -> None:
        """Told of every change of a call: the time in which it is called back begins when it has ended."""
        if call.ended_at is None:
            return
        for made in list(self._made.values()):
            if made.call_id == call.id and made.call.at < call.ended_at:
                self._keep(replace(made, call=replace(made.call, at=call.ended_at)))

    async def sweep(self) -> None:
        """Forget the old ones."""
        now = self._clock.now()
        old = [made for made in self._made.values() if now - made.call.at >= KEPT]
        if old:
            await self._store.forget(old)
        for made in old:
            if self._made.get(made.key) is made:
                del self._made[made.key]

    def _keep(self, made: Made) -> None:
        self._made[made.key] = self._unsaved[made.key] = made
        if not self._is_writing:
            self._is_writing = True
            self._background.spawn(self._write())

    async def _write(self) -> None:
        try:
            while self._unsaved:
                writing, self._unsaved = self._unsaved, {}
                try:
                    await self._store.save(list(writing.values()))
                except (SQLAlchemyError, OSError) as error:
                    _log.warning("An emergency call cannot be stored, it is tried again: %s", error)
                    self._unsaved = writing | self._unsaved
                    await asyncio.sleep(RETRY_S)
        finally:
            self._is_writing = False
