"""An agent's one state in a queue (Q-11): derived from facts, so that none can stick, and checked by a table.

| what is so | state |
|---|---|
| talks in a call of this queue | talking |
| is rung for this queue | ringing |
| dynamic and not logged in | logged out |
| paused | paused |
| no phone registered, or do not disturb | unreachable |
| in any other call, or rung for another queue | busy elsewhere |
| the wrap-up of this queue (Q-7: of any queue) is not over | wrap-up |
| else | available |

The first line that fits holds. So whoever pauses or logs out in a call is *talking* to its end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from server.contract.agents import AgentState

_ALWAYS = frozenset(
    {
        AgentState.LOGGED_OUT,
        AgentState.PAUSED,
        AgentState.UNREACHABLE,
        AgentState.BUSY_ELSEWHERE,
        AgentState.TALKING,
    }
)
"""What may follow on every state: a person, a phone or another call can do that at any moment. Who is not
rung talks by picking a call up."""

TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    AgentState.LOGGED_OUT: _ALWAYS | {AgentState.WRAP_UP, AgentState.AVAILABLE},
    AgentState.PAUSED: _ALWAYS | {AgentState.WRAP_UP, AgentState.AVAILABLE},
    AgentState.UNREACHABLE: _ALWAYS | {AgentState.WRAP_UP, AgentState.AVAILABLE},
    AgentState.AVAILABLE: _ALWAYS | {AgentState.RINGING},
    AgentState.RINGING: _ALWAYS | {AgentState.WRAP_UP, AgentState.AVAILABLE},
    AgentState.TALKING: _ALWAYS | {AgentState.RINGING, AgentState.WRAP_UP, AgentState.AVAILABLE},
    AgentState.BUSY_ELSEWHERE: _ALWAYS | {AgentState.RINGING, AgentState.WRAP_UP, AgentState.AVAILABLE},
    AgentState.WRAP_UP: _ALWAYS | {AgentState.AVAILABLE},
}
"""What may follow on each state. Nobody is rung in wrap-up or a pause.

Who talks need not have been rung: agents pick calls up, and a new server finds those talking who answered in
the moment in which the one before was killed.
"""


class IllegalTransition(Exception):
    """A state followed on one on which it must not: a mistake of ours."""


Rank = tuple[int, int]
"""A member's place: static agents first, by their list; then dynamic ones, by when they logged in."""


@dataclass(slots=True)
class Offer:
    """A caller for whom an agent is rung, until `until`."""

    call: str
    queue: str
    extension: str
    since: datetime
    until: datetime


@dataclass(slots=True)
class Membership:
    """What is known of an agent in one queue.

    Attributes:
        level: skill level, 1 for all where the queue does not route by skill.
        rank: place among the members; None: a dynamic agent who is not logged in.
        reason: of the pause; None: not paused.
        missed: calls in a row that were not answered in time.
        completed: calls answered and ended in this queue.
        let_go: when the queue last let go of the agent: a call ended, or a ringing that was not answered.
        wrap_until: the end of the wrap-up; None: there is none.
        rest_until: not rung again before, as the last ringing was not answered; None: may be rung.
        last: whether the agent was in this queue when they were last logged in at all (Q-10).
        state, told_reason: as last told; the reason only of who is paused.
    """

    queue: str
    extension: str
    dynamic: bool
    level: int
    rank: Rank | None
    since: datetime
    reason: str | None = None
    missed: int = 0
    completed: int = 0
    let_go: datetime | None = None
    wrap_until: datetime | None = None
    rest_until: datetime | None = None
    last: bool = False
    state: AgentState | None = None
    told_reason: str | None = None


@dataclass(slots=True)
class Agent:
    """What is known of an agent apart from queues.

    Attributes:
        reachable: a phone is registered, and it may be disturbed.
        busy: in a call that is of no queue.
        offer: for whom the agent is rung; there is one such caller at most.
        talks: the queue of each call of a queue in which the agent talks.
    """

    extension: str
    reachable: bool = False
    busy: bool = False
    offer: Offer | None = None
    talks: dict[str, str] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)

    @property
    def in_call(self) -> bool:
        """Whether the agent talks to anybody."""
        return self.busy or bool(self.talks)


Fact = Callable[[Agent, Membership], bool]

STATES: tuple[tuple[AgentState, Fact], ...] = (
    (AgentState.TALKING, lambda agent, member: member.queue in agent.talks.values()),
    (AgentState.RINGING, lambda agent, member: agent.offer is not None and agent.offer.queue == member.queue),
    (AgentState.LOGGED_OUT, lambda _, member: member.rank is None),
    (AgentState.PAUSED, lambda _, member: member.reason is not None),
    (AgentState.UNREACHABLE, lambda agent, _: not agent.reachable),
    (AgentState.BUSY_ELSEWHERE, lambda agent, _: agent.in_call or agent.offer is not None),
    (AgentState.WRAP_UP, lambda _, member: member.wrap_until is not None),
    (AgentState.AVAILABLE, lambda _agent, _member: True),
)
"""The table above."""


def state_of(agent: Agent, member: Membership) -> AgentState:
    """The state that the facts make: the first of `STATES` that is so."""
    return next(state for state, is_so in STATES if is_so(agent, member))


def can_be_rung(agent: Agent, member: Membership, *, ring_in_use: bool) -> bool:
    """Whether a caller of the queue may be offered. `ring_in_use`: also to who is in a call (Q-4)."""
    return (
        member.rank is not None
        and member.reason is None
        and agent.reachable
        and agent.offer is None
        and member.wrap_until is None
        and member.rest_until is None
        and (ring_in_use or not agent.in_call)
    )


def check(before: AgentState | None, after: AgentState, *, found_talking: bool = False) -> None:
    """Raise `IllegalTransition` if `after` must not follow on `before`; None: the agent is new.

    `found_talking`: nobody has seen how the agent came to talk.
    """
    if found_talking and after is AgentState.TALKING:
        return
    if before is not None and before is not after and after not in TRANSITIONS[before]:
        raise IllegalTransition(f"an agent who was {before} cannot be {after} next")
