"""Calls in the database: what is stored of a call, and the two logs that are read back (LOG-1)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.contract.calls import CallLogEntry, CallQuality, CallRecord, Direction, Outcome
from server.db.base import Database
from server.db.models.accounts import ExtensionRow
from server.db.models.calls import CallLogRow, CallQualityRow, CallRow
from server.rules.outcomes import MEANING, Ending
from server.services.call_log_quality import OF_ENTRY, put_quality, qualities, quality_of
from server.switch.port import Party

_SEEN_BY_NATURE = (Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE, Outcome.DECLINED)
"""Incoming calls that somebody has dealt with: nothing to be told of later."""

_ENTRIES = select(CallLogRow, CallQualityRow).outerjoin(CallQualityRow, OF_ENTRY)


@dataclass(frozen=True, slots=True)
class Visit:
    """An extension that a call came to and left again, at `left_at`, since nobody answered there."""

    callee: str
    callee_name: str
    ending: Ending
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """All that is stored of one call, as of one moment; a later version replaces it as a whole.

    Attributes:
        callee: the extension that is called, the last one if it was forwarded; None if there is no such one.
        visits: the extensions before that.
        caller_trunk: the trunk that the caller is behind; "": the caller is an extension, which has a log.
        caller_leg, legs, answered_leg, bridge_id: ids of the switch; `legs` are all phones that ring, and
            one that picked the call up.
        boss: the extension for which its present callees are called, its secretaries (BOSS-1); "": nobody.
        ending: None while the call lasts.
    """

    id: str
    caller: Party
    dialled: str
    callee: str | None
    callee_name: str
    started_at: datetime
    caller_leg: str
    bridge_id: str
    legs: tuple[str, ...] = ()
    answered_leg: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = None
    visits: tuple[Visit, ...] = ()
    caller_trunk: str = ""
    boss: str = ""

    def talks(self, extension: str) -> bool:
        """Whether it was answered, and this extension is, or was, one of the two who talk."""
        ends = {self.callee, None if self.caller_trunk else self.caller.number}
        return self.answered_at is not None and extension in ends

    def entries(self) -> list[CallLogEntry]:
        """The log entries of an ended call: the caller's, and those of all extensions that it came to."""
        if self.ending is None or self.ended_at is None:
            return []
        meaning = MEANING[self.ending]
        found = [
            self._missed_by(visit, f"{self.id}-in{position}")
            for position, visit in enumerate(self.visits, start=1)
        ]
        if meaning.callee is not None and self.callee is not None:
            found.append(self._entry("in", self.callee, Direction.INCOMING, self.caller, meaning.callee))
        if not self.caller_trunk:
            other = Party(self.callee or self.dialled, self.callee_name)
            found.append(self._entry("out", self.caller.number, Direction.OUTGOING, other, meaning.caller))
        return found

    def _missed_by(self, visit: Visit, entry_id: str) -> CallLogEntry:
        meaning = MEANING[visit.ending]
        entry = self._entry(
            "in", visit.callee, Direction.INCOMING, self.caller, meaning.callee or Outcome.MISSED
        )
        return entry.model_copy(
            update={
                "id": entry_id, "sip_code": meaning.sip_code, "answered_at": None, "ended_at": visit.left_at
            }
        )  # fmt: skip

    def _entry(
        self, suffix: str, owner: str, direction: Direction, party: Party, outcome: Outcome
    ) -> CallLogEntry:
        return CallLogEntry(
            id=f"{self.id}-{suffix}",
            call_id=self.id,
            owner=owner,
            direction=direction,
            number=party.number,
            name=party.name,
            outcome=outcome,
            sip_code=MEANING[self.ending].sip_code if self.ending else None,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at or self.started_at,
            seen=direction is Direction.OUTGOING or outcome in _SEEN_BY_NATURE,
        )


class CallStore:
    """Reads and writes calls and log entries. Every method is one transaction."""

    def __init__(
        self,
        db: Database,
        also: Callable[[AsyncSession, Sequence[CallLogEntry]], Awaitable[None]] | None = None,
    ) -> None:
        """`also` writes into the transaction of log entries, before they are there."""
        self._db = db
        self._also = also
        insert = sqlite.insert if db.is_sqlite else postgresql.insert
        calls = insert(CallRow)
        self._put_calls = calls.on_conflict_do_update(
            index_elements=["id"],
            set_={
                column.name: calls.excluded[column.name]
                for column in CallRow.__table__.columns
                if column.name != "id"
            },
        )
        self._add_entries = insert(CallLogRow).on_conflict_do_nothing()

    async def save(self, calls: Sequence[Call], *, without_log: frozenset[str] = frozenset()) -> None:
        """Write these versions of these calls, and the entries of those that ended.

        Repeating it changes nothing. Owners in `without_log` get no entries.
        """
        entries = [entry for call in calls for entry in call.entries() if entry.owner not in without_log]
        async with self._db.session() as session:
            # On the connection: what these rows are, the session need not know, and it would take its time.
            connection = await session.connection()
            await connection.execute(self._put_calls, [_call_values(call) for call in calls])
            if entries and self._also is not None:
                await self._also(session, entries)
            if entries:
                await connection.execute(self._add_entries, [_entry_values(entry) for entry in entries])

    async def open_calls(self) -> list[Call]:
        """Calls that have not ended, oldest first: after a crash, those that were in progress."""
        query = select(CallRow).where(CallRow.ended_at.is_(None)).order_by(CallRow.started_at)
        async with self._db.reading() as session:
            return [_call(row) for row in await session.scalars(query)]

    async def find(self, call_id: str) -> Call | None:
        """A call by its id."""
        async with self._db.reading() as session:
            row = await session.get(CallRow, call_id)
            return _call(row) if row is not None else None

    async def knows(self, call: Call) -> bool:
        """Whether this call, or one of the same caller's leg, is stored, ended or not."""
        same = or_(CallRow.id == call.id, CallRow.caller_leg == call.caller_leg)
        async with self._db.reading() as session:
            return await session.scalar(select(CallRow.id).where(same).limit(1)) is not None

    async def entries(
        self,
        owner: str,
        *,
        direction: Direction | None = None,
        outcome: Outcome | None = None,
        text: str = "",
        before: str | None = None,
        limit: int = 500,
    ) -> list[CallLogEntry]:
        """Entries of one owner, newest first.

        `text` is searched in number and name; `before` is the id of an entry: only older ones. An entry
        that is not the owner's, or is gone, has nothing before it.
        """
        query = _ENTRIES.where(CallLogRow.owner == owner)
        if direction is not None:
            query = query.where(CallLogRow.direction == direction)
        if outcome is not None:
            query = query.where(CallLogRow.outcome == outcome)
        if text:
            query = query.where(
                or_(
                    CallLogRow.number.icontains(text, autoescape=True),
                    CallLogRow.name.icontains(text, autoescape=True),
                )
            )
        if before is not None:
            query = query.where(
                tuple_(CallLogRow.started_at, CallLogRow.id)
                < select(CallLogRow.started_at, CallLogRow.id)
                .where(CallLogRow.id == before, CallLogRow.owner == owner)
                .scalar_subquery()
            )
        query = query.order_by(CallLogRow.started_at.desc(), CallLogRow.id.desc()).limit(limit)
        async with self._db.reading() as session:
            return [_entry(*row) for row in await session.execute(query)]

    async def has_talked(self, owner: str, call_id: str) -> bool:
        """Whether this extension talked in this call, and has not deleted that from its log, or talks now."""
        entry = select(CallLogRow.id).where(
            CallLogRow.call_id == call_id, CallLogRow.owner == owner, CallLogRow.outcome == Outcome.ANSWERED
        )
        async with self._db.reading() as session:
            if await session.scalar(entry) is not None:
                return True
            row = await session.get(CallRow, call_id)
            return row is not None and row.ended_at is None and _call(row).talks(owner)

    async def put_quality(self, owner: str, call_id: str, quality: CallQuality) -> CallLogEntry | None:
        """Store how a call sounded, in place of what was told before; returns the entry, if there is one.

        Raises `IntegrityError` if the call is not stored.
        """
        query = _ENTRIES.where(
            CallLogRow.call_id == call_id, CallLogRow.owner == owner, CallLogRow.outcome == Outcome.ANSWERED
        )
        async with self._db.session() as session:
            await put_quality(session, call_id, owner, quality)
        async with self._db.reading() as session:
            row = (await session.execute(query)).first()
            return _entry(*row) if row is not None else None

    async def mark_seen(self, owner: str, ids: Sequence[str] | None) -> list[CallLogEntry]:
        """Mark the owner's entries with these ids (None: all) as seen; returns those that were not."""
        change = update(CallLogRow).where(CallLogRow.owner == owner, CallLogRow.seen.is_(False))
        if ids is not None:
            change = change.where(CallLogRow.id.in_(ids))
        async with self._db.session() as session:
            rows = await session.scalars(
                change.values(seen=True).returning(CallLogRow),
                execution_options={"synchronize_session": False},
            )
            return [_entry(row) for row in rows]

    async def delete(self, owner: str, ids: Sequence[str] | None) -> list[str]:
        """Delete the owner's entries with these ids (None: all); returns the ids that were there."""
        chosen = delete(CallLogRow).where(CallLogRow.owner == owner)
        if ids is not None:
            chosen = chosen.where(CallLogRow.id.in_(ids))
        async with self._db.session() as session:
            found = await session.scalars(
                chosen.returning(CallLogRow.id), execution_options={"synchronize_session": False}
            )
            return list(found)

    async def forget_removed(self) -> None:
        """Delete the logs of extensions that are no more."""
        async with self._db.session() as session:
            await session.execute(
                delete(CallLogRow).where(CallLogRow.owner.not_in(select(ExtensionRow.number))),
                execution_options={"synchronize_session": False},
            )

    async def records(
        self, *, extension: str | None = None, before: str | None = None, limit: int = 100
    ) -> list[CallRecord]:
        """All calls, newest first, also those in progress; `extension` is caller, callee or dialled text."""
        query = select(CallRow)
        if extension is not None:
            query = query.where(
                or_(CallRow.caller == extension, CallRow.callee == extension, CallRow.dialled == extension)
            )
        if before is not None:
            query = query.where(
                tuple_(CallRow.started_at, CallRow.id)
                < select(CallRow.started_at, CallRow.id).where(CallRow.id == before).scalar_subquery()
            )
        query = query.order_by(CallRow.started_at.desc(), CallRow.id.desc()).limit(limit)
        async with self._db.reading() as session:
            rows = (await session.scalars(query)).all()
            told = await qualities(session, [row.id for row in rows])
            return [_record(row, told.get(row.id, {})) for row in rows]


def _call_values(call: Call) -> dict[str, Any]:
    meaning = MEANING[call.ending] if call.ending else None
    return {
        "id": call.id,
        "caller": call.caller.number,
        "caller_name": call.caller.name,
        "dialled": call.dialled,
        "callee": call.callee,
        "callee_name": call.callee_name,
        "outcome": meaning.caller if meaning else None,
        "sip_code": meaning.sip_code if meaning else None,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "caller_leg": call.caller_leg,
        "answered_leg": call.answered_leg,
        "legs": list(call.legs),
        "bridge_id": call.bridge_id,
        "caller_trunk": call.caller_trunk,
        "boss": call.boss,
        "visits": [
            {
                "callee": visit.callee,
                "callee_name": visit.callee_name,
                "ending": visit.ending.value,
                "left_at": visit.left_at.isoformat(),
            }
            for visit in call.visits
        ],
    }


def _entry_values(entry: CallLogEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in CallLogEntry.model_fields if name != "quality"}


def _call(row: CallRow) -> Call:
    return Call(
        id=row.id,
        caller=Party(row.caller, row.caller_name),
        dialled=row.dialled,
        callee=row.callee,
        callee_name=row.callee_name,
        started_at=row.started_at,
        caller_leg=row.caller_leg,
        bridge_id=row.bridge_id,
        legs=tuple(row.legs),
        answered_leg=row.answered_leg,
        answered_at=row.answered_at,
        visits=tuple(
            Visit(
                visit["callee"],
                visit["callee_name"],
                Ending(visit["ending"]),
                datetime.fromisoformat(visit["left_at"]),
            )
            for visit in row.visits
        ),
        caller_trunk=row.caller_trunk,
        boss=row.boss,
    )


def _entry(row: CallLogRow, quality: CallQualityRow | None = None) -> CallLogEntry:
    entry = CallLogEntry.model_validate(row, from_attributes=True)
    return entry if quality is None else entry.model_copy(update={"quality": quality_of(quality)})


def _record(row: CallRow, told: dict[str, CallQuality]) -> CallRecord:
    return CallRecord.model_validate(row, from_attributes=True).model_copy(update={"quality": told})
