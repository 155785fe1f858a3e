"""In which order several extensions ring for one call."""

from collections.abc import Collection, Mapping

from server.contract.boss import Boss
from server.contract.routing import RingGroup, RingStrategy
from server.flows.stops import Ring, Target
from server.rules.boss_secretary import First


def rings_for_boss(
    boss: Boss, group: RingGroup | None, first: First, found: Mapping[str, tuple[Target, ...]]
) -> tuple[Ring, ...]:
    """The boss's own secretaries together, then the group by its strategy; `found` is what rings at each."""
    own = tuple(target for one in first.secretaries for target in found.get(one, ()))
    rings = (Ring(own, boss.ring_timeout_s),) if own else ()
    if group is None:
        return rings
    return rings + rings_of_group(group, [found[one] for one in first.members if one in found])


def rings_of_group(group: RingGroup, members: Collection[tuple[Target, ...]]) -> tuple[Ring, ...]:
    """The members of a ring group by its strategy."""
    if group.strategy is RingStrategy.RING_ALL:
        together = tuple(target for targets in members for target in targets)
        return (Ring(together, group.ring_timeout_s),) if together else ()
    return tuple(Ring(targets, group.ring_timeout_s) for targets in members)
