"""How extensions are reached: the one owner of these settings (PRES-2, DIR-5)."""

from collections.abc import Callable, Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.call_flows import CallFlow
from server.contract.conference import Conference
from server.contract.configuration import ConfigObject
from server.contract.destinations import Destination, DestinationKind
from server.contract.errors import ErrorCode, FieldProblem
from server.contract.ivr import Ivr
from server.contract.kinds import kind_of
from server.contract.presence import PresenceStatus
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.contract.reaching import (
    MAX_RING_S,
    MIN_RING_S,
    DoNotDisturbSettings,
    ForwardingCondition,
    ReachingSettings,
    SettingsByStatus,
    StatusSettings,
)
from server.contract.routing import RingGroup
from server.contract.voicemail import GroupMailbox
from server.db.base import Database
from server.db.models import ExtensionRow, ReachingRow
from server.rules.numbers import canonical
from server.rules.routing import Snapshot, is_emergency_number
from server.services.audit import Audit
from server.services.errors import ServiceError, not_found
from server.services.extensions import ExtensionChanged, Extensions


class Reaching:
    """The settings of every extension: in memory for calls, in the database for restarts.

    `get` and `change` need no `start`; `of` does. `ring_timeout_s` is how long phones ring where nothing else
    was set; `snapshot` gives the configuration as of now; None: there is none.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        audit: Audit,
        extensions: Extensions,
        ring_timeout_s: float,
        snapshot: Callable[[], Snapshot] | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._extensions = extensions
        self._snapshot = snapshot
        self._default = _defaults(ring_timeout_s)
        self._known: dict[str, ReachingSettings] = {}
        self._stop_observing: Callable[[], None] | None = None
        self._observers: list[Callable[[str], None]] = []

    async def start(self) -> None:
        """Load all settings and follow the removal of extensions."""
        self._stop_observing = self._extensions.observe(self._on_extension)
        query = select(ExtensionRow.number, ReachingRow.settings).join(
            ReachingRow, ReachingRow.extension_id == ExtensionRow.id
        )
        async with self._db.reading() as session:
            loaded = {number: _read(settings) for number, settings in await session.execute(query)}
        self._known = loaded | self._known

    def stop(self) -> None:
        """Follow nothing any longer."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None

    def of(self, number: str) -> ReachingSettings:
        """The settings of an extension, from memory; the defaults if it never set any."""
        return self._known.get(number, self._default)

    async def get(self, number: str) -> ReachingSettings:
        """The settings of an extension.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.reading() as session:
            extension = await _extension(session, number)
            row = await session.get(ReachingRow, extension.id)
            return _read(row.settings) if row else self._default

    async def change(
        self, number: str, settings: ReachingSettings, *, by: str, address: str = ""
    ) -> ReachingSettings:
        """Replace all settings of an extension; the next call follows them.

        Raises:
            ServiceError: `NOT_FOUND`; `INVALID`: a destination does not exist, each named by its field.
        """
        async with self._db.session() as session:
            extension = await _extension(session, number)
            row = await session.get(ReachingRow, extension.id)
            if row is not None and "last_forwarding" not in settings.model_fields_set:
                last = _read(row.settings).last_forwarding
                settings = settings.model_copy(update={"last_forwarding": last})
            problems = await self._problems(session, extension, settings)
            if problems:
                listed = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems[:5])
                raise ServiceError(ErrorCode.INVALID, f"Nothing was changed. {listed}.", fields=problems)
            stored = settings.model_dump(mode="json")
            now = self._clock.now()
            await session.merge(ReachingRow(extension_id=extension.id, settings=stored, changed_at=now))
            self._audit.record(session, "presence.settings", actor=by, subject=number, address=address)
        self._known[number] = settings
        for observer in tuple(self._observers):
            observer(number)
        return settings

    def observe(self, observer: Callable[[str], None]) -> Callable[[], None]:
        """Call `observer(number)` after each change. The returned function ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    async def _problems(
        self, session: AsyncSession, extension: ExtensionRow, settings: ReachingSettings
    ) -> list[FieldProblem]:
        """What cannot work: a number that is not there, or is the extension itself; no mobile number."""
        named = list(_destinations(settings))
        wanted = {to.value for _, to in named if to.kind in _OF_EXTENSIONS}
        query = select(ExtensionRow.number).where(ExtensionRow.number.in_(wanted))
        there = set(await session.scalars(query)) if wanted else set()
        has_mobile = canonical(extension.mobile or "") is not None
        problems = []
        for field, to in named:
            problem = ""
            if to.kind is DestinationKind.EXTENSION and to.value == extension.number:
                problem = "this is the extension itself: choose another"
            elif to.kind in _OF_EXTENSIONS and to.value and to.value not in there:
                problem = f"there is no extension {to.value}"
            elif to.kind in OBJECTS and not self._exists(to):
                problem = f"there is no {kind_of(OBJECTS[to.kind]).title} {to.value}"
            elif to.kind is DestinationKind.EXTERNAL and self._leads_to_help(to.value):
                problem = f"{to.value} is an emergency number: only people may call it"
            elif to.kind is DestinationKind.MOBILE and not has_mobile:
                problem = _NO_MOBILE
            if problem:
                problems.append(FieldProblem(field=field, problem=problem))
        if not has_mobile:
            problems += [
                FieldProblem(field=f"statuses.{status}.ring_mobile", problem=_NO_MOBILE)
                for status in PresenceStatus
                if getattr(settings.statuses.of(status), "ring_mobile", False)
            ]
        return problems

    def _exists(self, to: Destination) -> bool:
        return self._snapshot is not None and self._snapshot().get(OBJECTS[to.kind], to.value) is not None

    def _leads_to_help(self, number: str) -> bool:
        return self._snapshot is not None and is_emergency_number(self._snapshot(), number)

    def _on_extension(self, change: ExtensionChanged) -> None:
        if change.extension is None:
            self._known.pop(change.number, None)


OBJECTS: dict[DestinationKind, type[ConfigObject]] = {
    DestinationKind.RING_GROUP: RingGroup,
    DestinationKind.GROUP_VOICEMAIL: GroupMailbox,
    DestinationKind.IVR: Ivr,
    DestinationKind.QUEUE: Queue,
    DestinationKind.CONFERENCE: Conference,
    DestinationKind.PROMPT: Prompt,
    DestinationKind.CALL_FLOW: CallFlow,
}
"""Destinations that are objects of the configuration."""

_OF_EXTENSIONS = (DestinationKind.EXTENSION, DestinationKind.VOICEMAIL)

_NO_MOBILE = "the extension has no mobile number: have the administrator enter it first"


def _read(stored: object) -> ReachingSettings:
    return ReachingSettings.model_validate(stored)


def _defaults(ring_timeout_s: float) -> ReachingSettings:
    seconds = max(MIN_RING_S, min(MAX_RING_S, round(ring_timeout_s)))
    ringing = StatusSettings(ring_timeout_s=seconds)
    return ReachingSettings(
        statuses=SettingsByStatus(
            **{
                status.value: ringing
                for status in PresenceStatus
                if status is not PresenceStatus.DO_NOT_DISTURB
            },
            do_not_disturb=DoNotDisturbSettings(),
        )
    )


def _destinations(settings: ReachingSettings) -> Iterator[tuple[str, Destination]]:
    """Every destination, with the field it stands in."""
    for status in PresenceStatus:
        of_status = settings.statuses.of(status)
        for origin in ("internal", "external"):
            for condition in ForwardingCondition:
                to = getattr(getattr(of_status, origin), condition, None)
                if to is not None:
                    yield f"statuses.{status}.{origin}.{condition}", to
    for index, rule in enumerate(settings.caller_rules):
        if rule.destination is not None:
            yield f"caller_rules.{index}.destination", rule.destination


async def _extension(session: AsyncSession, number: str) -> ExtensionRow:
    row = await session.scalar(select(ExtensionRow).where(ExtensionRow.number == number))
    if row is None:
        raise not_found(f"extension {number}")
    return row
