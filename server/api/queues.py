"""Agents of queues: oneself in the own queues, and all of a queue for those who manage it (Q-6, Q-11)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from server.api.deps import Address, CurrentUser, ServicesDep
from server.api.presence import OwnNumber
from server.contract.agents import AgentStatus, AgentSwitch, PauseReasons, WaitingCaller
from server.contract.base import ExtensionNumber
from server.contract.queue_board import QueueBoardInFull

own = APIRouter(prefix="/me/queues", tags=["me"])
router = APIRouter(prefix="/queues", tags=["queues"])

QueueNumber = Annotated[ExtensionNumber, Path(description="The number of the queue.")]
Agent = Annotated[ExtensionNumber, Path(description="The extension of the agent.")]


@own.get("")
async def own_queues(number: OwnNumber, services: ServicesDep) -> list[AgentStatus]:
    """What one is in each of the own queues, by number."""
    return services.agents.of(number)


@own.get("/reasons")
async def pause_reasons(_number: OwnNumber, services: ServicesDep) -> PauseReasons:
    """What may be given as the reason of a pause: words by code."""
    return services.agents.reasons()


@own.put("")
async def switch_own_queues(
    change: AgentSwitch, number: OwnNumber, services: ServicesDep
) -> list[AgentStatus]:
    """Log in or out, pause or go on, in all own queues; for a static agent, *log in* ends the pause."""
    return services.agents.switch_own(number, change)


@own.post("/last")
async def log_in_to_last_queues(number: OwnNumber, services: ServicesDep) -> list[AgentStatus]:
    """Log in to the queues in which one was when last logged in; a conflict if that was never."""
    return services.agents.log_in_last(number)


@own.put("/{queue}")
async def switch_own_queue(
    queue: QueueNumber, change: AgentSwitch, number: OwnNumber, services: ServicesDep
) -> AgentStatus:
    """Log in or out, pause or go on, in one of the own queues. A conflict for a static agent who logs out."""
    (status,) = services.agents.switch_own(number, change, [queue])
    return status


@router.get("/{queue}/agents")
async def agents_of_queue(queue: QueueNumber, who: CurrentUser, services: ServicesDep) -> list[AgentStatus]:
    """All agents of a queue; for its managers and administrators."""
    return services.agents.in_queue(queue, who)


def _member(queue: QueueNumber, extension: Agent) -> tuple[str, str]:
    return queue, extension


Member = Annotated[tuple[str, str], Depends(_member)]
"""Queue and agent, from the address."""


@router.put("/{queue}/agents/{extension}")
async def switch_agent(
    member: Member,
    change: AgentSwitch,
    who: CurrentUser,
    services: ServicesDep,
    address: Address,
) -> AgentStatus:
    """Log an agent in or out, pause them or let them go on; for managers of the queue and administrators."""
    return await services.agents.switch(*member, change, who, address=address)


@router.get("/{queue}/board")
async def board_of_queue(queue: QueueNumber, who: CurrentUser, services: ServicesDep) -> QueueBoardInFull:
    """How a queue stands now, with its agents; for its managers and administrators. Live: topic `queues`."""
    return services.queue_boards.in_full(queue, who)


@router.get("/{queue}/callers")
async def callers_of_queue(
    queue: QueueNumber, who: CurrentUser, services: ServicesDep
) -> list[WaitingCaller]:
    """Who waits in a queue, in order; for its managers and administrators."""
    return services.agents.callers(queue, who)
