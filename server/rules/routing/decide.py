"""The order in which the rules are asked."""

from collections.abc import Collection
from datetime import datetime

from server.contract.boss import Boss
from server.contract.call_flows import CallFlow
from server.contract.decisions import Decision, DecisionKind, Refusal, Rule
from server.contract.destinations import Destination, DestinationKind
from server.contract.routing import EmergencyNumber, RingGroup
from server.contract.trunks import Trunk
from server.rules.boss_secretary import ForBoss, first_of
from server.rules.features import feature_of
from server.rules.hours import local_time
from server.rules.numbers import canonical, printable
from server.rules.routing.call_back import CallBacks, EmergencyCall
from server.rules.routing.call_flow import chosen_by
from server.rules.routing.calls import Asker, Call, Extensions, Forwarded, FromExtension, FromTrunk, Situation
from server.rules.routing.emergency import behind_prefix, emergency_trunks
from server.rules.routing.inbound import destination_of, inbound
from server.rules.routing.outbound import outbound
from server.rules.routing.snapshot import Snapshot
from server.rules.routing.trace import Trace

_INSIDE = {
    DestinationKind.EXTENSION: (Rule.EXTENSION, DecisionKind.EXTENSION, "enabled extension"),
    DestinationKind.VOICEMAIL: (Rule.EXTENSION, DecisionKind.VOICEMAIL, "enabled extension"),
    DestinationKind.RING_GROUP: (Rule.RING_GROUP, DecisionKind.RING_GROUP, "ring group"),
    DestinationKind.IVR: (Rule.IVR, DecisionKind.IVR, "menu"),
    DestinationKind.QUEUE: (Rule.QUEUE, DecisionKind.QUEUE, "queue"),
    DestinationKind.CONFERENCE: (Rule.CONFERENCE, DecisionKind.CONFERENCE, "conference room"),
    DestinationKind.GROUP_VOICEMAIL: (Rule.GROUP_MAILBOX, DecisionKind.GROUP_VOICEMAIL, "group mailbox"),
    DestinationKind.PROMPT: (Rule.PROMPT, DecisionKind.PROMPT, "prompt"),
}
"""Destinations inside: the rule that is asked, what is decided, and what the number is."""

_NUMBERED = (
    DestinationKind.EXTENSION,
    DestinationKind.RING_GROUP,
    DestinationKind.IVR,
    DestinationKind.QUEUE,
    DestinationKind.CONFERENCE,
    DestinationKind.GROUP_VOICEMAIL,
)
"""Those whose numbers can be dialled, in the order in which they are asked."""

_KNOWN = {
    Rule.EXTENSION: Situation.is_extension,
    Rule.RING_GROUP: Situation.is_ring_group,
    Rule.IVR: Situation.is_ivr,
    Rule.QUEUE: Situation.is_queue,
    Rule.CONFERENCE: Situation.is_conference,
    Rule.GROUP_MAILBOX: Situation.is_group_mailbox,
    Rule.PROMPT: Situation.is_prompt,
}


def route(
    snapshot: Snapshot,
    extensions: Extensions,
    call: Call,
    now: datetime,
    emergencies: Collection[EmergencyCall] = (),
) -> Decision:
    """Where a call goes at a moment (aware). Never raises, whatever was dialled or configured.

    `emergencies`: the emergency calls that were made lately, of which a call from a trunk may be the
    call-back; that comes before everything (PRES-8). Without them it is told where an ordinary call goes.

    From an extension: emergency numbers, which no rule holds up (SIP-12), even with the prefix of an outbound
    route in front; then extensions, ring groups, menus, queues, conference rooms, group mailboxes, parking
    slots, feature codes, and the outbound routes in order. From a trunk: the inbound routes in order, and
    nothing else: a call from outside never picks a way out by its number.

    What cannot be evaluated (a time condition that is gone, an unknown time zone) counts as closed.
    """
    trace = Trace()
    number = canonical(call.dialled)
    if number is None:
        trace.no(Rule.NUMBER, "", f"{printable(call.dialled)!r} cannot be a number")
        return trace.refuse(Refusal.INVALID_NUMBER)
    situation = Situation(snapshot, extensions, local_time(now, snapshot.zone))
    if isinstance(call, FromTrunk):
        call_backs = CallBacks(situation, call, emergencies, now, trace)
        return _from_trunk(situation, call, number, call_backs, trace)
    if isinstance(call, FromExtension):
        urgent = _emergency(situation, number, trace)
        if urgent is not None:
            return urgent
    return _from_inside(situation, call, number, trace)


def route_to(
    snapshot: Snapshot, extensions: Extensions, destination: Destination, now: datetime, asker: Asker
) -> Decision:
    """Where a destination leads this caller, such as that of a ring group nobody answered. Never raises."""
    situation = Situation(snapshot, extensions, local_time(now, snapshot.zone))
    return _reach(situation, destination, asker, Trace())


def _emergency(situation: Situation, number: str, trace: Trace) -> Decision | None:
    snapshot = situation.snapshot
    emergency = snapshot.get(EmergencyNumber, number)
    reason = f"{number} is an emergency number"
    if emergency is None and not _is_inside(situation, number):
        found = behind_prefix(snapshot, number)
        if found is not None:
            emergency, way = found
            reason = f"outbound route {way.name!r} makes the emergency number {emergency.number} of {number}"
    if emergency is not None:
        trace.yes(Rule.EMERGENCY, emergency.number, reason)
        trunks = emergency_trunks(snapshot, emergency)
        return trace.out(DecisionKind.EMERGENCY, emergency.number, trunks)
    known = ", ".join(snapshot.all(EmergencyNumber)) or "there is none"
    trace.no(Rule.EMERGENCY, "", f"{number} is no emergency number ({known})")
    return None


def _is_inside(situation: Situation, number: str) -> bool:
    return any(_KNOWN[_INSIDE[kind][0]](situation, number) for kind in _NUMBERED)


def _from_inside(
    situation: Situation, call: FromExtension | Forwarded, number: str, trace: Trace
) -> Decision:
    by_rule = isinstance(call, Forwarded)
    user = situation.extensions.get(call.extension)
    if user is None and (call.extension or not by_rule):
        trace.no(Rule.CALLER, "", f"{printable(call.extension)!r} is no enabled extension")
        return trace.refuse(Refusal.UNKNOWN_CALLER, number)
    if by_rule and situation.is_emergency(number):
        return _no_machine_calls(number, trace)
    for kind in _NUMBERED:
        rule, decided, words = _INSIDE[kind]
        if _KNOWN[rule](situation, number):
            trace.yes(rule, number, f"it is {_a(words)}")
            if isinstance(call, FromExtension):
                _secretaries(situation, number, ForBoss(call.extension, internal=True), trace)
            return trace.to(decided, number)
        trace.no(rule, "", f"{number} is no {words}")
    done = None if by_rule else _feature(situation.snapshot, number, trace)
    return done or outbound(situation, number, trace, user=user, by_rule=by_rule)


def _feature(snapshot: Snapshot, number: str, trace: Trace) -> Decision | None:
    """What a number asks for that leads to nobody's phone; None if it asks for nothing."""
    if snapshot.parking.has(number):
        trace.yes(Rule.PARKING_SLOT, number, "it is a parking slot")
        return trace.to(DecisionKind.PARKING_SLOT, number)
    if number[0] not in "*#":
        return None
    wanted = feature_of(snapshot.codes, number)
    if wanted is None:
        trace.no(Rule.FEATURE_CODE, "", f"{number} begins with no feature code")
        return None
    code = snapshot.codes.code(wanted.feature)
    trace.yes(Rule.FEATURE_CODE, code, f"{code} is the code of {wanted.feature.replace('_', ' ')}")
    return trace.do(wanted)


def _from_trunk(
    situation: Situation, call: FromTrunk, number: str, call_backs: CallBacks, trace: Trace
) -> Decision:
    trunk = situation.snapshot.get(Trunk, call.trunk)
    if trunk is None or not trunk.enabled:
        trace.no(Rule.CALLER, "", f"{printable(call.trunk)!r} is no enabled trunk")
        return trace.refuse(Refusal.UNKNOWN_CALLER, number)
    if (urgent := call_backs.by_number(number)) is not None:
        return urgent
    if trunk.dids and number not in trunk.dids:
        trace.no(Rule.NUMBER, "", f"{number} is not among the numbers of trunk {trunk.name}")
        return call_backs.by_mark() or trace.refuse(Refusal.UNKNOWN_NUMBER, number)
    caller = canonical(call.caller) or ""
    found = inbound(situation, trunk.name, number, caller, trace)
    urgent = (call_backs.by_line(found) if found is not None else None) or call_backs.by_mark()
    if urgent is not None:
        return urgent
    if found is None:
        return trace.refuse(Refusal.UNKNOWN_NUMBER, number)
    destination = destination_of(situation, found, trace)
    for_boss = ForBoss(caller, internal=False)
    usual = _reach(situation, destination, Asker(caller), trace, by=found.name, call=for_boss)
    return call_backs.by_decision(usual) or usual


def _reach(
    situation: Situation,
    destination: Destination,
    asker: Asker,
    trace: Trace,
    *,
    by: str = "",
    call: ForBoss | None = None,
) -> Decision:
    """The decision for a destination; `by` is the inbound route that names it."""
    been: set[str] = set()
    while destination.kind is DestinationKind.CALL_FLOW and destination.value not in been:
        flow = situation.snapshot.get(CallFlow, destination.value)
        if flow is None:
            break
        been.add(flow.name)
        destination = chosen_by(flow, asker, situation, trace)
    kind, number = destination.kind, destination.value
    if kind is DestinationKind.HANG_UP:
        return trace.to(DecisionKind.HANG_UP, route=by)
    if kind is DestinationKind.EXTERNAL:
        if situation.is_emergency(number):
            return _no_machine_calls(number, trace)
        return outbound(situation, number, trace, user=None, by_rule=True)
    rule, decided, words = _INSIDE.get(kind, _INSIDE[DestinationKind.EXTENSION])
    if kind in _INSIDE and _KNOWN[rule](situation, number):
        trace.yes(rule, number, f"it is {_a(words)}")
        if call is not None and decided is DecisionKind.EXTENSION:
            _secretaries(situation, number, call, trace)
        return trace.to(decided, number, route=by)
    goes_round = kind is DestinationKind.CALL_FLOW and number in been
    why = "goes round in a circle" if goes_round else "does not exist, or is disabled"
    trace.no(Rule.CALL_FLOW if kind is DestinationKind.CALL_FLOW else rule, number, f"{destination} {why}")
    return trace.refuse(Refusal.UNKNOWN_NUMBER, number)


def _secretaries(situation: Situation, number: str, call: ForBoss, trace: Trace) -> None:
    """Tell whether the call goes to the secretaries of this extension first (BOSS-1)."""
    boss = situation.snapshot.get(Boss, number)
    if boss is not None and not (call.internal and call.caller == number):
        first = first_of(boss, situation.snapshot.get(RingGroup, boss.ring_group), call)
        (trace.yes if first.anybody else trace.no)(Rule.BOSS_SECRETARY, number, first.why)


def _no_machine_calls(number: str, trace: Trace) -> Decision:
    trace.no(Rule.EMERGENCY, number, "only people may call emergency numbers, no rule")
    return trace.refuse(Refusal.FORBIDDEN, number)


def _a(words: str) -> str:
    return f"{'an' if words.startswith(tuple('aeiou')) else 'a'} {words}"
