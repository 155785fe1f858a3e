"""How a call reaches an extension: the order of decisions, from the rules to the phones (PRES-8).

`reach` decides once, when the call arrives. What it returns is a plan: which phones ring, and what follows
whichever way that ends. Nothing here knows the clock or a switch.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from server.contract.destinations import Destination, DestinationKind
from server.contract.presence import PresenceStatus
from server.contract.reaching import (
    DEFAULT_RING_S,
    DoNotDisturbSettings,
    EndpointKind,
    Forwarding,
    ReachingSettings,
    StatusSettings,
)
from server.rules.caller_rules import first_match
from server.rules.numbers import canonical
from server.rules.outcomes import Ending

MAX_HOPS = 8
"""Forwardings of one call; more is a mistake in the settings, even where it is no loop."""


OWN_VOICEMAIL = Destination(kind=DestinationKind.VOICEMAIL)
"""The mailbox of the extension whose settings say so."""


class DecidedBy(Enum):
    """The step of PRES-8 that decided."""

    EMERGENCY_CALL_BACK = "emergency call-back"
    CALLER_RULE = "rule by caller ID"
    FORWARDING = "presence forwarding"
    DO_NOT_DISTURB = "do not disturb"
    ALL_BUSY = "an endpoint is in a call"
    BUSY = "every endpoint is in a call"
    RING_STRATEGY = "ring strategy"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that arrives at an extension.

    Attributes:
        caller: its number, canonical; "" if it is withheld.
        internal: the caller is a colleague; for a transferred call, the party that is transferred.
        through_group: it comes through a queue or ring group (PRES-7).
        transferred: a colleague transferred it, which makes it a direct call (PRES-7).
        emergency_call_back: the emergency service calls back whoever called it.
    """

    caller: str
    internal: bool
    through_group: bool = False
    transferred: bool = False
    emergency_call_back: bool = False

    @property
    def direct(self) -> bool:
        """Whether forwarding and rules apply (PRES-7)."""
        return self.transferred or not self.through_group


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The phones of an extension.

    Attributes:
        registered: kinds with at least one registered phone.
        busy: kinds of which a phone is in a call.
        mobile: the own mobile number as it was entered, if there is one.
        has_voicemail: the own mailbox takes messages.
    """

    registered: frozenset[EndpointKind]
    busy: frozenset[EndpointKind] = frozenset()
    mobile: str | None = None
    has_voicemail: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Kinds of endpoint that ring together, and for how many seconds."""

    kinds: frozenset[EndpointKind]
    timeout_s: int


@dataclass(frozen=True, slots=True)
class Follow:
    """What follows: the call goes to `destination`; without one the caller is refused with `ending`.

    `destination` is never `mobile`: that has become the external number to dial. Where the call cannot go to
    the destination (a loop, `leads_on`), `ending` holds too.
    """

    destination: Destination | None
    ending: Ending


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with a call.

    Attributes:
        decided_by: the step of PRES-8 that decided.
        at_once: what is done without any ringing; None: the stages ring.
        stages: what rings, one after the other; the next one when nobody answered in this one.
        mobile: the external number that rings beside all stages; "" for none. Without any registered phone
            there is one stage without kinds, in which only this number rings.
        all_reject: a rejection on one endpoint ends all of them.
        busy, no_answer, rejected, unregistered: what follows when all that rang are busy, nobody answered,
            the call was rejected, no phone that may ring is registered.
    """

    decided_by: DecidedBy
    at_once: Follow | None
    stages: tuple[Stage, ...]
    mobile: str
    all_reject: bool
    busy: Follow
    no_answer: Follow
    rejected: Follow
    unregistered: Follow


def reach(settings: ReachingSettings, status: PresenceStatus, arrival: Arrival, endpoints: Endpoints) -> Plan:
    """What is to be done with a call to an extension with these settings, in this status (PRES-8).

    Under Do Not Disturb nothing rings but an emergency call-back. A plan never rings a kind that is not
    registered. A destination that cannot be used (the own mobile number, where there is none; the own
    mailbox, if it is off) counts as not set, so that the call is not lost by it.
    """
    if arrival.emergency_call_back:
        everything = StatusSettings(ring_timeout_s=DEFAULT_RING_S)
        return _ring(everything, ReachingSettings(), endpoints, Forwarding(), DecidedBy.EMERGENCY_CALL_BACK)
    of_status = settings.statuses.of(status)
    of_type = of_status.internal if arrival.internal else of_status.external
    if arrival.direct:
        rule = first_match(settings.caller_rules, arrival.caller)
        if rule is not None and rule.destination is not None:
            return _at_once(DecidedBy.CALLER_RULE, Follow(rule.destination, Ending.DECLINED))
        always = _usable(of_type.always, settings, endpoints)
        if always is not None:
            dnd = isinstance(of_status, DoNotDisturbSettings)
            ending = Ending.DO_NOT_DISTURB if dnd else Ending.NO_ANSWER
            return _at_once(DecidedBy.FORWARDING, Follow(always, ending))
    if isinstance(of_status, DoNotDisturbSettings):
        return _at_once(DecidedBy.DO_NOT_DISTURB, Follow(None, Ending.DO_NOT_DISTURB))
    forwarding = of_type if arrival.direct and isinstance(of_type, Forwarding) else Forwarding()
    if not arrival.direct:
        of_status = of_status.model_copy(update={"ring_mobile": False})  # its mailbox would take the caller
    return _ring(of_status, settings, endpoints, forwarding, DecidedBy.RING_STRATEGY)


def leads_on(visited: Collection[Destination], to: Destination) -> bool:
    """Whether a call that was at `visited` may be forwarded `to`; False ends a loop.

    `visited` has every extension and ring group that the call was at, the first one too.
    """
    return to not in visited and len(visited) <= MAX_HOPS


def mobile_number(settings: ReachingSettings, endpoints: Endpoints) -> str | None:
    """What to dial for the own mobile number: with its prefix; None where it cannot be dialled.

    Behind a prefix a leading `+` becomes `00` (ITU-T E.123 and E.164): it could not be dialled there.
    """
    number = canonical(endpoints.mobile or "")
    if number and settings.mobile_prefix and number.startswith("+"):
        number = "00" + number[1:]
    return canonical(settings.mobile_prefix + number) if number else None


def _ring(
    of_status: StatusSettings,
    settings: ReachingSettings,
    endpoints: Endpoints,
    forwarding: Forwarding,
    decided_by: DecidedBy,
) -> Plan:
    busy = Follow(_usable(forwarding.busy, settings, endpoints), Ending.BUSY)
    stages = _stages(of_status, endpoints.registered)
    mobile = (mobile_number(settings, endpoints) if of_status.ring_mobile else None) or ""
    if settings.all_busy and endpoints.busy:
        return _at_once(DecidedBy.ALL_BUSY, busy)
    ringing = frozenset().union(*(stage.kinds for stage in stages))
    # Who forwards when busy wants those calls elsewhere; else a phone may take a second call (SIP-3).
    if busy.destination is not None and ringing and ringing <= endpoints.busy:
        return _at_once(DecidedBy.BUSY, busy)
    if mobile and not stages:
        stages = (Stage(frozenset(), of_status.ring_timeout_s),)
    elsewhere = _usable(forwarding.no_answer, settings, endpoints)
    # Who rejects a call, and has a mailbox for when there is no time, sends the caller there (SIP-3).
    rejected = elsewhere or (busy.destination if _is_voicemail(busy.destination) else None)
    return Plan(
        decided_by=decided_by,
        at_once=None if stages else Follow(elsewhere, Ending.UNREGISTERED),
        stages=stages,
        mobile=mobile,
        all_reject=settings.all_reject,
        busy=busy,
        no_answer=Follow(elsewhere, Ending.NO_ANSWER),
        rejected=Follow(rejected, Ending.DECLINED),
        unregistered=Follow(elsewhere, Ending.UNREGISTERED),
    )


def _stages(of_status: StatusSettings, registered: frozenset[EndpointKind]) -> tuple[Stage, ...]:
    wanted = (registered.intersection(kinds) for kinds in (of_status.ring_first, of_status.ring_second))
    return tuple(Stage(kinds, of_status.ring_timeout_s) for kinds in wanted if kinds)


def _usable(
    destination: Destination | None, settings: ReachingSettings, endpoints: Endpoints
) -> Destination | None:
    if destination == OWN_VOICEMAIL:
        return destination if endpoints.has_voicemail else None
    if destination is None or destination.kind is not DestinationKind.MOBILE:
        return destination
    number = mobile_number(settings, endpoints)
    return Destination(kind=DestinationKind.EXTERNAL, value=number) if number else None


def _is_voicemail(destination: Destination | None) -> bool:
    return destination is not None and destination.kind is DestinationKind.VOICEMAIL


def _at_once(decided_by: DecidedBy, follow: Follow) -> Plan:
    return Plan(
        decided_by=decided_by,
        at_once=follow,
        stages=(),
        mobile="",
        all_reject=False,
        busy=follow,
        no_answer=follow,
        rejected=follow,
        unregistered=follow,
    )
