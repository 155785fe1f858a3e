"""A.7: wrong secrets and scans are counted, slowed down, and logged without secrets."""

import asyncio
from datetime import timedelta

import pytest

from server.db import migrate
from server.db.base import Database
from server.services.audit import Audit
from server.services.sip_guard import SipGuard
from server.settings import GuardSettings
from server.switch.port import SecurityEvent, SecurityKind
from server.switch.simulated import SimulatedEngine, SimulatedSwitch

SCANNER = "203.0.113.7"


def refusal(address=SCANNER, *, kind=SecurityKind.BAD_SECRET, account="1001") -> SecurityEvent:
    return SecurityEvent(kind=kind, account=account, address=address, transport="udp")


class Bench:
    """A guard on a real database and a simulated switch."""

    def __init__(self, db, clock, **settings) -> None:
        self.db = db
        self.clock = clock
        self.engine = SimulatedEngine()
        self.switch = SimulatedSwitch(self.engine)
        self.audit = Audit(db=db, clock=clock)
        self.settings = GuardSettings(tries=5, window_s=60, block_s=300, block_max_s=1000, **settings)
        self.guard = self.new_guard()

    def new_guard(self) -> SipGuard:
        return SipGuard(
            switch=self.switch,
            db=self.db,
            clock=self.clock,
            audit=self.audit,
            settings=self.settings,
        )

    async def start(self) -> None:
        await self.guard.start()
        await self.switch.start()

    def attack(self, times: int, **event) -> None:
        for _ in range(times):
            self.switch.security(refusal(**event))

    async def blocked(self, *addresses: str) -> None:
        """Wait until the engine blocks exactly these."""
        async with asyncio.timeout(60):
            while self.engine.blocked != addresses:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def stored(self) -> None:
        """Wait until the guard has nothing to store."""
        async with asyncio.timeout(60):
            while self.guard._unsaved:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@pytest.fixture
async def db(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    await migrate.upgrade(database)
    yield database
    await database.aclose()


@pytest.fixture
async def bench(db, clock):
    made = Bench(db, clock, allow=("198.51.100.0/24",))
    await made.start()
    yield made
    await made.guard.stop()


async def test_too_many_wrong_secrets_block_the_address_only(bench):
    bench.attack(4)
    bench.attack(4, address="203.0.113.8")
    await asyncio.sleep(0.02)
    assert bench.engine.blocked == ()
    bench.attack(1)
    await bench.blocked(SCANNER)
    assert list(bench.guard.blocked) == [SCANNER]


async def test_a_scan_of_numbers_counts_like_wrong_secrets(bench):
    for number in range(5):
        bench.attack(1, kind=SecurityKind.UNKNOWN_USER, account=str(number))
    await bench.blocked(SCANNER)
    assert bench.guard.refused == {SecurityKind.UNKNOWN_USER: 5}


async def test_mistakes_that_are_far_apart_do_not_add_up(bench, clock):
    for _ in range(20):
        bench.attack(1)
        clock.advance(16)
    await asyncio.sleep(0.02)
    assert bench.engine.blocked == ()


async def test_a_block_ends_and_the_next_one_is_longer(bench, clock):
    bench.attack(5)
    await bench.blocked(SCANNER)
    for seconds in (300, 600, 1000, 1000):
        remaining = bench.guard.blocked[SCANNER] - clock.now()
        assert remaining == timedelta(seconds=seconds)
        clock.advance(seconds + 1)
        bench.guard._wake.set()
        await bench.blocked()
        bench.attack(5)
        await bench.blocked(SCANNER)


async def test_long_after_a_block_the_next_one_is_a_first_one_again(bench, clock):
    bench.attack(5)
    await bench.blocked(SCANNER)
    clock.advance(300 * 6)
    bench.attack(5)
    await bench.blocked(SCANNER)
    assert bench.guard.blocked[SCANNER] - clock.now() == timedelta(seconds=300)


async def test_blocks_survive_a_restart_of_server_and_engine(bench, clock):
    bench.attack(5)
    await bench.blocked(SCANNER)
    await bench.stored()
    await bench.guard.stop()
    bench.switch.crash()
    assert bench.engine.blocked == ()
    bench.guard = bench.new_guard()
    await bench.guard.start()
    bench.switch.restart()
    await bench.blocked(SCANNER)
    bench.switch.crash()
    bench.switch.restart()
    await bench.blocked(SCANNER)


async def test_each_block_is_in_the_audit_log_and_nothing_dangerous_in_the_servers(bench, caplog):
    caplog.set_level("INFO")
    bench.attack(5, account="1001\r\nFake: line")
    await bench.blocked(SCANNER)
    await bench.stored()
    (entry,) = await bench.audit.list()
    assert (entry.action, entry.subject, entry.detail["seconds"]) == ("sip.blocked", SCANNER, 300)
    assert "\nFake" not in caplog.text


async def test_allowed_networks_and_this_machine_are_spared(bench, db, clock):
    bench.attack(50, address="198.51.100.20")
    bench.attack(50, address="127.0.0.1")
    bench.attack(50, address="::1")
    bench.attack(50, address="::ffff:127.0.0.1")
    bench.attack(50, address="not an address")
    await asyncio.sleep(0.02)
    assert bench.engine.blocked == ()
    assert bench.guard.refused[SecurityKind.BAD_SECRET] == 250
    strict = Bench(db, clock, spare_loopback=False)
    await strict.start()
    strict.attack(5, address="127.0.0.1")
    await strict.blocked("127.0.0.1")
    await strict.guard.stop()


async def test_forged_addresses_by_the_thousand_take_bounded_memory(bench):
    for number in range(15_000):
        bench.switch.emit(refusal(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"))
    assert len(bench.guard._failures) == 10_000


async def test_a_clock_that_is_set_back_makes_no_block_last_longer(bench, clock):
    bench.attack(5)
    await bench.blocked(SCANNER)
    clock.advance(-86400)
    bench.guard._wake.set()
    async with asyncio.timeout(60):
        while bench.guard.blocked[SCANNER] - clock.now() != timedelta(seconds=300):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_refusals_of_before_the_clock_was_set_back_do_not_count(bench, clock):
    bench.attack(4)
    clock.advance(-86400)
    bench.attack(4)
    await asyncio.sleep(0.02)
    assert bench.engine.blocked == ()
