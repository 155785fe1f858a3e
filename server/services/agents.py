"""What agents of queues do, or who manages them: log in and out, pause and go on (Q-6, Q-11)."""

from collections.abc import Sequence

from server.contract.agents import AgentStatus, AgentSwitch, PauseReasons, WaitingCaller
from server.contract.errors import ErrorCode
from server.contract.queues import Queue
from server.rules.queues.acd import NoSuchQueue, StaticAgent
from server.services.accounts import Who
from server.services.audit import Audit
from server.services.errors import AuthError, conflict, not_found
from server.services.queues import Queues


class Agents:
    """Changes agents. Audited is only what somebody changes of another one."""

    def __init__(self, *, queues: Queues, audit: Audit) -> None:
        self._queues = queues
        self._audit = audit

    # What is so

    def of(self, extension: str) -> list[AgentStatus]:
        """An extension in all of its queues, by number."""
        acd = self._queues.acd
        found = (acd.agent(queue, extension) for queue in acd.queues_of(extension))
        return [status for status in found if status is not None]

    def in_queue(self, number: str, who: Who) -> list[AgentStatus]:
        """All agents of a queue, by number; for its managers and administrators.

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`.
        """
        self.check_managed(number, who)
        return sorted(self._queues.acd.agents(number), key=lambda status: status.extension)

    def callers(self, number: str, who: Who) -> list[WaitingCaller]:
        """Who waits in a queue, in order; for its managers and administrators. Raises as `in_queue`."""
        self.check_managed(number, who)
        try:
            return self.named(self._queues.acd.callers(number))
        except NoSuchQueue:
            return []

    def named(self, callers: Sequence[WaitingCaller]) -> list[WaitingCaller]:
        """These with who they are."""
        found = ((caller, self._queues.who_calls(caller.call)) for caller in callers)
        return [
            caller.model_copy(update={"number": party.number, "name": party.name}) if party else caller
            for caller, party in found
        ]

    def reasons(self) -> PauseReasons:
        """What may be given as the reason of a pause."""
        return PauseReasons(reasons=self._queues.options.pause_reasons)

    def last_queues(self, extension: str) -> list[str]:
        """The queues in which a dynamic agent was when last logged in."""
        return self._queues.acd.last_queues(extension)

    def static_queues(self, extension: str) -> list[str]:
        """The queues of which the extension is a static agent."""
        return [status.queue for status in self.of(extension) if not status.dynamic]

    # What is changed

    def switch_own(
        self, extension: str, change: AgentSwitch, queues: Sequence[str] | None = None
    ) -> list[AgentStatus]:
        """Change what an agent is in these queues (None: in all of the own ones); what holds then.

        Who logs out of all queues is still in those of which they are a static agent. Durable some
        milliseconds later.

        Raises:
            ServiceError: `NOT_FOUND`: no member there; `CONFLICT`: a static agent cannot log out.
        """
        own = self._queues.acd.queues_of(extension)
        if missing := [queue for queue in queues or () if queue not in own]:
            raise not_found(f"agent {extension} in queue {missing[0]}")
        if not own:
            raise not_found(f"queue of which {extension} is an agent")
        chosen = list(own if queues is None else queues)
        reason = self._queues.options.pause_reasons.get(change.reason, change.reason)
        if change.logged_in:
            # Both at once: who logs in and pauses is not rung in between.
            paused = reason if change.paused else None
            self._queues.agent_event(
                extension, lambda acd, now: acd.log_in(extension, chosen, now, paused=paused)
            )
        elif change.logged_in is False:
            self._log_out(extension, chosen, everywhere=queues is None)
        elif change.paused:
            self._queues.agent_event(extension, lambda acd, now: acd.pause(extension, chosen, reason, now))
        else:
            self._queues.agent_event(extension, lambda acd, now: acd.resume(extension, chosen, now))
        return [status for status in self.of(extension) if status.queue in chosen]

    def log_in_last(self, extension: str) -> list[AgentStatus]:
        """Log an agent in where they were when last logged in; what holds there (Q-10).

        Raises:
            ServiceError: `NOT_FOUND`: an agent of no queue; `CONFLICT`: they were logged in nowhere yet.
        """
        last = self.last_queues(extension)
        if not last and self.of(extension):
            raise conflict(f"{extension} was logged in to no queue yet: choose one.")
        return self.switch_own(extension, AgentSwitch(logged_in=True), last)

    async def switch(
        self, number: str, extension: str, change: AgentSwitch, who: Who, *, address: str = ""
    ) -> AgentStatus:
        """Change what another one is in a queue that `who` manages.

        Raises:
            ServiceError: as `switch_own`, and `FORBIDDEN`.
        """
        self.check_managed(number, who)
        (status,) = self.switch_own(extension, change, [number])
        await self._audit.note(
            "agent.switch",
            actor=who.user,
            subject=extension,
            address=address,
            queue=number,
            **change.model_dump(mode="json", exclude_none=True),
        )
        return status

    # Inside

    def _log_out(self, extension: str, chosen: list[str], *, everywhere: bool) -> None:
        dynamic = [status.queue for status in self.of(extension) if status.dynamic]
        out_of = [queue for queue in chosen if queue in dynamic] if everywhere else chosen
        if not out_of:
            raise _static(extension)
        try:
            self._queues.agent_event(extension, lambda acd, now: acd.log_out(extension, out_of, now))
        except StaticAgent:
            raise _static(extension) from None

    def check_managed(self, number: str, who: Who) -> Queue:
        """The settings of a queue, for its managers and administrators.

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`.
        """
        queue = self._queues.settings_of(number)
        if queue is None:
            raise not_found(f"queue {number}")
        if not who.is_administrator and who.number not in queue.managers:
            raise AuthError(ErrorCode.FORBIDDEN, f"Only managers of queue {number} may do this.")
        return queue


def _static(extension: str) -> Exception:
    return conflict(f"{extension} is a static agent, who cannot log out: pause instead.")
