"""A.3: the switch knows the extensions that the database has, whatever happened."""

import asyncio
import itertools

import pytest

from server.services.provisioning import APPLIED_S, Provisioning
from server.switch.port import SwitchUnavailable
from server.switch.simulated import SimulatedEngine, SimulatedSwitch
from tests.server.flows.office import MemoryExtensions, extension
from tests.virtual_time import in_virtual_time


class Bench:
    def __init__(self) -> None:
        self.extensions = MemoryExtensions(["1001", "1002"])
        self.engine = SimulatedEngine()
        self.switch = SimulatedSwitch(self.engine)
        self.provisioning = Provisioning(switch=self.switch, extensions=self.extensions)
        self.provisioning.start()

    @property
    def known(self) -> list[str]:
        return sorted(self.engine.endpoints)


@in_virtual_time
async def test_all_are_pushed_when_the_switch_comes_up_and_again_when_it_is_new():
    bench = Bench()
    await bench.switch.start()
    await asyncio.sleep(0.1)
    assert bench.known == ["1001", "1002"]
    bench.switch.crash()
    assert bench.known == []
    bench.switch.restart()
    await asyncio.sleep(0.1)
    assert bench.known == ["1001", "1002"]
    await bench.provisioning.stop()


@in_virtual_time
async def test_changes_reach_the_switch_one_by_one_AUTH_7():
    bench = Bench()
    await bench.switch.start()
    await asyncio.sleep(0.1)
    phone = bench.engine.phone("1002")
    bench.extensions.put(extension("1003"))
    bench.extensions.put(extension("1002", enabled=False))
    await asyncio.sleep(0.1)
    assert bench.known == ["1001", "1003"]
    assert phone not in bench.engine.phones
    bench.extensions.drop("1003")
    await asyncio.sleep(0.1)
    assert bench.known == ["1001"]
    await bench.provisioning.stop()


@in_virtual_time
async def test_what_changed_while_the_switch_was_away_is_made_up_for():
    bench = Bench()
    await bench.switch.start()
    await asyncio.sleep(0.1)
    bench.switch.disconnect()
    bench.extensions.drop("1002")
    bench.extensions.put(extension("1004"))
    await asyncio.sleep(5)
    bench.switch.connect(restarted=False)
    await asyncio.sleep(0.1)
    assert bench.known == ["1001", "1004"]
    await bench.provisioning.stop()


@in_virtual_time
async def test_an_engine_that_outlived_a_server_forgets_who_was_disabled_or_removed_meanwhile_AUTH_7():
    bench = Bench()
    bench.engine.endpoints |= {"1002": "from an earlier server", "1009": "from an earlier server"}
    bench.extensions.put(extension("1002", enabled=False))
    bench.switch.connect(restarted=False)
    await asyncio.sleep(0.1)
    assert bench.known == ["1001"]
    await bench.provisioning.stop()


@in_virtual_time
async def test_a_failed_push_is_repeated_until_it_works(caplog):
    bench = Bench()
    push, tries = bench.switch.push, []

    async def failing(endpoints):
        tries.append(asyncio.get_running_loop().time())
        if len(tries) < 4:
            raise SwitchUnavailable("not now")
        await push(endpoints)

    bench.switch.push = failing
    await bench.switch.start()
    await asyncio.sleep(20)
    assert bench.known == ["1001", "1002"]
    pauses = [round(later - earlier) for earlier, later in itertools.pairwise(tries)]
    assert pauses == [1, 2, 4]
    assert "secret" not in caplog.text
    await bench.provisioning.stop()


async def applied_after_s(bench: Bench, number: str) -> float:
    """Virtual seconds that `applied` took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bench.provisioning.applied(number)
    return loop.time() - began


@in_virtual_time
async def test_applied_waits_until_the_switch_has_the_change_AUTH_7():
    bench = Bench()
    await bench.switch.start()
    await asyncio.sleep(0.1)
    bench.extensions.put(extension("1003"))
    assert "1003" not in bench.known
    await bench.provisioning.applied("1003")
    assert "1003" in bench.known
    bench.extensions.drop("1003")
    await bench.provisioning.applied("1003")
    assert "1003" not in bench.known
    assert await applied_after_s(bench, "1001") == 0
    await bench.provisioning.stop()


@in_virtual_time
async def test_applied_waits_for_the_second_of_two_quick_changes():
    bench = Bench()
    await bench.switch.start()
    await asyncio.sleep(0.1)
    bench.extensions.put(extension("1003", first_name="Old"))
    await asyncio.sleep(0.0005)  # the first push is on its way
    bench.extensions.put(extension("1003", first_name="New"))
    await bench.provisioning.applied("1003")
    assert bench.engine.endpoints["1003"].display_name == "New"
    await bench.provisioning.stop()


@in_virtual_time
async def test_applied_does_not_wait_for_a_switch_that_is_away_or_goes_away():
    bench = Bench()
    bench.extensions.put(extension("1003"))
    assert await applied_after_s(bench, "1003") == 0
    await bench.switch.start()
    await asyncio.sleep(0.1)
    bench.extensions.drop("1003")
    asyncio.get_running_loop().call_later(0.0005, bench.switch.disconnect)
    assert await applied_after_s(bench, "1003") < 0.1
    await bench.provisioning.stop()


@in_virtual_time
async def test_applied_gives_up_on_a_switch_that_does_not_take_the_change():
    bench = Bench()
    await bench.switch.start()
    await asyncio.sleep(0.1)

    async def failing(endpoints):
        raise SwitchUnavailable("not now")

    bench.switch.push = failing
    bench.extensions.put(extension("1003"))
    assert await applied_after_s(bench, "1003") == pytest.approx(APPLIED_S)
    await bench.provisioning.stop()
