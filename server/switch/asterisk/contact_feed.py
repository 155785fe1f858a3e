"""What the manager interface tells of contacts, made whole and taken in.

It does not tell what a phone calls itself, which is asked for. Answers are not waited for one by one: where
an office comes back to work, 200 phones a second register.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import replace

from server.switch.asterisk.contacts import ContactTable
from server.switch.port import Contact

AT_ONCE = 16
"""Questions under way at most, so that calls do not wait behind all phones of an office."""

Agent = str | None
"""What a phone calls itself, "" if it does not; None if it is not registered (any more)."""


class ContactFeed:
    """Takes contacts in, in the order in which they were told. For one connection; see `run`."""

    def __init__(
        self,
        table: ContactTable,
        ask: Callable[[Contact], Awaitable[Agent]],
        changed: Callable[[str], None],
    ) -> None:
        """`ask`: for the user agent of a phone; `changed` is told the extension of each that is news."""
        self._table = table
        self._ask = ask
        self._changed = changed
        self._told: deque[tuple[Contact, bool, asyncio.Task[Agent] | None]] = deque()
        self._waiting: Counter[tuple[str, str]] = Counter()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def take(self, contact: Contact, *, gone: bool) -> None:
        """This was told: a phone is there, or is not any more."""
        key = contact.number, contact.uri
        known = self._table.find(*key) is not None and not self._waiting[key]
        asking = None if gone or known else asyncio.ensure_future(self._asked(contact))
        self._told.append((contact, gone, asking))
        self._waiting[key] += 1
        self._idle.clear()
        self._more.set()

    async def settled(self) -> None:
        """Wait until everything that was told is taken in."""
        await self._idle.wait()

    async def run(self) -> None:
        """Work, until cancelled. Raises `SwitchUnavailable` if a question gets no answer."""
        try:
            while True:
                await self._more.wait()
                self._more.clear()
                while self._told:
                    await self._take_in(*self._told[0])
                    contact, _, _ = self._told.popleft()
                    self._waiting[contact.number, contact.uri] -= 1
                self._waiting.clear()
                self._idle.set()
        finally:
            asking = [task for _, _, task in self._told if task is not None]
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _take_in(self, contact: Contact, gone: bool, asking: "asyncio.Task[Agent] | None") -> None:
        if gone:
            changed = self._table.remove(contact)
        else:
            known = self._table.find(contact.number, contact.uri)
            if known is not None:
                agent: Agent = known.user_agent
                if asking is not None:
                    asking.cancel()
            else:
                agent = await (asking if asking is not None else self._ask(contact))
            if agent is None:
                # Where an extension was changed since, a phone that has left is told of once more.
                return
            changed = self._table.put(replace(contact, user_agent=agent))
        if changed:
            self._changed(contact.number)

    async def _asked(self, contact: Contact) -> Agent:
        async with self._at_once:
            return await self._ask(contact)
