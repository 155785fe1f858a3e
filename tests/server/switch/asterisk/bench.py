"""A switch with phones on it, and what it told its listeners."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self, TypeVar

from server.contract.extensions import SrtpMode
from server.switch.asterisk import AsteriskSettings, AsteriskSwitch
from server.switch.port import (
    Contact,
    ContactsChanged,
    Event,
    Incoming,
    Leg,
    Party,
    SipEndpoint,
    SipTrunk,
    Switch,
    TrunkChanged,
    TrunkKind,
    TrunkStatus,
    Up,
)
from tests.phones.carrier import Carrier
from tests.phones.phone import Line, Transport
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import PATIENCE_S

WITHIN_S = PATIENCE_S
E = TypeVar("E")


class Events:
    """Everything a switch told, in order, to be waited for."""

    def __init__(self, switch: Switch) -> None:
        self.seen: list[Event] = []
        self._news = asyncio.Event()
        switch.listen(self._take)

    def _take(self, event: Event) -> None:
        self.seen.append(event)
        self._news.set()

    def forget(self) -> None:
        """Wait only for what comes from now on."""
        self.seen.clear()

    async def get(
        self, kind: type[E], wanted: Callable[[E], bool] = lambda _: True, within_s: float = WITHIN_S
    ) -> E:
        """The first event of this kind that is wanted, past or to come."""
        async with asyncio.timeout(within_s):
            while True:
                self._news.clear()
                for event in self.seen:
                    if isinstance(event, kind) and wanted(event):
                        return event
                await self._news.wait()

    async def up(self) -> Up:
        """The next `Up`."""
        return await self.get(Up)

    async def incoming(self) -> Leg:
        """The next call that comes in; it is taken out."""
        event = await self.get(Incoming)
        self.seen.remove(event)
        return event.leg


class Bench:
    """A started switch. Leaving it ends calls, forgets extensions, and leaves the engine running.

    `stop_engine`: for an engine of the test's own, stopped after the phones.
    """

    def __init__(self, settings: AsteriskSettings, *, stop_engine: bool = False) -> None:
        self.stop_engine = stop_engine
        self.switch = AsteriskSwitch(settings)
        self.events = Events(self.switch)
        self.srtp: dict[str, SrtpMode] = {}
        self.secrets: dict[str, str] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.switch.start()
        await self.events.up()
        return self

    async def __aexit__(self, *exception: object) -> None:
        try:
            if self.switch.status.up:
                await asyncio.gather(*(leg.hangup() for leg in self.switch.legs()))
                await asyncio.gather(*(bridge.close() for bridge in self.switch.bridges()))
                for number in self.secrets:
                    await self.switch.remove(number)
                if self.switch.trunks():
                    await self.switch.push_trunks([])
                await self.switch.block([])
            await self._stack.aclose()
        finally:
            await self.switch.aclose(stop_engine=self.stop_engine)

    @property
    def sip_port(self) -> int:
        """UDP and TCP."""
        return int((self.switch.status.sip_udp or ":0").rpartition(":")[2])

    @property
    def sips_port(self) -> int:
        """TLS."""
        return int((self.switch.status.sip_tls or ":0").rpartition(":")[2])

    async def extension(self, number: str, name: str = "", **more: object) -> SipEndpoint:
        """Push an extension with a secret of its own."""
        secret = self.secrets.setdefault(number, secrets.token_urlsafe(16))
        endpoint = SipEndpoint(number=number, secret=secret, display_name=name or f"Name {number}", **more)  # type: ignore[arg-type]
        await self.switch.push([endpoint])
        return endpoint

    def line(self, number: str, transport: Transport = "udp", secret: str | None = None) -> Line:
        """What a phone of this extension is given."""
        port = self.sips_port if transport == "tls" else self.sip_port
        return Line(number, secret or self.secrets.get(number, "x" * 16), "127.0.0.1", port, transport)

    async def phone(self, number: str, transport: Transport = "udp") -> ScriptPhone:
        """A phone that is registered, and known to the switch."""
        if number not in self.secrets:
            await self.extension(number)
        before = len(self.switch.contacts(number))
        phone = await self._stack.enter_async_context(ScriptPhone(self.line(number, transport)))
        await phone.register()
        await self.events.get(
            ContactsChanged,
            lambda event: event.number == number and len(self.switch.contacts(number)) > before,
        )
        return phone

    async def unregistered(self, number: str, **more: object) -> ScriptPhone:
        """A phone with this extension's account, or another secret, that has not registered."""
        return await self._stack.enter_async_context(ScriptPhone(self.line(number, **more)))  # type: ignore[arg-type]

    async def carrier(self, **more: object) -> Carrier:
        """A carrier that the PBX can have a trunk to."""
        return await self._stack.enter_async_context(Carrier(("127.0.0.1", self.sip_port), **more))  # type: ignore[arg-type]

    async def trunk(self, carrier: Carrier, name: str = "main", **more: object) -> SipTrunk:
        """Have this trunk alone: one that registers if it has a user name, else a peer."""
        kind = TrunkKind.REGISTER if "username" in more else TrunkKind.PEER
        trunk = SipTrunk(name, kind, carrier.address, carrier.port, **more)  # type: ignore[arg-type]
        await self.switch.push_trunks([trunk])
        return trunk

    async def trunk_is(self, status: TrunkStatus, name: str = "main", within_s: float = WITHIN_S) -> str:
        """Wait until a trunk is told to be so, and still is; the reason."""

        def so(event: TrunkChanged) -> bool:
            return event.name == name and event.state.status is status and self.is_now(event)

        return (await self.events.get(TrunkChanged, so, within_s)).state.reason

    def is_now(self, event: TrunkChanged) -> bool:
        """Whether what was told of a trunk is what the switch says."""
        return self.switch.trunks().get(event.name) == event.state

    async def dial_trunk(self, number: str, name: str = "main", **more: object) -> Leg:
        """Dial over a trunk as a test that cares about nothing else would."""
        options = {"leg_id": secrets.token_hex(8), "caller": Party("1099", "Test"), "timeout_s": 10.0, **more}
        return await self.switch.dial_trunk(name, number, **options)  # type: ignore[arg-type]

    async def dial(self, contact: Contact, **more: object) -> Leg:
        """Dial a phone as a test that cares about nothing else would."""
        options = {"leg_id": secrets.token_hex(8), "caller": Party("1099", "Test"), "timeout_s": 10.0, **more}
        return await self.switch.dial(contact, **options)  # type: ignore[arg-type]

    async def call(self, caller: ScriptPhone, callee: ScriptPhone) -> tuple[Leg, Leg]:
        """A call between two phones that is up; both legs in a bridge."""
        await caller.dial(callee.line.number)
        inbound = await self.events.incoming()
        (contact,) = self.switch.contacts(callee.line.number)
        outbound = await self.dial(contact, caller=inbound.caller, for_leg=inbound)
        await callee.incoming()
        await callee.answer()
        await outbound.answered()
        await inbound.answer()
        bridge = await self.switch.bridge(secrets.token_hex(8))
        await bridge.add(inbound, outbound)
        await caller.connected()
        return inbound, outbound
