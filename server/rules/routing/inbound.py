"""Calls from trunks: the inbound routes in their order, the first that matches takes the call."""

from server.contract.decisions import Rule
from server.contract.destinations import Destination
from server.contract.hours import Holidays
from server.contract.routing import InboundRoute, TimedDestination
from server.rules.hours import Verdict, on_holiday
from server.rules.patterns import matches
from server.rules.routing.calls import Situation
from server.rules.routing.trace import Trace


def inbound(situation: Situation, trunk: str, number: str, caller: str, trace: Trace) -> InboundRoute | None:
    """The first route that matches; None if none does."""
    for name, route in situation.snapshot.all(InboundRoute).items():
        mismatch = _mismatch(route, trunk, number, caller)
        if mismatch is not None:
            trace.no(Rule.INBOUND_ROUTE, name, mismatch)
            continue
        trace.yes(Rule.INBOUND_ROUTE, name, f"trunk, dialled number {number} and caller match")
        return route
    return None


def _mismatch(route: InboundRoute, trunk: str, number: str, caller: str) -> str | None:
    if not route.enabled:
        return "it is disabled"
    if route.trunks and trunk not in route.trunks:
        return f"it is not for trunk {trunk}"
    if route.did_pattern and not matches(route.did_pattern, number):
        return f"{route.did_pattern} does not match {number}"
    if route.caller_pattern and not matches(route.caller_pattern, caller):
        return f"{route.caller_pattern} does not match the caller {caller or '(withheld)'}"
    return None


def destination_of(situation: Situation, route: InboundRoute, trace: Trace) -> Destination:
    """Where a route sends calls now."""
    for timed in route.timed:
        verdict = _holds(situation, timed)
        if verdict.holds:
            trace.yes(Rule.TIMED_DESTINATION, route.name, f"{verdict.why}: {timed.destination}")
            return timed.destination
        trace.no(Rule.TIMED_DESTINATION, route.name, verdict.why)
    return route.destination


def _holds(situation: Situation, timed: TimedDestination) -> Verdict:
    if timed.holidays is not None:
        return on_holiday(timed.holidays, situation.snapshot.all(Holidays), situation.wall)
    return situation.open_at(timed.time_condition or "")
