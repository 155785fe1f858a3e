"""Recordings of a leg, and of a bridge: the live recordings of the REST interface.

Asterisk notices neither a full disk nor a file that it cannot write: it tells that all is well. So the disk
is looked at before and after, and what was written is opened. It tells twice of the end of a recording of a
bridge, and the length that it tells is a whole number of seconds: the file's own is taken.
"""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.switch.asterisk.ari import AriError, segment
from server.switch.asterisk.occupation import ENDED, Occupation
from server.switch.digits import over_or_digit
from server.switch.port import BridgeRecording, DiskFull, Recorded, SwitchError, SwitchUnavailable
from server.switch.recording import check_recording_name, mend_wav, wav_seconds

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control
    from server.switch.asterisk.legs import AsteriskLeg

Json = dict[str, Any]

FREE_BYTES = 4 * 1024 * 1024
"""Room that there must be to begin: about four minutes."""
FULL_BYTES = 64 * 1024
"""With less room than this at the end, the end of the file may be missing."""
LOW_BYTES = 1024 * 1024
"""With less room than this a recording is ended, while its file can still be completed."""
LOOK_S = 1.0
"""Seconds between two looks at the room: what is recorded in this time must fit into `LOW_BYTES`."""
STOP_S = 5.0


class Recordings:
    """Makes recordings.

    Attributes:
        folder: where the engine that is connected now puts them.
    """

    def __init__(self, control: "Control") -> None:
        self.folder = Path()
        self._control = control
        self._ends: dict[str, Callable[[Json], None]] = {}

    def on_end(self, event: Json) -> None:
        """The engine tells that a recording has ended."""
        if end := self._ends.pop(event["recording"]["name"], None):
            end(event["recording"])

    async def record_leg(
        self, leg: "AsteriskLeg", name: str, *, longest_s: float, silence_s: float | None, ends: str
    ) -> Recorded:
        """See `Leg.record`."""
        path = self._new_path(name)
        leg.check()
        occupation = await leg.occupy(name, lambda: self.request_stop(name))
        leg.digits.forget()
        limits = {"maxDurationSeconds": str(max(1, round(longest_s)))}
        if silence_s is not None:
            limits["maxSilenceSeconds"] = str(max(1, round(silence_s)))
        self._ends[name] = occupation.end
        beginning = self._begin(leg, occupation, name, limits)
        return self.finished(name, path, await self._end_of(leg, occupation, beginning, ends))

    async def go_on(self, leg: "AsteriskLeg", name: str, *, ends: str) -> Recorded | None:
        """See `Leg.recording`."""
        if not await self._is_live(name):
            return await self.finish(name)
        occupation = await leg.occupy(name, lambda: self.request_stop(name))
        self._ends[name] = occupation.end
        told = await self._end_of(leg, occupation, self._look_again(occupation, name), ends)
        return _unless_empty(self.finished(name, self._path(name), told))

    async def _look_again(self, occupation: Occupation, name: str) -> None:
        """It may have ended before its end was waited for."""
        try:
            if not await self._is_live(name):
                occupation.end(ENDED)
        except SwitchError:
            self._ends.pop(name, None)
            occupation.end(None)
            raise
        occupation.requested()

    async def _end_of(
        self, leg: "AsteriskLeg", occupation: Occupation, beginning: Coroutine[Any, Any, None], ends: str
    ) -> Json:
        """Wait for the end of a recording of a leg; what the engine told of it."""
        try:
            await asyncio.shield(self._control.later(beginning))
            await over_or_digit(occupation.over, leg.digits, ends)
            await asyncio.shield(self._control.later(occupation.stop()))
        except asyncio.CancelledError:
            self._control.later(occupation.stop())
            raise
        told = occupation.over.result()
        if told is None and leg.ended is None:
            raise SwitchUnavailable("The connection with Asterisk was lost during a recording.")
        if leg.ended is not None and leg.ended.lost:
            leg.check()
        return told or {}

    async def record_bridge(self, bridge_id: str, name: str) -> BridgeRecording:
        """See `Bridge.record`."""
        recording = AsteriskBridgeRecording(self, name, self._new_path(name))
        self._ends[name] = recording.end
        try:
            await self._control.connected.post(
                f"bridges/{segment(bridge_id)}/record", name=name, format="wav", ifExists="fail"
            )
        except BaseException:
            self._ends.pop(name, None)
            raise
        return recording

    async def take_over(self, name: str) -> BridgeRecording | None:
        """See `Bridge.recording`."""
        if not await self._is_live(name):
            return None
        recording = AsteriskBridgeRecording(self, name, self._path(name))
        self._ends[name] = recording.end
        return recording

    async def _is_live(self, name: str) -> bool:
        check_recording_name(name)
        try:
            told = await self._control.connected.get(_live(name))
        except AriError as error:
            if error.status == 404:
                return False
            raise
        return told.get("state") not in ("done", "failed", "canceled")

    def left(self, folder: str) -> list[str]:
        """See `Switch.left_recordings`."""
        check_recording_name(folder)
        _ = self._control.connected
        return sorted(f"{folder}/{path.stem}" for path in (self.folder / folder).glob("*.wav"))

    async def finish(self, name: str) -> Recorded | None:
        """See `Switch.finish_recording`."""
        recording = await self.take_over(name)
        path = self._path(name)
        if recording is not None:
            with suppress(SwitchError):
                return _unless_empty(await recording.stop())
        try:
            mend_wav(path)
            return _unless_empty(Recorded(path, wav_seconds(path)))
        except FileNotFoundError:
            return None
        except ValueError:
            path.unlink(missing_ok=True)  # not even a header
            return None
        except OSError as error:
            raise SwitchError(f"The recording {name} cannot be read: {error}") from error

    async def request_stop(self, name: str) -> None:
        """Ask the engine to end a recording."""
        await self._control.connected.post(f"{_live(name)}/stop")

    async def pause(self, name: str, *, on: bool) -> None:
        """Pause a recording, or go on with it."""
        if on:
            await self._control.connected.post(f"{_live(name)}/pause")
        else:
            await self._control.connected.delete(f"{_live(name)}/pause")

    def finished(self, name: str, path: Path, told: Json) -> Recorded:
        """The file of a recording that has ended; raises `SwitchError` if it is not all there."""
        self._ends.pop(name, None)
        if told.get("state") == "failed":
            raise SwitchError(f"Asterisk could not record {name}: {told.get('cause', 'no reason was told')}.")
        if _free_bytes(self.folder) < FULL_BYTES:
            raise DiskFull(_full(self.folder))
        try:
            return Recorded(path, wav_seconds(path))
        except (OSError, ValueError) as error:
            raise SwitchError(f"The recording {name} was lost: {error}") from error

    async def _begin(
        self, leg: "AsteriskLeg", occupation: Occupation, name: str, limits: dict[str, str]
    ) -> None:
        path = f"channels/{segment(leg.id)}/record"
        try:
            await self._control.on_leg(
                leg, self._control.connected.post(path, name=name, format="wav", ifExists="fail", **limits)
            )
        except SwitchError:
            self._ends.pop(name, None)
            occupation.end(None)
            raise
        occupation.requested()

    def _new_path(self, name: str) -> Path:
        check_recording_name(name)
        _ = self._control.connected
        path = self._path(name)
        if path.exists() or name in self._ends:
            raise SwitchError(f"There is a recording {name} already.")
        if _free_bytes(self.folder) < FREE_BYTES:
            raise DiskFull(_full(self.folder))
        return path

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.wav"


class AsteriskBridgeRecording(BridgeRecording):
    """See `BridgeRecording`. It goes on while the connection is away."""

    def __init__(self, recordings: Recordings, name: str, path: Path) -> None:
        self._recordings = recordings
        self._name = name
        self._path = path
        self._over: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._recorded: Recorded | None = None

    def end(self, told: Json) -> None:
        """The engine tells that it has ended."""
        if not self._over.done():
            self._over.set_result(told)

    async def pause(self) -> None:
        """See `BridgeRecording.pause`."""
        await self._recordings.pause(self._name, on=True)

    async def resume(self) -> None:
        """See `BridgeRecording.resume`."""
        await self._recordings.pause(self._name, on=False)

    async def stop(self) -> Recorded:
        """See `BridgeRecording.stop`."""
        if self._recorded is None:
            if not self._over.done():
                await self._stop()
            self._recorded = self._recordings.finished(self._name, self._path, self._over.result())
        return self._recorded

    async def over(self) -> Recorded:
        """See `BridgeRecording.over`. Asterisk would go on, and write nothing any more."""
        while not self._over.done():
            if _free_bytes(self._recordings.folder) < LOW_BYTES:
                await self.stop()
                raise DiskFull(_full(self._recordings.folder))
            await asyncio.wait({self._over}, timeout=LOOK_S)
        return await self.stop()

    async def _stop(self) -> None:
        try:
            await self._recordings.request_stop(self._name)
        except AriError as error:
            if error.status == 404:  # it has ended, while nobody could tell us
                self.end({})
            elif error.status != 409:  # it is ending, since its bridge was closed
                raise
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await asyncio.shield(self._over)
        self.end({})


def _unless_empty(recorded: Recorded) -> Recorded | None:
    if recorded.seconds > 0:
        return recorded
    recorded.path.unlink(missing_ok=True)
    return None


def _live(name: str) -> str:
    return f"recordings/live/{segment(name)}"


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _full(folder: Path) -> str:
    return f"Nothing can be recorded: the disk of {folder} is full. Free some space."
