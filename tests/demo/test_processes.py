"""The demo ends what it started, also what a killed run left behind, and nothing else."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from demo.processes import MARK, DemoError, Stage, output

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


async def test_a_program_ends_with_its_block(tmp_path: Path) -> None:
    """Whatever happens in the block."""
    stage = Stage(tmp_path)
    with pytest.raises(ZeroDivisionError):
        async with stage.running("sleeper", SLEEPER) as process:
            raise ZeroDivisionError

    assert process.returncode is not None
    assert stage.leftovers() == []


async def test_leftovers_of_a_killed_run_are_ended_and_others_are_not(tmp_path: Path) -> None:
    """Processes are known by the folder in their environment, not by their names."""
    mine, foreign = Stage(tmp_path / "mine"), Stage(tmp_path / "foreign")
    processes = [
        await asyncio.create_subprocess_exec(
            *SLEEPER, env=stage.environment(), stdout=asyncio.subprocess.PIPE
        )
        for stage in (mine, foreign)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"up\n"

        reaper = asyncio.create_task(processes[0].wait())
        assert await mine.clear() == 1

        await reaper
        assert mine.leftovers() == []
        assert foreign.leftovers() == [processes[1].pid]
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def test_a_missing_program_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(DemoError, match=r"no-such-program could not be started .* `make setup`"):
        await output(["no-such-program"], env=Stage(tmp_path).environment())


def test_settings_from_outside_do_not_reach_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's LINKUS_DATA must not be filled with invented people; the cache is shared."""
    monkeypatch.setenv("LINKUS_DATA", "/srv/pbx")
    monkeypatch.setenv("LINKUS_CACHE", "/srv/cache")

    seen = Stage(tmp_path).environment({"DISPLAY": ":9"})

    assert "LINKUS_DATA" not in seen
    assert seen["LINKUS_CACHE"] == "/srv/cache"
    assert seen["DISPLAY"] == ":9"
    assert seen[MARK] == str(tmp_path)
    assert MARK not in os.environ
