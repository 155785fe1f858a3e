"""What an agent of queues does by dialling a code, and how they are told (Q-10)."""

import logging
from dataclasses import dataclass

from server.contract.agents import AgentStatus, AgentSwitch
from server.contract.features import Feature
from server.flows.goals import Settle
from server.flows.phone_settings import ON
from server.flows.places import Goal
from server.flows.spoken import INVALID, NOT_PERMITTED, NotDone, Words, words
from server.rules.features import FeatureCall
from server.rules.outcomes import Ending
from server.services.agents import Agents
from server.services.errors import ServiceError
from server.switch.port import Sound

LOGGED_IN, LOGGED_OUT = words("agent-loginok"), words("agent-loggedoff")
PAUSED = words("dictate/paused")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AgentCodes:
    """Carries out the codes of agents."""

    agents: Agents

    async def carry_out(self, number: str, wanted: FeatureCall, settle: Settle) -> Words:
        """Do what extension `number` has dialled; what it is told then. Raises `NotDone`."""
        if not self.agents.of(number):
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN)
        try:
            return await self._carry_out(number, wanted, settle)
        except ServiceError as error:
            _log.info("%s dialled %s %s: %s", number, wanted.feature, wanted.number, error.message)
            raise NotDone(INVALID, Ending.UNKNOWN_NUMBER) from error

    async def _carry_out(self, number: str, wanted: FeatureCall, settle: Settle) -> Words:
        match wanted.feature:
            case Feature.QUEUE_LOG_IN_ALL:
                self.agents.switch_own(number, AgentSwitch(logged_in=True))
                return LOGGED_IN
            case Feature.QUEUE_LOG_IN_LAST if last := self.agents.last_queues(number):
                self.agents.switch_own(number, AgentSwitch(logged_in=True), last)
                return LOGGED_IN
            case Feature.QUEUE_LOG_OUT_ALL:
                self.agents.switch_own(number, AgentSwitch(logged_in=False))
                return LOGGED_OUT
            case Feature.QUEUE_LOG:
                return await self._log_in_or_out(number, self._in(number, wanted.number), settle)
            case Feature.QUEUE_PAUSE:
                queue, _, code = wanted.number.partition("*")
                return await self._pause_or_go_on(number, self._in(number, queue), code, settle)
        raise NotDone(INVALID, Ending.NOTHING_THERE)

    def _in(self, number: str, queue: str) -> AgentStatus:
        found = next((status for status in self.agents.of(number) if status.queue == queue), None)
        if found is None:
            raise NotDone(INVALID, Ending.UNKNOWN_NUMBER)
        return found

    async def _log_in_or_out(self, number: str, status: AgentStatus, settle: Settle) -> Words:
        if not status.dynamic:
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN)
        comes = await settle(Goal.OFF if status.logged_in else Goal.ON) is Goal.ON
        self.agents.switch_own(number, AgentSwitch(logged_in=comes), [status.queue])
        return (Sound.digits(status.queue), *(LOGGED_IN if comes else LOGGED_OUT))

    async def _pause_or_go_on(self, number: str, status: AgentStatus, code: str, settle: Settle) -> Words:
        """With the code of a reason it is always a pause."""
        if not status.logged_in:
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN)
        if code and self._reason(code) is None:
            raise NotDone(INVALID, Ending.UNKNOWN_NUMBER)
        goes_on = not code and await settle(Goal.OFF if status.paused else Goal.ON) is Goal.OFF
        change = (
            AgentSwitch(paused=False)
            if goes_on
            else AgentSwitch(paused=True, reason=self._reason(code) or "")
        )
        self.agents.switch_own(number, change, [status.queue])
        return (Sound.digits(status.queue), *(ON if goes_on else PAUSED))

    def _reason(self, code: str) -> str | None:
        """The words of a code, which may be dialled with zeros in front."""
        reasons = self.agents.reasons().reasons
        return reasons.get(code) or reasons.get(code.lstrip("0"))
