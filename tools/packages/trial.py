"""The packaged client started for real: on a virtual display, logging in to a server of its own."""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from demo import pbx, ports
from demo.display import virtual_display
from demo.processes import DemoError, Stage, output
from tools.packages.project import WORK

LOGGED_IN_WITHIN_S = 60.0
POLL_S = 0.02


@dataclass(frozen=True)
class Started:
    """Seconds from the start of the process."""

    window_s: float
    registered_s: float

    def __str__(self) -> str:
        return f"first window after {self.window_s:.2f} s, registered after {self.registered_s:.2f} s"


async def run(program: Path) -> Started:
    """Start a server with one extension, then the program, and wait until its phone is registered.

    Raises:
        DemoError: it does not start or does not log in.
    """
    stage = Stage(WORK / "trial")
    await stage.clear()
    with tempfile.TemporaryDirectory(prefix="linkus-trial-") as folder:
        runtime = Path(folder)
        async with (
            virtual_display(stage, runtime) as display,
            pbx.running(stage, ports.choose(), keep=False) as server,
        ):
            return await _log_in(
                stage, program, server, {**display, "XDG_RUNTIME_DIR": folder}, runtime / "client"
            )


async def _log_in(stage: Stage, program: Path, server: pbx.Pbx, env: dict[str, str], data: Path) -> Started:
    number, password = next(iter(server.secrets.passwords.items()))
    login = {"server": f"127.0.0.1:{server.ports.http}", "user": number, "password": password}
    login["fingerprint"] = server.fingerprint()
    loop = asyncio.get_running_loop()
    began = loop.time()
    command = [str(program), "--data", str(data), "--login-stdin"]
    async with stage.running("client", command, env=env, piped=True) as client:
        assert client.stdin is not None
        client.stdin.write(json.dumps(login).encode() + b"\n")
        client.stdin.close()
        window_s: float | None = None
        while loop.time() - began < LOGGED_IN_WITHIN_S:
            if client.returncode is not None:
                raise DemoError(
                    f"the client ended with code {client.returncode}; see {stage.logs / 'client.log'}"
                )
            if window_s is None:
                if await _has_window(stage, env):
                    window_s = loop.time() - began
            elif (await server.request("GET", "/status"))["registered"]:
                return Started(window_s, loop.time() - began)
            await asyncio.sleep(POLL_S)  # another program's window and state: nothing to wait on
    raise DemoError(
        f"the client did not {'open a window' if window_s is None else 'register'} within "
        f"{LOGGED_IN_WITHIN_S:.0f} s; see {stage.logs / 'client.log'}"
    )


async def _has_window(stage: Stage, env: dict[str, str]) -> bool:
    try:
        found = await output(
            ["xdotool", "search", "--onlyvisible", "--name", "."], env=stage.environment(env)
        )
    except DemoError:  # it fails where it finds none
        return False
    return bool(found.strip())
