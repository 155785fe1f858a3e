"""The tape of one conversation: it may be recorded on it, by a rule or on demand (SIP-5, CODE-1).

There is one recording of a call. It goes over hold; a transfer makes another call of it, with a tape of its
own. While a transfer is under way, or the server holds the call, nothing is recorded.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from server.contract.errors import ErrorCode
from server.contract.recording import (
    CallRecording,
    Recording,
    RecordingAction,
    RecordingRefusal,
    RecordingState,
)
from server.flows.live_call import LiveCall
from server.rules.recording import KEYS, TRANSITIONS, actions
from server.services.call_log_store import Call
from server.services.errors import ServiceError, conflict, not_found
from server.switch.port import (
    Bridge,
    BridgeRecording,
    DiskFull,
    Leg,
    Sound,
    SwitchError,
    SwitchUnavailable,
)

if TYPE_CHECKING:
    from server.flows.recording import Recorder

FOLDER = "calls"
"""Folder of the engine in which recordings of calls are made."""

SAID = {
    RecordingAction.START: Sound.prompt("dictate/record"),
    RecordingAction.PAUSE: Sound.prompt("dictate/paused"),
    RecordingAction.RESUME: Sound.prompt("dictate/record"),
}
"""What is heard by who has recorded, paused or gone on by keys."""
REFUSED = Sound.prompt("beeperr")

REFUSALS = {
    RecordingRefusal.NOT_ALLOWED: "{number} may not record calls: ask the administrator.",
    RecordingRefusal.BY_RULE: "A rule records this call, and {number} may not change that.",
    RecordingRefusal.NOT_YOURS: "Somebody else records this call: only they can change that.",
    RecordingRefusal.OVER: "The recording of this call has ended: there is one of a call.",
}

_FORBIDDEN = (RecordingRefusal.NOT_ALLOWED, RecordingRefusal.BY_RULE)
_log = logging.getLogger(__name__)


def facts_of(call_id: str, call: Call | None, now: datetime) -> Recording:
    """A recording of a call that begins now, and is nobody's yet; `call` None: nothing is known of it."""
    return Recording(
        id=call_id,
        caller=call.caller.number if call else "",
        caller_name=call.caller.name if call else "",
        callee=(call.callee or call.dialled) if call else "",
        callee_name=call.callee_name if call else "",
        owners=[],
        state=RecordingState.RECORDING,
        started_at=call.answered_at or call.started_at if call else now,
    )


class Tape:
    """What is recorded of two who talk.

    Attributes:
        id: of the call, and of its recording.
        closed: whether the two talk no longer.
    """

    def __init__(
        self,
        recorder: "Recorder",
        live: LiveCall,
        bridge: Callable[[], Awaitable[Bridge]],
        legs: tuple[Leg, Leg],
    ) -> None:
        self.id = live.call.id
        self.closed = False
        self._recorder = recorder
        self._live = live
        self._bridge = bridge
        self._legs = legs
        self._recording: Recording | None = None
        self._under_way: BridgeRecording | None = None
        self._watching: asyncio.Task[Any] | None = None
        self._suspended = False
        self._turn = asyncio.Lock()

    # What is shown

    @property
    def state(self) -> RecordingState | None:
        """Of the recording; None if there is none."""
        return self._recording.state if self._recording is not None else None

    @property
    def numbers(self) -> list[str]:
        """The extensions that take part."""
        return list(dict.fromkeys(leg.number for leg in self._legs if leg.number))

    def offered(self, number: str | None) -> CallRecording:
        """The state, and what an extension in the call may ask for now; all that fits, for None."""
        found = self._actions(number)
        if isinstance(found, RecordingRefusal):
            return CallRecording(state=self.state, refusal=found)
        return CallRecording(state=self.state, actions=found)

    def publish(self) -> None:
        """Tell those who take part."""
        if not self.closed:
            self._recorder.publish(self._live)

    # What is asked for

    async def order(self, action: RecordingAction, number: str | None) -> None:
        """Carry out what an extension in the call wants, or an administrator (None). Repeating is fine.

        Raises:
            ServiceError: `FORBIDDEN`; `CONFLICT`: it does not fit the state; `NOT_FOUND`: the call is over.
            SwitchError: the engine cannot do it now; `DiskFull`.
        """
        async with self._turn:
            await self._carry_out(action, number)

    async def by_keys(self, leg: Leg) -> None:
        """The code was dialled on this leg: record, pause or go on, and say what was done."""
        async with self._turn:  # of two who press it in a row, the second pauses
            action = KEYS.get(self.state, RecordingAction.START)
            try:
                await self._carry_out(action, leg.number)
                sound = SAID[action]
            except (ServiceError, SwitchError) as error:
                _log.info("Call %s: %s cannot %s the recording: %s", self.id, leg.number, action, error)
                sound = REFUSED
        with suppress(SwitchError):
            await leg.play(sound)

    # What the conversation does

    async def begin(self, *, by_rule: bool) -> None:
        """Take over what a former server process records, or record if a rule says so (and `by_rule`)."""
        async with self._turn:
            if self.closed:
                return
            try:
                if self._recorder.is_former(self._live) and await self._take_over():
                    return
                found = self._recorder.ruled(self._legs) if by_rule else None
                if found is not None:
                    await self._start(list(found.owners), rule=found.rule)
            except SwitchError as error:
                _log.warning("Call %s is not recorded: %s", self.id, error)

    async def suspend(self) -> None:
        """A transfer is under way, or a hold: what is heard now belongs to no call, or to another one."""
        await self._suspend(on=True)

    async def go_on(self) -> None:
        """The transfer has failed, or the hold is over: the two talk on."""
        await self._suspend(on=False)

    def close(self) -> None:
        """The two talk no longer. The recording ends behind the scenes: nothing waits for it."""
        if not self.closed:
            self.closed = True
            self._recorder.publish(self._live)
            self._recorder.spawn(self._close())

    # Inside

    def _actions(self, number: str | None) -> list[RecordingAction] | RecordingRefusal:
        if number is None:
            return [action for state, action in TRANSITIONS if state is self.state]
        recording = self._recording
        return actions(
            self.state,
            self._recorder.permissions(number),
            owns=recording is not None and number in recording.owners,
            by_rule=recording is not None and bool(recording.rule),
        )

    async def _carry_out(self, action: RecordingAction, number: str | None) -> None:
        if self.closed:
            raise not_found(f"call {self.id} that is answered")
        following = TRANSITIONS.get((self.state, action))
        offered = self._actions(number)
        if isinstance(offered, RecordingRefusal):
            code = ErrorCode.FORBIDDEN if offered in _FORBIDDEN else ErrorCode.CONFLICT
            raise ServiceError(code, REFUSALS[offered].format(number=f"Extension {number}"))
        if self.state is not None and self.state is _RESULTS[action]:
            return
        if following is None or action not in offered:
            now = self.state or "off"
            raise conflict(f"The recording of this call is {now}: it cannot {action} now.")
        if action is RecordingAction.START:
            await self._start([number] if number else [], rule="")
        elif action is RecordingAction.STOP:
            await self._finish(RecordingState.FINISHED)
        else:
            await self._pause(on=action is RecordingAction.PAUSE)

    async def _start(self, owners: list[str], *, rule: str) -> None:
        facts = facts_of(self.id, self._live.call, self._recorder.clock.now())
        facts = facts.model_copy(
            update={"owners": owners, "rule": rule, "started_at": self._recorder.clock.now()}
        )
        bridge = await self._bridge()
        try:
            under_way = await self._begin(bridge)
        except DiskFull:
            self._recording = facts.model_copy(update={"state": RecordingState.DISK_FULL})
            self.publish()
            raise
        await self._conduct(under_way, facts)

    async def _begin(self, bridge: Bridge) -> BridgeRecording:
        try:
            return await bridge.record(self._name)
        except DiskFull:
            raise
        except SwitchError:
            # Only the answer may have been lost.
            under_way = await bridge.recording(self._name)
            if under_way is None:
                raise
            return under_way

    async def _conduct(self, under_way: BridgeRecording, recording: Recording) -> None:
        self._under_way = under_way
        self._watching = self._recorder.spawn(self._watch(under_way))
        self._change(recording)
        if self._suspended:
            await under_way.pause()

    async def _take_over(self) -> bool:
        """Go on with what a former process has recorded; whether there is such a recording, or was one."""
        known = next((one for one in await self._recorder.recordings.open() if one.id == self.id), None)
        under_way = await (await self._bridge()).recording(self._name)
        if under_way is None:
            if known is not None:
                self._recording = await self._recorder.finish_left(self.id, known)
                self.publish()
            return self._recording is not None
        facts = known or facts_of(self.id, self._live.call, self._recorder.clock.now())
        await self._conduct(under_way, facts)
        silent = self._suspended or facts.state is RecordingState.PAUSED
        await (under_way.pause() if silent else under_way.resume())
        return True

    async def _pause(self, *, on: bool) -> None:
        if self._under_way is None or self._recording is None:
            return
        if on:
            await self._under_way.pause()
        elif not self._suspended:
            await self._under_way.resume()
        state = RecordingState.PAUSED if on else RecordingState.RECORDING
        self._change(self._recording.model_copy(update={"state": state}))

    async def _suspend(self, *, on: bool) -> None:
        async with self._turn:
            if self._suspended == on:
                return
            self._suspended = on
            if self._under_way is None or self.state is not RecordingState.RECORDING:
                return
            try:
                await (self._under_way.pause() if on else self._under_way.resume())
            except SwitchError as error:
                _log.warning("Call %s: its recording does not follow a transfer or hold: %s", self.id, error)

    async def _watch(self, under_way: BridgeRecording) -> None:
        """See it end by itself."""
        try:
            await under_way.over()
        except SwitchError as error:
            state = RecordingState.DISK_FULL if isinstance(error, DiskFull) else RecordingState.INTERRUPTED
            async with self._turn:
                if self._under_way is under_way:
                    self._watching = None
                    _log.warning("Call %s is not recorded any more: %s", self.id, error)
                    await self._finish(state)

    async def _close(self) -> None:
        async with self._turn:
            try:
                if self._under_way is not None:
                    await self._finish(RecordingState.FINISHED)
            finally:
                self._recorder.forget(self)

    async def _finish(self, state: RecordingState) -> None:
        """End it, and keep what there is of it. What the engine does not give now is found later."""
        under_way, self._under_way = self._under_way, None
        if under_way is None or self._recording is None:
            return
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        switch = self._recorder.switch
        try:
            recorded = await under_way.stop()
        except SwitchUnavailable as error:
            self._leave(error)
            return
        except SwitchError as error:
            if state is RecordingState.FINISHED:
                full = isinstance(error, DiskFull)
                state = RecordingState.DISK_FULL if full else RecordingState.INTERRUPTED
            recorded = None
        try:
            if recorded is None or not recorded.seconds:
                recorded = await switch.finish_recording(self._name)
        except SwitchError as error:
            self._leave(error)
            return
        ended: dict[str, Any] = {"state": state, "ended_at": self._recorder.clock.now()}
        if recorded is None:
            self._recording = self._recording.model_copy(update=ended)
            self._recorder.recordings.discard(self.id)
        else:
            ended["seconds"] = recorded.seconds
            self._recording = self._recording.model_copy(update=ended)
            self._recorder.recordings.keep(self._recording, recorded.path)
        self.publish()

    def _leave(self, error: SwitchError) -> None:
        _log.warning("The recording of call %s is looked for later: %s", self.id, error)
        if self._recording is not None:
            # As shown; in the database it stays as it is, by which it is found.
            self._recording = self._recording.model_copy(update={"state": RecordingState.INTERRUPTED})
        self.publish()

    def _change(self, recording: Recording) -> None:
        self._recording = recording
        self._recorder.recordings.write(recording)
        self.publish()

    @property
    def _name(self) -> str:
        return f"{FOLDER}/{self.id}"


_RESULTS = {
    RecordingAction.START: RecordingState.RECORDING,
    RecordingAction.PAUSE: RecordingState.PAUSED,
    RecordingAction.RESUME: RecordingState.RECORDING,
    RecordingAction.STOP: RecordingState.FINISHED,
}
"""What the state is after each action."""
