"""Which time condition an extension switches by a code (CODE-1)."""

from collections.abc import Iterable

from server.contract.extensions import Extension
from server.contract.hours import ByHand
from server.contract.time_switches import TimeSwitch


def state_of(dialled: str) -> ByHand | None:
    """The state that the first digit behind the code stands for; None if it stands for none."""
    by_digit = {str(digit): state for digit, state in enumerate(ByHand)}
    return by_digit.get(dialled[:1])


def switch_for(switches: Iterable[TimeSwitch], who: Extension, digits: str) -> TimeSwitch | None:
    """The switch with these digits, without any the only one, among those that `who` may use."""
    usable = [switch for switch in switches if _may_use(switch, who) and digits in ("", switch.digits)]
    return usable[0] if len(usable) == 1 else None


def _may_use(switch: TimeSwitch, who: Extension) -> bool:
    return (
        switch.everybody or who.number in switch.extensions or not set(switch.groups).isdisjoint(who.groups)
    )
