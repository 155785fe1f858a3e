"""Legs and bridges of the simulation, as one connection knows them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from server.switch.digits import Digits, over_or_digit
from server.switch.port import (
    DEFAULT_MUSIC,
    Bridge,
    BridgeRecording,
    Ended,
    Leg,
    LegGone,
    LegState,
    Party,
    Reason,
    Recorded,
    Speech,
    Spying,
    SwitchError,
    SwitchUnavailable,
    Transfer,
    TransferProgress,
    Whisper,
)
from server.switch.recording import check_recording_name
from server.switch.simulated.engine import SimulatedEngine
from server.switch.simulated.phones import Dialog
from server.switch.simulated.recording import SimulatedBridgeRecording, Take
from server.switch.simulated.sound import Playback
from server.switch.simulated.spying import SimulatedSpying, Spy
from server.switch.sound import Sound, check_playable

T = TypeVar("T")


class Connection(Protocol):
    """What a leg needs of the switch it belongs to."""

    engine: SimulatedEngine
    speech: Speech

    async def request(self, effect: Callable[[], T]) -> T:
        """Do something in the engine."""

    async def watch(self, future: "asyncio.Future[T]") -> T:
        """Await what the engine tells; raises `SwitchUnavailable` when the connection breaks."""

    def send(self, effect: Callable[[], object]) -> None:
        """Do something in the engine without waiting for it, or for the engine to be there."""

    def forget_bridge(self, bridge_id: str) -> None:
        """The bridge is closed."""


class SimulatedLeg(Leg):
    """What one connection knows of a dialog."""

    def __init__(self, switch: Connection, dialog: Dialog) -> None:
        self.dialog = dialog
        self.id = dialog.id
        self.number = dialog.number
        self.trunk = dialog.trunk
        self.inbound = dialog.inbound
        self.dialled = dialog.dialled
        self.caller = dialog.caller
        self.contact = dialog.contact
        self.sip_call_id = dialog.sip_call_id
        self.source = dialog.source
        self.psap_callback = dialog.psap_callback
        self.state = dialog.state
        self.held = dialog.held
        self.held_by_us = dialog.held_by_us
        self.memo = dialog.memo
        self.ended = dialog.ended
        self.digits = Digits()
        self._switch = switch
        self._rang = asyncio.Event()
        self._up = asyncio.Event()
        self._gone = asyncio.Event()
        self._transfers: asyncio.Queue[Transfer] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._language = ""
        self.refresh()

    def refresh(self) -> None:
        """Take over the state that the engine has told."""
        self.state, self.held = self.dialog.state, self.dialog.held
        self.held_by_us = self.dialog.held_by_us
        self.ended = self.dialog.ended
        if self.state in (LegState.RINGING, LegState.UP, LegState.GONE):
            self._rang.set()
        if self.state in (LegState.UP, LegState.GONE):
            self._up.set()
        if self.state is LegState.GONE:
            self._gone.set()
            self.digits.close(LegGone(self.dialog.ended or Ended()))

    async def mark_held(self, *, on: bool) -> None:
        """See `Leg.mark_held`."""

        def mark() -> None:
            self._raise_if_gone()
            self._switch.engine.change(self.dialog, held_by_us=on)

        await self._switch.request(mark)

    async def remember(self, memo: str) -> None:
        """See `Leg.remember`."""

        def note() -> None:
            self._raise_if_gone()
            self.dialog.quiet()
            self.dialog.memo = self.memo = memo

        await self._switch.request(note)

    async def ring(self, callee: Party | None = None) -> None:  # noqa: ARG002 - simulated phones show nothing
        """See `Leg.ring`."""
        await self._switch.request(self._ring)

    async def stop_ringing(self) -> None:
        """See `Leg.stop_ringing`."""
        await self._switch.request(lambda: self._tone(on=False))

    async def answer(self) -> None:
        """See `Leg.answer`."""
        await self._switch.request(lambda: self._do(LegState.UP))
        self._raise_if_gone()

    async def play(self, *sounds: Sound) -> None:
        """See `Leg.play`."""
        check_playable(sounds)
        self._raise_if_gone()
        async with self._turn:
            try:
                playback = await self._switch.request(lambda: self._play(sounds))
                await self._switch.watch(playback.over)
            except asyncio.CancelledError:
                self._switch.send(self.dialog.quiet)
                raise
        self._raise_if_gone()

    async def record(
        self, name: str, *, longest_s: float, silence_s: float | None = None, ends: str = "#"
    ) -> Recorded:
        """See `Leg.record`."""
        check_recording_name(name)
        self._raise_if_gone()
        async with self._turn:
            return await self._conduct(lambda: self._record(name, longest_s, silence_s), ends)

    async def recording(self, name: str, *, ends: str = "#") -> Recorded | None:
        """See `Leg.recording`."""
        check_recording_name(name)
        recorder = self._switch.engine.recorder
        async with self._turn:
            take = await self._switch.request(lambda: recorder.takes.get(name))
            if take is None or take.over.done():
                return await self._switch.request(lambda: recorder.finish(name))
            return await self._conduct(lambda: take, ends)

    async def _conduct(self, begin: Callable[[], Take], ends: str) -> Recorded:
        """A recording to its end."""
        try:
            take = await self._switch.request(begin)
            await self._until_over(take, ends)
            if not take.over.done():
                await self._switch.request(take.stop)
        except asyncio.CancelledError:
            self._switch.send(self.dialog.quiet)
            raise
        if self.dialog.ended is not None and self.dialog.ended.lost:
            self._raise_if_gone()
        return take.over.result()

    async def spy(self, listener: Leg, whisper: Whisper = Whisper.NOBODY) -> Spying:
        """See `Leg.spy`."""

        def begin() -> Spying:
            self._raise_if_gone()
            engine = self._switch.engine
            if listener.id not in engine.dialogs:
                raise LegGone(Ended())
            engine.dialogs[listener.id].quiet()
            engine.dialogs[listener.id].music = ""
            engine.spies.append(spy := Spy(self.id, listener.id, whisper, self._switch))
            return SimulatedSpying(self._switch, spy)

        return await self._switch.request(begin)

    @property
    def language(self) -> str:
        """See `Leg.language`."""
        return self._language or self._switch.speech.wanted_by(self.number)

    def speak(self, language: str) -> None:
        """See `Leg.speak`."""
        self._language = language

    async def choose_music(self, name: str) -> None:
        """See `Leg.choose_music`."""

        def choose() -> None:
            self._raise_if_gone()
            self.dialog.quiet()
            self.dialog.own_music = name

        await self._switch.request(choose)

    async def start_music(self, name: str = DEFAULT_MUSIC) -> None:
        """See `Leg.start_music`."""
        if name not in self._switch.engine.music:
            raise SwitchError(f"There is no music {name}.")
        await self._switch.request(lambda: self._set_music(name))

    async def stop_music(self) -> None:
        """See `Leg.stop_music`."""
        with suppress(LegGone):
            await self._switch.request(lambda: self._set_music(""))

    async def answered(self) -> None:
        """See `Leg.answered`."""
        await self._up.wait()
        self._raise_if_gone()

    async def ringing(self) -> None:
        """See `Leg.ringing`."""
        await self._rang.wait()
        self._raise_if_gone()

    async def tell_to_answer(self) -> None:
        """See `Leg.tell_to_answer`."""

        def tell() -> None:
            self._raise_if_gone()
            if self.dialog.phone is not None:
                self.dialog.phone.told_to_answer(self.dialog)

        await self._switch.request(tell)

    async def send_digits(self, digits: str) -> None:
        """See `Leg.send_digits`."""

        def send() -> None:
            self._raise_if_gone()
            self.dialog.digits_heard += digits

        await self._switch.request(send)

    async def gone(self) -> Ended:
        """See `Leg.gone`."""
        await self._gone.wait()
        return self.dialog.ended or Ended()

    def ask_transfer(self, transfer: Transfer) -> None:
        """See `Leg.ask_transfer`; also how a REFER of the phone arrives."""
        self._transfers.put_nowait(transfer)

    async def transfer_requested(self) -> Transfer:
        """See `Leg.transfer_requested`."""
        return await self._transfers.get()

    async def tell_transfer(self, progress: TransferProgress) -> None:
        """See `Leg.tell_transfer`."""
        with suppress(SwitchError):
            await self._switch.request(lambda: self.dialog.transfer_told.append(progress))

    async def hangup(self, reason: Reason = Reason.NORMAL) -> None:
        """See `Leg.hangup`."""
        if self.dialog.state is LegState.GONE:
            return
        try:
            await self._switch.request(lambda: self._switch.engine.hang_up(self.dialog, reason))
        except SwitchUnavailable:
            return

    def _ring(self) -> None:
        if self.dialog.state is LegState.UP:
            self._tone(on=True)
        else:
            self._do(LegState.RINGING)

    def _play(self, sounds: tuple[Sound, ...]) -> Playback:
        self._raise_if_gone()
        spoken = self._switch.speech.spoken_for(self.language)
        return self._switch.engine.play(self.dialog, sounds, spoken)

    def _record(self, name: str, longest_s: float, silence_s: float | None) -> Take:
        self._raise_if_gone()
        self.digits.forget()
        return self._switch.engine.recorder.record_dialog(self.dialog, name, longest_s, silence_s)

    async def _until_over(self, take: Take, ends: str) -> None:
        ending = asyncio.ensure_future(over_or_digit(take.over, self.digits, ends))
        try:
            await self._switch.watch(ending)
        finally:
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)

    def _set_music(self, name: str) -> None:
        self._raise_if_gone()
        chosen = self.dialog.own_music
        is_there = chosen in self._switch.engine.tracks
        self.dialog.music = chosen if name == DEFAULT_MUSIC and is_there else name

    def _tone(self, *, on: bool) -> None:
        self._raise_if_gone()
        self.dialog.quiet()
        self.dialog.tone = on

    def _do(self, state: LegState) -> None:
        self._raise_if_gone()
        self.dialog.quiet()
        self._switch.engine.change(self.dialog, state=state)

    def _raise_if_gone(self) -> None:
        if self.dialog.state is LegState.GONE:
            raise LegGone(self.dialog.ended or Ended())


class SimulatedBridge(Bridge):
    """What one connection knows of a bridge."""

    def __init__(self, switch: Connection, bridge_id: str) -> None:
        self.id = bridge_id
        self._switch = switch

    @property
    def legs(self) -> frozenset[str]:  # type: ignore[override]
        """See `Bridge.legs`."""
        return frozenset(self._switch.engine.bridges.get(self.id, ()))

    async def add(self, *legs: Leg) -> None:
        """See `Bridge.add`."""

        def put_in() -> None:
            engine = self._switch.engine
            if self.id not in engine.bridges:
                raise SwitchError(f"bridge {self.id} does not exist")
            for leg in legs:
                if leg.id not in engine.dialogs:
                    raise LegGone(Ended())
            for leg in legs:
                engine.dialogs[leg.id].quiet()
                engine.dialogs[leg.id].music = ""
            engine.bridges[self.id].update(leg.id for leg in legs)
            engine.recorder.listen()

        await self._switch.request(put_in)

    async def remove(self, *legs: Leg) -> None:
        """See `Bridge.remove`."""

        def take_out() -> None:
            for leg in legs:
                if dialog := self._switch.engine.dialogs.get(leg.id):
                    dialog.quiet()
            self._switch.engine.bridges.get(self.id, set()).difference_update(leg.id for leg in legs)

        await self._switch.request(take_out)

    async def record(self, name: str) -> BridgeRecording:
        """See `Bridge.record`."""
        check_recording_name(name)

        def begin() -> BridgeRecording:
            engine = self._switch.engine
            if self.id not in engine.bridges:
                raise SwitchError(f"bridge {self.id} does not exist")
            return SimulatedBridgeRecording(self._switch, engine.recorder.record_bridge(self.id, name))

        return await self._switch.request(begin)

    async def recording(self, name: str) -> BridgeRecording | None:
        """See `Bridge.recording`."""
        recorder = self._switch.engine.recorder
        take = await self._switch.request(lambda: recorder.takes.get(name))
        return SimulatedBridgeRecording(self._switch, take) if take and not take.over.done() else None

    async def close(self) -> None:
        """See `Bridge.close`."""
        try:
            await self._switch.request(lambda: self._switch.forget_bridge(self.id))
        except SwitchUnavailable:
            return
