"""`OwnCalls`, compared after everything that it is told with what working out all calls anew shows."""

from collections.abc import Callable
from typing import Any

from server.contract.own_calls import OwnCall, OwnCallState
from server.flows.own_calls import OwnCalls
from server.switch.port import TrunkChanged


class CheckedOwnCalls(OwnCalls):
    """Shows the same; `wrong` says where it was not what a client would get that asks anew."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wrong: list[str] = []
        self.compared = 0

    def follow(self, live: Any) -> None:
        self._checked("follow", super().follow, live)

    def forget(self, live: Any) -> None:
        self._checked("forget", super().forget, live)

    def ordered(self, order: Any) -> None:
        self._checked("ordered", super().ordered, order)

    def order_over(self, order: Any, outcome: Any) -> None:
        self._checked("order_over", super().order_over, order, outcome)

    def _on_switch(self, event: Any) -> None:
        if isinstance(event, TrunkChanged):
            # After a broken connection it comes before `Up`, which tells what became of legs meanwhile.
            super()._on_switch(event)
        else:
            self._checked("switch", super()._on_switch, event)

    def _checked(self, what: str, tell: Callable[..., None], *told: Any) -> None:
        tell(*told)
        for number in {*self._legs, *self._shown, *self._orders}:
            shown = {call.id: call for call in self.of(number) if call.state is not OwnCallState.ENDED}
            self.compared += bool(shown)
            anew = {key: _as_told(call, shown.get(key)) for key, call in self._calls_of(number).items()}
            if shown != anew:
                self.wrong.append(f"after {what} {told}, {number} is shown {_differences(shown, anew)}")


def _as_told(call: OwnCall, told: OwnCall | None) -> OwnCall:
    """A queue that the caller has just left may still be named: the agent's phone is about to end, too.

    And one that rings the agent anew after a kill need not be named yet on the phone that rang before it,
    which is about to end as well.
    """
    if told is None or (call.queue and (told.queue or call.state is not OwnCallState.RINGING)):
        return call
    queue = {key: getattr(told, key) for key in ("queue", "queue_name", "waiting_since")}
    return call.model_copy(update=queue)


def _differences(shown: dict[str, OwnCall], anew: dict[str, OwnCall]) -> str:
    told = []
    for call_id in {*shown, *anew}:
        one, other = (calls[call_id].model_dump() if call_id in calls else None for calls in (shown, anew))
        if one is None or other is None:
            told.append(f"{call_id}: {one} instead of {other}")
        else:
            told += [
                f"{call_id} {key}: {one[key]}, not {other[key]}" for key in one if one[key] != other[key]
            ]
    return "; ".join(told)
