"""A client with its windows, logged in at the server, driven as a person would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from demo.cast import Actor, acting
from demo.company import PEOPLE
from demo.processes import Stage
from tests.real.pbx import LOOPBACK, Pbx


@asynccontextmanager
async def at_work(pbx: Pbx, number: str, folder: Path) -> AsyncIterator[Actor]:
    """The client of this extension, connected; its data is in `folder`."""
    stage = Stage(folder / "stage")
    env = {"QT_QPA_PLATFORM": "offscreen"}
    async with acting(stage, PEOPLE[0], env, data=folder / "client") as client:
        await client.type("Server", f"{LOOPBACK}:{pbx.http_port}")
        await client.type("User", number)
        await client.type("Password", pbx.accounts[number].password, secret=True)
        await client.click("Log in")
        await client.click("It is the same, go on")
        await client.see("Connected. Server: connected")
        yield client
