"""Numbers outside: the outbound routes in their order, the first that matches takes the call."""

from dataclasses import dataclass

from server.contract.decisions import Decision, DecisionKind, Refusal, Rule, TrunkChoice
from server.contract.extensions import Extension
from server.contract.routing import OutboundRoute
from server.contract.trunks import Trunk
from server.rules.numbers import canonical
from server.rules.patterns import matches
from server.rules.routing.calls import Situation
from server.rules.routing.trace import Trace

_NEAREST = (Refusal.UNKNOWN_NUMBER, Refusal.FORBIDDEN, Refusal.OUTSIDE_HOURS, Refusal.NO_TRUNK)
"""How near to a call each refusal came: the nearest one is told."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The first pattern of a route that matches, and the number it makes for the trunk, "" if unusable."""

    pattern: str
    number: str


def rewrite(route: OutboundRoute, number: str) -> Rewritten | None:
    """What the first matching pattern of the route makes of a number; None if none matches."""
    for pattern in route.patterns:
        if matches(pattern.pattern, number):
            return Rewritten(pattern.pattern, canonical(pattern.prepend + number[pattern.strip :]) or "")
    return None


def outbound(
    situation: Situation,
    number: str,
    trace: Trace,
    *,
    user: Extension | None,
    by_rule: bool = False,
) -> Decision:
    """The way out for a number.

    `user` is whose permissions count (None: everything is permitted). With `by_rule` emergency numbers are
    refused; else the caller has dealt with them before.
    """
    nearest = Refusal.UNKNOWN_NUMBER
    for name, route in situation.snapshot.all(OutboundRoute).items():
        rewritten = rewrite(route, number)
        if not route.enabled:
            trace.no(Rule.OUTBOUND_ROUTE, name, "it is disabled")
            continue
        if rewritten is None:
            trace.no(Rule.OUTBOUND_ROUTE, name, f"none of its patterns matches {number}")
            continue
        refusal, why = _usable(situation, route, rewritten, user=user, by_rule=by_rule)
        if refusal is not None:
            trace.no(Rule.OUTBOUND_ROUTE, name, f"{rewritten.pattern} matches, but {why}")
            nearest = max(nearest, refusal, key=_NEAREST.index)
            continue
        trace.yes(Rule.OUTBOUND_ROUTE, name, f"{rewritten.pattern} matches {number}; {why}")
        return trace.out(DecisionKind.OUTBOUND, rewritten.number, _trunks(situation, route), route=name)
    return trace.refuse(nearest, number)


def _usable(
    situation: Situation,
    route: OutboundRoute,
    rewritten: Rewritten,
    *,
    user: Extension | None,
    by_rule: bool,
) -> tuple[Refusal | None, str]:
    """Why a route whose pattern matches may not be used, or None; and the reason in words."""
    if not rewritten.number:
        return Refusal.UNKNOWN_NUMBER, "what it makes of it is no number (it is too long)"
    if by_rule and situation.is_emergency(rewritten.number):
        return Refusal.FORBIDDEN, f"only people may call the emergency number {rewritten.number}"
    permitted, why = _permitted(route, user)
    if not permitted:
        return Refusal.FORBIDDEN, why
    if route.time_condition is not None:
        open_now = situation.open_at(route.time_condition)
        if not open_now.holds:
            return Refusal.OUTSIDE_HOURS, open_now.why
        why = f"{why}; {open_now.why}"
    if not _trunks(situation, route):
        return Refusal.NO_TRUNK, f"none of its trunks is enabled: {', '.join(route.trunks)}"
    return None, why


def _permitted(route: OutboundRoute, user: Extension | None) -> tuple[bool, str]:
    if user is None:
        return True, "it was chosen by an administrator"
    if route.everybody:
        return True, "everybody may use it"
    if user.number in route.extensions:
        return True, f"{user.number} may use it"
    if shared := [group for group in user.groups if group in route.groups]:
        return True, f"{user.number} may use it, being in {shared[0]!r}"
    return False, f"{user.number} may not use it"


def _trunks(situation: Situation, route: OutboundRoute) -> list[TrunkChoice]:
    known = [situation.snapshot.get(Trunk, name) for name in route.trunks]
    return [
        TrunkChoice(trunk=trunk.name, caller_number=trunk.caller_id_number, caller_name=trunk.caller_id_name)
        for trunk in known
        if trunk is not None and trunk.enabled
    ]
