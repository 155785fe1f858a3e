"""Which destination of a call flow a call goes to (Q-3)."""

from server.contract.call_flows import CallFlow, FlowStep, Origin
from server.contract.decisions import Rule
from server.contract.destinations import Destination
from server.contract.hours import Holidays
from server.rules.hours import Verdict, on_holiday
from server.rules.patterns import matches
from server.rules.routing.calls import Asker, Situation
from server.rules.routing.trace import Trace


def chosen_by(flow: CallFlow, asker: Asker, situation: Situation, trace: Trace) -> Destination:
    """The destination of the first step that is for this call, else that of the call flow."""
    for place, step in enumerate(flow.steps, 1):
        verdict = _is_for(step, asker, situation)
        if verdict.holds:
            trace.yes(Rule.CALL_FLOW, flow.name, f"step {place}: {verdict.why}: {step.destination}")
            return step.destination
        trace.no(Rule.CALL_FLOW, flow.name, f"step {place}: {verdict.why}")
    trace.yes(Rule.CALL_FLOW, flow.name, f"no step is for this call: {flow.destination}")
    return flow.destination


def _is_for(step: FlowStep, asker: Asker, situation: Situation) -> Verdict:
    """Whether all conditions hold; what cannot be told counts as not so."""
    verdicts = []
    if step.origin is not None:
        internal = step.origin is Origin.INTERNAL
        verdicts.append(Verdict(internal == asker.internal, f"the caller is {_origin(asker)}"))
    if step.callers:
        verdicts.append(_matches(step.callers, asker.number))
    if step.time_condition is not None:
        verdicts.append(situation.open_at(step.time_condition))
    if step.holidays is not None:
        verdicts.append(on_holiday(step.holidays, situation.snapshot.all(Holidays), situation.wall))
    failed = next((verdict for verdict in verdicts if not verdict.holds), None)
    return failed or Verdict(True, ", ".join(verdict.why for verdict in verdicts))


def _matches(patterns: tuple[str, ...], number: str) -> Verdict:
    if not number:
        return Verdict(False, "the caller's number is withheld")
    for pattern in patterns:
        if matches(pattern, number):
            return Verdict(True, f"{pattern} matches the caller {number}")
    return Verdict(False, f"no pattern matches the caller {number}")


def _origin(asker: Asker) -> Origin:
    return Origin.INTERNAL if asker.internal else Origin.EXTERNAL
