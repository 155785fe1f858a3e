"""`python -m benchmarks [PART …]`: measure and print; minutes for all. See `PARTS`."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable
from pathlib import Path

from benchmarks import call_rate, call_setup, client, lamps, queue_decisions, queue_rings, recorded_rate
from benchmarks.plain_asterisk import PlainAsterisk
from benchmarks.report import Result, table
from server.switch.asterisk.installation import find
from tests.phones.ports import free_ports
from tests.real.pbx import Pbx

PARTS = ("client", "setup", "rate", "recorded", "lamps", "queues", "decisions")
RTP_PORTS = 1000
"""For either side; they take turns, so both have the same. A call needs four."""
_SECRETS = {"1001": "plain-secret-one-1", "1002": "plain-secret-two-2"}
_CENTRE = {number: f"plain-secret-{number}" for number in (*queue_rings.AGENTS, *queue_rings.CALLERS)}


async def measure(parts: list[str]) -> list[Result]:
    """Start what is needed, measure, stop it."""
    installation = find()
    if installation is None:
        sys.exit("There is no Asterisk to measure with. Run `make setup` first.")
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="linkus-bench-") as name:
        folder = Path(name)
        (folder / "pbx").mkdir()
        low = free_ports(RTP_PORTS)
        high = low + RTP_PORTS - 1
        # One phone makes all calls here; in an office such a phone would be stopped.
        limits = {"LINKUS_CALLS__PER_EXTENSION": "10000"}
        async with (
            Pbx(folder / "pbx", env=limits, rtp=f"{low}-{high}") as pbx,
            PlainAsterisk(
                installation,
                folder / "plain",
                _SECRETS | _CENTRE,
                (low, high),
                queue=queue_rings.QUEUE,
                agents=queue_rings.AGENTS,
            ) as plain,
        ):
            for number in _SECRETS:
                await pbx.add(number, "Bench", number)
            ours = (pbx.line("1001"), pbx.line("1002"))
            theirs = (plain.line("1001"), plain.line("1002"))
            if "client" in parts:
                results += await client.run(pbx)
            if "setup" in parts:
                results += await call_setup.run(ours, theirs)

            def settled() -> Awaitable[object]:
                return pbx.nothing_left(timeout_s=20)

            if "rate" in parts:
                results += await call_rate.run(ours, theirs, settled)
            if "recorded" in parts:
                results += await recorded_rate.run(pbx, ours, settled)
            if "lamps" in parts:
                results += await lamps.run(pbx, plain)
            if "queues" in parts:
                results += await queue_rings.run(pbx, plain, settled)
    if "decisions" in parts:
        results += queue_decisions.run()
    return results


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parts = parser.parse_args().parts or list(PARTS)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; each pair was measured in this run.")
    print(table(asyncio.run(measure(parts))))


if __name__ == "__main__":
    main()
