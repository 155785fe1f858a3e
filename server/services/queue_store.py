"""Queues in the database: what a later server goes on from, and the logs of calls and agents (Q-9, Q-11)."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from server.contract.agents import AgentChange, CallResult, QueueCall, QueueLogEntry
from server.contract.base import Reply
from server.db.base import Database
from server.db.models import AgentChangeRow, QueueCallRow, QueueStateRow
from server.rules.queues.stored import StoredAcd, StoredCaller, StoredLine, StoredMember

Key = tuple[str, str]
"""Kind and key of a row of the state."""

MEMBER, CALLER, LINE = "member", "caller", "line"

_MODELS: dict[str, type[Reply]] = {MEMBER: StoredMember, CALLER: StoredCaller, LINE: StoredLine}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Paused:
    """An agent has missed so many calls in a row, and was paused for it (Q-4)."""

    queue: str
    extension: str
    missed: int
    at: datetime


@dataclass(slots=True)
class Changes:
    """What has changed since the last time; of a row that is gone, None."""

    rows: dict[Key, Reply | None] = field(default_factory=dict)
    calls: list[QueueCall] = field(default_factory=list)
    agents: list[AgentChange] = field(default_factory=list)
    paused: list[Paused] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows or self.calls or self.agents or self.paused)

    def add(self, later: "Changes") -> None:
        """These, and then the later ones."""
        self.rows.update(later.rows)
        self.calls += later.calls
        self.agents += later.agents
        self.paused += later.paused


Also = Callable[[AsyncSession, Changes], Awaitable[None]]


async def _nothing(_session: AsyncSession, _changes: Changes) -> None:
    """Nothing else is written."""


class QueueStore:
    """Reads and writes. Every method is one transaction; `also` writes into the same one.

    What `also` makes impossible is written without it, and that is logged: it must hold up nothing.
    """

    def __init__(self, db: Database, also: Also = _nothing) -> None:
        self._db = db
        self._also = also

    async def load(self) -> StoredAcd:
        """What an earlier server has left. What this version cannot read is left out, and logged."""
        async with self._db.reading() as session:
            rows = list(await session.scalars(select(QueueStateRow)))
        found: dict[str, list[Reply]] = {kind: [] for kind in _MODELS}
        for row in rows:
            try:
                found[row.kind].append(_MODELS[row.kind].model_validate(row.body))
            except (ValidationError, KeyError) as error:
                _log.error("State %s %s of the queues cannot be read: %s", row.kind, row.key, error)
        return StoredAcd.model_validate(
            {"members": found[MEMBER], "callers": found[CALLER], "lines": found[LINE]}
        )

    async def save(self, changes: Changes) -> list[int]:
        """Write what has changed; the ids of the lines of the queues' log, in their order."""
        try:
            return await self._save(changes, self._also)
        except (OperationalError, InterfaceError, OSError):
            raise  # the database is away, and may be back
        except Exception:  # noqa: BLE001 - it would be tried again for ever, and nothing else be stored
            _log.exception("There are no mails about what has happened in queues")
            return await self._save(changes, _nothing)

    async def _save(self, changes: Changes, also: Also) -> list[int]:
        ids: list[int] = []
        keys = list(changes.rows)
        rows = [
            {"kind": kind, "key": key, "body": row.model_dump(mode="json")}
            for (kind, key), row in changes.rows.items()
            if row is not None
        ]
        async with self._db.session() as session:
            connection = await session.connection()
            for begin in range(0, len(keys), 200):
                some = keys[begin : begin + 200]
                named = tuple_(QueueStateRow.kind, QueueStateRow.key).in_(some)
                await connection.execute(delete(QueueStateRow).where(named))
            if rows:
                await connection.execute(insert(QueueStateRow), rows)
            if changes.calls:
                added = insert(QueueCallRow).returning(QueueCallRow.id, sort_by_parameter_order=True)
                values = [_call_values(call) for call in changes.calls]
                ids = list((await connection.execute(added, values)).scalars())
            if changes.agents:
                await connection.execute(
                    insert(AgentChangeRow), [change.model_dump() for change in changes.agents]
                )
            await also(session, changes)
        return ids


def _call_values(call: QueueCall) -> Mapping[str, object]:
    return {
        "call_id": call.call,
        "queue": call.queue,
        "caller": call.number,
        "caller_name": call.name,
        "joined_at": call.joined,
        "left_at": call.left,
        "ended_at": call.ended,
        "ending": call.end,
        "agent": call.agent,
        "missed": list(call.missed),
    }


def log_entry(row: QueueCallRow) -> QueueLogEntry:
    """A line of the queue's log, and how far it was dealt with."""
    (call,) = queue_calls([row])
    return QueueLogEntry(
        **call.model_dump(),
        id=row.id,
        result=CallResult(row.result),
        result_by=row.result_by,
        result_at=row.result_at,
        automatic=row.result_automatic,
    )


def queue_calls(rows: Sequence[QueueCallRow]) -> list[QueueCall]:
    """Lines of the queue's log, as they are stored."""
    return [
        QueueCall.model_validate(
            {
                "call": row.call_id,
                "queue": row.queue,
                "number": row.caller,
                "name": row.caller_name,
                "joined": row.joined_at,
                "left": row.left_at,
                "ended": row.ended_at,
                "end": row.ending,
                "agent": row.agent,
                "missed": row.missed,
            }
        )
        for row in rows
    ]
