"""Recordings of calls: which there are, and those that nobody conducts any more (SIP-5, LOG-1)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.contract.recording import (
    Recording,
    RecordingPermission,
    RecordingRule,
    RecordingState,
)
from server.flows.live_call import LiveCall
from server.flows.tape import FOLDER, Tape, facts_of
from server.rules.recording import Ruled, call_kind, ruled
from server.services.call_log import CallLog
from server.services.directory import Directory
from server.services.recordings import Recordings
from server.services.tasks import Background
from server.switch.port import Bridge, Leg, LegGone, Sound, Switch, SwitchError

STOP_S = 6.0
"""Seconds that recordings may take to end when the server stops."""

_log = logging.getLogger(__name__)


class Recorder:
    """Has the tape of each conversation.

    Attributes:
        switch: where the calls are.
        recordings: where recordings are kept.
        clock: the time.
        permissions: those of an extension, as of now.
    """

    def __init__(
        self,
        *,
        switch: Switch,
        recordings: Recordings,
        call_log: CallLog,
        clock: Clock,
        directory: Directory,
        rules: Callable[[], Iterable[RecordingRule]],
        permissions: Callable[[str], Collection[RecordingPermission]],
    ) -> None:
        """`rules`: those that are configured, in order; `permissions`: of an extension; both as of now."""
        self.switch = switch
        self.recordings = recordings
        self.clock = clock
        self.permissions = permissions
        self._call_log = call_log
        self._observers: list[Callable[[LiveCall], None]] = []
        self._directory = directory
        self._rules = rules
        self._since = clock.now()
        self._tapes: dict[str, Tape] = {}
        self._unannounced: set[str] = set()
        self._background = Background("recorder")
        self._sorting = asyncio.Lock()

    async def stop(self) -> None:
        """Wait for the recordings that are ending. To be awaited after the calls have ended."""
        try:
            async with asyncio.timeout(STOP_S):
                await self._background.join()
        except TimeoutError:
            await self._background.cancel()

    # Of conversations

    def tape(self, live: LiveCall, bridge: Callable[[], Awaitable[Bridge]], caller: Leg, phone: Leg) -> Tape:
        """The tape of two who talk from now on, in the bridge that `bridge` gives; to be closed later."""
        tape = Tape(self, live, bridge, (caller, phone))
        self._tapes[live.call.id] = tape
        tape.publish()
        self.spawn(tape.begin(by_rule=live.call.id not in self._unannounced))
        self._unannounced.discard(live.call.id)
        return tape

    def tape_of(self, call_id: str) -> Tape | None:
        """The tape of a call in which two talk now; None if there is no such call."""
        tape = self._tapes.get(call_id)
        return tape if tape is not None and not tape.closed else None

    def forget(self, tape: Tape) -> None:
        """Everything about it is done."""
        self._tapes.pop(tape.id, None)

    async def announce(self, live: LiveCall, legs: tuple[Leg, Leg], *, urgent: Callable[[], bool]) -> None:
        """Play to both that they will be recorded, if a rule wants that; they do not talk yet.

        Raises `LegGone`. What cannot be played is no reason to part them, but then they are not recorded; nor
        are they where it is `urgent`: nothing holds an emergency call up (SIP-12).
        """
        found = self.ruled(legs)
        if found is None or not found.announcement:
            return
        if urgent():
            self._unannounced.add(live.call.id)
            return
        sound = Sound.prompt(found.announcement)
        playing = [asyncio.ensure_future(leg.play(sound)) for leg in legs]
        try:
            await asyncio.gather(*playing)
        except LegGone:
            raise
        except SwitchError as error:
            self._unannounced.add(live.call.id)
            _log.warning(
                "Call %s is not recorded, though rule %r says so: nobody could be told: %s",
                live.call.id,
                found.rule,
                error,
            )
        finally:
            for one in playing:
                one.cancel()
            await asyncio.gather(*playing, return_exceptions=True)

    def announces(self, legs: tuple[Leg, Leg]) -> bool:
        """Whether these two, the caller first, are to be told that they will be recorded."""
        found = self.ruled(legs)
        return found is not None and bool(found.announcement)

    def ruled(self, legs: tuple[Leg, Leg]) -> Ruled | None:
        """How the rules want the call of these two, the caller first, to be recorded."""
        caller, phone = legs
        kind = call_kind(from_outside=bool(caller.trunk), to_outside=bool(phone.trunk))
        return ruled(self._rules(), self._directory, kind, [leg.number for leg in legs if leg.number])

    def is_former(self, live: LiveCall) -> bool:
        """Whether the call may have begun in a former server process."""
        return live.call.started_at < self._since

    def observe(self, observer: Callable[[LiveCall], None]) -> None:
        """Call `observer` with a call whose recording, or what may be done about it, has changed."""
        self._observers.append(observer)

    def publish(self, live: LiveCall) -> None:
        """Tell the observers that the tape of this call has changed, or is closed."""
        for observer in self._observers:
            observer(live)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Do this, even when the call is over meanwhile."""
        return self._background.spawn(work)

    # What nobody conducts

    async def sort_out(self, in_progress: Callable[[], Collection[str]]) -> None:
        """Finish the recordings of calls that are over, which an earlier process, or a fault, has left.

        `in_progress`: the ids of the calls that go on.
        """
        async with self._sorting:
            # What is conducted now must not be taken for a leftover because it ends during this.
            conducted = {*self._tapes, *in_progress()}
            try:
                names = await self.switch.left_recordings(FOLDER)
                known = {recording.id: recording for recording in await self.recordings.open()}
                left = {name.rpartition("/")[2] for name in names} | set(known)
                for recording_id in sorted(left - conducted - {*self._tapes, *in_progress()}):
                    await self.finish_left(recording_id, known.get(recording_id))
            except (SwitchError, SQLAlchemyError) as error:
                _log.info("Recordings that were left are looked for later: %s", error)

    async def finish_left(self, recording_id: str, known: Recording | None) -> Recording | None:
        """List a recording that nobody conducts, as `known` if it is; remove it if it is empty."""
        recorded = await self.switch.finish_recording(f"{FOLDER}/{recording_id}")
        if known is None:
            call = await self._call_log.find(recording_id)
            known = facts_of(recording_id, call, self.clock.now())
        ended = {"state": RecordingState.INTERRUPTED, "ended_at": self.clock.now()}
        if recorded is None:
            return self.recordings.recover(known.model_copy(update=ended))
        _log.info("The recording of call %s, which was interrupted, was found", recording_id)
        found = known.model_copy(update={**ended, "seconds": recorded.seconds})
        self.recordings.keep(found, recorded.path)
        return found
