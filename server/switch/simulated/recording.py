"""Recordings of the simulation: what was recorded is who spoke, and for how long."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from server.switch.port import BridgeRecording, DiskFull, LegState, Recorded, SwitchError

if TYPE_CHECKING:
    from server.switch.simulated.engine import SimulatedEngine
    from server.switch.simulated.legs import Connection
    from server.switch.simulated.phones import Dialog

FOLDER = Path("/simulated/recordings")


class Take:
    """A recording as the engine has it.

    Attributes:
        path: of the file, which there is once it is over.
        voices: ids of the dialogs that spoke while it was not paused.
        paused: whether it is paused now.
        over: done when it has ended; it fails if the file is lost.
    """

    def __init__(self, name: str, speakers: Callable[[], Iterable["Dialog"]]) -> None:
        """`speakers`: the dialogs whose phones are recorded now."""
        self._loop = asyncio.get_running_loop()
        self.path = FOLDER / f"{name}.wav"
        self.voices: set[str] = set()
        self.paused = False
        self.over: asyncio.Future[Recorded] = self._loop.create_future()
        self._speakers = speakers
        self._began = self._loop.time()
        self._seconds = 0.0
        self.listen()

    def listen(self) -> None:
        """Note who speaks now."""
        if not self.paused and not self.over.done():
            self.voices |= {dialog.id for dialog in self._speakers() if dialog.speaks}

    def pause(self, *, on: bool) -> None:
        """Pause, or go on. Idempotent."""
        if on != self.paused and not self.over.done():
            if on:
                self._seconds += self._loop.time() - self._began
            self._began = self._loop.time()
            self.paused = on
            if not on:
                self.listen()

    def stop(self, *, lost: SwitchError | None = None) -> None:
        """End it; `lost` says why the file is not whole. Idempotent."""
        if self.over.done():
            return
        self.pause(on=True)
        if lost is not None:
            self.over.set_exception(lost)
            self.over.exception()  # that nobody asks for it is fine
        else:
            self.over.set_result(Recorded(self.path, self._seconds))

    @property
    def seconds(self) -> float:
        """Length of the file, once it is over."""
        return self._seconds


class LegTake(Take):
    """A recording of one leg, which ends by itself."""

    def __init__(self, name: str, dialog: "Dialog", longest_s: float, silence_s: float | None) -> None:
        self._dialog = dialog
        self._silence_s = silence_s
        self._silence: asyncio.TimerHandle | None = None
        super().__init__(name, lambda: [dialog])
        self._longest = self._loop.call_later(longest_s, self.stop)

    def listen(self) -> None:
        """Note whether the phone speaks; silence counts from when it ceases."""
        super().listen()
        if self._dialog.state is LegState.GONE:
            self.stop()
        elif self._silence_s is not None and not self._dialog.speaks and self._silence is None:
            self._silence = self._loop.call_later(self._silence_s, self.stop)
        elif self._dialog.speaks and self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def stop(self, *, lost: SwitchError | None = None) -> None:
        """End it."""
        self._longest.cancel()
        if self._silence is not None:
            self._silence.cancel()
        super().stop(lost=lost)


class Recorder:
    """All recordings of an engine.

    Attributes:
        takes: by name, those under way and those that have ended.
        disk_full: whether nothing can be recorded.
    """

    def __init__(self, engine: "SimulatedEngine") -> None:
        self.takes: dict[str, Take] = {}
        self.disk_full = False
        self._engine = engine
        self._of_bridges: dict[str, list[Take]] = {}

    def record_bridge(self, bridge_id: str, name: str) -> Take:
        """Begin a recording of all in a bridge."""
        self._check(name)
        take = self._keep(name, Take(name, lambda: self._inside(bridge_id)))
        self._of_bridges.setdefault(bridge_id, []).append(take)
        return take

    def record_dialog(self, dialog: "Dialog", name: str, longest_s: float, silence_s: float | None) -> Take:
        """Begin a recording of one phone, which must be in no bridge."""
        if any(dialog.id in members for members in self._engine.bridges.values()):
            raise SwitchError(f"leg {dialog.id} is in a bridge")
        self._check(name)
        dialog.quiet()
        dialog.take = self._keep(name, LegTake(name, dialog, longest_s, silence_s))
        return dialog.take

    def listen(self) -> None:
        """Who speaks, or where, has changed: every recording takes note."""
        for take in list(self.takes.values()):
            take.listen()

    def close(self, bridge_id: str) -> None:
        """The bridge is closed."""
        for take in self._of_bridges.pop(bridge_id, []):
            take.stop()

    def lose(self) -> None:
        """The engine crashed."""
        for take in list(self.takes.values()):
            take.stop(lost=SwitchError("The engine crashed during the recording."))

    def fill_disk(self) -> None:
        """There is no room any more: recordings of bridges end."""
        self.disk_full = True
        for take in [take for takes in self._of_bridges.values() for take in takes]:
            take.stop(lost=DiskFull("The disk is full."))

    def left(self, folder: str) -> list[str]:
        """Names of the recordings in a folder whose files are still there."""
        return sorted(name for name in self.takes if name.startswith(f"{folder}/"))

    def finish(self, name: str) -> Recorded | None:
        """End a recording; what there is of it, None for nothing."""
        take = self.takes.get(name)
        if take is None:
            return None
        take.stop()
        if not take.seconds:
            del self.takes[name]
            return None
        return Recorded(take.path, take.seconds)

    def _inside(self, bridge_id: str) -> list["Dialog"]:
        members = self._engine.bridges.get(bridge_id, set())
        return [dialog for dialog_id in members if (dialog := self._engine.dialogs.get(dialog_id))]

    def _check(self, name: str) -> None:
        if name in self.takes:
            raise SwitchError(f"There is a recording {name} already.")
        if self.disk_full:
            raise DiskFull("Nothing can be recorded: the disk is full.")

    def _keep(self, name: str, take: Take) -> Take:
        self.takes[name] = take
        take.over.add_done_callback(lambda over: self._keep_file(take, over))
        return take

    def _keep_file(self, take: Take, over: "asyncio.Future[Recorded]") -> None:
        if not over.exception():
            self._engine.files[take.path.with_suffix("")] = over.result().seconds


class SimulatedBridgeRecording(BridgeRecording):
    """See `BridgeRecording`."""

    def __init__(self, switch: "Connection", take: Take) -> None:
        self._switch = switch
        self._take = take

    async def pause(self) -> None:
        """See `BridgeRecording.pause`."""
        await self._switch.request(lambda: self._take.pause(on=True))

    async def resume(self) -> None:
        """See `BridgeRecording.resume`."""
        await self._switch.request(lambda: self._take.pause(on=False))

    async def stop(self) -> Recorded:
        """See `BridgeRecording.stop`."""
        if not self._take.over.done():
            await self._switch.request(self._take.stop)
        return self._take.over.result()

    async def over(self) -> Recorded:
        """See `BridgeRecording.over`."""
        return await asyncio.shield(self._take.over)
