"""Ids of the legs that a call dials: they tell an heir which call they belong to.

The engine keeps ids when the server is killed. `<call>-<position>-<leg of the caller>` says all that the
database may not have been told yet; the bridge of a call has the call's id. Behind the position stands the
agent for whom a queue dials: the mobile of one has no number of an extension.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable
from typing import NamedTuple

_CALL = r"[0-9a-f]{32}"
LONGEST_REFERENCE = 64
"""Characters of a leg's id that stand in another's: the engine takes ids of 149 at most."""

_ORDER = re.compile(rf"order-(?P<order>{_CALL})-(?P<what>[ne])(?P<number>[0-9a-f]+)-\d+")
_LEG = re.compile(rf"(?P<call>{_CALL})-(?P<position>\d+)(a(?P<agent>\d+))?-(?P<caller>.+)")


class Origin(NamedTuple):
    """What a leg was dialled for. `caller` is the `reference` of the caller's leg."""

    call_id: str
    caller: str


def new_call_id() -> str:
    """An id for a call and for its bridge."""
    return uuid.uuid4().hex


def is_call_id(text: str) -> bool:
    """Whether `new_call_id` may have made it."""
    return re.fullmatch(_CALL, text) is not None


def leg_ids(
    call_id: str, caller_leg: str, count: int, *, used: Iterable[str] = (), agent: str = ""
) -> tuple[str, ...]:
    """Ids for the legs to `count` phones, behind those that the call has `used`.

    `agent`: the extension that they are all of, whoever's trunk they go over; "": each says so itself.
    """
    caller = reference(caller_leg)
    positions = [int(found["position"]) for leg_id in used if (found := _LEG.fullmatch(leg_id))]
    first = max(positions, default=-1) + 1
    whose = f"a{agent}" if agent else ""
    return tuple(f"{call_id}-{position}{whose}-{caller}" for position in range(first, first + count))


def reference(leg_id: str) -> str:
    """How ids of other legs name this one: by its id, or by a hash of one that would grow with each transfer.

    A caller who was transferred may have a leg that we dialled, whose id names another leg in turn.
    """
    if len(leg_id) <= LONGEST_REFERENCE:
        return leg_id
    return hashlib.sha256(leg_id.encode()).hexdigest()[:32]


def order_leg_id(order_id: str, position: int, number: str, *, errand: bool = False) -> str:
    """Id for the leg to a phone of who has ordered a call to this number.

    `errand`: it is not called, but shown for a machine that serves the phone; which, is noted on the leg.
    """
    return f"order-{order_id}-{'e' if errand else 'n'}{number.encode().hex()}-{position}"


def order_of(leg_id: str) -> str:
    """The order that a leg was dialled for; "" if it was for none."""
    found = _ORDER.fullmatch(leg_id)
    return found["order"] if found else ""


def number_ordered(leg_id: str) -> str:
    """The number that is to be called once this leg has answered, or shown for an errand; "": no order."""
    found = _ORDER.fullmatch(leg_id)
    return bytes.fromhex(found["number"]).decode() if found else ""


def is_errand(leg_id: str) -> bool:
    """Whether a machine is to serve this leg once it has answered, whatever the number."""
    found = _ORDER.fullmatch(leg_id)
    return found is not None and found["what"] == "e"


def call_of_leg(leg_id: str) -> str:
    """The call that the leg with this id was dialled for; "" if no call made it."""
    origin = origin_of(leg_id)
    return origin.call_id if origin is not None else ""


def agent_of(leg_id: str) -> str:
    """The agent for whom a queue has dialled the leg with this id; "" if none has."""
    found = _LEG.fullmatch(leg_id)
    return (found["agent"] or "") if found else ""


def origin_of(leg_id: str) -> Origin | None:
    """What the leg with this id was dialled for; None if no call made it."""
    found = _LEG.fullmatch(leg_id)
    return Origin(found["call"], found["caller"]) if found else None
