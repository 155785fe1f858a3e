"""The one place that decides where a dialled number goes, and can explain it (ADMIN-2, SIP-12).

`route` is pure and total: configuration, extensions, call and moment in, a `Decision` with every step out.
"""

from server.rules.routing.call_back import CALL_BACK_HEADERS, EmergencyCall, is_marked
from server.rules.routing.calls import Asker, Call, Extensions, Forwarded, FromExtension, FromTrunk
from server.rules.routing.decide import route, route_to
from server.rules.routing.emergency import is_emergency_number
from server.rules.routing.snapshot import Snapshot, snapshot_of

__all__ = [
    "CALL_BACK_HEADERS",
    "Asker",
    "Call",
    "EmergencyCall",
    "Extensions",
    "Forwarded",
    "FromExtension",
    "FromTrunk",
    "Snapshot",
    "is_emergency_number",
    "is_marked",
    "route",
    "route_to",
    "snapshot_of",
]
