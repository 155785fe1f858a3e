"""The demo's processes: started with a mark, ended by their ids, also those an earlier run left behind.

Every child gets `MARK` in its environment, with the demo's folder as value, and passes it on to its own
children. That is how leftovers of a run that was killed are told from anybody else's processes.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

MARK = "DEMO_COMPANY_FOLDER"
PATIENCE_S = 8.0
"""How long a process may take to end after SIGTERM."""


class DemoError(Exception):
    """The demo cannot go on; the text says what happened and what to do."""


class Stage:
    """The folder a demo lives in, and the programs it runs.

    Attributes:
        folder: absolute; pictures, sound and the company's data are kept here.
        logs: output of the programs, one file each.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.logs = self.folder / "logs"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a child sees: ours, marked, without settings of the product from outside."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("LINKUS_") or name == "LINKUS_CACHE"
        }
        return {**kept, MARK: str(self.folder), "PYTHONUNBUFFERED": "1", **(more or {})}

    @contextlib.asynccontextmanager
    async def running(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        piped: bool = False,
        pass_fds: Sequence[int] = (),
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run a program for the length of a block; its output goes to `logs/<name>.log`.

        With `piped` its standard input and output are pipes to us and only its errors go to the log.

        Raises:
            DemoError: it cannot be started.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        pipe, devnull = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        with (self.logs / f"{name}.log").open("wb") as log:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=pipe if piped else devnull,
                    stdout=pipe if piped else log,
                    stderr=log,
                    env=self.environment(env),
                    pass_fds=pass_fds,
                    start_new_session=True,
                )
            except OSError as error:
                raise DemoError(
                    f"{command[0]} could not be started ({error.strerror}); `make setup` installs it"
                ) from error
        try:
            yield process
        finally:
            await end(process)

    def leftovers(self) -> list[int]:
        """Ids of processes that an earlier run of this demo started and that still live."""
        wanted = f"{MARK}={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):  # ended meanwhile, or another user's
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    async def clear(self) -> int:
        """End what is left over: politely, then for good. Returns how many processes there were."""
        first = left = self.leftovers()
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = asyncio.get_running_loop().time() + PATIENCE_S
            # They are not our children, so there is no event to wait for.
            while (left := self.leftovers()) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            if not left:
                break
        return len(first)


async def end(process: asyncio.subprocess.Process) -> None:
    """End a child and wait for it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def output(command: Sequence[str], *, env: Mapping[str, str], stdin: bytes = b"") -> bytes:
    """What a program that ends by itself prints.

    Raises:
        DemoError: it failed; with what it said.
    """
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(env)
        )
    except OSError as error:
        raise DemoError(f"{command[0]} could not be started ({error.strerror}); run `make setup`") from error
    out, err = await process.communicate(stdin)
    if process.returncode:
        said = (err or out).decode(errors="replace").strip()
        raise DemoError(f"{Path(command[0]).name} {command[1]} failed with code {process.returncode}: {said}")
    return out
