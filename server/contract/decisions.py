"""Where a call goes, and why: the answer of the routing rules (`server.rules.routing`)."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from server.contract.base import Instant, Line, Reply, Request
from server.contract.features import Feature


class DecisionKind(StrEnum):
    """What happens with the call."""

    EXTENSION = "extension"
    RING_GROUP = "ring_group"
    VOICEMAIL = "voicemail"
    """The mailbox of the extension `number` takes a message."""
    IVR = "ivr"
    QUEUE = "queue"
    CONFERENCE = "conference"
    PROMPT = "prompt"
    """The prompt with the name `number` is heard, then the call ends."""
    GROUP_VOICEMAIL = "group_voicemail"
    """The group mailbox `number` takes a message."""
    FEATURE = "feature"
    """Something is done for the caller: `feature`, with `number` if it takes one."""
    PARKING_SLOT = "parking_slot"
    """The call that is parked there is taken."""
    EMERGENCY = "emergency"
    """Out by trunks; no rule may hold it up (SIP-12)."""
    OUTBOUND = "outbound"
    """Out by trunks."""
    HANG_UP = "hang_up"
    """A route says so."""
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a call goes nowhere."""

    INVALID_NUMBER = "invalid_number"
    """What was dialled cannot be a number."""
    UNKNOWN_NUMBER = "unknown_number"
    """No rule knows the number."""
    UNKNOWN_CALLER = "unknown_caller"
    """The calling extension, or trunk, does not exist or is disabled."""
    FORBIDDEN = "forbidden"
    """A route leads there, but not for this caller."""
    OUTSIDE_HOURS = "outside_hours"
    """A route leads there, but not now."""
    NO_TRUNK = "no_trunk"
    """A route leads there, but all of its trunks are disabled."""


class Rule(StrEnum):
    """What a step asked."""

    NUMBER = "number"
    CALLER = "caller"
    EMERGENCY = "emergency"
    EMERGENCY_CALL_BACK = "emergency_call_back"
    """Whether a call from outside is the call-back of an emergency call: it comes before every other rule."""
    EXTENSION = "extension"
    BOSS_SECRETARY = "boss_secretary"
    """Whether the call goes to the secretaries of this extension first; rules by caller ID come before."""
    RING_GROUP = "ring_group"
    IVR = "ivr"
    QUEUE = "queue"
    CONFERENCE = "conference"
    PROMPT = "prompt"
    GROUP_MAILBOX = "group_mailbox"
    PARKING_SLOT = "parking_slot"
    FEATURE_CODE = "feature_code"
    CALL_FLOW = "call_flow"
    """Whether a step of the call flow `name` is for this call."""
    INBOUND_ROUTE = "inbound_route"
    TIMED_DESTINATION = "timed_destination"
    OUTBOUND_ROUTE = "outbound_route"
    DECISION = "decision"
    """The last step: what was decided."""


class Step(Reply):
    """One rule that was tried; `name` is the object's, `reason` says why it matched or did not."""

    rule: Rule
    name: str = ""
    matched: bool
    reason: str


class TrunkChoice(Reply):
    """A trunk to try, and the caller ID to send there; empty: the calling extension's own."""

    trunk: str
    caller_number: str = ""
    caller_name: str = ""


class Decision(Reply):
    """Where a call goes. The last of `steps` says it in words.

    `number` is that of the extension, ring group, menu, slot or feature, or the rewritten one for the trunks;
    when refused, the dialled one. `trunks` are to be tried in order. `route` is the one that decided, if one
    did. `emergency_call_back`: it rings at once on all phones of the extension, whatever its settings; if
    nobody answers there, the call goes where it would have gone else.
    """

    kind: DecisionKind
    number: str = ""
    trunks: tuple[TrunkChoice, ...] = ()
    route: str = ""
    refusal: Refusal | None = None
    feature: Feature | None = None
    emergency_call_back: bool = False
    steps: tuple[Step, ...]


class RouteQuery(Request):
    """A call that might be made: from an extension, or from a trunk with the caller's number.

    `psap_callback`: the trunk marks it as the call-back of an emergency centre (RFC 7090).
    """

    dialled: Line = Field(min_length=1, max_length=64)
    extension: Line = Field("", max_length=8)
    trunk: Line = Field("", max_length=32)
    caller: Line = Field("", max_length=64)
    psap_callback: bool = False
    at: datetime | None = None
    """When; without a zone it is in the system's time zone; None: now."""


class RouteExplanation(Reply):
    """What `linkus-pbx route explain` shows."""

    query: RouteQuery
    at: Instant
    time_zone: str
    decision: Decision
