"""ADMIN-2: the switch is told what is true then, again after a failure, and at once when it comes up anew."""

import asyncio

import pytest

from server.services.copies import RETRY_MAX_S, RETRY_S, Copy
from server.switch.port import SwitchError
from server.switch.simulated import SimulatedEngine, SimulatedSwitch
from tests.virtual_time import in_virtual_time


class Bench:
    """A copy whose pushes fail as long as `problem` is set; `pushed` has their moments."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.switch = SimulatedSwitch(SimulatedEngine())
        self.problem = problem
        self.pushed: list[float] = []
        self.ups = self.stopped = 0
        self.copy = Copy(self.switch, self._push, name="bells", on_up=self._on_up)
        self.copy.start(self._stop)

    def _on_up(self) -> None:
        self.ups += 1

    def _stop(self) -> None:
        self.stopped += 1

    async def _push(self) -> None:
        self.pushed.append(asyncio.get_running_loop().time())
        if self.problem is not None:
            raise self.problem


@in_virtual_time
async def test_nothing_is_pushed_without_a_switch_and_everything_when_it_comes_up():
    bench = Bench()
    bench.copy.wake()
    await asyncio.sleep(60)
    assert (bench.pushed, bench.ups) == ([], 0)
    await bench.switch.start()
    await asyncio.sleep(0.1)
    assert (len(bench.pushed), bench.ups) == (1, 1)
    bench.copy.wake()
    bench.copy.wake()
    await asyncio.sleep(0.1)
    assert len(bench.pushed) == 2, "what is woken twice is pushed once"
    await bench.copy.stop()
    assert bench.stopped == 1
    bench.copy.wake()
    await asyncio.sleep(60)
    assert len(bench.pushed) == 2


@in_virtual_time
async def test_a_push_that_fails_is_repeated_more_and_more_rarely(caplog):
    bench = Bench(SwitchError("it is full"))
    await bench.switch.start()
    await asyncio.sleep(200)
    pauses = [round(b - a, 3) for a, b in zip(bench.pushed, bench.pushed[1:], strict=False)]
    assert pauses[:3] == [RETRY_S, 2 * RETRY_S, 4 * RETRY_S]
    assert set(pauses[5:]) == {RETRY_MAX_S}
    assert "The switch could not be told of bells: it is full; again in 1 s" in caplog.text
    bench.problem = None
    await asyncio.sleep(RETRY_MAX_S)
    before = len(bench.pushed)
    await asyncio.sleep(100)
    assert len(bench.pushed) == before
    await bench.copy.stop()


@in_virtual_time
async def test_a_switch_that_comes_up_anew_does_not_wait_for_the_end_of_the_pause():
    bench = Bench(SwitchError("it is not well"))
    await bench.switch.start()
    await asyncio.sleep(100)
    bench.problem = None
    bench.switch.disconnect()
    await asyncio.sleep(0.1)
    before = len(bench.pushed)
    bench.switch.connect(restarted=True)
    await asyncio.sleep(0.1)
    assert len(bench.pushed) == before + 1
    await bench.copy.stop()


@in_virtual_time
async def test_a_mistake_of_ours_is_no_failure_of_the_switch(caplog):
    bench = Bench(ValueError("a bug"))
    await bench.switch.start()
    await asyncio.sleep(60)
    assert len(bench.pushed) == 1
    assert "bells: background work failed" in caplog.text
    await bench.copy.stop()


@pytest.mark.parametrize("moment", [0.0005, 0.05])
@in_virtual_time
async def test_what_is_woken_during_a_push_is_pushed_after_it(moment):
    bench = Bench()
    pushing = asyncio.Event()

    async def slow() -> None:
        bench.pushed.append(0)
        pushing.set()
        await asyncio.sleep(0.1)

    bench.copy._push = slow
    await bench.switch.start()
    await pushing.wait()
    await asyncio.sleep(moment)
    bench.copy.wake()
    await asyncio.sleep(1)
    assert len(bench.pushed) == 2
    await bench.copy.stop()
