"""The client, from its start to a painted window and to a registered phone, beside linphone-desktop.

Both are started on the same virtual display and register at the same server. "Painted" is read from the
display's own memory: most of the first window's pixels are there.
"""

import asyncio
import json
import mmap
import os
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from benchmarks.report import Result
from tests.phones.program import Program
from tests.phones.waiting import until
from tests.real.pbx import ROOT, Account, Pbx

STARTS = 3
_AIM = 0.6
_PAINTED = 0.02
"""Part of the screen that must have changed: a window, not just a cursor or a splash."""
_SETTLE_S = 2.0
_MIB = 1024.0


class Screen:
    """A virtual display whose pixels can be read."""

    def __init__(self, folder: Path) -> None:
        self.name = ""
        self._folder = folder
        self._program: Program | None = None

    async def __aenter__(self) -> Self:
        self._folder.mkdir()
        read, write = os.pipe()
        os.set_inheritable(write, True)
        process = await asyncio.create_subprocess_exec(
            "Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-noreset", "-nolisten", "tcp",
            "-fbdir", str(self._folder), pass_fds=(write,), stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        os.close(write)
        self._program = Program("Xvfb", process)
        with os.fdopen(read) as told:
            # To the end of the line: it writes the number and the line's end apart.
            self.name = f":{(await asyncio.to_thread(told.readline)).strip()}"
        await until(self._there, "the display's memory is there")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._program:
            await self._program.stop()

    @property
    def said(self) -> str:
        """What the display's program wrote, and whether it still runs."""
        program = self._program
        return (
            f"Xvfb {'runs' if program and program.running else 'ended'}: {program.output if program else ''}"
        )

    def _there(self) -> bool:
        path = self._folder / "Xvfb_screen0"
        return path.exists() and path.stat().st_size > 1280 * 800 * 4

    def painted(self) -> float:
        """Part of the pixels (a sample of them) that are not the empty screen's black."""
        if not self._there():
            return 0.0
        with (
            (self._folder / "Xvfb_screen0").open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory,
        ):
            (header,) = struct.unpack_from(">I", memory, 0)
            (colours,) = struct.unpack_from(">I", memory, 76)
            pixels = np.frombuffer(memory, "<u4", offset=header + 12 * colours)
            part = float(np.count_nonzero(pixels[::37] & 0xFFFFFF)) / (len(pixels) / 37)
            del pixels
            return part


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds to the painted window and to the registration; resident memory of all its processes in MiB."""

    painted_s: float
    registered_s: float
    memory_mib: float


async def _measure(
    pbx: Pbx,
    number: str,
    screen: Screen,
    argv: list[str],
    folder: Path,
    env: dict[str, str],
    stdin: str | None,
) -> Start:
    began = time.perf_counter()
    program = await Program.start(argv[0], argv, folder=folder, env={**env, "DISPLAY": screen.name})
    registered = asyncio.create_task(_moment(lambda: _is_registered(pbx, number)))
    try:
        if stdin is not None:
            await program.write(stdin)
        await until(lambda: screen.painted() > _PAINTED, "a window is painted", timeout_s=15, every_s=0.01)
        painted = time.perf_counter() - began
        done = await registered - began
        await asyncio.sleep(_SETTLE_S)
        return Start(painted, done, _memory_mib(program.pid))
    except AssertionError as error:
        raise AssertionError(f"{error}; {screen.said}; {argv[0]} said: {program.output[-1500:]}") from error
    finally:
        registered.cancel()
        await program.stop()


async def _moment(look: Callable[[], "asyncio.Future[bool] | object"]) -> float:
    await until(look, "the phone is registered", timeout_s=15, every_s=0.02)  # type: ignore[arg-type]
    return time.perf_counter()


async def _is_registered(pbx: Pbx, number: str) -> bool:
    return bool((await pbx.states())[number]["registered"])


def _memory_mib(pid: int) -> float:
    """Resident memory of a process and its descendants."""
    parents: dict[int, int] = {}
    sizes: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
            )
        except OSError:
            continue  # it ended meanwhile
        parents[int(folder.name)] = int(status["PPid"])
        sizes[int(folder.name)] = float(status.get("VmRSS", "0 kB").split()[0]) / _MIB
    ours = {pid}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(sizes.get(one, 0.0) for one in ours)


def _ours(pbx: Pbx, account: Account, folder: Path) -> tuple[list[str], dict[str, str], str]:
    login = {
        "server": f"127.0.0.1:{pbx.http_port}", "user": account.number, "password": account.password,
        "fingerprint": pbx.fingerprint,
    }  # fmt: skip
    argv = [sys.executable, "-m", "linkus_desktop", "--data", str(folder), "--login-stdin"]
    env = {"QT_QPA_PLATFORM": "xcb", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return argv, env, json.dumps(login)


def _linphone(pbx: Pbx, account: Account, folder: Path) -> tuple[list[str], dict[str, str]]:
    config = folder / "config" / "linphone"
    config.mkdir(parents=True)
    (folder / "share" / "linphone").mkdir(parents=True)
    host = f"127.0.0.1:{pbx.sip_port}"
    path = config / "linphonerc"
    path.touch(mode=0o600)
    path.write_text(
        "[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\ndefault_proxy=0\nguess_hostname=1\n"
        f"[auth_info_0]\nusername={account.number}\npasswd={account.secret}\nrealm=*\ndomain=127.0.0.1\n"
        f"[proxy_0]\nreg_proxy=<sip:{host};transport=udp>\nreg_identity=sip:{account.number}@127.0.0.1\n"
        "reg_expires=60\nreg_sendregister=1\npublish=0\n[app]\nauto_download_incoming_icalendars=0\n"
        "[ui]\nfirst_launch=0\nexit_on_close=1\ncheck_for_update_enabled=0\n"
    )
    env = {
        "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "share"),
        "XDG_CACHE_HOME": str(folder / "cache"), "QT_QPA_PLATFORM": "xcb", "LIBGL_ALWAYS_SOFTWARE": "1",
    }  # fmt: skip
    # It ends at once without a session bus.
    return ["dbus-run-session", "--", "linphone"], env


async def run(pbx: Pbx) -> list[Result]:
    """Both in turn, `STARTS` times each, every time as another extension; medians."""
    found: dict[str, list[Start]] = {"ours": [], "theirs": []}
    for index in range(STARTS):
        ours = await pbx.add(f"21{index:02}", "Client", str(index))
        theirs = await pbx.add(f"22{index:02}", "Linphone", str(index))
        with tempfile.TemporaryDirectory(prefix="client-bench-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            async with Screen(folder / "screen-1") as screen:
                argv, env, stdin = _ours(pbx, ours, folder / "data")
                found["ours"].append(await _measure(pbx, ours.number, screen, argv, ROOT, env, stdin))
            async with Screen(folder / "screen-2") as screen:
                argv, env = _linphone(pbx, theirs, folder)
                found["theirs"].append(await _measure(pbx, theirs.number, screen, argv, folder, env, None))

    def result(what: str, pick: Callable[[Start], float]) -> Result:
        mine, other = (statistics.median(map(pick, found[who])) for who in ("ours", "theirs"))
        return Result(what, mine, other, "linphone-desktop", other * _AIM)

    return [
        result("client: start to painted window, s", lambda start: start.painted_s),
        result("client: start to registered, s", lambda start: start.registered_s),
        result("client: resident memory, MiB", lambda start: start.memory_mib),
    ]
