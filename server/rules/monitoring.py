"""Whether somebody may take part in the call of somebody else (WALL-3)."""

from collections.abc import Iterable

from server.contract.monitoring import MonitoringMode, MonitoringRight
from server.rules.routing.calls import Extensions


def may_monitor(
    rights: Iterable[MonitoringRight],
    extensions: Extensions,
    supervisor: str,
    monitored: str,
    mode: MonitoringMode,
) -> bool:
    """Whether the extension `supervisor` may do this with calls of extension `monitored`.

    Never with its own; with those of one who may not be monitored nobody may, whatever the rights (ADMIN-1).
    """
    who = extensions.get(monitored)
    if who is None or not who.monitored or extensions.get(supervisor) is None or supervisor == monitored:
        return False
    return any(
        supervisor in right.supervisors
        and mode in right.modes
        and (right.everybody or monitored in right.extensions or not set(right.groups).isdisjoint(who.groups))
        for right in rights
    )
