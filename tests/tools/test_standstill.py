"""The witness that tells how long the machine stood still."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.phones.waiting import until
from tools.standstill import Witness, witness


def test_a_standstill_counts_as_far_as_it_falls_into_the_time_asked_for():
    seen = Witness()
    seen.saw(10.0, 10.3)
    seen.saw(20.0, 20.5)
    assert seen.stood_s(0.0, 30.0) == pytest.approx(0.8)
    assert seen.stood_s(10.1, 20.2) == pytest.approx(0.4)
    assert seen.stood_s(11.0, 19.0) == 0


def test_a_gap_may_last_for_its_standstills_and_for_what_the_sound_takes_to_come_back():
    seen = Witness()
    for begin, end in ((1.0, 1.2), (1.4, 1.7), (9.0, 9.4)):
        seen.saw(begin, end)
    assert seen.longest_gap_s(0.0, 10.0, gap_s=0.8, limit_s=0.06) == pytest.approx(0.5 + 3 * 0.06)
    assert seen.longest_gap_s(0.0, 10.0, gap_s=0.3, limit_s=0.06) == pytest.approx(0.3 + 2 * 0.06)
    assert seen.longest_gap_s(2.0, 8.0, gap_s=0.3, limit_s=0.06) == pytest.approx(0.06)


def test_of_a_sound_half_must_be_heard_where_the_machine_ran():
    seen = Witness()
    assert seen.least_sound_s(0.0, 4.0, limit_s=0.06) == pytest.approx(2.0)
    seen.saw(1.0, 2.0)
    assert seen.least_sound_s(0.0, 4.0, limit_s=0.06) == pytest.approx(1.47)


def children() -> set[str]:
    """Process ids of what this process has started."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_a_witness_that_is_stopped_tells_it_and_ends_with_the_block():
    before = children()
    async with witness() as seen:
        [pid] = children() - before
        began = time.monotonic()
        os.kill(int(pid), signal.SIGSTOP)
        await until(lambda: time.monotonic() > began + 0.3, "it stands still for a while")
        os.kill(int(pid), signal.SIGCONT)
        await until(lambda: seen.stood_s(began, time.monotonic()) > 0.2, "it tells of it")
    assert pid not in children()
