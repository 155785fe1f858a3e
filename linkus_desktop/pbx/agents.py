"""The own place in queues: what one is in each, and logging in, out, pausing and resuming (Q-10, Q-11)."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.errors import is_lasting
from linkus_desktop.pbx.tasks import spawn
from server.contract.agents import AgentState, AgentStatus, AgentSwitch, PauseReasons

if TYPE_CHECKING:
    from linkus_desktop.pbx.live import LiveTopic

ALL = ""
"""Stands for all queues, where a queue's number is asked for."""

_FIRST = (
    AgentState.TALKING,
    AgentState.RINGING,
    AgentState.WRAP_UP,
    AgentState.AVAILABLE,
    AgentState.BUSY_ELSEWHERE,
    AgentState.UNREACHABLE,
    AgentState.PAUSED,
    AgentState.LOGGED_OUT,
)
"""Which state of several queues tells most: the first one that there is."""
_WHOLE = frozenset({AgentState.PAUSED, AgentState.LOGGED_OUT})
"""States that are so of all queues only once the last one is in them."""


class AgentsApi(Protocol):
    """What is asked of the server; see `Api`."""

    async def switch_queue(self, queue: str, change: AgentSwitch) -> object:
        """Be something else in one queue."""

    async def switch_queues(self, change: AgentSwitch) -> object:
        """Be something else in all queues."""

    async def log_in_last(self) -> object:
        """Log in to the queues one was in when last logged in."""

    async def pause_reasons(self) -> PauseReasons:
        """What may be given as the reason of a pause."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All own queues in one.

    Attributes:
        state: the one that tells most; None: not known now.
        since: when that began.
        reason: of the pause, where it is the same in all queues that are paused.
        taking: queues whose calls may come; logged_in: queues logged in to, paused or not; total: all.
    """

    state: AgentState | None
    since: datetime | None
    reason: str
    taking: int
    logged_in: int
    total: int


class OwnQueues(QObject):
    """The queues of which the user is an agent, by number; nobody who is in none sees any of it.

    What is asked for is shown once the server says so, not before; `busy` tells that it is on its way.

    Attributes:
        known: they are as the server has them now.
        reasons: what may be given as the reason of a pause, in words, as last loaded; None: never.

    Signals:
        changed(): any of it.
        reasons_changed(): other reasons, or they could not be loaded: see `reasons_problem`.
        failed(str, object): what was not done and why; a callable that tries it again, None where that is of
            no use.
        done(): something was done; what was said before is over.
    """

    changed = Signal()
    reasons_changed = Signal()
    failed = Signal(str, object)
    done = Signal()

    def __init__(
        self,
        topic: "LiveTopic[AgentStatus]",
        api: AgentsApi,
        own: Callable[[], str],
        parent: QObject | None = None,
        *,
        run: Callable[..., object] = spawn,
    ) -> None:
        """`own` gives the own extension's number; a manager is told of other agents too."""
        super().__init__(parent)
        self._topic = topic
        self._api = api
        self._own = own
        self._run = run
        self._queues: dict[str, AgentStatus] = {}
        self._busy: dict[str, int] = {}
        self._loading = False
        self.reasons: list[str] | None = None
        self.reasons_problem = ""
        topic.reset.connect(self.follow)
        topic.changed.connect(self._on_changed)
        topic.became_unknown.connect(self.changed)
        self.follow()

    @property
    def known(self) -> bool:
        """Whether the server has told them, and the connection has not been lost since (KEY-5)."""
        return self._topic.known

    @property
    def queues(self) -> list[AgentStatus]:
        """As last known, by number."""
        return list(self._queues.values())

    def get(self, queue: str) -> AgentStatus | None:
        """What one is in a queue, as last known; None: no agent of it."""
        return self._queues.get(queue)

    def name_of(self, queue: str) -> str:
        """A queue's name, or its number; "" for one that is not the user's."""
        found = self._queues.get(queue)
        return (found.queue_name or found.queue) if found is not None else ""

    def busy(self, queue: str = ALL) -> bool:
        """Whether an order for this queue, or for all, is on its way."""
        return bool(self._busy.get(queue) or self._busy.get(ALL))

    @property
    def dynamic(self) -> bool:
        """Whether there is a queue to log in to; static agents always are (Q-11)."""
        return any(one.dynamic for one in self._queues.values())

    def summary(self) -> Summary:
        """All of them in one."""
        mine = list(self._queues.values())
        logged_in = [one for one in mine if one.logged_in]
        taking = [one for one in logged_in if not one.paused]
        counts = len(taking), len(logged_in), len(mine)
        if not self.known or not mine:
            return Summary(None, None, "", *counts)
        state = next(state for state in _FIRST if any(one.state is state for one in mine))
        moments = [one.since for one in mine if one.state is state]
        since = max(moments) if state in _WHOLE else min(moments)
        reasons = {one.reason for one in mine if one.state is AgentState.PAUSED}
        same = reasons.pop() if state is AgentState.PAUSED and len(reasons) == 1 else ""
        return Summary(state, since, same, *counts)

    # Orders

    def log_in(self, queue: str = ALL) -> None:
        """Take calls of a queue, or of all, from now on."""
        self._order(queue, "You were not logged in", AgentSwitch(logged_in=True))

    def log_out(self, queue: str = ALL) -> None:
        """Take no calls of a queue, or of any in which that can be chosen."""
        self._order(queue, "You were not logged out", AgentSwitch(logged_in=False))

    def pause(self, reason: str = "", queue: str = ALL) -> None:
        """Take no calls for a while."""
        self._order(queue, "The pause did not begin", AgentSwitch(paused=True, reason=reason))

    def resume(self, queue: str = ALL) -> None:
        """Take calls again."""
        self._order(queue, "The pause did not end", AgentSwitch(paused=False))

    def log_in_last(self) -> None:
        """Log in where one was logged in last (Q-10)."""
        self._send(ALL, "You were not logged in", self._api.log_in_last)

    def load_reasons(self) -> None:
        """Ask which reasons there are; the last ones stay until the answer is there."""
        if self._loading:
            return
        self._loading = True
        self._run(self._api.pause_reasons(), on_done=self._on_reasons, on_error=self._on_no_reasons)

    def _order(self, queue: str, problem: str, change: AgentSwitch) -> None:
        def ask() -> Coroutine[Any, Any, object]:
            return self._api.switch_queue(queue, change) if queue else self._api.switch_queues(change)

        self._send(queue, problem, ask)

    def _send(self, queue: str, problem: str, ask: Callable[[], Coroutine[Any, Any, object]]) -> None:
        name = self.name_of(queue)
        where = f" ({name})" if name else ""

        def finish() -> None:
            self._busy[queue] -= 1
            self.changed.emit()

        def done(_: object) -> None:
            finish()
            self.done.emit()

        def failed(error: Exception) -> None:
            finish()
            again = None if is_lasting(error) else lambda: self._send(queue, problem, ask)
            self.failed.emit(f"{problem}{where}. {error}", again)

        self._busy[queue] = self._busy.get(queue, 0) + 1
        self.changed.emit()
        self._run(ask(), on_done=done, on_error=failed)

    # What is told

    def follow(self) -> None:
        """Take over what the topic has now."""
        own = self._own()
        mine = sorted((one for one in self._topic if one.extension == own), key=lambda one: one.queue)
        self._queues = {one.queue: one for one in mine}
        self.changed.emit()

    def _on_changed(self, keys: frozenset[str]) -> None:
        own = self._own()
        if any(key.rpartition("/")[2] == own for key in keys):  # colleagues change all day long
            self.follow()

    def _on_reasons(self, told: PauseReasons) -> None:
        self._loading = False
        self.reasons, self.reasons_problem = list(dict.fromkeys(told.reasons.values())), ""
        self.reasons_changed.emit()

    def _on_no_reasons(self, error: Exception) -> None:
        self._loading = False
        self.reasons_problem = str(error)
        self.reasons_changed.emit()
