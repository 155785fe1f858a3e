"""The configuration: the one owner of trunks, routes, hours, ring groups and whatever `KINDS` lists."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from server.clock import Clock
from server.contract.configuration import EXTENSION, ConfigObject, SecretConfigObject
from server.contract.kinds import KINDS, kind_named, kind_of
from server.contract.parking import Parking
from server.contract.prompts import Prompt
from server.contract.ring_tones import UploadedRingTone
from server.db.base import Database
from server.db.locks import lock_numbering_plan
from server.db.models import ConfigurationRow, ExtensionRow, PromptRow, RingToneRow
from server.rules.routing import Snapshot, snapshot_of
from server.services.audit import Audit
from server.services.configuration_changes import (
    Action,
    Difference,
    Unfit,
    differences,
    problems_together,
)
from server.services.configuration_checks import (
    check_change,
    named,
    numbers_needed,
    parking_of,
    users_of,
)
from server.services.errors import conflict, invalid, not_found
from server.services.vault import Vault

O = TypeVar("O", bound=ConfigObject)  # noqa: E741

_WRITE_ONLY = {"secret", "secret_set"}
_NUMBERED = [kind.word for kind in KINDS if kind.model.key_field == "number"]

_BELONGS_TO: dict[type[ConfigObject], InstrumentedAttribute[str]] = {
    Prompt: PromptRow.prompt,
    UploadedRingTone: RingToneRow.name,
}
"""Rows that are removed with an object, by the column that has its key."""

_Rows = list[ConfigurationRow]

_AT_ONCE = 10_000
"""So many values a database takes in one query."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConfigurationChanged:
    """An object was added, changed or removed (`item` is None then)."""

    model: type[ConfigObject]
    key: str
    item: ConfigObject | None


class Configuration:
    """Holds every object in memory from `load` on; checks, stores and tells of changes.

    `by` is the login name of whoever asks and `address` the IP address, both for the audit log.
    """

    def __init__(self, *, db: Database, clock: Clock, vault: Vault, audit: Audit) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._audit = audit
        self._snapshot = snapshot_of(())
        self._sealed: dict[tuple[str, str], bytes] = {}
        self._observers: list[Callable[[ConfigurationChanged], None]] = []
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read everything. An object that cannot be read is left out, and the log says so."""
        async with self._changing:
            async with self._db.reading() as session:
                rows = list(await session.scalars(select(ConfigurationRow)))
            self._take(rows)

    @property
    def snapshot(self) -> Snapshot:
        """All of it as of now, immutable: what calls are routed by."""
        return self._snapshot

    def observe(self, callback: Callable[[ConfigurationChanged], None]) -> Callable[[], None]:
        """Call back on the loop after each committed change; the returned function ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    def list(self, model: type[O]) -> "list[O]":
        """The objects of a kind, in their order."""
        return list(self._snapshot.all(model).values())

    def get(self, model: type[O], key: str) -> O:
        """One object. One of a single kind that was never changed has its default values.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        kind, found = kind_of(model), self._snapshot.get(model, key)
        if found is None and kind.single:
            return model()
        if found is None:
            raise not_found(f"{kind.title} {key}")
        return found

    def secret(self, model: type[SecretConfigObject], key: str) -> str | None:
        """The secret of an object in clear, for the switch only; None without one.

        Raises:
            VaultError: it was written with another key file.
        """
        sealed = self._sealed.get((kind_of(model).word, key))
        return self._vault.unseal(sealed) if sealed is not None else None

    async def put(self, item: O, *, by: str, address: str = "") -> O:
        """Add an object, or replace the one with the same key as a whole. A secret left out is kept.

        Raises:
            ServiceError: `INVALID`: a field is not usable, such as a reference to what does not exist;
                `CONFLICT`: a number is taken, or an emergency number would be cut off.
        """
        async with self._changing:
            return await self._put(item, by=by, address=address)

    async def alter(
        self, model: type[O], key: str, change: Callable[[O], O], *, by: str, address: str = ""
    ) -> O:
        """Replace an object by what `change` makes of it, with no other change in between.

        Raises:
            ServiceError: `NOT_FOUND`, and as `put`.
        """
        async with self._changing:
            return await self._put(change(self.get(model, key)), by=by, address=address)

    async def _put(self, item: O, *, by: str, address: str) -> O:
        kind = kind_of(type(item))
        if not item.key:
            raise invalid(item.key_field, "is missing")
        async with self._db.session() as session:
            await lock_numbering_plan(session)
            rows = list(await session.scalars(select(ConfigurationRow)))
            row = next((row for row in rows if (row.kind, row.key) == (kind.word, item.key)), None)
            sealed = self._sealed_secret(item, row)
            stored = _as_stored(item, sealed)
            others = [known for known in _objects(rows) if not _same(known, item)]
            check_change(
                stored,
                others,
                await _existing(session, numbers_needed(stored)),
                before=self._snapshot.get(type(item), item.key),
                size=await _count(session),
            )
            self._store(session, rows, stored, sealed, by=by, address=address)
        self._take(rows)
        self._announce(ConfigurationChanged(type(item), item.key, stored))
        return stored

    async def replace(
        self,
        models: tuple[type[ConfigObject], ...],
        items: Sequence[ConfigObject],
        *,
        by: str,
        address: str = "",
        only_try: bool = False,
    ) -> Sequence[Difference]:
        """Have these objects, and no other ones of these kinds; all of it in one transaction, or nothing.

        Kinds with secrets cannot be replaced so. `only_try`: change nothing. Returns what has changed, or
        would. Raises `Unfit` with every reason why it cannot be done.
        """
        async with self._changing:
            async with self._db.session() as session:
                await lock_numbering_plan(session)
                rows = list(await session.scalars(select(ConfigurationRow)))
                everything = _objects(rows)
                before = [item for item in everything if isinstance(item, models)]
                others = [item for item in everything if not isinstance(item, models)]
                found = differences(before, items)
                needed = set().union(*(numbers_needed(item) for item in items))
                problems = problems_together(
                    items,
                    found,
                    others,
                    await _existing(session, needed),
                    size=await _count(session),
                    there={(type(item), item.key) for item in before},
                )
                if problems:
                    raise Unfit(problems)
                if only_try or not found:
                    return found
                new = {(type(item), item.key): item for item in items}
                for one in found:
                    if (item := new.get((one.model, one.key))) is None:
                        await self._delete(session, rows, one.model, one.key, by=by, address=address)
                    else:
                        self._store(session, rows, item, None, by=by, address=address)
            self._take(rows)
            for one in found:
                self._announce(ConfigurationChanged(one.model, one.key, new.get((one.model, one.key))))
            return found

    async def remove(self, model: type[ConfigObject], key: str, *, by: str, address: str = "") -> None:
        """Remove an object.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: another object refers to it.
        """
        kind = kind_of(model)
        async with self._changing:
            async with self._db.session() as session:
                await lock_numbering_plan(session)
                rows = list(await session.scalars(select(ConfigurationRow)))
                row = next((row for row in rows if (row.kind, row.key) == (kind.word, key)), None)
                if row is None:
                    raise not_found(f"{kind.title} {key}")
                if users := users_of(kind.word, key, _objects(rows)):
                    raise _in_use(f"{kind.title} {key}", users)
                await self._delete(session, rows, model, key, by=by, address=address)
            self._take(rows)
            self._announce(ConfigurationChanged(model, key, None))

    async def check_free(self, session: AsyncSession, number: str) -> None:
        """See `services.extensions.NumberingPlan`."""
        await lock_numbering_plan(session)
        taken = select(ConfigurationRow).where(
            ConfigurationRow.key == number, ConfigurationRow.kind.in_(_NUMBERED)
        )
        for item in _objects(await session.scalars(taken)):
            raise conflict(f"{number} is the number of {named(item)}: choose another.")
        stored = await session.scalars(
            select(ConfigurationRow).where(ConfigurationRow.kind == kind_of(Parking).word)
        )
        if parking_of(_objects(stored)).has(number):
            raise conflict(f"{number} is a parking slot: choose another, or other slots.")

    async def check_unused(self, session: AsyncSession, number: str) -> None:
        """See `services.extensions.NumberingPlan`."""
        await lock_numbering_plan(session)
        if users := users_of(EXTENSION, number, _objects(await session.scalars(select(ConfigurationRow)))):
            raise _in_use(f"extension {number}", users)

    def _store(
        self,
        session: AsyncSession,
        rows: _Rows,
        stored: ConfigObject,
        sealed: bytes | None,
        *,
        by: str,
        address: str,
    ) -> None:
        """Put an object, which was checked, into its row, and a line into the audit log."""
        kind = kind_of(type(stored))
        row = next((row for row in rows if (row.kind, row.key) == (kind.word, stored.key)), None)
        body = stored.model_dump(mode="json", exclude=_WRITE_ONLY)
        action, changed = Action.ADD, sorted(body)
        if row is None:
            row = ConfigurationRow(kind=kind.word, key=stored.key)
            session.add(row)
            rows.append(row)
        else:
            action = Action.CHANGE
            changed = sorted(name for name in body if body[name] != row.body.get(name))
        if sealed != row.secret:
            changed.append("secret")
        row.body, row.secret, row.updated_at = body, sealed, self._clock.now()
        self._audit.record(
            session, f"{kind.word}.{action}", actor=by, subject=stored.key, address=address, fields=changed
        )

    async def _delete(
        self,
        session: AsyncSession,
        rows: _Rows,
        model: type[ConfigObject],
        key: str,
        *,
        by: str,
        address: str,
    ) -> None:
        """Remove a row that is there, with what belongs to it, and put a line into the audit log."""
        word = kind_of(model).word
        row = next(row for row in rows if (row.kind, row.key) == (word, key))
        await session.delete(row)
        rows.remove(row)
        if (column := _BELONGS_TO.get(model)) is not None:
            await session.execute(delete(column.class_).where(column == key))
        self._audit.record(session, f"{word}.{Action.REMOVE}", actor=by, subject=key, address=address)

    def _sealed_secret(self, item: ConfigObject, row: ConfigurationRow | None) -> bytes | None:
        if not isinstance(item, SecretConfigObject):
            return None
        if item.secret is None:
            return row.secret if row is not None else None
        return self._vault.seal(item.secret) if item.secret else None

    def _take(self, rows: Iterable[ConfigurationRow]) -> None:
        rows = list(rows)
        self._sealed = {(row.kind, row.key): row.secret for row in rows if row.secret is not None}
        self._snapshot = snapshot_of(_objects(rows))

    def _announce(self, changed: ConfigurationChanged) -> None:
        for callback in tuple(self._observers):
            try:
                callback(changed)
            except Exception:  # noqa: BLE001  (one observer must not keep the others from being told)
                _log.exception("An observer of %s %s failed", changed.model.__name__, changed.key)


def _objects(rows: Iterable[ConfigurationRow]) -> list[ConfigObject]:
    """The objects of these rows; those that this version cannot read are left out, and logged."""
    found = []
    for row in rows:
        kind = kind_named(row.kind)
        try:
            if kind is None:
                raise ValueError("no such kind is known")  # noqa: TRY301  (one place that logs)
            item = kind.model.model_validate(row.body)
        except (ValidationError, ValueError) as error:
            _log.error(
                "%s %r of the configuration cannot be read, and is left out: %s", row.kind, row.key, error
            )
            continue
        found.append(_as_stored(item, row.secret))
    return found


def _as_stored(item: O, sealed: bytes | None) -> O:
    """The object without its secret, but with the word whether there is one."""
    if not isinstance(item, SecretConfigObject):
        return item
    return item.model_copy(update={"secret": None, "secret_set": sealed is not None})


def _same(one: ConfigObject, other: ConfigObject) -> bool:
    return type(one) is type(other) and one.key == other.key


async def _existing(session: AsyncSession, numbers: set[str]) -> set[str]:
    """Those of these numbers that are extensions."""
    found: set[str] = set()
    for some in _batched(sorted(numbers)):
        found.update(await session.scalars(select(ExtensionRow.number).where(ExtensionRow.number.in_(some))))
    return found


def _batched(numbers: Sequence[str]) -> Iterable[Sequence[str]]:
    """These in parts, each of which a database takes in one query."""
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))


async def _count(session: AsyncSession) -> int:
    """How many extensions there are."""
    return await session.scalar(select(func.count()).select_from(ExtensionRow)) or 0


def _in_use(what: str, users: "list[str]") -> Exception:
    more = f" and {len(users) - 5} more" if len(users) > 5 else ""
    shown = ", ".join(users[:5])
    return conflict(f"{what[0].upper()}{what[1:]} is used by {shown}{more}: take it out there first.")
