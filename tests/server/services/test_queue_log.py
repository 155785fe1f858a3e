"""Q-9: the logs of the queues for those who may see them, on both databases."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from server.contract.agents import CallResult, QueueCall, QueueEnd
from server.contract.errors import ErrorCode
from server.contract.events import Topic
from server.contract.extensions import ExtensionCreate
from server.contract.queues import Queue, QueueOptions
from server.core import Core
from server.rules.queues.reports import queue_report
from server.services.accounts import Role, Who
from server.services.agents import Agents
from server.services.errors import ServiceError
from server.services.hub import Hub
from server.services.queue_log import Filter, QueueLog
from server.services.queue_reports import QueueReports
from server.services.queue_store import Changes, QueueStore
from tests.server.conftest import SettableClock


def who(number: str | None, role: Role = Role.USER) -> Who:
    return Who(int(number or 0), number or "admin", number, role, f"session {number}")


ANNA, BORIS, CYRIL, DANA = (who(number) for number in ("1001", "1002", "1003", "1004"))
"""Anna manages the queues, Boris and Cyril are agents, Dana is nothing."""
ADMIN = who(None, Role.ADMINISTRATOR)
AGENTS = [{"extension": "1002"}, {"extension": "1003"}]
SALES = Queue(number="6400", name="Sales", managers=("1001",), static_agents=AGENTS, log_for_all_agents=True)
SUPPORT = Queue(number="6401", name="Support", managers=("1001",), static_agents=[{"extension": "1003"}])


class Office:
    """The log over a real database and hub; queues are what a test says."""

    def __init__(self, core: Core, clock: SettableClock) -> None:
        self.core, self.clock, self.hub = core, clock, Hub()
        self.queues = {"6400": SALES, "6401": SUPPORT}
        self.store = QueueStore(core.db)
        stands_for: Any = SimpleNamespace(
            all=lambda: list(self.queues.values()),
            settings_of=self.queues.get,
            options=QueueOptions(sync_results=True),
            writer=SimpleNamespace(on_logged=None),
        )
        self.log = QueueLog(
            db=core.db, hub=self.hub, clock=clock, queues=stands_for, configuration=core.configuration
        )
        self.reports = QueueReports(
            db=core.db, clock=clock, agents=Agents(queues=stands_for, audit=core.audit)
        )

    async def add(self, minutes_ago: float, agent: str | None = None, **more: object) -> int:
        """A call that is over, of Grace, in Sales."""
        joined = self.clock.now() - timedelta(minutes=minutes_ago)
        left = joined + timedelta(seconds=10)
        fields: dict[str, object] = {
            "call": f"call-{minutes_ago}",
            "queue": "6400",
            "number": "+420530535333",
            "name": "Grace Hopper",
            "joined": joined,
            "left": left,
            "end": QueueEnd.ANSWERED if agent else QueueEnd.ABANDONED,
            "agent": agent,
            "ended": left + timedelta(seconds=60) if agent else None,
        }
        call = QueueCall.model_validate(fields | more)
        (entry_id,) = await self.store.save(Changes(calls=[call]))
        return entry_id

    async def ids(self, of: Who, **wanted: Any) -> list[int]:
        return [entry.id for entry in (await self.log.page(of, Filter(**wanted))).entries]


@pytest.fixture
def office(core: Core, clock: SettableClock) -> Office:
    return Office(core, clock)


async def refused(waiting: Any, code: ErrorCode) -> None:
    with pytest.raises(ServiceError) as caught:
        await waiting
    assert caught.value.code is code


async def test_everybody_sees_what_the_queue_says_they_may_Q_9(office: Office) -> None:
    lost = await office.add(30)
    of_boris = await office.add(20, "1002")
    of_cyril = await office.add(10, "1003")
    other = await office.add(5, "1003", queue="6401")
    assert await office.ids(ADMIN) == await office.ids(ANNA) == [other, of_cyril, of_boris, lost]
    assert await office.ids(BORIS) == [of_boris, lost]
    assert await office.ids(CYRIL) == [of_cyril, lost], "of Support he may see nothing"
    office.queues["6400"] = SALES.model_copy(update={"log_missed": False})
    assert await office.ids(BORIS) == [of_boris]
    page = await office.log.page(DANA, Filter())
    assert (page.entries, page.queues, page.next) == ([], [], None)
    views = [(one.queue, one.name, one.incoming, one.missed, one.all)
             for one in (await office.log.page(ANNA, Filter())).queues]  # fmt: skip
    assert views == [("6400", "Sales", True, True, True), ("6401", "Support", True, True, True)]
    (view,) = (await office.log.page(BORIS, Filter())).queues
    assert (view.queue, view.incoming, view.missed, view.all) == ("6400", True, False, False)
    await refused(office.log.page(BORIS, Filter(queue="6401")), ErrorCode.FORBIDDEN)
    await refused(office.log.page(BORIS, Filter(queue="6499")), ErrorCode.NOT_FOUND)


async def test_the_log_is_filtered_by_date_result_queue_kind_and_caller_Q_9(office: Office) -> None:
    old = await office.add(3 * 24 * 60, name="Hedy Lamarr 50%_", number="1005")
    lost = await office.add(30)
    taken = await office.add(20, "1002")
    other = await office.add(10, queue="6401")
    now = office.clock.now()
    assert await office.ids(ANNA, since=now - timedelta(days=1)) == [other, taken, lost]
    assert await office.ids(ANNA, until=now - timedelta(days=1)) == [old]
    assert await office.ids(ANNA, queue="6401") == [other]
    assert await office.ids(ANNA, answered=True) == [taken]
    assert await office.ids(ANNA, answered=False) == [other, lost, old]
    assert await office.ids(ANNA, text="hedy") == await office.ids(ANNA, text="1005") == [old]
    assert await office.ids(ANNA, text="50%_") == [old]
    assert await office.ids(ANNA, text="%") == [old]
    assert await office.ids(ANNA, result=CallResult.NOT_DEALT) == [other, lost, old], "that nobody answered"
    await office.log.set_result("6400", old, CallResult.DEALING, ANNA)
    assert await office.ids(ANNA, result=CallResult.DEALING) == [old]
    assert await office.ids(ANNA, result=CallResult.NOT_DEALT, queue="6400") == [lost]


async def test_a_caller_is_found_whatever_the_case_of_the_letters_in_any_language_Q_9(office: Office) -> None:
    found = await office.add(1, name="Žofie ŠŤASTNÁ")
    await office.add(2, name="Sofie Stastna")
    for text in ("žofie", "ŽOFIE", "šťastná", "Žofie Š"):
        assert await office.ids(ANNA, text=text) == [found], text


async def test_pages_follow_on_each_other_whatever_comes_and_goes_Q_9(office: Office) -> None:
    ids = [await office.add(minutes // 2) for minutes in range(9, -1, -1)][::-1]
    seen, cursor = [], None
    for _ in range(4):
        page = await office.log.page(ANNA, Filter(), before=cursor, limit=3)
        seen += [entry.id for entry in page.entries]
        cursor = page.next
        await office.add(-1)
    assert (seen, cursor) == (ids, None), "two of each minute, none twice, none left out"


async def test_who_answered_deletes_it_for_themselves_and_nobody_else_Q_9(office: Office) -> None:
    lost, mine, his = await office.add(30), await office.add(20, "1002"), await office.add(10, "1003")
    for ids, code in (
        ([lost], ErrorCode.FORBIDDEN),
        ([mine, lost], ErrorCode.FORBIDDEN),
        ([mine, his], ErrorCode.NOT_FOUND),
        ([9999], ErrorCode.NOT_FOUND),
    ):
        await refused(office.log.delete(ids, BORIS), code)
    for somebody in (ANNA, ADMIN):
        await refused(office.log.delete([mine], somebody), ErrorCode.FORBIDDEN)
    await refused(office.log.delete([mine], DANA), ErrorCode.NOT_FOUND)
    await refused(office.log.delete([mine], BORIS, queue="6401"), ErrorCode.NOT_FOUND)
    assert await office.ids(BORIS) == [mine, lost], "either all or none"
    assert await office.log.delete([mine], BORIS, queue="6400") == 1
    assert await office.log.delete([mine], BORIS) == 0, "twice is once"
    assert await office.ids(BORIS) == [lost]
    assert await office.log.calls("6400", BORIS, Filter()) == [
        entry for entry in await office.log.calls("6400", ANNA, Filter()) if entry.id == lost
    ]
    assert [*(await office.hub.snapshot(BORIS, Topic.QUEUE_LOG))] == [str(lost)]
    assert await office.ids(ANNA) == await office.ids(ADMIN) == [his, mine, lost]
    await refused(office.log.set_result("6400", mine, CallResult.DEALT, BORIS), ErrorCode.NOT_FOUND)


async def test_the_reports_still_agree_with_the_log_after_a_deletion_Q_12(office: Office) -> None:
    await office.add(30)
    mine = await office.add(20, "1002")
    before = await office.reports.report("6400", ANNA)
    assert await office.log.delete([mine], BORIS) == 1
    (report,) = after = await office.reports.report("6400", ANNA)
    assert after == before
    calls = await office.log.calls("6400", ANNA, Filter())
    assert report == queue_report(calls, "6400", report.since, report.until, service_level_s=20)
    assert (report.answered, report.abandoned) == (1, 1)


def told(office: Office, of: Who) -> dict[str, Any]:
    """What a client of them has of the topic, by key; it follows from now on."""
    kept: dict[str, Any] = {}
    subscriber = office.hub.connect(of)

    def take(_topic: Topic, key: str, change: Any, **_: object) -> None:
        kept[key] = json.loads(f"{change.head}0{change.tail}")["item"]

    subscriber.offer = take  # type: ignore[method-assign]
    return kept


async def test_changes_are_told_to_who_may_see_the_line_and_has_not_deleted_it_Q_9(office: Office) -> None:
    mine, lost = await office.add(20, "1002"), await office.add(10)
    anna, boris, cyril, admin = [told(office, one) for one in (ANNA, BORIS, CYRIL, ADMIN)]
    await office.log.set_result("6400", lost, CallResult.DEALING, CYRIL)
    assert {*anna} == {*boris} == {*cyril} == {*admin} == {str(lost)}
    assert boris[str(lost)]["result_by"] == "1003"
    await office.log.delete([mine], BORIS)
    assert boris[str(mine)] is None
    assert not {str(mine)} & ({*anna} | {*cyril} | {*admin})
    await office.log.set_result("6400", mine, CallResult.DEALT, ANNA)
    assert boris[str(mine)] is None, "it does not come back"
    assert anna[str(mine)]["result"] == "dealt"
    assert str(mine) not in cyril


async def test_who_may_see_more_or_less_gets_a_new_snapshot_Q_9(office: Office) -> None:
    for number in ("1001", "1002", "1003"):
        await office.core.extensions.add(ExtensionCreate(number=number), by="test")
    renewed: list[str | None] = []
    for one in (ANNA, BORIS, CYRIL, DANA, ADMIN):
        subscriber = office.hub.connect(one)
        subscriber.subscribe([Topic.QUEUE_LOG])
        subscriber._seq[Topic.QUEUE_LOG] = 1  # it has had its first snapshot
        subscriber.subscribe = lambda _topics, number=one.number: renewed.append(number)  # type: ignore[misc]

    async def put(queue: Queue) -> list[str | None]:
        office.queues[queue.number] = queue
        renewed.clear()
        await office.core.configuration.put(queue, by="test")
        return renewed

    assert await put(SALES.model_copy(update={"max_wait_s": 60})) == []
    few = SALES.model_copy(update={"log_for_all_agents": False, "log_agents": ("1003",)})
    assert sorted(map(str, await put(few))) == ["1001", "1002", "1003", "None"]
    assert sorted(map(str, await put(few.model_copy(update={"log_missed": False})))) == [
        "1001", "1003", "None"
    ]  # fmt: skip
