"""What happens in queues, told once and played twice: by real phones, and on the simulated switch.

A row says what people do with their phones, step by step, and what is left of it. How that is done and seen
is the matter of a `Stage`: `tests/real/test_queue_table.py` has one with phones, and
`tests/server/flows/test_queue_table.py` one in virtual time. Extensions are A to D; `B2` is a second phone of
B. Q and R are queues.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.contract.agents import AgentReport, AgentState, QueueCall, QueueReport
from tests.phones.waiting import until

SOON_S = 45.0
"""How long it is waited for what must come by itself: the longest is a phone that has vanished."""
RETRY_S = 1
"""As short as can be."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a queue's log: who called, how that ended, who answered (`?`: anybody), who has missed it."""

    caller: str
    end: str
    agent: str = ""
    missed: str = ""
    queue: str = "Q"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    Attributes:
        name: what it is about.
        play: what happens.
        phones: who has one at the beginning, such as `A B B2 C`.
        lines: exactly these are in the logs of Q and R, by the moment of joining.
        states: what agents are in the end: `B available, C in R paused`.
        kinds: phones that are no script phones, by name: `own`, `baresip`, `sipp`.
        exact: agents have one call at a time, and none that comes to nothing.
    """

    name: str
    play: "Callable[[Stage], Awaitable[None]]"
    phones: str
    lines: tuple[Line, ...] = ()
    states: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    exact: bool = True

    def __str__(self) -> str:
        return ", ".join([self.name, *(f"{who} has {kind}" for who, kind in self.kinds.items())])

    def __hash__(self) -> int:
        return hash(str(self))


class Stage(ABC):
    """Where one row is played.

    Attributes:
        names: numbers, and names of prompts, by the words of the table.
    """

    names: dict[str, str]

    # What is set up

    async def queue(self, agents: str, *, name: str = "Q", dynamic: str = "", **settings: Any) -> None:
        """A queue with these static agents, by their letters, or with a level: `B:2 C`."""
        body: dict[str, Any] = {"name": name, "strategy": "linear", "agent_timeout_s": 60, "retry_s": RETRY_S}
        body["static_agents"] = self._agents(agents)
        body["dynamic_agents"] = self._agents(dynamic)
        if "failover" in settings:
            settings["failover"] = self.to(settings["failover"])
        await self.make("queues", self.names[name], body | settings)

    def _agents(self, letters: str) -> list[dict[str, Any]]:
        found = [letter.partition(":") for letter in letters.split()]
        return [{"extension": self.names[name], "skill_level": int(level or 1)} for name, _, level in found]

    def to(self, text: str) -> dict[str, str]:
        """A destination, such as `extension:C` or `hang_up`."""
        kind, _, value = text.partition(":")
        return {"kind": kind, "value": self.names.get(value, value)}

    @abstractmethod
    async def make(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Configure an object of this kind (its path in the API), until the row is over."""

    # What people do

    @abstractmethod
    async def dial(self, who: str, number: str) -> None:
        """Call, and wait until that is answered, as a queue does."""

    async def call(self, who: str, queue: str = "Q") -> None:
        """Call a queue."""
        await self.dial(who, self.names[queue])

    @abstractmethod
    async def next_ring(self, who: str) -> str:
        """Wait until this phone rings; the number that it shows."""

    @abstractmethod
    def is_ringing(self, who: str) -> bool:
        """Whether it rings now."""

    @abstractmethod
    async def answer(self, who: str) -> None:
        """Answer what rings."""

    @abstractmethod
    async def refuse(self, who: str) -> None:
        """Decline what rings."""

    @abstractmethod
    async def hang_up(self, who: str) -> None:
        """End the call."""

    @abstractmethod
    async def over(self, who: str) -> None:
        """Wait until the call of this phone, or what rings there, is over, by others."""

    @abstractmethod
    async def press(self, who: str, keys: str) -> None:
        """Press keys in a call."""

    @abstractmethod
    async def refer(self, who: str, to: str) -> None:
        """Send the other end of the call to this extension."""

    @abstractmethod
    async def unregister(self, who: str) -> None:
        """Take the phone away, as it does when it is switched off; its call stays."""

    @abstractmethod
    async def vanish(self, who: str) -> None:
        """The phone is gone without a word."""

    @abstractmethod
    async def presence(self, who: str, status: str) -> None:
        """Choose a presence status."""

    @abstractmethod
    async def switch(self, who: str, queue: str = "Q", **change: Any) -> None:
        """Change what an agent is in a queue (`AgentSwitch`)."""

    # What is heard and seen

    @abstractmethod
    async def talk(self, one: str, other: str) -> None:
        """Wait until the two hear each other."""

    @abstractmethod
    async def music(self, who: str) -> None:
        """Wait until music is heard."""

    @abstractmethod
    async def hears(self, who: str) -> None:
        """Wait until the prompt `notice` is heard."""

    @abstractmethod
    async def talks_outside(self, who: str) -> None:
        """Wait until the number outside has answered and the two hear each other; it hangs up then."""

    @abstractmethod
    async def log_of(self, who: str) -> list[tuple[str, str, str]]:
        """What is new in the own call log: direction, number, outcome."""

    @abstractmethod
    async def since(self, who: str) -> str:
        """When the call of this caller was answered, the last time."""

    @abstractmethod
    async def agents(self, queue: str) -> dict[str, str]:
        """The state of each agent of a queue, by number."""

    @abstractmethod
    async def lines(self, queue: str) -> list[QueueCall]:
        """The log of a queue."""

    @abstractmethod
    async def report(self, queue: str) -> QueueReport:
        """Sums over that log."""

    @abstractmethod
    async def agent_report(self, queue: str) -> list[AgentReport]:
        """What each agent did."""

    @abstractmethod
    async def nothing_left(self) -> None:
        """Wait until no call, leg or bridge of the row is left, and everybody is idle."""

    # What most rows need

    def now(self) -> float:
        """Seconds, from anywhere."""
        return asyncio.get_running_loop().time()

    async def later(self, moment: float) -> None:
        """Wait until then."""
        await until(lambda: self.now() >= moment, "it is so late")

    async def rings(self, who: str, of: str) -> None:
        """Wait until this phone rings, for that caller."""
        shown = await self.next_ring(who)
        assert shown == self.names[of[0]], f"{who} is called by {shown}, not by {of}"

    async def who_rings(self, *phones: str) -> str:
        """Wait until one of these rings; which."""
        await until(lambda: any(map(self.is_ringing, phones)), f"one of {phones} rings", timeout_s=SOON_S)
        (found,) = filter(self.is_ringing, phones)
        await self.next_ring(found)
        return found

    async def served(self, who: str, by: str) -> None:
        """The agent is rung for the caller, answers, they talk, and the agent hangs up."""
        await self.rings(by, of=who)
        await self.answer(by)
        await self.talk(who, by)
        await self.hang_up(by)
        await self.over(who)

    async def is_(self, who: str, state: str, queue: str = "Q") -> None:
        """Wait until this is the state of an agent."""
        number = self.names[who]

        async def look() -> bool:
            return (await self.agents(queue))[number] == state

        await until(look, f"{who} is {state} in {queue}", timeout_s=SOON_S, every_s=0.1)

    async def logs(self, who: str, entry: tuple[str, str, str]) -> None:
        """Wait until an entry is in somebody's call log: direction, letter of the other one, outcome."""
        direction, other, outcome = entry
        wanted = (direction, self.names[other], outcome)

        async def look() -> bool:
            return wanted in await self.log_of(who)

        await until(look, f"{wanted} is in the log of {who}", timeout_s=SOON_S, every_s=0.1)

    async def answered_at(self, who: str, *, other_than: str = "") -> str:
        """When the call was answered; wait until that is another moment than this."""
        return await until(
            lambda: self._since_other_than(who, other_than), f"{who} is answered", timeout_s=SOON_S
        )

    async def _since_other_than(self, who: str, moment: str) -> str:
        found = await self.since(who)
        return found if found != moment else ""


async def judge(stage: Stage, row: Row) -> None:
    """Everything that a row must leave behind; the phones are still there."""
    await stage.nothing_left()
    for wanted in filter(None, (one.strip() for one in row.states.split(","))):
        who, *where, state = wanted.split()
        await stage.is_(who, state, where[-1] if where else "Q")
    for queue in ("Q", "R"):
        expected = [line for line in row.lines if line.queue == queue]
        if expected or queue == "Q":
            await _judge_queue(stage, row, queue, expected)


async def _judge_queue(stage: Stage, row: Row, queue: str, expected: Sequence[Line]) -> None:
    letters = {stage.names[letter]: letter for letter in "ABCD"}

    async def found() -> list[Line]:
        calls = sorted(await stage.lines(queue), key=lambda call: call.joined)
        return [
            Line(
                letters.get(call.number, call.number),
                str(call.end),
                letters.get(call.agent or "", ""),
                " ".join(letters[one] for one in call.missed),
                queue,
            )
            for call in calls
        ]

    async def as_told() -> bool:
        lines = await found()
        return len(lines) == len(expected) and all(
            line in (wanted, replace(wanted, agent=line.agent if wanted.agent == "?" else wanted.agent))
            for line, wanted in zip(lines, expected, strict=True)
        )

    try:
        await until(as_told, f"the log of {queue} has what the table says", timeout_s=SOON_S, every_s=0.2)
    except AssertionError as error:
        raise AssertionError(f"{error}: it has {await found()}, not {list(expected)}") from None
    check_sums(
        await stage.lines(queue),
        await stage.report(queue),
        await stage.agent_report(queue),
        exact=row.exact,
    )


def check_sums(
    calls: Sequence[QueueCall], report: QueueReport, agents: Sequence[AgentReport], *, exact: bool = True
) -> None:
    """The reports are the sums of these lines, and of the agents' log too.

    `exact`: an agent is talking for exactly as long as the lines say.
    """
    ends = Counter(str(call.end) for call in calls)
    sums = {
        "answered": report.answered,
        "abandoned": report.abandoned,
        "failed_over": report.failed_over,
        "left": report.left,
    }
    assert {end: count for end, count in sums.items() if count} == ends
    assert (report.calls, report.missed) == (len(calls), sum(len(call.missed) for call in calls))
    assert abs(report.mean_wait_s * len(calls) - sum(call.waited_s for call in calls)) < 1e-3
    answered = Counter(call.agent for call in calls if call.agent is not None)
    missed = Counter(one for call in calls for one in call.missed)
    for agent in agents:
        number = agent.extension
        talked = sum(call.talked_s for call in calls if call.agent == number)
        assert (agent.answered, agent.missed) == (answered[number], missed[number]), agent
        assert abs(agent.talk_s - talked) < 1e-3, agent
        assert not exact or abs(agent.seconds[AgentState.TALKING] - talked) < 1e-3, agent
    assert answered.keys() | missed.keys() <= {agent.extension for agent in agents}
