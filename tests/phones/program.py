"""A foreign program under test: started, read, written to, and ended."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

_ENDS_WITHIN_S = 10.0
"""A phone unregisters at its end: one that is killed before stays with the PBX."""


class ProgramError(Exception):
    """A program did not do what was waited for; the message ends with its last words."""


class Program:
    """A running process in a session of its own, with all it has written so far.

    Attributes:
        name: for messages.
        output: everything it wrote to stdout and stderr.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.output = ""
        self._process = process
        self._more = asyncio.Event()
        self._reader = asyncio.create_task(self._read(), name=f"output of {name}")

    @classmethod
    async def start(
        cls, name: str, argv: Sequence[str], *, folder: Path, env: Mapping[str, str] | None = None
    ) -> "Program":
        """Start `argv` in `folder`; `env` adds to the environment."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        return cls(name, process)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    @property
    def mark(self) -> int:
        """How much it has written: give it to `expect` to look only at what comes later."""
        return len(self.output)

    async def expect(self, pattern: str, *, after: int = 0, timeout_s: float = 90.0) -> re.Match[str]:
        """Wait until what it wrote since `after` matches; raise `ProgramError` when it ends or is late."""
        compiled = re.compile(pattern)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    found = compiled.search(self.output, after)
                    if found:
                        return found
                    if self._reader.done():
                        raise ProgramError(self._told(f"ended without writing {pattern!r}"))
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise ProgramError(self._told(f"did not write {pattern!r} within {timeout_s} s")) from None

    async def write(self, line: str) -> None:
        """Send a line to its stdin."""
        self.write_soon(line)
        if self._process.stdin is not None:
            await self._process.stdin.drain()

    def write_soon(self, line: str) -> None:
        """Send a line to its stdin, without waiting for the pipe."""
        stdin = self._process.stdin
        if stdin is None or not self.running:
            raise ProgramError(self._told("has ended and cannot be told anything"))
        stdin.write(f"{line}\n".encode())

    async def finished(self, timeout_s: float) -> int:
        """Wait for its end; its exit code."""
        try:
            async with asyncio.timeout(timeout_s):
                code = await self._process.wait()
                await self._reader
                return code
        except TimeoutError:
            raise ProgramError(self._told(f"still runs after {timeout_s} s")) from None

    async def stop(self, *, kill: bool = False) -> None:
        """End it and all it started; politely unless `kill`."""
        if self.running:
            self._signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                async with asyncio.timeout(_ENDS_WITHIN_S):
                    await self._process.wait()
            except TimeoutError:
                self._signal(signal.SIGKILL)
                await self._process.wait()
        self._signal(signal.SIGKILL)  # children that outlived it
        self._reader.cancel()
        await asyncio.wait([self._reader])
        if self._process.stdin is not None:
            self._process.stdin.close()
        # Closes the pipes now, not when the garbage collector finds a closed loop.
        self._process._transport.close()  # type: ignore[attr-defined]

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def _read(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            return
        try:
            while chunk := await stdout.read(65536):
                self.output += chunk.decode(errors="replace")
                self._more.set()
        finally:
            self._more.set()

    def _told(self, what: str) -> str:
        return f"{self.name} {what}; its last words:\n{self.output[-2000:]}"
