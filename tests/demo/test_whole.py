"""A.9: `make demo` as a person runs it, without a display and with one."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from demo.display import virtual_display
from demo.processes import Stage

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
PICTURES = {
    "1-certificate-question.png",
    "2-ringing.png",
    "3-talking.png",
    "4-on-hold.png",
    "5-call-logs.png",
}
ENDS_WITHIN_S = 560.0


async def _demo(folder: Path, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo", "--folder", str(folder),
        cwd=ROOT, env=Stage(folder).environment(env) if env else None,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def test_without_a_display_two_clients_call_hear_each_other_and_the_demo_ends_well(
    tmp_path: Path,
) -> None:
    demo = await _demo(tmp_path)
    output, _ = await asyncio.wait_for(demo.communicate(), ENDS_WITHIN_S)
    said = output.decode()
    assert demo.returncode == 0, said
    assert "Aiko heard Maja" in said
    assert "Maja heard Aiko" in said
    assert set(await asyncio.to_thread(os.listdir, tmp_path)) >= PICTURES


async def test_with_a_display_it_stays_and_says_how_any_phone_logs_in_until_it_is_closed(
    tmp_path: Path,
) -> None:
    async with virtual_display(Stage(tmp_path / "screen"), tmp_path) as display:
        demo = await _demo(tmp_path / "demo", display)
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
