"""The state machine of all queues: something happens, out comes what is to be done (Q-2 to Q-11).

No I/O and no clock. Whoever drives it gives each event the moment at which it happens, carries out the
effects in their order, and comes back with `advance` at `next_due()` at the latest. What comes too late, such
as the answer of an agent who is rung no more, changes nothing.

Promises: an agent is rung for one caller at most; each `Ring` is followed by one `Connect` or `StopRinging`
of that agent; each caller who joined is logged once; each member has one state, by `agents.state_of`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from server.contract.agents import AgentStatus, QueueEnd, WaitingCaller
from server.contract.queues import Queue, QueueOptions
from server.rules.queues.agents import Membership
from server.rules.queues.announcements import Announcement, ended
from server.rules.queues.clock_steps import shift
from server.rules.queues.effects import Announce, Effect, FailOver, Stop
from server.rules.queues.floor import Floor
from server.rules.queues.lines import Caller, WaitingLine

Effects = tuple[Effect, ...]


class NoSuchQueue(Exception):
    """There is no queue with this number."""


class StaticAgent(Exception):
    """Static agents cannot log out; they pause (Q-11)."""


class Acd:
    """All queues of a system; none until `configure`. `seed` decides what the strategy *random* does."""

    def __init__(self, now: datetime, *, seed: int = 0) -> None:
        self.floor = Floor(seed, now)

    # Time

    def next_due(self) -> datetime | None:
        """When something happens by itself; None: nothing will."""
        return self.floor.timers.next()

    def advance(self, now: datetime) -> Effects:
        """Time has passed."""
        self._at(now)
        return self.floor.settle()

    def clock_was_set(self, by: timedelta) -> None:
        """The clock shows so much more or less than before: every moment moves with it.

        So whatever runs lasts as long as it would have, and nobody has waited for less than nothing.
        """
        shift(self.floor, by)

    def _at(self, now: datetime) -> None:
        self.floor.now = now
        self.floor.happen()

    # Callers

    def join(self, call: str, queue: str, now: datetime) -> Effects:
        """A call joins a queue. Whatever it has been in a queue before is over.

        Raises:
            NoSuchQueue: there is none with this number.
        """
        if queue not in self.floor.lines:
            raise NoSuchQueue(queue)
        self._at(now)
        self._end(call, QueueEnd.LEFT)
        settings = self.floor.lines[queue].queue
        caller = Caller(call, queue, now, next(self.floor.callers))
        self.floor.enter(caller, settings)
        if settings.join_announcement is None:
            self.floor.begin_to_listen(caller, settings)
        else:
            caller.ready = not settings.join_announcement_in_full
            caller.schedule.playing = Announcement.JOIN
            self.floor.effects.append(Announce(call, queue, Announcement.JOIN))
        return self.floor.settle()

    def announcement_ended(self, call: str, now: datetime) -> Effects:
        """What `Announce` has begun is over, or could not be played."""
        self._at(now)
        caller = self.floor.waiting.get(call)
        if caller is not None and caller.schedule.playing is Announcement.JOIN:
            self.floor.begin_to_listen(caller, self.floor.lines[caller.queue].queue)
        elif caller is not None:
            ended(caller.schedule, now)
            self.floor.listens(caller)
        return self.floor.settle()

    def hung_up(self, call: str, now: datetime) -> Effects:
        """A call is over, by whatever end; or the agent's part in it is, after a transfer."""
        self._at(now)
        self._end(call, QueueEnd.ABANDONED)
        return self.floor.settle()

    def leave(self, call: str, now: datetime) -> Effects:
        """A waiting caller goes elsewhere: by a key, or because a colleague has picked the call up."""
        self._at(now)
        if call in self.floor.waiting:
            self._end(call, QueueEnd.LEFT)
        return self.floor.settle()

    def _end(self, call: str, end: QueueEnd) -> None:
        if call in self.floor.waiting:
            self.floor.leave(self.floor.waiting[call], end)
        elif call in self.floor.talking:
            self.floor.end_talk(self.floor.talking[call])

    # Rings

    def answered(self, call: str, extension: str, now: datetime) -> Effects:
        """An agent who is rung answers. Without a `Connect` among the effects it was too late: hang up."""
        self._at(now)
        caller = self.floor.waiting.get(call)
        if caller is not None and extension in caller.offers:
            self.floor.connect(caller, extension)
        return self.floor.settle()

    def go_on(self, now: datetime) -> Effects:
        """After a restart: whoever still waits does wait, and is on the way to an agent again."""
        self._at(now)
        self.floor.go_on()
        return self.floor.settle()

    def found_talking(self, call: str, extension: str, now: datetime) -> Effects:
        """A waiting caller is found to talk with an agent: who has answered as a server was killed.

        No `Connect` comes of it. Somebody else than an agent of the queue has picked the call up: it leaves.
        """
        self._at(now)
        caller = self.floor.waiting.get(call)
        if caller is not None and extension in self.floor.lines[caller.queue].members:
            self.floor.find_talking(caller, extension)
        elif caller is not None:
            self._end(call, QueueEnd.LEFT)
        return self.floor.settle()

    def refused(self, call: str, extension: str, now: datetime) -> Effects:
        """An agent who is rung is busy, declines, or has no phone that works: on to the next at once."""
        self._at(now)
        caller = self.floor.waiting.get(call)
        if caller is not None and extension in caller.offers:
            self.floor.stop(caller.offers[extension], Stop.REFUSED)
        return self.floor.settle()

    def picked_up(self, call: str, extension: str, now: datetime) -> Effects:
        """A colleague, agent or not, takes a waiting caller; who is rung for it has missed nothing.

        Of one who waits no more nothing comes: whoever answered was first.
        """
        self._at(now)
        if (caller := self.floor.waiting.get(call)) is not None:
            self.floor.pick_up(caller, extension)
        return self.floor.settle()

    def came_to_nothing(self, call: str, now: datetime, *, caller_gone: bool = False) -> Effects:
        """Who has answered is gone before the two were together: the caller waits on as before.

        `caller_gone`: it is the caller who is gone, and who has waited in vain.
        """
        self._at(now)
        if (caller := self.floor.talking.get(call)) is not None:
            self.floor.wait_on(caller)
            if caller_gone and call in self.floor.waiting:
                self.floor.leave(caller, QueueEnd.ABANDONED)
        return self.floor.settle()

    # Agents

    def log_in(
        self, extension: str, queues: Iterable[str], now: datetime, *, paused: str | None = None
    ) -> Effects:
        """A dynamic agent logs in to these queues of their own; a static one resumes there (PRES-6).

        Who logs in is not paused, but with the reason `paused` if there is one.
        """
        self._at(now)
        members = self.floor.members_of(extension, queues)
        everywhere = [one for one in self.floor.agent(extension).memberships.values() if one.dynamic]
        if any(one.dynamic for one in members) and all(one.rank is None for one in everywhere):
            for one in everywhere:
                one.last = False
        for member in members:
            if member.dynamic and member.rank is None:
                member.rank = (1, next(self.floor.log_ins))
            member.last = member.dynamic
            if paused is None:
                member.reason = None
            else:
                self.floor.pause(member, paused)
        self.floor.touch(extension)
        return self.floor.settle()

    def log_out(self, extension: str, queues: Iterable[str], now: datetime) -> Effects:
        """A dynamic agent logs out of these queues; a call in hand goes on.

        Raises:
            StaticAgent: one of the queues has the extension as a static agent; nothing was changed.
        """
        members = self.floor.members_of(extension, queues)
        if any(not member.dynamic for member in members):
            raise StaticAgent(extension)
        self._at(now)
        for member in members:
            self.floor.withdraw(member)
            member.rank = member.reason = None
            member.missed = 0
        return self.floor.settle()

    def last_queues(self, extension: str) -> list[str]:
        """The queues in which the agent was when they were last logged in, for Q-10's *log in to last*."""
        members = self.floor.agent(extension).memberships.values()
        return [member.queue for member in members if member.last]

    def pause(self, extension: str, queues: Iterable[str], reason: str, now: datetime) -> Effects:
        """An agent pauses, or gives another reason; who is logged out is not paused."""
        self._at(now)
        for member in self.floor.members_of(extension, queues):
            if member.rank is not None:
                self.floor.pause(member, reason)
        return self.floor.settle()

    def resume(self, extension: str, queues: Iterable[str], now: datetime) -> Effects:
        """An agent ends the pause."""
        self._at(now)
        for member in self.floor.members_of(extension, queues):
            member.reason = None
        self.floor.touch(extension)
        return self.floor.settle()

    def reachable(self, extension: str, now: datetime, *, is_so: bool) -> Effects:
        """Whether a phone of the extension is registered and it may be disturbed; not until told so."""
        self._at(now)
        agent = self.floor.agent(extension)
        agent.reachable = is_so
        if agent.offer is not None and not is_so:
            self.floor.stop(agent.offer, Stop.AGENT_AWAY)
        self.floor.touch(extension)
        return self.floor.settle()

    def busy(self, extension: str, now: datetime, *, is_so: bool) -> Effects:
        """Whether the extension is in a call that is of no queue; a ring goes on."""
        self._at(now)
        self.floor.agent(extension).busy = is_so
        self.floor.touch(extension)
        return self.floor.settle()

    def queue_call_made(self, extension: str, now: datetime) -> Effects:
        """The agent has made a call for a queue: those missed before count no more (Q-4)."""
        self._at(now)
        for member in self.floor.agent(extension).memberships.values():
            member.missed = 0
        return self.floor.settle()

    # Settings

    def configure(self, queues: Iterable[Queue], options: QueueOptions, now: datetime) -> Effects:
        """The settings are these now. Times that run stay; callers of a queue that is gone fail over.

        Dynamic agents who are new in a queue are logged in if the options say so (Q-8).
        """
        self._at(now)
        self.prepare(queues, options)
        return self.floor.settle()

    def set_up(self, number: str, queue: Queue | None, now: datetime) -> Effects:
        """As `configure`, but of this queue only; None: it is gone. The cost is that of one queue."""
        self._at(now)
        self._set_up(number, queue)
        return self.floor.settle()

    def prepare(self, queues: Iterable[Queue], options: QueueOptions) -> None:
        """As `configure`, but what comes of it comes with the next event."""
        self.floor.options = options
        settings = {queue.number: queue for queue in queues}
        for number in [number for number in self.floor.lines if number not in settings]:
            self._set_up(number, None)
        for number, queue in settings.items():
            self._set_up(number, queue)

    def _set_up(self, number: str, queue: Queue | None) -> None:
        if queue is not None:
            line = self.floor.lines.setdefault(number, WaitingLine(queue))
            line.queue = queue
            self._staff(line, logged_in=self.floor.options.new_agents_logged_in)
        elif number in self.floor.lines:
            self._close(self.floor.lines[number])

    def _close(self, line: WaitingLine) -> None:
        for caller in list(line.callers):
            self.floor.leave(caller, QueueEnd.FAILED_OVER)
            self.floor.effects.append(FailOver(caller.call, caller.queue, line.queue.failover))
        for member in list(line.members.values()):
            self.floor.remove(member)
        del self.floor.lines[line.queue.number]

    def _staff(self, line: WaitingLine, *, logged_in: bool) -> None:
        queue, now = line.queue, self.floor.now
        static = {agent.extension: place for place, agent in enumerate(queue.static_agents)}
        agents = (*queue.static_agents, *queue.dynamic_agents)
        levels = {agent.extension: agent.skill_level if queue.skill_based else 1 for agent in agents}
        for member in list(line.members.values()):
            if member.extension not in levels or member.dynamic is (member.extension in static):
                self.floor.remove(member)
        for extension, level in levels.items():
            dynamic = extension not in static
            if extension not in line.members:
                rank = (1, next(self.floor.log_ins)) if dynamic and logged_in else None
                self.floor.add(
                    Membership(queue.number, extension, dynamic, level, rank, now, last=rank is not None)
                )
            member = line.members[extension]
            member.level = level
            if not dynamic:
                member.rank = (0, static[extension])
            self.floor.touch(extension)
        line.round_robin.moved(line.members)

    # What is so

    def agents(self, queue: str | None = None) -> list[AgentStatus]:
        """Every agent in every queue, or in this one only."""
        lines = self.floor.lines.values() if queue is None else [self.floor.lines.get(queue)]
        return [
            _status(member, line.queue.name)
            for line in lines
            if line is not None
            for member in line.members.values()
        ]

    def agent(self, queue: str, extension: str) -> AgentStatus | None:
        """One agent in one queue; None: no member of it."""
        line = self.floor.lines.get(queue)
        member = line.members.get(extension) if line is not None else None
        return _status(member, line.queue.name) if line is not None and member is not None else None

    def queues_of(self, extension: str) -> list[str]:
        """The queues of which the extension is a member, by number."""
        known = self.floor.agents.get(extension)
        return sorted(known.memberships) if known is not None else []

    def callers(self, queue: str, most: int | None = None) -> list[WaitingCaller]:
        """Who waits in a queue, in order; the first `most` of them (None: all).

        Raises:
            NoSuchQueue: there is none with this number.
        """
        if queue not in self.floor.lines:
            raise NoSuchQueue(queue)
        return [
            WaitingCaller(
                call=caller.call,
                queue=queue,
                since=caller.joined,
                position=place,
                ringing=tuple(caller.offers),
            )
            for place, caller in enumerate(self.floor.lines[queue].callers[:most], 1)
        ]


def _status(member: Membership, name: str) -> AgentStatus:
    if member.state is None:
        raise ValueError(f"the state of {member.extension} in {member.queue} was never settled")
    return AgentStatus(
        queue=member.queue,
        queue_name=name,
        extension=member.extension,
        dynamic=member.dynamic,
        state=member.state,
        since=member.since,
        logged_in=member.rank is not None,
        paused=member.reason is not None,
        reason=member.reason or "",
        missed=member.missed,
    )
