"""A switch that is up and does nothing: for tests of everything beside calls."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from server.switch.port import (
    Bridge,
    Contact,
    Down,
    Lamp,
    LampBoard,
    LampPanel,
    LampState,
    Leg,
    Listener,
    MessagesWaiting,
    Party,
    Recorded,
    SipEndpoint,
    SipTrunk,
    Speech,
    Switch,
    SwitchStatus,
    SwitchUnavailable,
    TrunkState,
    TrunkStatus,
    Up,
)


class IdleSwitch(Switch):
    """Remembers which endpoints and trunks it was told of."""

    def __init__(self) -> None:
        self.endpoints: dict[str, SipEndpoint] = {}
        self.declared: tuple[SipTrunk, ...] = ()
        self.music: dict[str, tuple[Path, ...]] | None = None
        self.speech = Speech()
        self.spoken = Speech()
        """What the engine has taken of it."""
        self.closed = False
        self.pushed = asyncio.Event()
        self._problem = "The switch was not started."
        self._listeners: list[Listener] = []

    async def start(self) -> None:
        self._problem = ""
        for listener in self._listeners:
            listener(Up(restarted=True))

    def fail(self, problem: str) -> None:
        """Go down with this message."""
        self._problem = problem
        for listener in self._listeners:
            listener(Down(problem))

    async def aclose(self, *, stop_engine: bool = True) -> None:
        self.closed = True

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def status(self) -> SwitchStatus:
        return SwitchStatus(up=not self._problem, problem=self._problem, version="idle")

    def legs(self) -> Sequence[Leg]:
        return ()

    def bridges(self) -> Sequence[Bridge]:
        return ()

    def contacts(self, number: str) -> tuple[Contact, ...]:
        return ()

    async def read_contacts(self, number: str) -> tuple[Contact, ...]:
        return ()

    async def dial(
        self,
        contact: Contact,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,
        headers: dict[str, str] | None = None,
    ) -> Leg:
        raise SwitchUnavailable("this switch makes no calls")

    async def push_trunks(self, trunks: Sequence[SipTrunk]) -> None:
        self.declared = tuple(trunks)

    async def set_music(self, music: Mapping[str, Sequence[Path]]) -> None:
        self.music = {name: tuple(files) for name, files in music.items()}

    async def take_voices(self) -> None:
        self.spoken = self.speech

    @property
    def lamps(self) -> LampPanel:
        return _DarkLamps()

    def trunks(self) -> Mapping[str, TrunkState]:
        return {trunk.name: TrunkState(TrunkStatus.UNKNOWN) for trunk in self.declared}

    async def dial_trunk(
        self,
        name: str,
        number: str,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,
        headers: dict[str, str] | None = None,
    ) -> Leg:
        raise SwitchUnavailable("this switch makes no calls")

    async def bridge(self, bridge_id: str) -> Bridge:
        raise SwitchUnavailable("this switch makes no calls")

    async def left_recordings(self, folder: str) -> list[str]:
        return []

    async def finish_recording(self, name: str) -> Recorded | None:
        return None

    async def push(self, endpoints: Sequence[SipEndpoint]) -> None:
        self.endpoints |= {endpoint.number: endpoint for endpoint in endpoints}
        self.pushed.set()

    async def known(self) -> frozenset[str]:
        return frozenset(self.endpoints)

    async def remove(self, number: str) -> None:
        self.endpoints.pop(number, None)

    async def block(self, addresses: Sequence[str]) -> None:
        return


class _DarkLamps(LampPanel):
    """Takes everything, shows nothing."""

    async def declare(self, board: LampBoard) -> None:
        pass

    async def show(self, lamp: Lamp, state: LampState) -> None:
        pass

    async def tell_messages(self, box: str, waiting: MessagesWaiting) -> None:
        pass
