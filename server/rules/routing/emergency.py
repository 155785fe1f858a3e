"""Emergency calls come before everything, and no rule may hold them up (SIP-12)."""

from server.contract.decisions import TrunkChoice
from server.contract.routing import EmergencyNumber, OutboundRoute
from server.contract.trunks import Trunk
from server.rules.routing.outbound import rewrite
from server.rules.routing.snapshot import Snapshot


def behind_prefix(snapshot: Snapshot, number: str) -> tuple[EmergencyNumber, OutboundRoute] | None:
    """The emergency number that an enabled outbound route would turn `number` into, such as 0112 into 112.

    Who may use the route, and when, does not count: people in need dial as they always do.
    """
    for route in snapshot.all(OutboundRoute).values():
        rewritten = rewrite(route, number) if route.enabled else None
        found = snapshot.get(EmergencyNumber, rewritten.number) if rewritten else None
        if found is not None:
            return found, route
    return None


def is_emergency_number(snapshot: Snapshot, number: str) -> bool:
    """Whether a number leads to an emergency service, also behind the prefix of an outbound route."""
    known = snapshot.get(EmergencyNumber, number) is not None
    return known or behind_prefix(snapshot, number) is not None


def emergency_trunks(snapshot: Snapshot, emergency: EmergencyNumber) -> list[TrunkChoice]:
    """The trunks to try, in order. Disabled ones are passed over, unless there is no other."""
    known = [(name, snapshot.get(Trunk, name)) for name in emergency.trunks]
    usable = [(name, trunk) for name, trunk in known if trunk is not None and trunk.enabled] or known
    choices = []
    for name, trunk in usable:
        number, shown = emergency.caller_id_number, emergency.caller_id_name
        if not number and trunk is not None:
            number, shown = trunk.caller_id_number, trunk.caller_id_name
        choices.append(TrunkChoice(trunk=name, caller_number=number, caller_name=shown))
    return choices
