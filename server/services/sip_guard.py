"""Slows down whoever guesses SIP secrets or scans for extension numbers.

Refusals are counted per IP address in a sliding window. Too many, and the switch ignores the address for a
while that doubles each time. Blocks are stored, so a restart does not lift them.

Memory and blocks are bounded: source addresses over UDP can be forged by the million.
"""

import asyncio
import ipaddress
import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.db.base import Database
from server.db.models.calls import SipBlockRow
from server.rules.numbers import printable
from server.services.audit import Audit
from server.services.tasks import Background
from server.settings import GuardSettings
from server.switch.port import Event, SecurityEvent, SecurityKind, Switch, SwitchError, Up

MAX_WATCHED = 10_000
"""Addresses whose refusals are counted; the one unheard of for the longest time is forgotten first."""

MAX_BLOCKED = 1_000
"""Addresses blocked at a time; the block that ends first gives way."""

FORGET_FACTOR = 4
"""A former block counts as long as this many times its duration after its end."""

RETRY_S = 5.0
"""Seconds before a block that could not be stored or set is tried again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Block:
    """A refusal of everything from one address, in force until `until`."""

    until: datetime
    duration: timedelta

    @property
    def forgotten_at(self) -> datetime:
        """When the next block of this address is a first one again."""
        return self.until + FORGET_FACTOR * self.duration


class SipGuard:
    """Counts refused SIP requests and blocks their sources.

    Attributes:
        refused: how many of each kind since the start, for metrics.
    """

    def __init__(
        self,
        *,
        switch: Switch,
        db: Database,
        clock: Clock,
        audit: Audit,
        settings: GuardSettings,
    ) -> None:
        self.refused: Counter[SecurityKind] = Counter()
        self._switch = switch
        self._db = db
        self._clock = clock
        self._audit = audit
        self._settings = settings
        self._spared = [ipaddress.ip_network(item, strict=False) for item in settings.allow]
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._blocks: dict[str, Block] = {}
        self._unsaved: dict[str, int] = {}
        self._in_force: frozenset[str] | None = None
        self._wake = asyncio.Event()
        self._background = Background("SIP guard")
        self._stop_listening: Callable[[], None] | None = None

    @property
    def blocked(self) -> dict[str, datetime]:
        """Addresses that are blocked now, and until when."""
        now = self._clock.now()
        return {address: block.until for address, block in self._blocks.items() if block.until > now}

    async def start(self) -> None:
        """Load stored blocks and follow the switch. Call it before the switch starts."""
        async with self._db.reading() as session:
            rows = list(await session.scalars(select(SipBlockRow)))
        self._blocks = {row.address: Block(row.until, timedelta(seconds=row.duration_s)) for row in rows}
        self._stop_listening = self._switch.listen(self._on_switch)
        self._wake.set()
        self._background.spawn(self._work())

    async def stop(self) -> None:
        """Follow the switch no longer; what is stored stays."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        await self._background.cancel()

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, SecurityEvent):
            self._on_refusal(event)
        elif isinstance(event, Up):
            self._in_force = None
            self._wake.set()

    def _on_refusal(self, event: SecurityEvent) -> None:
        self.refused[event.kind] += 1
        if self._is_spared(event.address):
            return
        now = self._clock.now()
        times = self._failures.setdefault(event.address, deque(maxlen=self._settings.tries))
        self._failures.move_to_end(event.address)
        if len(self._failures) > MAX_WATCHED:
            self._failures.popitem(last=False)
        if times and times[-1] > now:  # the clock was set back
            times.clear()
        times.append(now)
        # One line for each address and window is enough: a flood must not fill the disk through the log.
        _log.log(
            logging.INFO if len(times) == 1 else logging.DEBUG,
            "SIP: %s as %r from %s over %s refused",
            event.kind.value,
            printable(event.account),
            printable(event.address),
            event.transport,
        )
        window = timedelta(seconds=self._settings.window_s)
        if len(times) == self._settings.tries and now - times[0] <= window:
            del self._failures[event.address]
            self._block(event.address, now)

    def _is_spared(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return True  # not an address that could be blocked
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        if self._settings.spare_loopback and parsed.is_loopback:
            return True
        return any(parsed.version == net.version and parsed in net for net in self._spared)

    def _block(self, address: str, now: datetime) -> None:
        former = self._blocks.get(address)
        if former is not None and former.until > now:
            return  # events that were on their way when the block came into force
        duration = timedelta(seconds=self._settings.block_s)
        if former is not None and former.forgotten_at > now:
            duration = min(2 * former.duration, timedelta(seconds=self._settings.block_max_s))
        self._blocks[address] = Block(now + duration, duration)
        self._unsaved[address] = self._settings.tries
        self._wake.set()

    async def _work(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._next_change_s()):
                    await self._wake.wait()
            except TimeoutError:
                pass  # a block ends
            self._wake.clear()
            self._forget_old()
            try:
                await self._enforce()
                await self._save()
            except (SwitchError, SQLAlchemyError, OSError) as error:
                _log.warning("Blocked SIP addresses could not be set or stored: %s", error)
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    def _next_change_s(self) -> float | None:
        now = self._clock.now()
        ends = [block.until for block in self._blocks.values() if block.until > now]
        return max((min(ends) - now).total_seconds(), 0.05) if ends else None

    def _forget_old(self) -> None:
        now = self._clock.now()
        for address, block in self._blocks.items():
            if block.until - now > block.duration:  # the clock was set back
                self._blocks[address] = Block(now + block.duration, block.duration)
        for address in [a for a, block in self._blocks.items() if block.forgotten_at <= now]:
            del self._blocks[address]
        if len(self._blocks) > MAX_BLOCKED:
            by_end = sorted(self._blocks, key=lambda address: self._blocks[address].until)
            for address in by_end[: len(self._blocks) - MAX_BLOCKED]:
                del self._blocks[address]

    async def _enforce(self) -> None:
        if not self._switch.status.up:
            return  # `Up` brings them
        wanted = frozenset(self.blocked)
        if wanted != self._in_force:
            await self._switch.block(sorted(wanted))
            self._in_force = wanted

    async def _save(self) -> None:
        unsaved = dict(self._unsaved)
        async with self._db.session() as session:
            await session.execute(delete(SipBlockRow).where(SipBlockRow.address.not_in(list(self._blocks))))
            for address, tries in unsaved.items():
                block = self._blocks.get(address)
                if block is None:
                    continue
                seconds = block.duration.total_seconds()
                await session.merge(SipBlockRow(address=address, until=block.until, duration_s=seconds))
                self._audit.record(
                    session,
                    "sip.blocked",
                    actor="system",
                    subject=address,
                    address=address,
                    refused=tries,
                    seconds=round(seconds),
                )
        for address in unsaved:
            self._unsaved.pop(address, None)
