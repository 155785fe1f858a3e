"""What the set-up says, and how long steps show that they are alive."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HEARTBEAT_S = 15.0
TAIL_LINES = 40


class SetupError(Exception):
    """The set-up cannot go on; the text says what happened and what to do."""


@contextlib.contextmanager
def heartbeat(what: str) -> Iterator[None]:
    """Say every `HEARTBEAT_S` seconds that `what` is still going on."""
    ended = threading.Event()
    began = time.monotonic()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_S):
            say(f"  … {what}, {time.monotonic() - began:.0f} s so far")

    thread = threading.Thread(target=beat, name="setup heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def run_logged(command: Sequence[str], *, log: Path, what: str, env: Mapping[str, str] | None = None) -> None:
    """Run a noisy program: all it prints goes to `log`; only when it fails its last lines are shown.

    Raises:
        SetupError: it ended with another code than 0, or could not be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    began = time.monotonic()
    try:
        with (
            heartbeat(what),
            log.open("w") as out,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, **(env or {})},
            ) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                out.write(line)
                tail.append(line)
    except OSError as error:
        raise SetupError(f"{what}: {command[0]} could not be started: {error}") from error
    if process.returncode:
        sys.stderr.write("".join(tail))
        raise SetupError(f"{what} failed (exit code {process.returncode}); all of its output: {log}")
    say(f"  done in {time.monotonic() - began:.0f} s")
