"""Function keys: the one owner of every extension's (KEY-1)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.errors import ErrorCode, FieldProblem
from server.contract.events import Topic
from server.contract.extensions import Extension
from server.contract.keys import FunctionKey, FunctionKeys, FunctionKeysChange, KeyRight
from server.db.base import Database
from server.db.models import ExtensionRow, FunctionKeysRow
from server.rules.keys import Surroundings, extensions_named, may_change_keys, problem_of
from server.rules.routing import Snapshot
from server.services.accounts import Who
from server.services.audit import Audit
from server.services.errors import AuthError, ServiceError, conflict, not_found
from server.services.extensions import Extensions
from server.services.hub import Hub

KEY = "keys"
"""Of the one item of the topic."""

_log = logging.getLogger(__name__)


class Keys:
    """Reads, checks and replaces the keys of extensions, and tells their clients.

    `snapshot` gives the configuration as of now. Nothing is told before `start`.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        audit: Audit,
        extensions: Extensions,
        snapshot: Callable[[], Snapshot],
    ) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._extensions = extensions
        self._snapshot = snapshot
        self._hub: Hub | None = None

    def start(self, hub: Hub) -> None:
        """Publish every change from now on."""
        self._hub = hub
        hub.topic(Topic.KEYS, self._of_user, allowed=lambda who: who.number is not None)

    def may_change_own(self, extension: Extension) -> bool:
        """Whether this extension may change its own keys."""
        return may_change_keys(self._snapshot().all(KeyRight).values(), extension)

    async def get(self, number: str) -> FunctionKeys:
        """The keys of an extension.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.reading() as session:
            extension = await _extension(session, number)
            return _read(number, await session.get(FunctionKeysRow, extension.id))

    async def check(self, number: str, key: FunctionKey) -> None:
        """Whether this extension may have this key.

        Raises:
            ServiceError: `NOT_FOUND`: the extension; `INVALID`: the key could do nothing, and why.
        """
        async with self._db.reading() as session:
            await _extension(session, number)
            problems = await self._problems(session, number, [(None, key)])
        if problems:
            raise ServiceError(ErrorCode.INVALID, _sentence(problems[0].problem), fields=problems)

    async def change_own(self, who: Who, change: FunctionKeysChange, *, address: str = "") -> FunctionKeys:
        """As `change`, for the own extension of whoever asks.

        Raises:
            ServiceError: `FORBIDDEN`: the administrator has not permitted it; and as `change`.
        """
        number = who.number or ""
        await self.check_permission(who)
        return await self.change(number, change, by=who.user, address=address)

    async def check_permission(self, who: Who) -> None:
        """Whether whoever asks may change their own keys.

        Raises:
            ServiceError: `FORBIDDEN`.
        """
        if who.is_administrator:
            return
        if who.number is None or not self.may_change_own(await self._extensions.get(who.number)):
            raise AuthError(
                ErrorCode.FORBIDDEN, "Only your administrator changes your function keys: ask for the right."
            )

    async def change(
        self, number: str, change: FunctionKeysChange, *, by: str, address: str = ""
    ) -> FunctionKeys:
        """Replace all keys of an extension; its clients follow at once. Keys that it had already are kept as
        they are, also where what they are about is gone.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: they were changed since `change.revision`; `INVALID`: a key
                could do nothing, each named by its field.
        """
        async with self._db.session() as session:
            extension = await _extension(session, number, lock=True)
            row = await session.get(FunctionKeysRow, extension.id)
            before = _read(number, row)
            if change.revision is not None and change.revision != before.revision:
                raise conflict(
                    "These keys were changed somewhere else meanwhile. "
                    "Nothing was stored: look at them again."
                )
            new = [(index, key) for index, key in enumerate(change.keys) if key not in before.keys]
            problems = await self._problems(session, number, new)
            if problems:
                listed = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems[:5])
                raise ServiceError(ErrorCode.INVALID, f"Nothing was changed. {listed}.", fields=problems)
            after = FunctionKeys(revision=before.revision + 1, keys=change.keys)
            await session.merge(
                FunctionKeysRow(
                    extension_id=extension.id,
                    keys=[key.model_dump(mode="json") for key in after.keys],
                    revision=after.revision,
                    changed_at=self._clock.now(),
                )
            )
            self._audit.record(
                session, "extension.keys", actor=by, subject=number, address=address, count=len(after.keys)
            )
        if self._hub is not None:
            self._hub.publish(Topic.KEYS, KEY, after, to=number)
            self._watch(number, after)
        return after

    async def _problems(
        self, session: AsyncSession, number: str, keys: Sequence[tuple[int | None, FunctionKey]]
    ) -> list[FieldProblem]:
        wanted = extensions_named(key for _, key in keys)
        query = select(ExtensionRow.number).where(ExtensionRow.number.in_(wanted))
        there = set(await session.scalars(query)) if wanted else set()
        surroundings = Surroundings(number, self._snapshot(), there)
        return [
            FieldProblem(field="value" if index is None else f"keys.{index}.value", problem=problem)
            for index, key in keys
            if (problem := problem_of(key, surroundings))
        ]

    async def _of_user(self, who: Who) -> Mapping[str, Any]:
        if who.number is None:
            return {}
        keys = await self.get(who.number)
        self._watch(who.number, keys)
        return {KEY: keys}

    def _watch(self, number: str, keys: FunctionKeys) -> None:
        """Lamps of keys follow before lists do. What is no extension is never told, and does no harm here."""
        if self._hub is not None:
            self._hub.watch(number, Topic.EXTENSIONS, (key.value for key in keys.keys))


def _read(number: str, row: FunctionKeysRow | None) -> FunctionKeys:
    """What is stored; keys of another version are left out, and logged."""
    if row is None:
        return FunctionKeys()
    keys = []
    for stored in row.keys:
        try:
            keys.append(FunctionKey.model_validate(stored))
        except ValueError as error:
            _log.error("A function key of %s cannot be read, and is left out: %s", number, error)
    return FunctionKeys(revision=row.revision, keys=keys)


def _sentence(problem: str) -> str:
    return f"{problem[0].upper()}{problem[1:]}."


async def _extension(session: AsyncSession, number: str, *, lock: bool = False) -> ExtensionRow:
    query = select(ExtensionRow).where(ExtensionRow.number == number)
    row = await session.scalar(query.with_for_update(of=ExtensionRow) if lock else query)
    if row is None:
        raise not_found(f"extension {number}")
    return row
