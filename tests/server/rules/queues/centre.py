"""A call centre for tests of the queues: time in seconds, and what has come of everything so far."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from server.contract.agents import AgentChange, AgentState, QueueCall
from server.contract.queues import Queue, QueueAgent, QueueOptions, QueueStrategy
from server.rules.queues import Acd, restored, stored
from server.rules.queues.effects import Changed, Connect, Effect, Logged, Ring, StopRinging
from tests.virtual_time import EPOCH

SALES = "6400"


def agents(*numbers: str, **levels: int) -> tuple[QueueAgent, ...]:
    """Members in order; `a1003=2` gives a skill level."""
    return tuple(QueueAgent(extension=number, skill_level=levels.get(f"a{number}", 1)) for number in numbers)


def queue(
    *static: str, number: str = SALES, dynamic: Iterable[str] = (), levels: Any = None, **settings: Any
) -> Queue:
    """A queue with these agents, one rung at a time unless said otherwise."""
    levels = levels or {}
    return Queue(
        **{"strategy": QueueStrategy.LINEAR, "skill_based": bool(levels)}
        | {"number": number, "static_agents": agents(*static, **levels)}
        | {"dynamic_agents": agents(*dynamic, **levels)}
        | settings
    )


class Centre:
    """All agents have a phone, unless `phones` is false.

    Attributes:
        t: seconds since it has opened. effects: everything that has come of it, with its moment.
        log: the calls that are over. changes: the agents' log.
    """

    def __init__(
        self, *queues: Queue, seed: int = 0, phones: bool = True, options: QueueOptions | None = None
    ) -> None:
        self.t = 0.0
        self.effects: list[tuple[float, Effect]] = []
        self.queues, self.options = queues, options or QueueOptions()
        self.acd = Acd(EPOCH, seed=seed)
        self.take(self.acd.configure(queues, self.options, EPOCH))
        if phones:
            self.connect_phones()

    def connect_phones(self) -> None:
        """Every agent can be reached."""
        for number in list(self.acd.floor.agents):
            self.take(self.acd.reachable(number, self.now, is_so=True))

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.t)

    def take(self, effects: Iterable[Effect]) -> list[Effect]:
        effects = list(effects)
        self.effects += [(self.t, effect) for effect in effects]
        return effects

    def do(self, what: str, *args: Any, **more: Any) -> list[Effect]:
        """Something happens now, such as `do("join", "c1", SALES)`."""
        return self.take(getattr(self.acd, what)(*args, self.now, **more))

    def pass_until(self, t: float) -> list[Effect]:
        """Time passes; whatever is due happens when it is due."""
        came: list[Effect] = []
        while (due := self.acd.next_due()) is not None and (at := (due - EPOCH).total_seconds()) <= t:
            self.t = max(self.t, at)
            came += self.do("advance")
        self.t = t
        return came + self.do("advance")

    def wait(self, seconds: float) -> list[Effect]:
        return self.pass_until(self.t + seconds)

    def restart(
        self, alive: Iterable[str], *, down_s: float = 1.0, talking: Mapping[str, str] | None = None
    ) -> list[Effect]:
        """The server dies, and another one goes on with what was stored.

        `talking`: agents by the calls that are found to talk with them, of which nothing was stored.
        """
        state = type(stored(self.acd)).model_validate_json(stored(self.acd).model_dump_json())
        self.t += down_s
        self.acd, effects = restored(state, self.queues, self.options, alive=set(alive), now=self.now)
        self.take(effects)
        for call, extension in (talking or {}).items():
            effects = (*effects, *self.do("found_talking", call, extension))
        return [*effects, *self.do("go_on")]

    # What came of it

    def ringing(self, call: str | None = None) -> list[str]:
        """Who is rung now."""
        offers = [agent.offer for agent in self.acd.floor.agents.values() if agent.offer is not None]
        return [offer.extension for offer in offers if call in (None, offer.call)]

    def rung(self) -> list[str]:
        """Who was rung, in order."""
        return [effect.extension for _, effect in self.effects if isinstance(effect, Ring)]

    def rings(self) -> list[tuple[float, str, str]]:
        """When who was rung for whom."""
        return [(t, one.call, one.extension) for t, one in self.effects if isinstance(one, Ring)]

    def stops(self) -> list[StopRinging]:
        return [effect for _, effect in self.effects if isinstance(effect, StopRinging)]

    def connected(self) -> list[tuple[str, str]]:
        return [(one.call, one.extension) for _, one in self.effects if isinstance(one, Connect)]

    @property
    def log(self) -> list[QueueCall]:
        return [effect.record for _, effect in self.effects if isinstance(effect, Logged)]

    @property
    def changes(self) -> list[AgentChange]:
        return [effect.change for _, effect in self.effects if isinstance(effect, Changed)]

    def state(self, extension: str, number: str = SALES) -> AgentState:
        (one,) = [a for a in self.acd.agents() if (a.extension, a.queue) == (extension, number)]
        return one.state

    def of(self, kind: type[Any]) -> list[Any]:
        """Everything of this kind that has come of it."""
        return [effect for _, effect in self.effects if isinstance(effect, kind)]

    def answer(self, call: str) -> str:
        """The only one who is rung for this call answers."""
        (extension,) = self.ringing(call)
        assert any(isinstance(effect, Connect) for effect in self.do("answered", call, extension))
        return extension

    def talk(self, call: str, seconds: float = 10.0) -> str:
        """It is answered, and over after some seconds."""
        extension = self.answer(call)
        self.wait(seconds)
        self.do("hung_up", call)
        return extension

    def serve(self, *calls: str, number: str = SALES) -> list[str]:
        """One call after the other, each answered by the first who is rung."""
        served = []
        for call in calls:
            self.do("join", call, number)
            served.append(self.talk(call))
        return served
