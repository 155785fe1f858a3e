"""The status that an agent of queues chooses switches them there too (PRES-6)."""

import logging
from collections.abc import Callable

from server.contract.agents import AgentSwitch
from server.contract.presence import PresenceStatus
from server.contract.reaching import AgentAction, ReachingSettings
from server.services.agents import Agents
from server.services.errors import ServiceError
from server.services.presence import PresenceService
from server.services.reaching import Reaching

_log = logging.getLogger(__name__)


class AgentPresence:
    """Follows everybody's status, and does what the settings of a status that is new say."""

    def __init__(self, *, presence: PresenceService, reaching: Reaching, agents: Agents) -> None:
        self._presence = presence
        self._reaching = reaching
        self._agents = agents
        self._last: dict[str, PresenceStatus] = {}
        self._stop_observing: Callable[[], None] | None = None

    def start(self) -> None:
        """Follow from now on; of what everybody has until now only what began while no server ran is new."""
        self._last = dict(self._presence.statuses())
        self._stop_observing = self._presence.observe(self._on_presence)
        for number in sorted(self._presence.ended_meanwhile):
            self._apply(number, self._presence.of(number).status)

    def stop(self) -> None:
        """Follow no longer."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None

    def _on_presence(self, number: str) -> None:
        status = self._presence.of(number).status
        if self._last.get(number, PresenceStatus.AVAILABLE) is status:
            return  # only its note is new
        self._last[number] = status
        self._apply(number, status)

    def _apply(self, number: str, status: PresenceStatus) -> None:
        if not self._agents.of(number):
            return
        try:
            self._switch(number, status, self._reaching.of(number))
        except ServiceError as error:
            _log.info("Status %s of agent %s: %s", status, number, error.message)

    def _switch(self, number: str, status: PresenceStatus, settings: ReachingSettings) -> None:
        chosen = settings.statuses.of(status)
        match chosen.agent_action:
            case AgentAction.LOG_IN:
                self._agents.switch_own(number, AgentSwitch(logged_in=True))
            case AgentAction.LOG_IN_LAST:
                queues = [*self._agents.last_queues(number), *self._agents.static_queues(number)]
                self._agents.switch_own(number, AgentSwitch(logged_in=True), queues)
            case AgentAction.LOG_OUT:
                self._agents.switch_own(number, AgentSwitch(logged_in=False))
            case AgentAction.PAUSE:
                self._agents.switch_own(number, AgentSwitch(paused=True, reason=chosen.agent_pause_reason))
            case AgentAction.NOTHING:
                pass
