"""Queues: who answers, in which order, how long callers wait, and what they hear (Q-1 to Q-8)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.agents import PauseReason, QueueCall
from server.contract.base import ExtensionNumber, Line, Request
from server.contract.configuration import (
    EXTENSION,
    ConfigObject,
    ExtensionNumbers,
    ObjectName,
    Reference,
)
from server.contract.destinations import Destination, DestinationKind
from server.contract.ivr import Choice
from server.contract.prompts import Language
from server.contract.routing import RouteDestination, references_of

MAX_AGENTS = 1000


class QueueStrategy(StrEnum):
    """Which of the agents who could answer is rung (Q-2). `server.rules.queues.order` says it exactly."""

    RING_ALL = "ring_all"
    LEAST_RECENT = "least_recent"
    FEWEST_CALLS = "fewest_calls"
    RANDOM = "random"
    RRMEMORY = "rrmemory"
    """Round robin; where it stands is remembered from call to call."""
    LINEAR = "linear"
    """From the first one, for each caller anew."""


class RingTone(StrEnum):
    """The ring tones of our client, by the names that it keeps in its settings (SIP-6)."""

    CHIME = "chime"
    BELL = "bell"
    MARIMBA = "marimba"
    PULSE = "pulse"
    DIGITAL = "digital"
    SOFT = "soft"
    URGENT = "urgent"
    SILENT = "silent"


class QueueAgent(Request):
    """A member of a queue; skill level 1 is the best one (Q-2)."""

    extension: ExtensionNumber
    skill_level: Annotated[int, Field(ge=1, le=99)] = 1


QueueAgents = Annotated[tuple[QueueAgent, ...], Field(max_length=MAX_AGENTS)]


class PeriodicAnnouncement(Request):
    """A prompt that callers hear every `every_s` seconds while they wait; a key leads where `choices` say."""

    prompt: ObjectName
    every_s: Annotated[int, Field(ge=15, le=3600)] = 60
    choices: Annotated[tuple[Choice, ...], Field(max_length=12)] = ()

    @model_validator(mode="after")
    def _each_key_once(self) -> Self:
        keys = [choice.key for choice in self.choices]
        if len(set(keys)) != len(keys):
            raise ValueError("a key leads to two places")
        return self


class PositionAnnouncement(Request):
    """What callers are told of their waiting, when they begin to wait and every `every_s` seconds."""

    position: bool = False
    hold_time: bool = False
    thank_you: bool = False
    every_s: Annotated[int, Field(ge=15, le=3600)] = 60

    @property
    def says_something(self) -> bool:
        """Whether anything of it is switched on."""
        return self.position or self.hold_time or self.thank_you


class Queue(ConfigObject):
    """A queue. Times are seconds.

    Static agents are always in it, in this order; dynamic ones log in and out. Skill levels count only with
    `skill_based`. An agent rings for `agent_timeout_s`; a caller whom nobody has answered waits `retry_s` for
    the next try. After `max_wait_s` in all the caller goes to `failover`, whether or not somebody is rung. An
    agent who has missed `auto_pause_after` calls in a row is paused (0: never; never with ring all). Of the
    callers of several queues whom an agent could answer, those of the queue with the highest `weight` come
    first, among equals those who have waited longest. `service_level_s`: an answer within it is in time.

    The queue's log is for managers, and, if `log_for_all_agents`, for all agents, else for those of
    `log_agents`: these see the calls that they have answered (`log_incoming`), and those that nobody has
    (`log_missed`) (Q-9).
    """

    key_field: ClassVar[str] = "number"

    number: ExtensionNumber = ""
    name: Annotated[Line, Field(max_length=63)] = ""
    outbound: bool = False
    """Whether it takes the calls of campaigns."""
    static_agents: QueueAgents = ()
    dynamic_agents: QueueAgents = ()
    managers: ExtensionNumbers = ()
    strategy: QueueStrategy = QueueStrategy.RING_ALL
    skill_based: bool = False
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    max_wait_s: Annotated[int, Field(ge=5, le=86_400)] = 1800
    failover: RouteDestination = Destination(kind=DestinationKind.HANG_UP)
    agent_timeout_s: Annotated[int, Field(ge=5, le=300)] = 15
    retry_s: Annotated[int, Field(ge=1, le=300)] = 5
    wrap_up_s: Annotated[int, Field(ge=0, le=3600)] = 0
    ring_in_use: bool = False
    auto_pause_after: Annotated[int, Field(ge=0, le=20)] = 0
    service_level_s: Annotated[int, Field(ge=1, le=3600)] = 20
    join_announcement: ObjectName | None = None
    join_announcement_in_full: bool = False
    """Heard to its end before an agent rings."""
    ringback: ObjectName | None = None
    """Heard in a loop while waiting; none: the music on hold."""
    music: Annotated[tuple[ObjectName, ...], Field(max_length=100)] = ()
    """Prompts that are the callers' music on hold, one after the other; none: that of the system."""
    periodic: PeriodicAnnouncement | None = None
    position: PositionAnnouncement = PositionAnnouncement()
    agent_announcement: ObjectName | None = None
    """Heard by the agent who answers."""
    announce_agent_id: bool = False
    language: Language | None = None
    """What callers hear, and the agent announcement, is in this one; none: in that of who hears it."""
    alert_info: Annotated[Line, Field(max_length=127)] = ""
    """By this text of the Alert-Info phones choose a ring tone."""
    ring_tone: Annotated[RingTone | ObjectName | None, Field(union_mode="left_to_right")] = None
    """How our client rings, unless its user has chosen a tone for the caller or the queue.

    One that it has, or the name of one that was uploaded.
    """
    log_for_all_agents: bool = False
    log_agents: ExtensionNumbers = ()
    log_incoming: bool = True
    log_missed: bool = True
    notify_missed: bool = False
    """Managers get a mail when nobody has answered within `max_wait_s` (Q-6)."""
    notify_abandoned: bool = False
    """Managers get a mail when a caller gives up."""

    @model_validator(mode="after")
    def _each_agent_once(self) -> Self:
        numbers = [agent.extension for agent in (*self.static_agents, *self.dynamic_agents)]
        if len(set(numbers)) != len(numbers):
            raise ValueError("an extension is an agent twice; it is either static or dynamic")
        return self

    def may_see_log(self) -> tuple[str, ...]:
        """The extensions that may see something of the queue's log."""
        agents = (agent.extension for agent in (*self.static_agents, *self.dynamic_agents))
        chosen = frozenset(self.log_agents)
        seeing = (one for one in agents if self.log_for_all_agents or one in chosen)
        return tuple(dict.fromkeys((*self.managers, *seeing)))

    @property
    def staff(self) -> tuple[str, ...]:
        """Its agents and its managers, each once."""
        agents = (agent.extension for agent in (*self.static_agents, *self.dynamic_agents))
        return tuple(dict.fromkeys((*agents, *self.managers)))

    def log_is_for(self, number: str | None) -> bool:
        """Whether this extension may see something of the queue's log."""
        return number is not None and number in self.may_see_log()

    def shows(self, call: QueueCall, number: str) -> bool:
        """Whether an extension may see this call in the queue's log."""
        return number in self.managers or (self._is_of(call, number) and self.log_is_for(number))

    def shown_to(self, call: QueueCall) -> tuple[str, ...]:
        """The extensions that may see this call in the queue's log: all for whom `shows` it."""
        managers = frozenset(self.managers)
        return tuple(one for one in self.may_see_log() if one in managers or self._is_of(call, one))

    def _is_of(self, call: QueueCall, number: str) -> bool:
        """Whether it is a call of the kind that an agent who may see the log sees there."""
        return self.log_missed if call.agent is None else self.log_incoming and call.agent == number

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        for field in ("static_agents", "dynamic_agents"):
            agents: tuple[QueueAgent, ...] = getattr(self, field)
            yield from (Reference(EXTENSION, agent.extension, field) for agent in agents)
        for field in ("managers", "log_agents"):
            yield from (Reference(EXTENSION, number, field) for number in getattr(self, field))
        for field in ("join_announcement", "ringback", "agent_announcement"):
            if name := getattr(self, field):
                yield Reference("prompt", name, field)
        yield from (Reference("prompt", name, "music") for name in self.music)
        if self.ring_tone is not None and not isinstance(self.ring_tone, RingTone):
            yield Reference("ring-tone", self.ring_tone, "ring_tone")
        if self.periodic is not None:
            yield Reference("prompt", self.periodic.prompt, "periodic.prompt")
        for field, destination in self.destinations():
            yield from references_of(destination, field)

    def destinations(self) -> Iterable[tuple[str, Destination]]:
        """See `ConfigObject.destinations`."""
        yield "failover", self.failover
        for index, choice in enumerate(self.periodic.choices if self.periodic else ()):
            yield f"periodic.choices.{index}.destination", choice.destination

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        agents = len(self.static_agents) + len(self.dynamic_agents)
        return f"{self.name}: {self.strategy}, {agents} agents".removeprefix(": ")


PauseCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]
"""Dialled behind the number of the queue, after a star (Q-10)."""


class QueueOptions(ConfigObject):
    """What holds for all queues; there is one such object.

    With `shared_wrap_up` the wrap-up of one queue holds in all queues of the agent (Q-7). Dynamic agents who
    are new in a queue are logged in there if `new_agents_logged_in` (Q-8). With `sync_results` a result that
    moves forward is also that of the same caller's missed and abandoned calls of `sync_hours` (Q-9).
    """

    name: ObjectName = "queue-options"
    shared_wrap_up: bool = False
    new_agents_logged_in: bool = False
    sync_results: bool = False
    sync_hours: Annotated[int, Field(ge=1, le=720)] = 24
    pause_reasons: Annotated[
        dict[PauseCode, Annotated[PauseReason, Field(min_length=1)]], Field(max_length=100)
    ] = {
        "1": "Break",
        "2": "Lunch",
        "3": "Meeting",
        "4": "Training",
    }
    """Why agents pause: words by the code that is dialled."""

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return "shared wrap-up" if self.shared_wrap_up else "wrap-up for each queue"
