"""One process of the engine: started in a session of its own, or found running and adopted.

It is no child in the usual sense: it must live on when the server is killed, and the next server must be
able to watch and stop it. So it is watched by a pidfd, which works for both, and known by its pid together
with the moment it started, which the kernel never gives out twice.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_S = 4.0
"""How long a process may take to stop when asked to, before it is killed."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    started: int
    """Clock ticks since boot, from /proc."""
    boot: str
    """Id of the boot, so that a pid file from before a reboot means nothing."""


def identify(pid: int) -> Identity | None:
    """The identity of a running process; None if there is none (or it is a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[0] in "ZX" else Identity(pid=pid, started=int(fields[19]), boot=boot)


def command_of(pid: int) -> list[str]:
    """Command line of a process; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def spawn(command: Sequence[str], environment: Mapping[str, str], output: Path) -> int:
    """Start a program in its own session, its output appended to a file; returns the pid."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    # No signal stays ignored or blocked from this side: a service manager may have set some.
    return os.posix_spawn(
        command[0], list(command), environment, file_actions=actions, setsid=True,
        setsigmask=[], setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM],
    )  # fmt: skip


class Process:
    """A running process, ours or an adopted one.

    Attributes:
        identity: what it is.
    """

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._exit_status: int | None = None
        self._gone = asyncio.Event()
        self._pidfd: int | None = None
        try:
            self._pidfd = os.pidfd_open(identity.pid)
        except ProcessLookupError:
            self._gone.set()
            return
        asyncio.get_running_loop().add_reader(self._pidfd, self._on_exit)

    @property
    def pid(self) -> int:
        """Process id."""
        return self.identity.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs, as far as is known."""
        return not self._gone.is_set()

    async def gone(self) -> None:
        """Return when the process has ended."""
        await self._gone.wait()

    def describe_end(self) -> str:
        """How it ended, for a person: only a process that we started tells."""
        if self._exit_status is None:
            return "it ended"
        code = os.waitstatus_to_exitcode(self._exit_status)
        return f"it was ended by signal {-code}" if code < 0 else f"it ended with status {code}"

    async def stop(self) -> None:
        """Ask it to stop, and kill it if it does not within `GRACE_S`."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._pidfd is None or not self.alive:
                return
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), GRACE_S)

    def detach(self) -> None:
        """Stop watching it; it runs on."""
        if self._pidfd is not None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def _on_exit(self) -> None:
        with suppress(ChildProcessError):  # an adopted one is reaped by init
            self._exit_status = os.waitpid(self.pid, os.WNOHANG)[1]
        self.detach()
        self._gone.set()
