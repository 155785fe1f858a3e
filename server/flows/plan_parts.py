"""Small decisions of the planner that need nothing but what they are given."""

from server.contract.decisions import Refusal
from server.rules.forwarding import Follow, Plan
from server.rules.outcomes import Ending
from server.switch.port import Contact, Leg

REFUSALS = {
    Refusal.INVALID_NUMBER: Ending.UNKNOWN_NUMBER,
    Refusal.UNKNOWN_NUMBER: Ending.UNKNOWN_NUMBER,
    Refusal.UNKNOWN_CALLER: Ending.FORBIDDEN,
    Refusal.FORBIDDEN: Ending.FORBIDDEN,
    Refusal.OUTSIDE_HOURS: Ending.FORBIDDEN,
    Refusal.NO_TRUNK: Ending.FAILED,
}


def follow_of(plan: Plan, ending: Ending) -> Follow:
    """What a plan for an extension says is next, where it has ended so."""
    known = {
        Ending.BUSY: plan.busy,
        Ending.NO_ANSWER: plan.no_answer,
        Ending.DECLINED: plan.rejected,
        Ending.UNREGISTERED: plan.unregistered,
    }
    return known.get(ending, Follow(None, ending))


def is_on(phone: Contact, leg: Leg) -> bool:
    """Whether a leg is one of this phone."""
    if leg.inbound:
        return bool(leg.source) and phone.address == leg.source
    return phone.uri == leg.contact
