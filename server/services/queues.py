"""Queues at work: the one owner of the `Acd` (Q-2 to Q-11).

Events become calls of the `Acd`, one after the other on the event loop; what comes of each is handed on at
once: to the flow of the caller whom it is about, to the database, to who watches. Nothing is awaited.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from server.clock import Clock
from server.contract.agents import QueueCall
from server.contract.destinations import Destination, DestinationKind
from server.contract.presence import PresenceStatus
from server.contract.queues import Queue, QueueOptions
from server.rules.queues.acd import Acd, Effects, NoSuchQueue
from server.rules.queues.effects import (
    AutoPaused,
    Changed,
    Connect,
    FailOver,
    Logged,
    Ring,
    StopRinging,
)
from server.rules.queues.lines import Caller
from server.rules.queues.stored import restored
from server.services.agents_topic import AgentsTopic
from server.services.call_log_store import Call
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.hub import Hub
from server.services.queue_changes import about, note_rows
from server.services.queue_clock import QueueClock
from server.services.queue_legs import QueueLegs
from server.services.queue_seats import Seat
from server.services.queue_store import MEMBER, Changes, Paused
from server.services.queue_writer import QueueWriter, Store
from server.services.states import States
from server.switch.port import ContactsChanged, Event, LegChanged, LegState, Party, Switch

_log = logging.getLogger(__name__)


class Queues:
    """All queues and their agents."""

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        hub: Hub,
        switch: Switch,
        states: States,
        configuration: Configuration,
        call_of_leg: Callable[[str], str],
    ) -> None:
        """`call_of_leg`: the call for which the leg with this id was dialled; "" if none has."""
        self._clock = QueueClock(clock, self._on_clock_set)
        self._store = store
        self._switch = switch
        self._states = states
        self._configuration = configuration
        self._acd = Acd(datetime.min.replace(tzinfo=UTC))
        self.writer = QueueWriter(store)
        self._seats: dict[str, Seat] = {}
        self._legs = QueueLegs(states, call_of_leg)
        self.on_change: Callable[[Collection[str], Sequence[QueueCall]], None] = lambda _numbers, _calls: None
        """Called after each event with the queues that it was about, and the calls that are over by it."""
        self._timer: asyncio.TimerHandle | None = None
        self._stops: list[Callable[[], None]] = []
        self._observers: list[Callable[[str, str], None]] = []
        self._topic = AgentsTopic(hub=hub, configuration=configuration, on_change=self._observed)

    # Life

    async def start(self) -> None:
        """Go on from what is stored. Await it after the states have started, before calls and the switch."""
        state = await self._store.load()
        self._clock.start()
        self._acd, effects = restored(
            state,
            self._settings(),
            self.options,
            alive={caller.call for caller in state.callers},
            now=self._now(),
            seed=self._now().microsecond,
        )
        for caller in state.callers:
            self._legs.note_queued(caller.call)
            if caller.agent is None:
                self._seats[caller.call] = Seat()
        self.writer.start()
        self._stops = [
            self._switch.listen(self._on_switch),
            self._states.observe(self._look_at),
            self._configuration.observe(self._on_configuration),
        ]
        self._topic.look_at_managers()
        self._carry_out(effects, everybody=True)
        self._look_at_all()

    async def stop(self) -> None:
        """Follow nothing any longer, and write what is pending."""
        self.detach()
        await self.writer.stop()

    def detach(self) -> None:
        """Follow nothing any longer."""
        for stop in self._stops:
            stop()
        self._stops = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What is asked

    @property
    def acd(self) -> Acd:
        """The state machine, to be read."""
        return self._acd

    def all(self) -> list[Queue]:
        """All queues, as they are set up now."""
        return list(self._settings())

    def settings_of(self, number: str) -> Queue | None:
        """The queue with this number, as it is set up now."""
        return self._configuration.snapshot.get(Queue, number)

    @property
    def options(self) -> QueueOptions:
        """What holds for all queues now."""
        return next(iter(self._configuration.snapshot.all(QueueOptions).values()), QueueOptions())

    def position(self, call: str) -> int | None:
        """The place of a waiting caller, from 1."""
        caller = self._acd.floor.waiting.get(call)
        return self._acd.floor.lines[caller.queue].position(caller) if caller is not None else None

    def who_calls(self, call: str) -> Party | None:
        """The caller of a call that is not over."""
        found = self._legs.open.get(call)
        return found.caller if found is not None else None

    def waits(self, call: str) -> bool:
        """Whether this call waits in a queue."""
        return call in self._acd.floor.waiting

    def waited_s(self, call: str) -> float:
        """How long the caller of this call has waited until now; 0 if it does not wait."""
        caller = self._acd.floor.waiting.get(call)
        return (self._now() - caller.joined).total_seconds() if caller is not None else 0.0

    def of_agent(self, call: str, extension: str) -> Caller | None:
        """The caller of this call, if the extension is rung for it, or talks with it, as an agent."""
        caller = self._acd.floor.caller(call)
        is_so = caller is not None and (extension in caller.offers or extension == caller.agent)
        return caller if is_so else None

    def observe(self, observer: Callable[[str, str], None]) -> Callable[[], None]:
        """Call `observer(queue, agent)` after each change; "" for an agent: of who waits or talks there.

        The returned function ends that.
        """
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    # Callers

    def sit(self, call: Call, number: str) -> Seat:
        """The caller of this call waits in a queue, or waits on since an earlier server."""
        seat, waiting = self._seats.get(call.id), self._acd.floor.waiting.get(call.id)
        self._legs.open[call.id] = call
        talking = self._acd.floor.talking.get(call.id)
        if talking is not None and talking.queue == number:
            # Who had answered, or picked it up, was gone when the killed server's heir came: the old place.
            seat = self._seats[call.id] = Seat()
            self._legs.note_queued(call.id)
            self.came_to_nothing(call.id)
            return seat
        if seat is not None and (not seat.is_empty or (waiting is not None and waiting.queue == number)):
            return seat
        seat = self._seats[call.id] = Seat()
        self._legs.note_queued(call.id)
        try:
            self._carry_out(self._acd.join(call.id, number, self._now()), calls=[call.id])
        except NoSuchQueue:
            seat.put(FailOver(call.id, number, Destination(kind=DestinationKind.HANG_UP)))
        return seat

    def rise(self, call: str) -> None:
        """The flow of this caller does nothing more for it here: one who still waits has given up."""
        self._seats.pop(call, None)
        if call in self._acd.floor.waiting:
            self._carry_out(self._acd.hung_up(call, self._now()), calls=[call])

    def leave(self, call: str) -> None:
        """A waiting caller goes elsewhere."""
        self._carry_out(self._acd.leave(call, self._now()), calls=[call])

    def announcement_ended(self, call: str) -> None:
        """What `Announce` has begun is over."""
        self._carry_out(self._acd.announcement_ended(call, self._now()), calls=[call])

    def answered(self, call: str, extension: str) -> bool:
        """An agent who is rung answers; False: too late, hang up."""
        effects = self._acd.answered(call, extension, self._now())
        self._carry_out(effects, calls=[call], extensions=[extension])
        return any(isinstance(effect, Connect) and effect.extension == extension for effect in effects)

    def picked_up(self, call: str, extension: str) -> bool:
        """A colleague takes this caller; False: too late, it waits no more."""
        waits = self.waits(call)
        effects = self._acd.picked_up(call, extension, self._now())
        self._carry_out(effects, calls=[call], extensions=[extension])
        return waits and call in self._acd.floor.talking

    def refused(self, call: str, extension: str) -> None:
        """An agent who is rung does not take the call."""
        effects = self._acd.refused(call, extension, self._now())
        self._carry_out(effects, calls=[call], extensions=[extension])

    def came_to_nothing(self, call: str, *, caller_gone: bool = False) -> None:
        """Who has answered, or picked it up, is gone before the two were together; or the caller is."""
        caller = self._acd.floor.talking.get(call)
        effects = self._acd.came_to_nothing(call, self._now(), caller_gone=caller_gone)
        self._carry_out(effects, calls=[call], extensions=[caller.agent or ""] if caller else [])

    def follow(self, call: Call) -> None:
        """This is how a call stands now, of whatever kind."""
        floor = self._acd.floor
        self._legs.open[call.id] = call
        if call.ending is not None:
            self.forget(call.id)
        elif call.id in floor.waiting and call.answered_leg is not None:
            self._taken(call, call.answered_leg)

    def _taken(self, call: Call, answered_leg: str) -> None:
        """A waiting caller talks: with a colleague, or with an agent whose answer a killed server saw."""
        leg = next((leg for leg in self._switch.legs() if leg.id == answered_leg), None)
        if leg is None or leg.inbound:
            self.leave(call.id)  # it was picked up
            return
        agent = leg.number or call.callee or ""  # a mobile does not say whose it is
        effects = self._acd.found_talking(call.id, agent, self._now())
        self._carry_out(effects, calls=[call.id], extensions=[agent])

    def forget(self, call: str) -> None:
        """Nobody conducts this call any longer: it is in no queue once the agent's phone is free."""
        own = self._legs.open.get(call)
        self._seats.pop(call, None)
        talking = self._acd.floor.talking.get(call)
        if own is not None and talking is not None and self._legs.is_being_hung_up(own, talking.agent or ""):
            self._legs.leaving[own.answered_leg or ""] = call
        else:
            self._over(call)
            self._legs.open.pop(call, None)

    def _over(self, call: str) -> None:
        floor = self._acd.floor
        if call in floor.waiting or call in floor.talking:
            agent = floor.talking[call].agent or "" if call in floor.talking else ""
            effects = self._acd.hung_up(call, self._now())
            self._carry_out(effects, calls=[call], extensions=[agent])

    def agent_event(self, extension: str, event: Callable[[Acd, datetime], Effects]) -> None:
        """Let something happen that is about this agent. Raises what `event` does."""
        self._carry_out(event(self._acd, self._now()), extensions=[extension])

    def those_left(self, calls: Collection[str]) -> None:
        """These calls go on after a restart; the others that were in queues are over."""
        floor = self._acd.floor
        for call in [*floor.waiting, *floor.talking]:
            if call not in calls:
                self.forget(call)
        for call in [call for call in self._seats if call not in calls]:
            del self._seats[call]
        self._carry_out(self._acd.go_on(self._now()), calls=[*floor.waiting])

    # Inside

    def _now(self) -> datetime:
        return self._clock.now()

    def _on_clock_set(self, step: timedelta) -> None:
        """All moments of the queues move with it: none sticks."""
        self._acd.clock_was_set(step)
        floor, moved = self._acd.floor, Changes()
        note_rows(moved, floor, calls={*floor.waiting, *floor.talking}, everybody=True)
        self.writer.write(moved)

    def _settings(self) -> Iterable[Queue]:
        return self._configuration.snapshot.all(Queue).values()

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        if change.model is QueueOptions:
            self._carry_out(self._acd.configure(self._settings(), self.options, self._now()), everybody=True)
        elif change.model is Queue:
            lines = self._acd.floor.lines
            before = {*lines[change.key].members} if change.key in lines else set()
            effects = self._acd.set_up(change.key, self.settings_of(change.key), self._now())
            after = {*lines[change.key].members} if change.key in lines else set()
            self._carry_out(effects, extensions=before | after, queue=change.key)
            for extension in after:
                self._look_at(extension)
            self._topic.look_at_managers()

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, LegChanged):
            if event.leg.state is LegState.GONE:
                self._part_over(event.leg.id)
            self._look_at(event.leg.number)
        elif isinstance(event, ContactsChanged):
            self._look_at(event.number)

    def _part_over(self, leg_id: str) -> None:
        """An agent's leg is gone: the part in the call is over, though it may go on, or ring elsewhere."""
        if (call := self._legs.leaving.pop(leg_id, None)) is not None:
            self._over(call)
            self._legs.open.pop(call, None)
        of = self._legs.call_answered_by(leg_id)
        if of in self._acd.floor.talking:
            self._over(of)

    # Facts about agents

    def _look_at_all(self) -> None:
        for extension in list(self._acd.floor.agents):
            self._look_at(extension)

    def _look_at(self, extension: str) -> None:
        """Tell whether an agent can be reached, and is in a call of no queue."""
        agent = self._acd.floor.agents.get(extension)
        if agent is None:
            return
        state = self._states.get(extension)
        reachable = (
            state is not None
            and bool(state.registered)
            and any(phone.reachable for phone in self._switch.contacts(extension))
            and state.presence.status is not PresenceStatus.DO_NOT_DISTURB
        )
        busy = any(self._legs.is_of_no_queue(leg, self._acd.floor) for leg in self._states.legs(extension))
        now = self._now()
        if busy is not agent.busy:
            self._carry_out(self._acd.busy(extension, now, is_so=busy), extensions=[extension])
        if reachable is not agent.reachable:
            self._carry_out(self._acd.reachable(extension, now, is_so=reachable), extensions=[extension])

    # What comes of an event

    def _carry_out(
        self,
        effects: Effects,
        *,
        calls: Iterable[str] = (),
        extensions: Iterable[str] = (),
        queue: str = "",
        everybody: bool = False,
    ) -> None:
        """Hand on what has come of an event about these calls and agents, or the settings of this queue."""
        touched_calls, touched = set(calls), set(extensions) - {""}
        changes = Changes()
        queues = {queue} - {""}
        for effect in effects:
            match effect:
                case Changed():
                    touched.add(effect.change.extension)
                    changes.agents.append(effect.change)
                case Logged():
                    touched_calls.add(effect.record.call)
                    who = self.who_calls(effect.record.call)
                    record = effect.record.model_copy(
                        update={"number": who.number, "name": who.name} if who is not None else {}
                    )
                    changes.calls.append(record)
                    queues.add(record.queue)
                case AutoPaused():
                    _log.info(
                        "Agent %s of queue %s is paused: %d calls were missed in a row",
                        effect.extension,
                        effect.queue,
                        effect.missed,
                    )
                    changes.paused.append(Paused(effect.queue, effect.extension, effect.missed, self._now()))
                case _:
                    touched_calls.add(effect.call)
                    queues.add(effect.queue)
                    if isinstance(effect, Ring | StopRinging | Connect):
                        touched.add(effect.extension)
                    if (seat := self._seats.get(effect.call)) is not None:
                        seat.put(effect)
        floor = self._acd.floor
        note_rows(changes, floor, calls=touched_calls, extensions=touched, queues=queues, everybody=everybody)
        self.writer.write(changes)
        self._publish(touched, queue=queue, everybody=everybody)
        callers = map(floor.caller, touched_calls)
        for number in queues | {caller.queue for caller in callers if caller is not None}:
            self._observed(number, "")
        self._set_timer()
        numbers = set(floor.lines) if everybody else about(floor, effects, touched_calls)
        self.on_change(numbers, changes.calls)

    def _publish(self, extensions: Iterable[str], *, queue: str, everybody: bool) -> None:
        """Tell what has changed of these agents, or of all; who is no agent of `queue` any more is gone."""
        acd = self._acd
        gone = self._topic.tell_all(acd) if everybody else self._topic.tell(acd, extensions, queue=queue)
        for key in gone:
            self.writer.write(Changes({(MEMBER, "/".join(key)): None}))

    def _observed(self, queue: str, extension: str) -> None:
        for observer in list(self._observers):
            observer(queue, extension)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._acd.next_due()
        if due is not None:
            wait_s = max(0.0, (due - self._now()).total_seconds())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self._carry_out(self._acd.advance(self._now()))
