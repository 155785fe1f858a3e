"""The demo as a process."""

import asyncio
import sys
from pathlib import Path

from demo.processes import Stage

ROOT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 560.0


async def demo_of(folder: Path, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    """`make demo` in this folder, as a process that says what it does on its standard output."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo", "--folder", str(folder),
        cwd=ROOT, env=Stage(folder).environment(env) if env else None,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
