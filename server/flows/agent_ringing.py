"""The phones of one agent ring for one caller of a queue."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from server.contract.queues import Queue, RingTone
from server.flows.fork import SILENCE_S, Fork
from server.flows.leg_ids import leg_ids
from server.flows.resources import Resources
from server.flows.ringing import ENGINE_MARGIN_S
from server.flows.stops import OutsideNumber, Target
from server.rules.diversion import diverted
from server.rules.outcomes import Ending
from server.switch.port import Leg, Reason, SwitchError

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

_log = logging.getLogger(__name__)


class AgentRinging:
    """Rings from when it is made until it is answered, refused, or stopped.

    An agent none of whose phones says anything for `SILENCE_S` seconds counts as one who refuses: such a
    phone is gone, though its registration is not over, and the caller need not wait for it.

    Attributes:
        legs: those of its phones.
        phone: the one that has answered.
        ending: how it was refused; None: it was not.
    """

    def __init__(
        self,
        call: "ExtensionCall",
        resources: Resources,
        queue: Queue,
        agent: str,
        targets: Sequence[Target],
        *,
        headers: Mapping[str, str],
        over: set[str],
        answered: Callable[[], bool],
        refused: Callable[[], None],
    ) -> None:
        """`answered` says whether the answer counts; of the two only one is called, and that once.

        `over`: legs of agents who were rung before, of which the call is to be rid; it is emptied.
        """
        self.phone: Leg | None = None
        self.ending: Ending | None = None
        self._call = call
        self._resources = resources
        self._queue = queue
        self._agent = agent
        self._targets = targets
        self._headers = headers
        self._over = over
        self._answered = answered
        self._refused = refused
        self.legs: tuple[str, ...] = ()
        self._fork: Fork | None = None
        self._task = asyncio.ensure_future(self._ring())

    async def stop(self, reason: Reason) -> None:
        """Ring no more; what rings, or was answered, is hung up for this reason."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._resources.hang_up_others(self.legs, None, reason)

    async def decline(self, number: str) -> bool:
        """Decline the call for this agent; False: none of the phones rings."""
        return self._fork is not None and await self._fork.decline(number)

    async def _ring(self) -> None:
        try:
            result: Leg | Ending = await self._result() if self._targets else Ending.UNREGISTERED
        except SwitchError as error:
            _log.info("Queue %s: an agent cannot be rung: %s", self._queue.number, error)
            result = Ending.FAILED
        except Exception:  # noqa: BLE001 - nobody waits for this task: the caller would, for the whole time-out
            _log.exception("Queue %s: an agent could not be rung", self._queue.number)
            result = Ending.FAILED
        if isinstance(result, Ending):
            self.ending = result
            self._refused()
            return
        self.phone = result
        others = [leg for leg in self.legs if leg != result.id]
        self._resources.hang_up_others(others, None, Reason.ANSWERED_ELSEWHERE)
        if not self._answered():
            self._resources.hang_up_others(self.legs, None, Reason.NORMAL)

    async def _result(self) -> Leg | Ending:
        live, caller = self._call.live, self._call.caller
        self.legs = self._new_legs(len(self._targets))
        live.rings(self.legs, over=self._over)
        self._over.clear()
        rings = asyncio.Event()

        async def on_ringing() -> None:
            rings.set()

        timeout_s = self._queue.agent_timeout_s + ENGINE_MARGIN_S
        fork = self._fork = Fork(self._resources, on_ringing=on_ringing, another_leg=self._another_leg)
        fork.dial(
            list(zip(self.legs, self._targets, strict=True)),
            caller=live.call.caller,
            for_leg=caller,
            timeout_s=timeout_s,
            headers=self._headers,
        )
        answer: asyncio.Future[Any] = asyncio.ensure_future(fork.result(timeout_s))
        ringing: asyncio.Future[Any] = asyncio.ensure_future(rings.wait())
        patience = None if any(isinstance(one, OutsideNumber) for one in self._targets) else SILENCE_S
        try:
            done, _ = await asyncio.wait(
                {answer, ringing}, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                return Ending.UNREGISTERED
            found: Leg | Ending = await answer
            return found
        finally:
            for task in (answer, ringing):
                task.cancel()
            await asyncio.gather(answer, ringing, return_exceptions=True)

    def _new_legs(self, count: int) -> tuple[str, ...]:
        call = self._call.live.call
        return leg_ids(call.id, self._call.caller.id, count, used=call.legs, agent=self._agent)

    def _another_leg(self) -> str:
        """The id of the leg to the agent's mobile over its next trunk."""
        (leg,) = self._new_legs(1)
        self._call.live.rings((leg,))
        self.legs = (*self.legs, leg)
        return leg


def headers_of(queue: Queue, waited_s: float, ring_tone: Callable[[str], str]) -> dict[str, str]:
    """By these an agent's phone shows queue and waiting time, and rings its own way (SIP-9, Q-5).

    `ring_tone`: the hash of a ring tone that was uploaded, "" while nothing was.
    """
    headers = diverted(queue.number, queue.name, waited_s=waited_s)
    info = f";info={queue.alert_info}" if queue.alert_info else ""
    named = queue.ring_tone
    wanted = named if named is None or isinstance(named, RingTone) else ring_tone(named)
    tone = f";ring-tone={wanted}" if wanted else ""
    if info or tone:
        # The text stands last: it may be anything, and phones take all that follows `info=` for it.
        headers["Alert-Info"] = f"<http://queue>{tone}{info}"
    return headers
