"""Q-3 on real phones: who waits too long in a queue goes where a call flow says, by time and caller."""

from pathlib import Path

import pytest

from tests.phones.hearing import has_heard
from tests.real.pbx import Pbx
from tests.real.prompts import upload
from tests.real.test_queue import QUEUE, TONES, configure, phones, talks

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

CLOSED_HZ = 2300.0
FLOW = {"kind": "call_flow", "value": "after waiting"}


async def test_callers_of_a_queue_fail_over_by_time_and_caller_Q_3(pbx: Pbx, tmp_path: Path) -> None:
    await upload(pbx, tmp_path, "closed", CLOSED_HZ)
    period = {"days": ["monday"], "start": "00:00", "end": "24:00"}
    await pbx.api("PUT", "/time-conditions/shut", body={"periods": [period], "by_hand": "closed"})
    steps = [
        {"time_condition": "shut", "destination": {"kind": "hang_up"}},
        {
            "origin": "internal",
            "callers": ["100[1-2]"],
            "destination": {"kind": "extension", "value": "1003"},
        },
    ]
    flow = {"steps": steps, "destination": {"kind": "prompt", "value": "closed"}}
    await pbx.api("PUT", "/call-flows/after waiting", body=flow)
    await configure(pbx, max_wait_s=5, failover=FLOW)
    async with phones(pbx, "1001", "1003", "1004") as (anna, cyril, dana):
        await anna.dial(QUEUE)
        await dana.dial(QUEUE)
        await anna.connected()
        await dana.connected()
        await talks(anna, cyril, (TONES["1001"], TONES["1003"]))
        await has_heard(dana, CLOSED_HZ)
        await dana.hangup()
        await anna.hangup()
        await cyril.ended()
    await pbx.cli("queue", "remove", QUEUE)
    await pbx.nothing_left()
