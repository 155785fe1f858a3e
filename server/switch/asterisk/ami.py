"""Asterisk's manager interface (AMI), for what ARI does not tell.

That is the requests that were refused (security events); phones with their user agent: an ARI event about a
contact lacks it, and ARI cannot list contacts; and our registrations at carriers. What is done through it
is to register anew, to tell a phone to answer, and to change single lines of the dialplan.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Self

from server.switch.asterisk.config import APPLICATION
from server.switch.port import SwitchUnavailable

REPLY_S = 5.0
LONGEST_LINE = 65536

Message = dict[str, str]


class Ami:
    """One manager connection. Use it with `async with`; then read `events()`."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        self._secret = secret
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._early: list[Message] = []
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(REPLY_S):
                self._reader, self._writer = await asyncio.open_connection(
                    "127.0.0.1", self._port, limit=LONGEST_LINE
                )
                await self._reader.readline()  # the greeting
                self._send({"Action": "Login", "Username": APPLICATION, "Secret": self._secret})
                reply = await self._reply()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            await self.__aexit__()
            raise SwitchUnavailable("Asterisk does not answer on its manager port.") from error
        if reply.get("Response") != "Success":
            await self.__aexit__()
            raise SwitchUnavailable("Asterisk refused the login on its manager port.")
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def contacts(self) -> list[Message]:
        """All registered phones, as Asterisk lists them. Events meanwhile are kept for `events`."""
        return await self._list("PJSIPShowContacts", "ContactList", "its contacts")

    async def registrations(self) -> list[Message]:
        """All our registrations at carriers, with their status. Events meanwhile are kept for `events`."""
        return await self._list("PJSIPShowRegistrationsOutbound", "OutboundRegistrationDetail", "its trunks")

    async def contact_statuses(self, endpoint: str) -> list[Message]:
        """Status of every contact of an endpoint, permanent ones too: those `contacts` leaves out."""
        return await self._list(
            "PJSIPShowEndpoint", "ContactStatusDetail", "the contacts of an endpoint", {"Endpoint": endpoint}
        )

    async def notify(self, channel: str, event: str) -> str:
        """NOTIFY with this event, and no body, within the dialog of a channel; "" or why it was not sent."""
        try:
            async with asyncio.timeout(REPLY_S):
                self._send({"Action": "PJSIPNotify", "Channel": channel, "Variable": f"Event={event}"})
                reply = await self._reply()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise SwitchUnavailable("Asterisk does not answer on its manager port.") from error
        return "" if reply.get("Response") == "Success" else reply.get("Message", "no reason was given")

    def register(self, registration: str) -> None:
        """Withdraw a registration and make it anew; what comes of it is told as events."""
        self._send({"Action": "PJSIPRegister", "Registration": registration})

    async def command(self, line: str) -> str:
        """Give a command of Asterisk's console; the last line of its answer. `events` must be read meanwhile.

        Raises `SwitchUnavailable` without an answer.
        """
        number = f"command-{next(self._numbers)}"
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            async with asyncio.timeout(REPLY_S):
                self._send({"Action": "Command", "ActionID": number, "Command": line})
                told = await answer
                return told.get("Output", "")
        except (OSError, TimeoutError) as error:
            raise SwitchUnavailable("Asterisk did not answer on its manager port.") from error
        finally:
            self._answers.pop(number, None)

    async def _list(
        self, action: str, item: str, what: str, parameters: Message | None = None
    ) -> list[Message]:
        """The events of type `item` that answer an action; other ones of the answer are left out."""
        found: list[Message] = []
        try:
            async with asyncio.timeout(REPLY_S):
                self._send({"Action": action, "ActionID": action, **(parameters or {})})
                reply = await self._reply()
                if reply.get("Response") != "Success":  # how it says that there are none
                    return found
                while (message := await self._message()).get("EventList") != "Complete":
                    if message.get("Event") == item:
                        found.append(message)
                    elif message.get("ActionID") != action:
                        self._early.append(message)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise SwitchUnavailable(f"Asterisk did not list {what}.") from error
        return found

    async def events(self) -> AsyncIterator[Message]:
        """Events in order, until the connection ends."""
        while self._early:
            yield self._early.pop(0)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                message = await self._message()
                if "Event" in message:
                    yield message
                elif answer := self._answers.pop(message.get("ActionID", ""), None):
                    answer.set_result(message)

    def _send(self, message: Message) -> None:
        if self._writer is None:
            raise SwitchUnavailable("The manager connection is closed.")
        lines = "".join(f"{name}: {value}\r\n" for name, value in message.items())
        self._writer.write(f"{lines}\r\n".encode())

    async def _reply(self) -> Message:
        while "Response" not in (message := await self._message()):
            self._early.append(message)
        return message

    async def _message(self) -> Message:
        if self._reader is None:
            raise SwitchUnavailable("The manager connection is closed.")
        block = await self._reader.readuntil(b"\r\n\r\n")
        lines = block.decode(errors="replace").strip().split("\r\n")
        pairs = (line.partition(":") for line in lines if ":" in line)
        return {name.strip(): value.strip() for name, _, value in pairs}
