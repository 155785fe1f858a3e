"""The port's adapter to the simulated engine: one server's connection to it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from server.switch.port import (
    Bridge,
    Contact,
    ContactsChanged,
    Down,
    Dtmf,
    Event,
    Incoming,
    LampPanel,
    Leg,
    LegChanged,
    LegState,
    Listener,
    Party,
    Reason,
    Recorded,
    SecurityEvent,
    SipEndpoint,
    SipTrunk,
    Speech,
    Switch,
    SwitchError,
    SwitchStatus,
    SwitchUnavailable,
    Transfer,
    TrunkChanged,
    TrunkState,
    TrunkStatus,
    Up,
)
from server.switch.simulated.carrier import trunk_state
from server.switch.simulated.engine import SimulatedEngine, nobody
from server.switch.simulated.lamps import SimulatedLamps
from server.switch.simulated.legs import SimulatedBridge, SimulatedLeg
from server.switch.simulated.phones import Dialog

LATENCY_S = 0.001
"""Seconds until a request takes effect in the engine; the answer takes as long again."""

T = TypeVar("T")
Fault = Callable[[int], None]


class SimulatedSwitch(Switch):
    """A connection to a simulated engine.

    A request takes effect even if whoever awaits it is cancelled: it is on its way.

    Attributes:
        points: how many moments with a request under way there have been so far.
        fault: called at each such moment with its number (before the effect, and between effect and
            answer), to make something go wrong there.
        answer_lost: set it, and the next request takes effect but seems to fail.
    """

    def __init__(self, engine: SimulatedEngine) -> None:
        self.engine = engine
        self.speech = Speech()
        self.points = 0
        self.fault: Fault | None = None
        self.answer_lost = False
        self._connected = False
        self._legs: dict[str, SimulatedLeg] = {}
        self._bridges: dict[str, SimulatedBridge] = {}
        self._listeners: list[Listener] = []
        self._trunks: dict[str, SipTrunk] = {}
        self._told: dict[str, TrunkState] = {}
        self._watches: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        """Connect at once."""
        self.connect(restarted=True)

    async def aclose(self, *, stop_engine: bool = True) -> None:
        """Disconnect; with `stop_engine` everything in the engine ends."""
        if stop_engine:
            self.engine.crash()
        self.kill()

    # what a test does to it

    def connect(self, *, restarted: bool) -> None:
        """The engine can be reached (again): read what is in it, then tell."""
        self.engine.up = True
        self.engine.on_dialog = self._on_dialog
        self.engine.on_incoming = self._on_incoming
        self.engine.on_contacts = self._on_contacts
        self.engine.on_refer = self._on_refer
        self.engine.on_trunk = self._on_trunk
        self.engine.on_digit = self._on_digit
        self._connected = True
        if restarted and self._trunks:
            self.engine.set_trunks(self._trunks.values())
        self.engine.spies = [spy for spy in self.engine.spies if spy.by is self]
        for leg in [leg for leg in self._legs.values() if leg.dialog.state is LegState.GONE]:
            self._on_dialog(leg.dialog)
        for dialog in self.engine.dialogs.values():
            if dialog.id in self._legs:
                dialog.quiet()
            else:  # what an earlier server records goes on
                dialog.hush()
            self._leg(dialog).refresh()
        self._bridges = {bridge_id: self._bridge(bridge_id) for bridge_id in self.engine.bridges}
        self._tell_trunks(self._trunks)
        self.emit(Up(restarted=restarted))

    def disconnect(self) -> None:
        """The connection breaks; the engine goes on by itself."""
        self._connected = False
        self.engine.on_dialog = self.engine.on_incoming = nobody
        self.engine.on_contacts = self.engine.on_trunk = nobody
        self.engine.on_refer = self.engine.on_digit = nobody
        for lost in self._watches:
            lost.set_result(None)
        self._watches.clear()
        self._tell_trunks(self._trunks)
        self.emit(Down("the connection to the engine broke"))

    def crash(self) -> None:
        """The engine is killed; it is found out at once."""
        self.engine.crash()
        self.disconnect()

    def restart(self) -> None:
        """A new engine process is there."""
        self.connect(restarted=True)

    def kill(self) -> None:
        """The server process dies: nothing it still says or awaits reaches the engine."""
        self._listeners.clear()
        if self._connected:
            self.disconnect()

    def emit(self, event: Event) -> None:
        """Tell every listener."""
        for listener in tuple(self._listeners):
            listener(event)

    def security(self, event: SecurityEvent) -> None:
        """A SIP request was refused."""
        self.emit(event)

    # the port

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See `Switch.listen`."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    @property
    def status(self) -> SwitchStatus:
        """See `Switch.status`."""
        up = self._connected and self.engine.up
        return SwitchStatus(up=up, problem="" if up else "the simulated engine is away", version="simulated")

    def legs(self) -> Sequence[Leg]:
        """See `Switch.legs`."""
        return [leg for leg in self._legs.values() if leg.state is not LegState.GONE]

    def bridges(self) -> Sequence[Bridge]:
        """See `Switch.bridges`."""
        return list(self._bridges.values())

    def contacts(self, number: str) -> tuple[Contact, ...]:
        """See `Switch.contacts`."""
        return self.engine.contacts(number)

    async def read_contacts(self, number: str) -> tuple[Contact, ...]:
        """See `Switch.read_contacts`."""
        return await self.request(lambda: self.engine.contacts(number, untold=True))

    async def dial(
        self,
        contact: Contact,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,  # noqa: ARG002
        headers: dict[str, str] | None = None,
        memo: str = "",
    ) -> Leg:
        """See `Switch.dial`."""

        def invite() -> Leg:
            if leg_id in self.engine.dialogs:
                raise SwitchError(f"leg {leg_id} exists")
            return self._leg(self.engine.invite_to(contact, leg_id, caller, timeout_s, headers or {}, memo))

        return await self.request(invite)

    async def push_trunks(self, trunks: Sequence[SipTrunk]) -> None:
        """See `Switch.push_trunks`."""
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._told = {name: state for name, state in self._told.items() if name in self._trunks}
        await self.request(lambda: self.engine.set_trunks(trunks))
        self._tell_trunks(self._trunks)

    async def set_music(self, music: Mapping[str, Sequence[Path]]) -> None:
        """See `Switch.set_music`."""

        def put() -> None:
            self.engine.tracks = {name: tuple(files) for name, files in music.items() if files}

        await self.request(put)

    async def take_voices(self) -> None:
        """See `Switch.take_voices`: this engine says everything in all languages."""
        await self.request(lambda: None)

    @property
    def lamps(self) -> LampPanel:
        """See `Switch.lamps`."""
        return SimulatedLamps(self)

    def trunks(self) -> Mapping[str, TrunkState]:
        """See `Switch.trunks`."""
        return {name: self._trunk_state(name) for name in self._trunks}

    async def dial_trunk(
        self,
        name: str,
        number: str,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,  # noqa: ARG002
        headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> Leg:
        """See `Switch.dial_trunk`."""
        if name not in self._trunks:
            raise SwitchError(f"There is no trunk {name}.")
        if not number:
            raise SwitchError(f"No number was given to dial over trunk {name}.")

        def invite() -> Leg:
            if leg_id in self.engine.dialogs:
                raise SwitchError(f"leg {leg_id} exists")
            return self._leg(self.engine.invite_over(name, number, leg_id, caller, timeout_s))

        return await self.request(invite)

    async def bridge(self, bridge_id: str) -> Bridge:
        """See `Switch.bridge`."""

        def make() -> Bridge:
            if bridge_id in self.engine.bridges:
                raise SwitchError(f"bridge {bridge_id} exists")
            self.engine.bridges[bridge_id] = set()
            self._bridges[bridge_id] = self._bridge(bridge_id)
            return self._bridges[bridge_id]

        return await self.request(make)

    async def left_recordings(self, folder: str) -> list[str]:
        """See `Switch.left_recordings`."""
        return await self.request(lambda: self.engine.recorder.left(folder))

    async def finish_recording(self, name: str) -> Recorded | None:
        """See `Switch.finish_recording`."""
        return await self.request(lambda: self.engine.recorder.finish(name))

    async def push(self, endpoints: Sequence[SipEndpoint]) -> None:
        """See `Switch.push`."""
        await self.request(lambda: self.engine.endpoints.update({item.number: item for item in endpoints}))

    async def known(self) -> frozenset[str]:
        """See `Switch.known`."""
        numbers: list[str] = []
        await self.request(lambda: numbers.extend(self.engine.endpoints))
        return frozenset(numbers)

    async def remove(self, number: str) -> None:
        """See `Switch.remove`."""

        def forget() -> None:
            self.engine.endpoints.pop(number, None)
            for phone in [phone for phone in self.engine.phones if phone.number == number]:
                self.engine.unregister(phone)
            for dialog in [d for d in self.engine.dialogs.values() if d.number == number]:
                self.engine.hang_up(dialog, Reason.FORBIDDEN)

        await self.request(forget)

    async def block(self, addresses: Sequence[str]) -> None:
        """See `Switch.block`."""
        await self.request(lambda: setattr(self.engine, "blocked", tuple(addresses)))

    async def request(self, effect: Callable[[], T]) -> T:
        """Do something in the engine, with the time it takes, and with faults."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._point()
        if not self.status.up:
            raise SwitchUnavailable("the simulated engine is away")

        def reach() -> None:
            try:
                if not self.status.up:
                    raise SwitchUnavailable("the simulated engine went away")
                result = effect()
            except SwitchError as error:
                loop.call_later(LATENCY_S, _refuse, answer, error)
                return
            self._point()
            loop.call_later(LATENCY_S, _settle, answer, result)

        loop.call_later(LATENCY_S, reach)
        result = await answer
        if self.answer_lost:
            self.answer_lost = False
            raise SwitchUnavailable("the simulated engine did not answer in time")
        if not self.status.up:
            raise SwitchUnavailable("the simulated engine went away before it answered")
        return result

    async def watch(self, future: "asyncio.Future[T]") -> T:
        """Await what the engine tells; raises `SwitchUnavailable` when the connection breaks."""
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watches.add(lost)
        try:
            await asyncio.wait((future, lost), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._watches.discard(lost)
        if not future.done():
            raise SwitchUnavailable("the simulated engine went away")
        return future.result()

    def send(self, effect: Callable[[], object]) -> None:
        """Do something in the engine without waiting for it, or for the engine to be there."""

        def reach() -> None:
            if self.status.up:
                effect()

        if self.status.up:
            asyncio.get_running_loop().call_later(LATENCY_S, reach)

    def _point(self) -> None:
        self.points += 1
        if self.fault is not None:
            self.fault(self.points)

    def forget_bridge(self, bridge_id: str) -> None:
        """The bridge is closed."""
        self.engine.bridges.pop(bridge_id, None)
        self.engine.recorder.close(bridge_id)
        self._bridges.pop(bridge_id, None)

    # what the engine tells

    def _on_incoming(self, dialog: Dialog) -> None:
        leg = self._leg(dialog)
        self.emit(LegChanged(leg))
        self.emit(Incoming(leg))

    def _on_dialog(self, dialog: Dialog) -> None:
        leg = self._leg(dialog)
        leg.refresh()
        if leg.state is LegState.GONE:
            self._legs.pop(dialog.id, None)
        self.emit(LegChanged(leg))

    def _on_refer(self, dialog: Dialog, target: str, consultation: Dialog | None) -> None:
        other = self._leg(consultation) if consultation is not None else None
        self._leg(dialog).ask_transfer(Transfer(target, other))

    def _on_digit(self, dialog: Dialog, digit: str) -> None:
        leg = self._leg(dialog)
        leg.digits.put(digit)
        self.emit(Dtmf(leg, digit))

    def _on_contacts(self, number: str) -> None:
        self.emit(ContactsChanged(number, self.engine.contacts(number)))

    def _on_trunk(self, name: str) -> None:
        self._tell_trunks([name])

    def _tell_trunks(self, names: Iterable[str]) -> None:
        for name in [name for name in names if name in self._trunks]:
            state = self._trunk_state(name)
            if self._told.get(name) != state:
                self._told[name] = state
                self.emit(TrunkChanged(name, state))

    def _trunk_state(self, name: str) -> TrunkState:
        known = self.engine.trunks.get(name)
        if not self.status.up or known is None:
            return TrunkState(TrunkStatus.UNKNOWN)
        return trunk_state(known, self.engine.carriers.get(name))

    def _leg(self, dialog: Dialog) -> SimulatedLeg:
        leg = self._legs.get(dialog.id)
        if leg is None or leg.dialog is not dialog:
            leg = self._legs[dialog.id] = SimulatedLeg(self, dialog)
        return leg

    def _bridge(self, bridge_id: str) -> SimulatedBridge:
        return self._bridges.get(bridge_id) or SimulatedBridge(self, bridge_id)


def _settle(answer: "asyncio.Future[T]", result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _refuse(answer: "asyncio.Future[T]", error: SwitchError) -> None:
    if not answer.done():
        answer.set_exception(error)
