"""A server on a switch that does nothing, as a process of its own: to be killed.

Arguments: the data folder. It says *up* on standard output, and then serves until it is killed.
"""

import asyncio
import sys
from pathlib import Path

from server import settings
from server.app import Application
from tests.server.idle_switch import IdleSwitch

LOCAL = {"host": "127.0.0.1", "port": 0}


async def serve(data: Path) -> None:
    options = {"http": LOCAL, "sip": LOCAL, "sips": LOCAL, "rtp": {"low": 0, "high": 0}}
    async with Application(settings.load(data, options=options), switch=IdleSwitch()):
        sys.stdout.write("up\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
