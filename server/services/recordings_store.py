"""Recordings in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from server.contract.recording import Recording, RecordingState
from server.db.base import Database
from server.db.models import ExtensionRow, RecordingOwnerRow, RecordingRow

_COLUMNS = [column.name for column in RecordingRow.__table__.columns]
_OPEN = [state.value for state in RecordingState if state.is_open]


class RecordingStore:
    """Reads and writes recordings. Every method is one transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        insert = sqlite.insert if db.is_sqlite else postgresql.insert
        rows = insert(RecordingRow)
        self._put = rows.on_conflict_do_update(
            index_elements=["id"], set_={name: rows.excluded[name] for name in _COLUMNS if name != "id"}
        )
        self._add_owners = insert(RecordingOwnerRow).on_conflict_do_nothing()

    async def save(self, recordings: Sequence[Recording]) -> None:
        """Write these versions of these recordings. Repeating it changes nothing."""
        rows = [{name: getattr(one, name) for name in _COLUMNS} for one in recordings]
        owners = [{"recording_id": one.id, "owner": owner} for one in recordings for owner in one.owners]
        async with self._db.session() as session:
            connection = await session.connection()
            await connection.execute(self._put, rows)
            if owners:
                await connection.execute(self._add_owners, owners)

    async def find(
        self,
        *,
        owner: str | None = None,
        text: str = "",
        before: str | None = None,
        limit: int = 500,
        ended: bool = False,
    ) -> list[Recording]:
        """Recordings, newest first: of one owner, or all.

        `text` is searched in the numbers and names of both sides. `before` is the id of a recording: only
        older ones. `ended`: only those that are not under way.
        """
        query = select(RecordingRow)
        if owner is not None:
            query = query.join(RecordingOwnerRow).where(RecordingOwnerRow.owner == owner)
        if ended:
            query = query.where(RecordingRow.state.not_in(_OPEN))
        if text:
            sides = (
                RecordingRow.caller, RecordingRow.caller_name, RecordingRow.callee, RecordingRow.callee_name
            )  # fmt: skip
            query = query.where(or_(*(side.icontains(text, autoescape=True) for side in sides)))
        if before is not None:
            moment = select(RecordingRow.started_at, RecordingRow.id).where(RecordingRow.id == before)
            query = query.where(tuple_(RecordingRow.started_at, RecordingRow.id) < moment.scalar_subquery())
        query = query.order_by(RecordingRow.started_at.desc(), RecordingRow.id.desc()).limit(limit)
        return await self._read(query)

    async def get(self, recording_id: str) -> Recording | None:
        """One recording."""
        found = await self._read(select(RecordingRow).where(RecordingRow.id == recording_id))
        return found[0] if found else None

    async def open(self) -> list[Recording]:
        """Recordings that a former server left under way."""
        return await self._read(select(RecordingRow).where(RecordingRow.state.in_(_OPEN)))

    async def older_than(self, moment: datetime, limit: int) -> list[Recording]:
        """Some of the recordings that ended before this moment."""
        return await self._read(select(RecordingRow).where(RecordingRow.ended_at < moment).limit(limit))

    async def disown(self, owner: str, ids: Collection[str] | None) -> tuple[list[str], list[str]]:
        """Take ended recordings (None: all) from an owner: the ids of those, and of those nobody owns now."""
        async with self._db.session() as session:
            ended = select(RecordingRow.id).where(RecordingRow.state.not_in(_OPEN))
            chosen = delete(RecordingOwnerRow).where(
                RecordingOwnerRow.owner == owner, RecordingOwnerRow.recording_id.in_(ended)
            )
            if ids is not None:
                chosen = chosen.where(RecordingOwnerRow.recording_id.in_(ids))
            gone = list(
                await session.scalars(
                    chosen.returning(RecordingOwnerRow.recording_id),
                    execution_options={"synchronize_session": False},
                )
            )
            owned = set(
                await session.scalars(
                    select(RecordingOwnerRow.recording_id).where(RecordingOwnerRow.recording_id.in_(gone))
                )
            )
        return gone, [one for one in gone if one not in owned]

    async def remove(self, ids: Collection[str]) -> list[str]:
        """Delete these recordings, also those under way; the ids of those that there were."""
        async with self._db.session() as session:
            gone = await session.scalars(
                delete(RecordingRow).where(RecordingRow.id.in_(ids)).returning(RecordingRow.id),
                execution_options={"synchronize_session": False},
            )
            return list(gone)

    async def forget_removed(self) -> None:
        """Take recordings from extensions that are no more: administrators still have them."""
        async with self._db.session() as session:
            await session.execute(
                delete(RecordingOwnerRow).where(RecordingOwnerRow.owner.not_in(select(ExtensionRow.number))),
                execution_options={"synchronize_session": False},
            )

    async def _read(self, query: Select[RecordingRow]) -> list[Recording]:
        async with self._db.reading() as session:
            rows = list(await session.scalars(query))
            owners: dict[str, list[str]] = {row.id: [] for row in rows}
            for pair in await session.scalars(
                select(RecordingOwnerRow)
                .where(RecordingOwnerRow.recording_id.in_(owners))
                .order_by(RecordingOwnerRow.owner)
            ):
                owners[pair.recording_id].append(pair.owner)
            return [
                Recording(owners=owners[row.id], **{name: getattr(row, name) for name in _COLUMNS})
                for row in rows
            ]
