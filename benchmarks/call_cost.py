"""`python -m benchmarks.call_cost`: processor time that one call costs our server, without any engine.

One extension calls another, again and again, on the simulated switch in virtual time; so many of these calls
are always in progress. All that the server does for a call is in the figure: flows, log, states, own calls,
lamps of pairs, queues; so is the simulation, which costs the same each time. `--profile` tells where it goes.
"""

import argparse
import asyncio
import cProfile
import pstats
import time

from server.flows.own_calls import OwnCalls
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office
from tests.virtual_time import VirtualLoop

IN_PROGRESS = (1, 50, 400)
CALLS = 600
_ANSWERED_AFTER_S = 0.1
_TALK_S = 2.0


async def cost_ms(in_progress: int, calls: int, profile: cProfile.Profile | None = None) -> float:
    """Milliseconds of processor time a call; as many calls are in progress at each moment."""
    place = Office(own_calls=OwnCalls)
    place.calls.per_extension = 2 * in_progress + 8
    await place.start()
    caller = place.engine.phone("1001", Behaviour.rings())
    answers = Behaviour.answers(_ANSWERED_AFTER_S, hangs_up_after_s=_TALK_S)
    place.engine.phone("1002", answers)
    pause_s = (_ANSWERED_AFTER_S + _TALK_S) / in_progress

    async def make(count: int) -> None:
        for _ in range(count):
            caller.call("1002")
            await asyncio.sleep(pause_s)

    await make(in_progress)
    began = time.process_time()
    if profile is not None:
        profile.enable()
    await make(calls)
    if profile is not None:
        profile.disable()
    took = time.process_time() - began
    await place.idle()
    place.assert_nothing_left()
    await place.stop()
    return took / calls * 1000


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.call_cost", description=__doc__)
    parser.add_argument("--profile", action="store_true", help="tell where it goes with the most calls")
    with_profile = parser.parse_args().profile
    for in_progress in IN_PROGRESS:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            took = runner.run(cost_ms(in_progress, max(CALLS, in_progress)))
        print(f"{in_progress:4} calls in progress: {took:6.2f} ms a call")
    if with_profile:
        profile = cProfile.Profile()
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(cost_ms(IN_PROGRESS[-1], CALLS, profile))
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
