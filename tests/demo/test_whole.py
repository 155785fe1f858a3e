"""A.9: `make demo` as a person runs it, without a display."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.demo.running import ENDS_WITHIN_S, demo_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

PICTURES = {
    "1-certificate-question.png",
    "2-ringing.png",
    "3-talking.png",
    "4-on-hold.png",
    "5-call-logs.png",
}


async def test_without_a_display_two_clients_call_hear_each_other_and_the_demo_ends_well(
    tmp_path: Path,
) -> None:
    demo = await demo_of(tmp_path)
    output, _ = await asyncio.wait_for(demo.communicate(), ENDS_WITHIN_S)
    said = output.decode()
    assert demo.returncode == 0, said
    assert "Aiko heard Maja" in said
    assert "Maja heard Aiko" in said
    assert set(await asyncio.to_thread(os.listdir, tmp_path)) >= PICTURES
