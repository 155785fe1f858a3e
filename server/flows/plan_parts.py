"""Small decisions of the planner that need nothing but what they are given."""

from collections.abc import Callable
from dataclasses import replace

from server.contract.decisions import Decision, DecisionKind, Refusal
from server.contract.destinations import DestinationKind
from server.contract.features import Feature
from server.flows.stops import Following, OutsideNumber, Ring, Stop
from server.rules.features import FeatureCall, Retrieval
from server.rules.forwarding import Follow, Plan
from server.rules.outcomes import Ending
from server.rules.routing import CALL_BACK_HEADERS
from server.switch.port import Contact, Leg, Party

REFUSALS = {
    Refusal.INVALID_NUMBER: Ending.UNKNOWN_NUMBER,
    Refusal.UNKNOWN_NUMBER: Ending.UNKNOWN_NUMBER,
    Refusal.UNKNOWN_CALLER: Ending.FORBIDDEN,
    Refusal.FORBIDDEN: Ending.FORBIDDEN,
    Refusal.OUTSIDE_HOURS: Ending.FORBIDDEN,
    Refusal.NO_TRUNK: Ending.FAILED,
}

INSIDE = {
    DecisionKind.IVR: DestinationKind.IVR,
    DecisionKind.QUEUE: DestinationKind.QUEUE,
    DecisionKind.EXTENSION: DestinationKind.EXTENSION,
    DecisionKind.RING_GROUP: DestinationKind.RING_GROUP,
}
"""Numbers inside that a forwarding may lead to, as destinations."""


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


def call_back(
    who: Party,
    rings: tuple[Ring, ...],
    *,
    as_usual: Callable[[], Following],
    with_phones: Callable[[tuple[Contact, ...]], Stop],
) -> Stop:
    """The stop at which an emergency centre calls this extension back.

    If nobody answers there, the call goes on `as_usual`, but for phones that have just rung.
    """

    def after(ending: Ending) -> Following:
        usual = as_usual()
        if isinstance(usual, Ending):
            return ending
        is_same = isinstance(usual, Stop) and usual.boss is None and usual.callees == (who,)
        return usual.after(ending) if isinstance(usual, Stop) and is_same else usual

    return Stop(
        callees=(who,),
        rings=rings,
        after=after,
        headers=CALL_BACK_HEADERS,
        with_phones=with_phones,
        call_back=True,
    )


def together(numbers: tuple[OutsideNumber, ...]) -> tuple[OutsideNumber, ...]:
    """The first of these, which has the others behind it: only one of them rings at a time."""
    first: OutsideNumber | None = None
    for number in reversed(numbers):
        first = replace(number, otherwise=first)
    return (first,) if first is not None else ()


def is_mailbox(decision: Decision) -> bool:
    """Whether a code leads to a mailbox, which answers as a phone would."""
    return decision.feature in (Feature.LEAVE_MESSAGE, Feature.VOICEMAIL)


def wish(decision: Decision) -> FeatureCall | Retrieval:
    """What is to be done for whoever has dialled this."""
    if decision.feature is None:
        return Retrieval(decision.number)
    return FeatureCall(decision.feature, decision.number)
