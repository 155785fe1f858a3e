"""The two who act: a client each, in a process of its own, led through its windows."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from demo import hands
from demo.company import Person
from demo.processes import DemoError, Stage

GRACE_S = 10.0
"""Beyond the time that a command has, for the answer to come."""


class Actor:
    """One person at a client.

    Attributes:
        person: who it is.
    """

    def __init__(self, person: Person, process: asyncio.subprocess.Process, log: Path) -> None:
        self.person = person
        self._process = process
        self._log = log

    async def click(self, what: str, *, within: float = hands.WITHIN_S) -> None:
        """Press the button with this word."""
        await self._do(f"press {what!r}", do="click", what=what, within=within)

    async def choose(self, what: str, *, within: float = hands.WITHIN_S) -> None:
        """Choose the line of an open menu that begins so."""
        await self._do(f"choose {what!r}", do="choose", what=what, within=within)

    async def type(self, into: str, text: str, *, enter: bool = False, secret: bool = False) -> None:
        """Type into the field with this name; `secret` keeps the text out of error messages."""
        shown = "something" if secret else repr(text)
        await self._do(f"type {shown} into {into!r}", do="type", into=into, text=text, enter=enter)

    async def see(self, *texts: str, within: float = hands.WITHIN_S) -> str:
        """Wait until a text with all of these parts is written somewhere; gives the whole of it."""
        reply = await self._do(f"see {' … '.join(texts)!r}", do="see", texts=texts, within=within)
        return str(reply["text"])

    async def miss(self, *texts: str, within: float = hands.WITHIN_S) -> None:
        """Wait until no text with all of these parts is written anywhere."""
        await self._do(f"see {' … '.join(texts)!r} go", do="miss", texts=texts, within=within)

    async def place(self, x: int, y: int, width: int, height: int) -> None:
        """Put the main window there."""
        await self._do("place the window", do="place", at=[x, y, width, height])

    async def picture(self, path: Path, *, screen: bool = False) -> None:
        """Save a picture of the main window, or of the whole screen."""
        await self._do("take a picture", do="picture", path=str(path), screen=screen)

    async def _do(self, aim: str, **command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        name = self.person.first_name
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            await self._process.stdin.drain()
            limit = command.get("within", hands.WITHIN_S) + GRACE_S
            line = await asyncio.wait_for(self._process.stdout.readline(), limit)
        except TimeoutError as error:
            raise DemoError(f"{name}'s client hangs: could not {aim}; see {self._log}") from error
        except ConnectionError as error:
            raise DemoError(f"{name}'s client has ended: could not {aim}; see {self._log}") from error
        if not line:
            raise DemoError(f"{name}'s client has ended: could not {aim}; see {self._log}")
        reply: dict[str, Any] = json.loads(line)
        if not reply["ok"]:
            seen = " | ".join(dict.fromkeys(reply["seen"]))
            raise DemoError(f"{name} could not {aim}: {reply['error']}. Seen instead: {seen}")
        return reply


@contextlib.asynccontextmanager
async def acting(stage: Stage, person: Person, env: Mapping[str, str], *, data: Path) -> AsyncIterator[Actor]:
    """Start the client of a person and keep it running for the length of a block."""
    name = f"client-{person.number}"
    command = [sys.executable, "-m", "demo.actor", "--data", str(data)]
    # The demo's passwords are in a file already; nobody's keyring is to be filled with them.
    env = {**env, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    async with stage.running(name, command, env=env, piped=True) as process:
        yield Actor(person, process, stage.logs / f"{name}.log")
