"""Q-13: the boards of the queues, on both databases: today from the log, and what happens from then on."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from server.contract.agents import QueueCall, QueueEnd
from server.contract.events import Topic
from server.contract.extensions import ExtensionCreate
from server.contract.queues import Queue, QueueOptions
from server.contract.routing import SystemSettings
from server.core import Core
from server.rules.queues.acd import Acd
from server.services.accounts import Role, Who
from server.services.agents import Agents
from server.services.errors import ServiceError
from server.services.hub import Hub
from server.services.queue_boards import QueueBoards
from server.services.queue_store import Changes, QueueStore
from server.switch.port import Party
from tests.server.conftest import SettableClock

SALES = Queue(
    number="6400", name="Sales", managers=("1001",), static_agents=[{"extension": "1002"}], service_level_s=20
)
CAMPAIGN = Queue(number="6401", name="Campaign", managers=("1001",), outbound=True)
ANNA, BORIS, DANA = (Who(n, f"100{n}", f"100{n}", Role.USER, "s") for n in (1, 2, 4))
ADMIN = Who(9, "admin", None, Role.ADMINISTRATOR, "s")


class Floor:
    """A real `Acd` and real boards; what else the queues know is what a test says."""

    def __init__(self, core: Core, clock: SettableClock) -> None:
        self.core, self.clock, self.hub = core, clock, Hub()
        self.queues = {queue.number: queue for queue in (SALES, CAMPAIGN)}
        self.acd = Acd(clock.now())
        self.acd.configure(self.queues.values(), QueueOptions(), clock.now())
        self.store = QueueStore(core.db)
        self.stands_for: Any = SimpleNamespace(
            acd=self.acd,
            all=lambda: list(self.queues.values()),
            settings_of=self.queues.get,
            who_calls=lambda call: Party("1003", f"Caller {call}"),
            on_change=None,
        )
        self.boards = QueueBoards(
            db=core.db,
            hub=self.hub,
            clock=clock,
            queues=self.stands_for,
            agents=Agents(queues=self.stands_for, audit=core.audit),
            configuration=core.configuration,
        )

    def call(self, minutes_ago: float, end: QueueEnd, waited_s: float = 10.0) -> QueueCall:
        joined = self.clock.now() - timedelta(minutes=minutes_ago)
        left = joined + timedelta(seconds=waited_s)
        answered = end is QueueEnd.ANSWERED
        return QueueCall(
            call=f"c{minutes_ago}",
            queue="6400",
            joined=joined,
            left=left,
            end=end,
            agent="1002" if answered else None,
            ended=left if answered else None,
        )

    def changed(self, *logged: QueueCall) -> None:
        self.stands_for.on_change({"6400"}, logged)

    async def board(self, of: Who = ANNA) -> Any:
        return (await self.hub.snapshot(of, Topic.QUEUES))["6400"]

    async def put(self, queue: Queue) -> None:
        """Another setting, as `Queues` and then the boards hear of it."""
        self.queues[queue.number] = queue
        self.acd.configure(self.queues.values(), QueueOptions(), self.clock.now())
        await self.core.configuration.put(queue, by="test")


@pytest.fixture
async def floor(core: Core, clock: SettableClock) -> AsyncIterator[Floor]:
    for number in ("1001", "1002", "1004"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    made = Floor(core, clock)
    yield made
    await made.boards.stop()


class Told:
    """What a client has of the topic, by key, in order."""

    def __init__(self, hub: Hub, who: Who) -> None:
        self.items: list[tuple[str, Any]] = []
        self._more = asyncio.Event()
        subscriber = hub.connect(who)
        subscriber.offer = self._take  # type: ignore[method-assign]

    def _take(self, topic: Topic, key: str, change: Any, **_: object) -> None:
        assert topic is Topic.QUEUES
        self.items.append((key, json.loads(f"{change.head}0{change.tail}")["item"]))
        self._more.set()

    async def next(self) -> Any:
        async with asyncio.timeout(20):
            while not self.items:
                self._more.clear()
                await self._more.wait()
        return self.items.pop(0)


async def test_a_server_that_starts_counts_what_the_log_has_of_today_Q_13(floor: Floor) -> None:
    midnight_min = 9 * 60  # the clock stands at nine
    calls = [
        floor.call(midnight_min + 1, QueueEnd.ANSWERED),
        floor.call(midnight_min - 1, QueueEnd.ANSWERED, 30),
        floor.call(30, QueueEnd.ANSWERED),
        floor.call(20, QueueEnd.ABANDONED, 5),
        floor.call(10, QueueEnd.FAILED_OVER, 90),
    ]
    await floor.store.save(Changes(calls=calls))
    await floor.boards.start()
    floor.changed(calls[3], floor.call(1, QueueEnd.ABANDONED, 40))
    today = (await floor.board()).today
    counts = (today.calls, today.answered, today.abandoned, today.failed_over, today.left)
    assert counts == (5, 2, 2, 1, 0), "what was told again counts once, yesterday does not"
    assert (today.service_level, today.service_level_all) == (0.5, 2 / 5)
    assert (today.mean_answer_s, today.longest_wait_s) == (20.0, 90.0)
    floor.clock.advance(24 * 3600)
    assert (await floor.board()).today.calls == 0, "another day"


async def test_the_day_begins_where_the_system_is_Q_13(floor: Floor) -> None:
    await floor.store.save(Changes(calls=[floor.call(9 * 60 + 30, QueueEnd.ANSWERED)]))
    await floor.boards.start()
    assert (await floor.board()).today.calls == 0
    told = Told(floor.hub, ANNA)
    await floor.core.configuration.put(SystemSettings(time_zone="Europe/Prague"), by="test")
    while True:
        _, item = await told.next()
        if item["today"]["calls"]:
            break
    assert (item["today"]["answered"], item["today"]["since"][:16]) == (1, "2026-03-02T00:00")


async def test_a_board_says_who_waits_rings_and_talks_Q_13(floor: Floor) -> None:
    await floor.boards.start()
    now = floor.clock.now()
    floor.acd.reachable("1002", now, is_so=True)
    floor.acd.join("a", "6400", now)
    floor.clock.advance(5)
    floor.acd.join("b", "6400", floor.clock.now())
    board = await floor.board()
    assert (board.waiting, board.longest_since, board.agents) == (2, now, {"ringing": 1})
    assert [(c.position, c.number, c.name, c.ringing) for c in board.callers] == [
        (1, "1003", "Caller a", ("1002",)), (2, "1003", "Caller b", ())
    ]  # fmt: skip
    floor.acd.answered("a", "1002", floor.clock.now())
    board = await floor.board()
    assert (board.waiting, board.talking, board.agents) == (1, 1, {"talking": 1})
    assert (board.today.answered, board.today.service_level, board.today.abandoned) == (1, 1.0, 0)
    for number in range(100):
        floor.acd.join(f"more{number}", "6400", floor.clock.now())
    board = await floor.board()
    assert (board.waiting, len(board.callers)) == (101, 50)
    full = floor.boards.in_full("6400", ADMIN)
    assert [one.extension for one in full.members] == ["1002"]


async def test_a_call_that_a_colleague_has_picked_up_is_in_no_level_while_it_goes_on_either_Q_13(
    floor: Floor,
) -> None:
    await floor.boards.start()
    floor.acd.join("a", "6400", floor.clock.now())
    floor.clock.advance(5)
    floor.acd.picked_up("a", "1004", floor.clock.now())
    board = await floor.board()
    today = board.today
    assert (board.waiting, board.talking) == (0, 1)
    assert (today.calls, today.answered, today.service_level, today.service_level_all) == (1, 0, None, 0.0)


async def test_boards_are_for_managers_and_administrators_and_not_of_campaigns_Q_13(floor: Floor) -> None:
    await floor.boards.start()
    for who in (ANNA, ADMIN):
        assert [*(await floor.hub.snapshot(who, Topic.QUEUES))] == ["6400"]
    for who in (BORIS, DANA):
        assert await floor.hub.snapshot(who, Topic.QUEUES) == {}
        with pytest.raises(ServiceError, match="Only managers"):
            floor.boards.in_full("6400", who)
    with pytest.raises(ServiceError, match="no queue 6499"):
        floor.boards.in_full("6499", ADMIN)
    anna, boris, admin = (Told(floor.hub, who) for who in (ANNA, BORIS, ADMIN))
    floor.stands_for.on_change({"6401"}, [])
    await asyncio.sleep(0)
    floor.changed(floor.call(1, QueueEnd.ABANDONED))
    for one in (anna, admin):
        key, item = await one.next()
        assert (key, item["today"]["abandoned"]) == ("6400", 1)
    await floor.put(SALES.model_copy(update={"managers": ("1002",)}))
    assert await anna.next() == ("6400", None), "no longer hers"
    assert (await boris.next())[1]["name"] == "Sales"
    floor.queues["6400"] = SALES.model_copy(update={"outbound": True})
    await floor.put(floor.queues["6400"])
    assert await boris.next() == ("6400", None)


async def test_a_storm_of_calls_costs_few_boards_and_the_last_one_is_right_Q_13(floor: Floor) -> None:
    await floor.boards.start()
    told = Told(floor.hub, ANNA)
    boards = 0
    for number in range(200):
        floor.changed(floor.call(number / 100, QueueEnd.ABANDONED))
        if number % 50 == 0:
            await asyncio.sleep(0)
    while True:
        boards += 1
        _, item = await told.next()
        if item["today"]["abandoned"] == 200:
            break
    assert boards <= 5


async def test_another_service_level_counts_for_the_whole_day_Q_13(floor: Floor) -> None:
    await floor.boards.start()
    floor.changed(floor.call(1, QueueEnd.ANSWERED, 30))
    assert (await floor.board()).today.service_level == 0.0
    await floor.put(SALES.model_copy(update={"service_level_s": 40}))
    board = await floor.board()
    assert (board.service_level_s, board.today.service_level) == (40, 1.0)
