"""KEY-2, KEY-4, Q-10, Q-11: keys of queues and agents on desk phones, whatever happens; in virtual time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from server.contract.agents import AgentSwitch
from server.contract.features import FeatureCodes
from server.contract.queues import Queue, QueueAgent
from server.services.lamps import Lamps
from server.services.queue_lamps import QueueLamps
from server.switch.port import LampState
from server.switch.simulated import Behaviour
from server.switch.simulated.board import Subscription
from tests.server.flows.office import Office, office
from tests.server.flows.test_queue import SALES, sales, set_up
from tests.virtual_time import in_virtual_time

OUT, RINGS, LIT = LampState.TERMINATED, LampState.EARLY, LampState.CONFIRMED
SUPPORT = "6401"


@contextlib.asynccontextmanager
async def lit_office(*queues: Queue) -> AsyncIterator[Office]:
    """An office with these queues, whose desk phones see their lamps."""
    async with office() as place:
        set_up(place, *queues)
        lamps = Lamps(
            switch=place.switch,
            watchers=lambda: [one.number for one in place.directory.all()],
            sources=[QueueLamps(place.queues, place.directory, place.configured)],
        )
        lamps.start()
        await asyncio.sleep(0.1)
        try:
            yield place
        finally:
            await lamps.stop()


def dynamic(number: str, *agents: str, **more: object) -> Queue:
    return sales(number=number, dynamic_agents=[QueueAgent(extension=one) for one in agents], **more)


def watch(place: Office, watcher: str, *values: str) -> list[Subscription]:
    found = [place.engine.board.watch(watcher, value) for value in values]
    assert None not in found, f"{watcher} is refused one of {values}"
    return [one for one in found if one is not None]


def refused(place: Office, watcher: str, *values: str) -> bool:
    return [place.engine.board.watch(watcher, value) for value in values] == [None] * len(values)


@in_virtual_time
async def test_who_logs_in_and_out_sees_it_on_the_keys_of_queue_and_of_all_Q_10() -> None:
    async with lit_office(dynamic(SALES, "1002"), dynamic(SUPPORT, "1002")) as place:
        keys = watch(place, "1002", "*76400", "*76401", "*77", "*077")
        for change, queues in (
            (AgentSwitch(logged_in=True), [SALES]),
            (AgentSwitch(logged_in=True), None),
            (AgentSwitch(logged_in=False), [SALES]),
            (AgentSwitch(logged_in=False), None),
        ):
            place.agents.switch_own("1002", change, queues)
            await asyncio.sleep(0.05)
        sales_key, support, everywhere, anywhere = (key.told for key in keys)
        assert sales_key == [OUT, LIT, OUT]
        assert support == [OUT, LIT, OUT]
        assert everywhere == [OUT, LIT, OUT], "lit while logged in to both"
        assert anywhere == [OUT, LIT, OUT], "lit from the first to the last"


@in_virtual_time
async def test_a_pause_shows_where_it_is_and_calls_do_not_change_it_Q_11() -> None:
    async with lit_office(sales("1002", agent_timeout_s=5), sales("1002", number=SUPPORT)) as place:
        place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=2.0))
        one, other = watch(place, "1002", "*076400", "*076401")
        place.engine.phone("1001").call(SALES)
        await asyncio.sleep(5)
        assert (one.told, other.told) == ([OUT], [OUT])
        place.agents.switch_own("1002", AgentSwitch(paused=True, reason="Lunch"), [SALES])
        await asyncio.sleep(0.05)
        assert (one.told, other.told) == ([OUT, LIT], [OUT])
        place.agents.switch_own("1002", AgentSwitch(paused=False), [SALES])
        await asyncio.sleep(0.05)
        assert one.told == [OUT, LIT, OUT]


@in_virtual_time
async def test_an_agent_who_is_paused_for_missed_calls_sees_the_key_lit_Q_4() -> None:
    async with lit_office(sales("1002", agent_timeout_s=5, retry_s=1, auto_pause_after=2)) as place:
        place.engine.phone("1002", Behaviour.rings())
        (key,) = watch(place, "1002", "*076400")
        place.engine.phone("1001").call(SALES)
        await asyncio.sleep(30)
        assert key.told == [OUT, LIT]


@in_virtual_time
async def test_a_queue_rings_while_a_caller_waits_and_is_lit_while_agents_talk_Q_13() -> None:
    async with lit_office(sales("1002", managers=("1004",))) as place:
        agent = place.engine.phone("1002", Behaviour.answers(1.0))
        of_agent, of_manager = watch(place, "1002", SALES)[0], watch(place, "1004", SALES)[0]
        first, second = place.engine.phone("1001"), place.engine.phone("1003")
        talking = first.call(SALES)
        await asyncio.sleep(3)
        assert of_agent.told == [OUT, RINGS, LIT]
        waiting = second.call(SALES)
        await asyncio.sleep(3)
        assert of_agent.told == [OUT, RINGS, LIT, RINGS], "a waiting one counts more than one who talks"
        second.hang_up(waiting)
        await asyncio.sleep(3)
        first.hang_up(talking)
        await asyncio.sleep(3)
        assert of_agent.told == [OUT, RINGS, LIT, RINGS, LIT, OUT]
        assert of_manager.told == of_agent.told
        assert len(agent.calls) == 1


@in_virtual_time
async def test_keys_are_for_those_whom_they_concern_alone_KEY_4() -> None:
    both = sales("1002", dynamic_agents=[QueueAgent(extension="1003")], managers=("1004",))
    async with lit_office(both) as place:
        watch(place, "1002", SALES, "*076400")
        watch(place, "1003", SALES, "*076400", "*76400", "*77", "*077")
        watch(place, "1004", SALES)
        assert refused(place, "1002", "*76400", "*77", "*077"), "a static agent is always logged in"
        assert refused(place, "1004", "*076400", "*76400", "*77")
        assert refused(place, "1001", SALES, "*076400", "*76400", "*77", "*077")
        assert refused(place, "1003", "*076401", "*7", "*07", "6401")


@in_virtual_time
async def test_changed_codes_and_members_are_other_keys_and_the_rest_goes_on_CODE_1() -> None:
    async with lit_office(dynamic(SALES, "1002", "1003", managers=("1004",))) as place:
        place.agents.switch_own("1003", AgentSwitch(logged_in=True), [SALES])
        goes, stays = watch(place, "1002", SALES)[0], watch(place, "1003", SALES)[0]
        log_in, pause = watch(place, "1003", "*76400", "*076400")
        place.configured.put(dynamic(SALES, "1003", managers=("1004",)))
        await asyncio.sleep(0.1)
        assert goes.ended, "no member any more"
        assert refused(place, "1002", SALES, "*76400")
        assert not stays.ended
        assert not log_in.ended
        place.configured.put(FeatureCodes(queue_log="*70", queue_pause="", queue_log_in_all="*71"))
        await asyncio.sleep(0.1)
        assert log_in.ended
        assert pause.ended
        assert [key.told for key in watch(place, "1003", "*706400", "*71", "*077")] == [[LIT]] * 3
        assert refused(place, "1003", "*076400", "*76400", "*77")
        place.configured.drop(Queue, SALES)
        await asyncio.sleep(0.1)
        assert stays.ended
        assert refused(place, "1003", SALES, "*706400", "*71")
