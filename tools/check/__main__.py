"""Entry point: `python -m tools.check all|lint|unit|soak`. Its exit code is 0 only if every part passed."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.check.parts import GROUPS, Part
from tools.check.results import Outcome, read_counts, summary

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "test"


def main(arguments: list[str]) -> int:
    """Run the group that is named, every part of it even if an earlier one failed. Returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in GROUPS:
        print(f"usage: python -m tools.check {'|'.join(GROUPS)}", file=sys.stderr)
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    outcomes = [run(part) for part in GROUPS[arguments[0]]]
    print(summary(outcomes), flush=True)
    return 0 if all(outcome.ok for outcome in outcomes) else 1


def run(part: Part) -> Outcome:
    """Run one part. A single program writes straight to our output; several are shown one after the other."""
    print(f"\n── {part.name}: {part.about}", flush=True)
    results = RESULTS / f"{part.name}.xml"
    results.unlink(missing_ok=True)
    began = time.monotonic()
    if len(part.commands) == 1:
        ok = subprocess.run(part.commands[0], cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode == 0
    else:
        ok = run_together(part.commands)
    counts = read_counts(results) if part.tests else None
    return Outcome(part.name, part.about, ok, time.monotonic() - began, counts)


def run_together(commands: tuple[tuple[str, ...], ...]) -> bool:
    """Run programs at the same time; print what those that failed said. True if all succeeded."""
    running = []
    for command in commands:
        output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed below, when its program has ended
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=_quiet()
        )
        running.append((command, process, output))
    ok = True
    for command, process, output in running:
        code = process.wait()
        with output:
            output.seek(0)
            text = output.read().rstrip()
        name = " ".join([Path(command[0]).name, *command[1:]])
        print(f"  {'ok    ' if code == 0 else 'FAILED'}  {name}", flush=True)
        if code:
            print(text, flush=True)
            ok = False
    return ok


def _quiet() -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
