"""The boards of the queues that one manages, their agents, and what a manager does for these (Q-13, Q-6)."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.batch import Batch
from linkus_desktop.pbx.errors import is_lasting
from linkus_desktop.pbx.tasks import spawn
from server.contract.agents import AgentStatus, AgentSwitch, PauseReasons
from server.contract.queue_board import QueueBoard

if TYPE_CHECKING:
    from linkus_desktop.pbx.live import LiveTopic


MOST_NAMES = 3
"""Agents whom one message names."""


class BoardsApi(Protocol):
    """What is asked of the server; see `Api`."""

    async def switch_agent(self, queue: str, extension: str, change: AgentSwitch) -> object:
        """Let an agent be something else in a queue."""

    async def pause_reasons(self) -> PauseReasons:
        """What may be given as the reason of a pause."""


class QueueBoards(QObject):
    """Boards by number. Whoever manages no queue has none, and sees nothing of it.

    What is asked for is shown once the server says so; `busy` tells that it is on its way.

    Attributes:
        reasons: of a pause, in words, as last loaded; None: never.

    Signals:
        changed(): any board, or which there are, or `known`.
        agents_changed(str queue): agents of this queue; "": of any.
        reasons_changed(): other reasons, or they could not be loaded: see `reasons_problem`.
        failed(str, object): what was not done and why; a callable that tries it again, None where that is of
            no use.
        done(): something was done; what was said before is over.
    """

    changed = Signal()
    agents_changed = Signal(str)
    reasons_changed = Signal()
    failed = Signal(str, object)
    done = Signal()

    def __init__(
        self,
        boards: "LiveTopic[QueueBoard]",
        agents: "LiveTopic[AgentStatus]",
        api: BoardsApi,
        name_of: Callable[[str], str],
        parent: QObject | None = None,
        *,
        run: Callable[..., object] = spawn,
    ) -> None:
        """`name_of` gives the name of a colleague by number; "" for nobody."""
        super().__init__(parent)
        self._boards, self._agents, self._api, self._name_of, self._run = boards, agents, api, name_of, run
        self._busy: set[tuple[str, str]] = set()
        self.reasons: list[str] | None = None
        self.reasons_problem = ""
        for signal in (boards.reset, boards.changed, boards.became_unknown):
            signal.connect(self._on_boards)
        agents.changed.connect(self._on_agents)
        for signal in (agents.reset, agents.became_unknown):
            signal.connect(self._on_all_agents)

    @property
    def known(self) -> bool:
        """Whether this is how it is now: the server tells changes (KEY-5)."""
        return self._boards.known and self._agents.known

    @property
    def told(self) -> bool:
        """Whether the server has told anything since the start."""
        return self._boards.known or len(self._boards) > 0

    @property
    def boards(self) -> list[QueueBoard]:
        """All of them, by number."""
        return sorted(self._boards, key=lambda board: board.queue)

    @property
    def waiting(self) -> int:
        """Callers who wait in all of them; 0 while that is not known."""
        return sum(board.waiting for board in self._boards) if self.known else 0

    def get(self, queue: str) -> QueueBoard | None:
        """The board of a queue, as last known."""
        return self._boards.get(queue)

    def agents_of(self, queue: str) -> list[AgentStatus]:
        """The agents of a queue, by number, as last known."""
        return sorted((one for one in self._agents if one.queue == queue), key=lambda one: one.extension)

    def name_of(self, extension: str) -> str:
        """Who an agent is: the name, or the number."""
        return self._name_of(extension) or extension

    def busy(self, queue: str, extension: str) -> bool:
        """Whether an order about this agent is on its way."""
        return (queue, extension) in self._busy

    # Orders

    def switch(self, queue: str, extensions: Iterable[str], change: AgentSwitch) -> None:
        """Let these agents be something else in a queue; what was not done is told once for all of them."""
        wanted = list(dict.fromkeys(extensions))

        def ended(failures: list[tuple[str, Exception]]) -> None:
            if not failures:
                self.done.emit()
                return
            tried = [extension for extension, error in failures if not is_lasting(error)]
            again = (lambda: self.switch(queue, tried, change)) if tried else None
            names = _listed([self.name_of(extension) for extension, _ in failures])
            self.failed.emit(f"Nothing has changed for {names}. {failures[0][1]}", again)

        batch = Batch(wanted, ended)
        for extension in wanted:
            self._switch(queue, extension, change, batch)

    def load_reasons(self) -> None:
        """Ask which reasons of a pause there are; the last ones stay until the answer is there."""

        def told(answer: PauseReasons) -> None:
            self.reasons, self.reasons_problem = list(dict.fromkeys(answer.reasons.values())), ""
            self.reasons_changed.emit()

        def failed(error: Exception) -> None:
            self.reasons_problem = str(error)
            self.reasons_changed.emit()

        self._run(self._api.pause_reasons(), on_done=told, on_error=failed)

    def _switch(self, queue: str, extension: str, change: AgentSwitch, batch: Batch[str]) -> None:
        def finish(error: Exception | None = None) -> None:
            self._busy.discard((queue, extension))
            self.agents_changed.emit(queue)
            batch.answered(extension, error)

        self._busy.add((queue, extension))
        self.agents_changed.emit(queue)
        self._run(
            self._api.switch_agent(queue, extension, change), on_done=lambda _: finish(), on_error=finish
        )

    # What is told

    def _on_boards(self, *_: object) -> None:
        self.changed.emit()

    def _on_agents(self, keys: frozenset[str]) -> None:
        for queue in {key.partition("/")[0] for key in keys}:
            self.agents_changed.emit(queue)

    def _on_all_agents(self) -> None:
        self.agents_changed.emit("")
        self.changed.emit()


def _listed(names: list[str]) -> str:
    """Some names; of more than `MOST_NAMES` the number."""
    if len(names) == 1:
        return names[0]
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    return f"{', '.join(names[:-1])} and {names[-1]}"
