"""A caller in a queue: hears music and announcements until an agent answers, or it goes on (Q-2 to Q-5).

`services.queues` says who rings when, and what is heard when; this carries it out for one caller. A colleague
may pick the call up meanwhile (SIP-4).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.contract.destinations import Destination
from server.contract.queues import Queue
from server.flows.agent_ringing import AgentRinging, headers_of
from server.flows.live_call import Lost
from server.flows.queue_sounds import Entertainment, Spoken, agent_sounds, position_sounds
from server.flows.resources import Resources
from server.flows.stops import Connected, Following, Machine, Onward, Target
from server.flows.waiting import unless_gone
from server.rules.outcomes import Ending
from server.rules.queues.announcements import Announcement
from server.rules.queues.effects import Announce, Connect, FailOver, Ring, Stop, StopRinging
from server.services.music import music_of
from server.services.queue_seats import Seat
from server.services.queues import Queues
from server.switch.port import (
    DEFAULT_MUSIC,
    Leg,
    LegGone,
    LegState,
    Party,
    Reason,
    Sound,
    SwitchError,
)

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

_REASONS = {Stop.TIMED_OUT: Reason.NO_ANSWER, Stop.ANSWERED_ELSEWHERE: Reason.ANSWERED_ELSEWHERE}
"""Why phones of an agent ring no more, where it is not that the call goes elsewhere."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueExits:
    """What a queue needs of the planner.

    Attributes:
        chosen: where a destination that the caller has chosen by a key leads, wherever the call has been.
        failed_over: where the queue itself sends the call, which must not go round in a circle for ever.
        phones: what rings at an agent, past forwarding, but not where nobody is to be disturbed (PRES-7).
        name: of an extension.
        spoken: the sound of a prompt.
    """

    chosen: Callable[[Destination], Following]
    failed_over: Callable[[Destination], Following]
    phones: Callable[[str], tuple[Target, ...]]
    name: Callable[[str], str]
    spoken: Spoken


def waiting_line(queue: Queue, queues: Queues, exits: QueueExits) -> Machine:
    """The machine in which callers of a queue wait."""

    async def serve(call: "ExtensionCall", resources: Resources) -> Onward | Connected | None:
        return await _Waiting(queue, queues, exits, call, resources).conduct()

    return Machine((), serve)


class _Waiting:
    """One caller who waits; it is `desk.Pickable`."""

    def __init__(
        self, queue: Queue, queues: Queues, exits: QueueExits, call: "ExtensionCall", resources: Resources
    ) -> None:
        self._planned = queue
        self._queues = queues
        self._exits = exits
        self._call = call
        self._id = call.live.call.id
        self._resources = resources
        self._rung: dict[str, AgentRinging] = {}
        self._over: set[str] = set()
        """Legs that ring no more."""
        self._sounds = Entertainment(call.caller)
        self._announcing: asyncio.Future[None] | None = None
        self._picker: asyncio.Future[Leg] = asyncio.get_running_loop().create_future()
        """Who has picked the call up, and is not there yet."""
        self._lost: Lost | None = None
        self._is_taken = False
        self.since = call.desk.clock.now()

    @property
    def _queue(self) -> Queue:
        """As it is set up now; as it was, should it be gone."""
        return self._queues.settings_of(self._planned.number) or self._planned

    async def conduct(self) -> Onward | Connected | None:
        """Until somebody talks with the caller, or it goes on; `LegGone` if the caller hangs up."""
        desk = self._call.desk
        seat = self._queues.sit(self._call.live.call, self._planned.number)
        self.since = desk.clock.now() - timedelta(seconds=self._queues.waited_s(self._id))
        desk.ring(self)
        if self._planned.language is not None:
            self._call.caller.speak(self._planned.language)
        try:
            return await unless_gone(self._call.caller, self._wait(seat))
        except LegGone:
            if self._picker.done():
                self._queues.came_to_nothing(self._id, caller_gone=True)
            if self._lost is not None:
                self._lost()
            self._missed(Ending.CALLER_GAVE_UP, *self._rung)
            raise
        finally:
            desk.fall_silent(self)
            self._queues.rise(self._id)

    async def _wait(self, seat: Seat) -> Onward | Connected | None:
        keys = asyncio.ensure_future(self._key())
        following: asyncio.Future[Any] = asyncio.ensure_future(seat.next())
        try:
            await self._sounds.choose(music_of(self._queue))
            await self._sounds.begin(self._ringback())
            while True:
                either: set[asyncio.Future[Any]] = {keys, following, self._picker}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if self._picker.done():
                    if await self._let_in(picker := self._picker.result()):
                        return Connected(picker)
                    self._picker = asyncio.get_running_loop().create_future()
                    continue
                if keys.done() and self._queues.waits(self._id):
                    destination = keys.result()
                    self._queues.leave(self._id)
                    await self._sounds.choose(DEFAULT_MUSIC)
                    return Onward(self._exits.chosen(destination))
                effect = await following  # a key that comes with the answer, or the failover, is too late
                following = asyncio.ensure_future(seat.next())
                if isinstance(effect, FailOver):
                    await self._sounds.choose(DEFAULT_MUSIC)
                    return Onward(self._exits.failed_over(effect.destination))
                if isinstance(effect, Connect):
                    if (phone := await self._connect(effect)) is not None:
                        return Connected(phone)
                else:
                    await self._carry_out(effect)
        finally:
            rest: list[asyncio.Future[Any]] = [keys, following]
            if self._announcing is not None:
                rest.append(self._announcing)
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            for ringing in list(self._rung.values()):
                await ringing.stop(Reason.ANSWERED_ELSEWHERE if self._is_taken else Reason.CANCELLED)
            await self._sounds.end()

    async def _carry_out(self, effect: Ring | StopRinging | Announce) -> None:
        match effect:
            case Ring():
                queue = self._queue
                self._rung[effect.extension] = AgentRinging(
                    self._call,
                    self._resources,
                    queue,
                    effect.extension,
                    self._exits.phones(effect.extension),
                    headers=headers_of(queue, self._queues.waited_s(self._id), self._call.desk.ring_tone),
                    over=self._over,
                    answered=lambda: self._queues.answered(self._id, effect.extension),
                    refused=lambda: self._queues.refused(self._id, effect.extension),
                )
            case StopRinging():
                await self._stop_ringing(effect)
            case Announce():
                self._announcing = asyncio.ensure_future(self._announce(effect))

    async def _stop_ringing(self, effect: StopRinging) -> None:
        ringing = self._rung.pop(effect.extension, None)
        if ringing is None:
            return
        await ringing.stop(_REASONS.get(effect.why, Reason.CANCELLED))
        self._over.update(ringing.legs)
        if effect.why is Stop.TIMED_OUT:
            self._missed(Ending.NO_ANSWER, effect.extension)
        elif effect.why is Stop.REFUSED:
            self._missed(ringing.ending or Ending.DECLINED, effect.extension)

    def _missed(self, ending: Ending, *extensions: str) -> None:
        """The logs of these agents have the call, once each, however often it has rung there."""
        if extensions:
            self._call.live.moves_on(ending, [self._party(one) for one in extensions], (), once=True)

    def _party(self, extension: str) -> Party:
        return Party(extension, self._exits.name(extension))

    # Picked up

    @property
    def call_id(self) -> str:
        """See `Pickable`."""
        return self._id

    @property
    def caller(self) -> Leg:
        """See `Pickable`."""
        return self._call.caller

    @property
    def callees(self) -> frozenset[str]:
        """See `Pickable`: the agents who are rung."""
        return frozenset(self._rung)

    def is_at(self, number: str, by: str) -> bool:
        """See `Pickable`: where it rings, for everybody; and the queue, for its agents and managers."""
        return number in self._rung or (number == self._queue.number and by in self._queue.staff)

    def pick_up(self, leg: Leg, lost: Lost) -> bool:
        """See `Pickable`. Whether somebody was there before, the queue knows."""
        if not self._queues.picked_up(self._id, leg.number):
            return False
        self._resources.take(leg)
        self._resources.hang_up_with(leg, Reason.UNKNOWN_NUMBER)  # unless it is answered
        self._call.live.rings((leg.id,))
        self._lost = lost
        self._picker.set_result(leg)
        return True

    async def decline(self, number: str) -> bool:
        """See `Pickable`."""
        ringing = self._rung.get(number)
        return ringing is not None and await ringing.decline(number)

    async def _let_in(self, picker: Leg) -> bool:
        """Whether who has picked the call up can talk now; else that one is gone, and the caller waits on."""
        await self._hush()
        try:
            await self._call.let_in(self._resources, picker)
        except LegGone:
            self._lost = None
            self._queues.came_to_nothing(self._id)
            await self._sounds.begin(self._ringback())
            return False
        self._lost, self._is_taken = None, True
        self._missed(Ending.PICKED_UP, *(one for one in self._rung if one != picker.number))
        self._call.live.goes_on((self._party(picker.number),))
        return True

    # Talking

    async def _connect(self, effect: Connect) -> Leg | None:
        """The phone that is to talk with the caller, or None: its user is gone, and the caller waits on."""
        ringing = self._rung.pop(effect.extension, None)
        phone = ringing.phone if ringing is not None else None
        await self._hush()
        if phone is not None and await self._introduce(phone, effect.extension):
            self._call.live.goes_on((self._party(effect.extension),))
            return phone
        self._over.update(ringing.legs if ringing is not None else ())
        self._missed(Ending.DECLINED, effect.extension)
        self._queues.came_to_nothing(self._id)
        await self._sounds.begin(self._ringback())
        return None

    async def _introduce(self, phone: Leg, extension: str) -> bool:
        """Agent and caller hear what is said before they talk; False: the agent is gone."""
        queue = self._queue
        prompt = self._prompt(queue.agent_announcement, phone)
        agent_id = agent_sounds(extension) if queue.announce_agent_id else ()
        said = [*([prompt] if prompt is not None else []), *agent_id]
        try:
            if said:
                await phone.play(*said)
        except LegGone:
            return False
        except SwitchError as error:
            _log.warning("Queue %s: %s", queue.number, error)
        if agent_id:
            await self._sounds.say(*agent_id)
        return phone.state is LegState.UP

    # What is heard

    def _prompt(self, name: str | None, leg: Leg | None = None) -> Sound | None:
        language = self._queue.language or (leg or self._call.caller).language
        return self._exits.spoken(name, language) if name is not None else None

    def _ringback(self) -> Sound | None:
        return self._prompt(self._queue.ringback)

    async def _announce(self, effect: Announce) -> None:
        try:
            if sounds := self._words(effect):
                await self._sounds.say(*sounds)
                await self._sounds.begin(self._ringback())
        except Exception:  # noqa: BLE001 - nobody waits for this task, and the caller is to hear the next one
            _log.exception("Queue %s: an announcement failed", self._planned.number)
        self._queues.announcement_ended(self._id)

    def _words(self, effect: Announce) -> tuple[Sound, ...]:
        queue = self._queue
        match effect.announcement:
            case Announcement.JOIN:
                sound = self._prompt(queue.join_announcement)
            case Announcement.PERIODIC:
                sound = self._prompt(queue.periodic.prompt if queue.periodic is not None else None)
            case Announcement.POSITION:
                return position_sounds(effect.position, effect.minutes, thank_you=effect.thank_you)
        return (sound,) if sound is not None else ()

    async def _hush(self) -> None:
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.gather(self._announcing, return_exceptions=True)
            self._announcing = None

    async def _key(self) -> Destination:
        """What the caller chooses by a key (Q-5)."""
        while True:
            key = await self._call.caller.digits.next()
            for choice in self._queue.periodic.choices if self._queue.periodic is not None else ():
                if choice.key == key:
                    return choice.destination
