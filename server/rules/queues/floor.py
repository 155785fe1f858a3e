"""Callers, agents and rings of all queues, and what follows from each change; `acd` says what may happen."""

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from random import Random

from server.contract.agents import AUTO_PAUSED, AgentChange, AgentState, QueueCall, QueueEnd
from server.contract.destinations import Destination, DestinationKind
from server.contract.queues import Queue, QueueOptions, QueueStrategy
from server.rules.queues.agents import Agent, Membership, Offer, can_be_rung, check, state_of
from server.rules.queues.announcements import (
    Announcement,
    average_wait,
    begin,
    minutes_to_wait,
    take_due,
)
from server.rules.queues.effects import (
    Announce,
    AutoPaused,
    Changed,
    Connect,
    Effect,
    FailOver,
    Logged,
    Ring,
    Stop,
    StopRinging,
)
from server.rules.queues.lines import Caller, WaitingLine
from server.rules.queues.matching import Match, next_match
from server.rules.queues.order import rank_of
from server.rules.queues.timers import Timers


class Due(Enum):
    """What happens by itself when its time has come."""

    RING = "ring"
    RETRY = "retry"
    REST = "rest"
    WRAP_UP = "wrap_up"
    MAX_WAIT = "max_wait"
    ANNOUNCE = "announce"


_NOT_ANSWERED = frozenset({Stop.TIMED_OUT, Stop.REFUSED})
"""The agent could have answered, and rests."""


class Floor:
    """State and mechanics. Each method works at the moment `now`, which the caller of `Acd` has given.

    Attributes:
        lines: the queues at work, by number. agents: by extension, also those of no queue.
        waiting, talking: the callers, by call.
        kept: those of the waiting ones of whom it is not known yet whether they still do.
        effects: what has come of the event in hand.
    """

    def __init__(self, seed: int, now: datetime) -> None:
        self.now = now
        self.options = QueueOptions()
        self.lines: dict[str, WaitingLine] = {}
        self.agents: dict[str, Agent] = {}
        self.waiting: dict[str, Caller] = {}
        self.talking: dict[str, Caller] = {}
        self.kept: dict[str, Caller] = {}
        self.timers: Timers[tuple[Due, str, str]] = Timers()
        self.effects: list[Effect] = []
        self.callers = itertools.count(1)
        self.log_ins = itertools.count(1)
        self._random = Random(seed)  # noqa: S311 - a lot, not a secret
        self._touched: dict[str, None] = {}
        self._found_talking: set[str] = set()
        self._listening: dict[str, None] = {}

    def agent(self, extension: str) -> Agent:
        """What is known of an extension."""
        return self.agents.setdefault(extension, Agent(extension))

    def caller(self, call: str) -> Caller | None:
        """Who waits, or talks, with this call."""
        return self.waiting.get(call) or self.talking.get(call)

    def touch(self, extension: str) -> None:
        """A fact about the agent has changed."""
        self._touched[extension] = None

    def happen(self) -> None:
        """What is due by now happens."""
        while (timer := self.timers.pop_due(self.now)) is not None:
            self._due(*timer)

    def settle(self) -> tuple[Effect, ...]:
        """States, rings and announcements follow the facts; everything that has come of the event."""
        self._settle_agents()
        while (match := next_match(self.lines, self.agents, self._random)) is not None:
            self._ring(match)
            self._settle_agents()
        for call in self._listening:
            self._announce(call)
        self._listening.clear()
        effects, self.effects = tuple(self.effects), []
        return effects

    def _settle_agents(self) -> None:
        for extension in self._touched:
            agent = self.agents[extension]
            for member in agent.memberships.values():
                line = self.lines[member.queue]
                if can_be_rung(agent, member, ring_in_use=line.queue.ring_in_use):
                    line.free[extension] = member
                else:
                    line.free.pop(extension, None)
                state = state_of(agent, member)
                reason = member.reason if state is AgentState.PAUSED else None
                if (state, reason) != (member.state, member.told_reason):
                    check(member.state, state, found_talking=extension in self._found_talking)
                    self._changed(member, state)
                    member.state, member.told_reason, member.since = state, reason, self.now
        self._touched.clear()
        self._found_talking.clear()

    def _changed(self, member: Membership, after: AgentState | None) -> None:
        self.effects.append(
            Changed(
                AgentChange(
                    queue=member.queue,
                    extension=member.extension,
                    at=self.now,
                    before=member.state,
                    after=after,
                    reason=member.reason or "",
                )
            )
        )

    # Rings

    def _ring(self, match: Match) -> None:
        caller = match.caller
        line = self.lines[caller.queue]
        until = self.now + timedelta(seconds=line.queue.agent_timeout_s)
        if not caller.offers:
            line.rings(caller)
            caller.level = match.members[0].level
        for member in match.members:
            offer = Offer(caller.call, caller.queue, member.extension, self.now, until)
            caller.offers[member.extension] = self.agents[member.extension].offer = offer
            caller.rung[member.level] = rank_of(member)
            line.round_robin.rung(member)
            self.timers.set((Due.RING, member.extension, ""), until)
            self.touch(member.extension)
            self.effects.append(Ring(caller.call, caller.queue, member.extension, until))

    def stop(self, offer: Offer, why: Stop) -> None:
        """An agent is rung no more, without an answer; the caller may go on waiting."""
        caller = self._take_back(offer)
        self.effects.append(StopRinging(offer.call, offer.queue, offer.extension, why))
        line = self.lines[offer.queue]
        if why in _NOT_ANSWERED:
            self._not_answered(line, caller, line.members[offer.extension], why)
        if why is Stop.CALLER_LEFT or why is Stop.ANSWERED_ELSEWHERE or caller.offers:
            return
        line.rings_no_more(caller)
        if caller.timed_out:
            caller.timed_out = False
            caller.retry_at = self.now + timedelta(seconds=line.queue.retry_s)
            self.timers.set((Due.RETRY, caller.call, ""), caller.retry_at)

    def _take_back(self, offer: Offer) -> Caller:
        caller = self.waiting[offer.call]
        del caller.offers[offer.extension]
        self.agents[offer.extension].offer = None
        self.timers.cancel((Due.RING, offer.extension, ""))
        self.touch(offer.extension)
        return caller

    def _not_answered(self, line: WaitingLine, caller: Caller, member: Membership, why: Stop) -> None:
        member.let_go = self.now
        member.rest_until = self.now + timedelta(seconds=line.queue.retry_s)
        self.timers.set((Due.REST, member.extension, member.queue), member.rest_until)
        if why is not Stop.TIMED_OUT:
            return
        caller.timed_out = True
        caller.missed.append(member.extension)
        member.missed += 1
        limit = line.queue.auto_pause_after
        if limit and member.missed >= limit and line.queue.strategy is not QueueStrategy.RING_ALL:
            self.effects.append(AutoPaused(member.queue, member.extension, member.missed))
            self.pause(member, AUTO_PAUSED)

    def withdraw(self, member: Membership) -> None:
        """The agent is not there for this queue any more: whoever is offered goes on to others at once."""
        offer = self.agents[member.extension].offer
        if offer is not None and offer.queue == member.queue:
            self.stop(offer, Stop.AGENT_AWAY)
        self.touch(member.extension)

    def pause(self, member: Membership, reason: str) -> None:
        """The agent pauses in one queue."""
        self.withdraw(member)
        member.reason = reason
        member.missed = 0

    # Callers

    def enter(self, caller: Caller, queue: Queue) -> None:
        """A caller begins to wait."""
        self.waiting[caller.call] = caller
        self.lines[caller.queue].enter(caller)
        self.timers.set((Due.MAX_WAIT, caller.call, ""), caller.joined + timedelta(seconds=queue.max_wait_s))

    def keep_place(self, caller: Caller) -> None:
        """A caller has waited when a server died: nobody is rung, and no time is over, until `go_on`."""
        caller.ready = False
        self.waiting[caller.call] = self.kept[caller.call] = caller
        self.lines[caller.queue].enter(caller)

    def go_on(self) -> None:
        """Whose place was kept waits on; whoever has waited for too long goes elsewhere now."""
        kept, self.kept = self.kept, {}
        for caller in kept.values():
            queue = self.lines[caller.queue].queue
            until = caller.joined + timedelta(seconds=queue.max_wait_s)
            self.timers.set((Due.MAX_WAIT, caller.call, ""), until)
            self.begin_to_listen(caller, queue)
        self.happen()

    def listens(self, caller: Caller) -> None:
        """Something else may be announced to the caller now."""
        self._listening[caller.call] = None

    def connect(self, caller: Caller, extension: str) -> None:
        """The agent who is rung has answered."""
        self._take_back(caller.offers[extension])
        self._begin_talk(caller, extension)
        self.effects.append(Connect(caller.call, caller.queue, extension))

    def pick_up(self, caller: Caller, extension: str) -> None:
        """A colleague takes the caller, whoever is rung; if that one is an agent here, it is an answer."""
        caller.picked_up = extension not in self.lines[caller.queue].members
        self._begin_talk(caller, extension)

    def find_talking(self, caller: Caller, extension: str) -> None:
        """The agent has answered, which nobody has told, and the two talk already."""
        if (offer := self.agents[extension].offer) is not None:
            self.stop(offer, Stop.AGENT_AWAY)
        self._begin_talk(caller, extension)
        self._found_talking.add(extension)

    def _begin_talk(self, caller: Caller, extension: str) -> None:
        line = self.lines[caller.queue]
        self._end_waiting(caller, Stop.ANSWERED_ELSEWHERE)
        waited = (self.now - caller.joined).total_seconds()
        line.average_wait_s = average_wait(line.average_wait_s, waited)
        agent = self.agent(extension)
        caller.agent, caller.answered_at = extension, self.now
        agent.talks[caller.call] = caller.queue
        self.talking[caller.call] = caller
        for member in agent.memberships.values():
            member.missed = 0
        self.touch(extension)

    def leave(self, caller: Caller, end: QueueEnd) -> None:
        """A caller waits no more, unanswered."""
        self._end_waiting(caller, Stop.CALLER_LEFT)
        self.log(caller, end, left=self.now)

    def _end_waiting(self, caller: Caller, why: Stop) -> None:
        for offer in list(caller.offers.values()):
            self.stop(offer, why)
        self.lines[caller.queue].leave(caller)
        del self.waiting[caller.call]
        self.kept.pop(caller.call, None)
        for due in (Due.RETRY, Due.MAX_WAIT, Due.ANNOUNCE):
            self.timers.cancel((due, caller.call, ""))

    def fail_over(self, caller: Caller) -> None:
        """The caller has waited long enough."""
        self.leave(caller, QueueEnd.FAILED_OVER)
        destination = self.lines[caller.queue].queue.failover
        self.effects.append(FailOver(caller.call, caller.queue, destination))

    def wait_on(self, caller: Caller) -> None:
        """The agent who has answered is not there: back to the old place, and the agent rests."""
        if caller.agent is None:
            raise ValueError(f"nobody has answered {caller.call}")
        agent = self.agents[caller.agent]
        del agent.talks[caller.call], self.talking[caller.call]
        line = self.lines.get(caller.queue)
        if line is None:  # nor is the queue
            self.touch(agent.extension)
            caller.agent = caller.answered_at = None
            self.log(caller, QueueEnd.FAILED_OVER, left=self.now)
            nowhere = Destination(kind=DestinationKind.HANG_UP)
            self.effects.append(FailOver(caller.call, caller.queue, nowhere))
            return
        if (member := agent.memberships.get(caller.queue)) is not None:
            member.let_go = self.now
            member.rest_until = self.now + timedelta(seconds=line.queue.retry_s)
            self.timers.set((Due.REST, member.extension, member.queue), member.rest_until)
        self.touch(agent.extension)
        caller.agent = caller.answered_at = None
        caller.picked_up = False
        self.enter(caller, line.queue)
        self.begin_to_listen(caller, line.queue)

    def end_talk(self, caller: Caller) -> None:
        """The agent's part in a call is over; wrap-up begins, in this queue or in all (Q-7)."""
        if caller.agent is None or caller.answered_at is None:
            raise ValueError(f"nobody has answered {caller.call}")
        agent = self.agents[caller.agent]
        del agent.talks[caller.call], self.talking[caller.call]
        member = agent.memberships.get(caller.queue)
        if member is not None:
            member.completed += 1
            member.let_go = self.now
            wrap_up = timedelta(seconds=self.lines[caller.queue].queue.wrap_up_s)
            shared = self.options.shared_wrap_up
            for other in agent.memberships.values() if shared else (member,):
                self._wrap_up(other, self.now + wrap_up)
        self.touch(caller.agent)
        end = QueueEnd.PICKED_UP if caller.picked_up else QueueEnd.ANSWERED
        self.log(caller, end, left=caller.answered_at)

    def _wrap_up(self, member: Membership, until: datetime) -> None:
        if until > max(self.now, member.wrap_until or self.now):
            member.wrap_until = until
            self.timers.set((Due.WRAP_UP, member.extension, member.queue), until)

    def log(self, caller: Caller, end: QueueEnd, *, left: datetime) -> None:
        """Nothing more will happen to the caller in this queue; the waiting was over at `left`."""
        self.effects.append(
            Logged(
                QueueCall(
                    call=caller.call,
                    queue=caller.queue,
                    joined=caller.joined,
                    left=left,
                    end=end,
                    agent=caller.agent,
                    ended=self.now if caller.agent is not None else None,
                    missed=tuple(caller.missed),
                )
            )
        )

    # Members

    def add(self, member: Membership) -> None:
        """The agent becomes a member of a queue."""
        self.agent(member.extension).memberships[member.queue] = member
        self.lines[member.queue].members[member.extension] = member
        self.touch(member.extension)

    def remove(self, member: Membership) -> None:
        """The agent is no member any more; a call goes on."""
        self.withdraw(member)
        line = self.lines[member.queue]
        del line.members[member.extension], self.agents[member.extension].memberships[member.queue]
        line.free.pop(member.extension, None)
        for due in (Due.REST, Due.WRAP_UP):
            self.timers.cancel((due, member.extension, member.queue))
        self._changed(member, None)

    def members_of(self, extension: str, queues: Iterable[str]) -> list[Membership]:
        """The agent's memberships in these queues; those that do not exist are left out."""
        memberships = self.agent(extension).memberships
        return [memberships[queue] for queue in queues if queue in memberships]

    # What happens by itself

    def _due(self, due: Due, key: str, queue: str) -> None:
        if due is Due.RING:
            offer = self.agents[key].offer
            if offer is not None:
                self.stop(offer, Stop.TIMED_OUT)
        elif due is Due.RETRY:
            self.waiting[key].retry_at = None
        elif due is Due.REST:
            self.agents[key].memberships[queue].rest_until = None
            self.touch(key)
        elif due is Due.WRAP_UP:
            self.agents[key].memberships[queue].wrap_until = None
            self.touch(key)
        elif due is Due.MAX_WAIT:
            self.fail_over(self.waiting[key])
        else:
            self.listens(self.waiting[key])

    def _announce(self, call: str) -> None:
        caller = self.waiting.get(call)
        if caller is None:
            return
        line = self.lines[caller.queue]
        schedule, settings = caller.schedule, line.queue.position
        begun = take_due(schedule, line.queue, self.now, being_rung_for=bool(caller.offers))
        if begun is Announcement.POSITION:
            waited = (self.now - caller.joined).total_seconds()
            minutes = minutes_to_wait(line.average_wait_s, waited) if settings.hold_time else None
            position = line.position(caller) if settings.position else None
            self.effects.append(
                Announce(call, caller.queue, begun, position, minutes, thank_you=settings.thank_you)
            )
        elif begun is not None:
            self.effects.append(Announce(call, caller.queue, begun))
        if (at := schedule.next_at) is not None:
            self.timers.set((Due.ANNOUNCE, call, ""), at)

    def begin_to_listen(self, caller: Caller, queue: Queue) -> None:
        """The join announcement is over, or there is none."""
        caller.ready = True
        begin(caller.schedule, queue, self.now)
        self.listens(caller)
