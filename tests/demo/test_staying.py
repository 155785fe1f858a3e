"""A.9: `make demo` where there is a display: it stays until it is closed."""

import asyncio
import signal
from pathlib import Path

import pytest

from demo.display import virtual_display
from demo.processes import Stage
from tests.demo.running import ENDS_WITHIN_S, demo_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


async def test_with_a_display_it_stays_and_says_how_any_phone_logs_in_until_it_is_closed(
    tmp_path: Path,
) -> None:
    async with virtual_display(Stage(tmp_path / "screen"), tmp_path) as display:
        demo = await demo_of(tmp_path / "demo", display)
        assert demo.stdout is not None
        said = ""
        async with asyncio.timeout(ENDS_WITHIN_S):
            while "Ctrl+C ends it" not in said and (line := await demo.stdout.readline()):
                said += line.decode()
        assert "Both are logged in" in said, said
        assert "any SIP phone" in said
        assert demo.returncode is None
        demo.send_signal(signal.SIGINT)
        rest, _ = await asyncio.wait_for(demo.communicate(), ENDS_WITHIN_S)
    assert demo.returncode == 0, rest.decode()
