"""The own calls of an extension, as a client that controls them sees them (SIP-11), and its phones."""

from enum import StrEnum

from server.contract.base import Instant, Reply
from server.contract.calls import Direction, Outcome
from server.contract.reaching import EndpointKind
from server.contract.recording import CallRecording

ENDED_S = 5.0
"""Seconds for which a call that has ended is still told of."""


class OwnCallState(StrEnum):
    """How far an own call is."""

    ORDERED = "ordered"
    """The own phones ring; the number is called once one of them is answered."""
    CALLING = "calling"
    """Outgoing; nobody rings yet."""
    RINGING = "ringing"
    """Incoming: own phones ring. Outgoing: it rings there."""
    TALKING = "talking"
    ENDED = "ended"


class OwnCall(Reply):
    """An own call: an item of topic `calls`, keyed by `id`; it goes `ENDED_S` after its end.

    `number` and `name` are the other party's. `since`: when the talk, or before that the call, began; the
    end, once it has ended. `held_by`: the extensions that hold it. `can_answer`: an own phone that rings can
    be told to answer (`POST /me/calls/{id}/answer`). `transferred_to`: the number that the other party is
    just being sent to by the extension, "" for none; if nobody answers there, the two talk on. `outcome`:
    how it ended; None where the extension is merely out of it, such as after a transfer. `sip_call_ids`: the
    Call-IDs (RFC 3261, 8.1.1.4) of the own phones in it, by which a phone finds its call; empty where the
    engine does not tell them. `for_number`: the boss whom the caller wants, if the own extension is called as
    the secretary; else "" (BOSS-1). `queue`, `queue_name`, `waiting_since`: the queue as whose agent the own
    extension is called, and since when the caller has waited there; else "" and None (SIP-9).
    `emergency_call_back`: an emergency centre calls back, in all likelihood (PRES-8). `known` False: the
    engine is away, and all of this is the last that was known.
    """

    id: str
    direction: Direction = Direction.OUTGOING
    number: str
    name: str
    state: OwnCallState = OwnCallState.TALKING
    since: Instant
    held_by: list[str] = []
    can_answer: bool = False
    transferred_to: str = ""
    outcome: Outcome | None = None
    sip_call_ids: list[str]
    for_number: str = ""
    queue: str = ""
    queue_name: str = ""
    waiting_since: Instant | None = None
    emergency_call_back: bool = False
    known: bool = True
    recording: CallRecording


class OwnPhone(Reply):
    """A registered phone of the own extension: an item of topic `phones`, keyed by `id`.

    `name`: what it calls itself (User-Agent), "" if it does not. `can_answer`: it can be told to answer a
    call that rings. `reachable` None: not known, the engine is away.
    """

    id: str
    name: str
    kind: EndpointKind
    can_answer: bool
    reachable: bool | None
