"""What is left of calls in the engine, sorted by call: by the ids of legs and bridges alone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from server.flows.leg_ids import is_call_id, new_call_id, origin_of, reference
from server.flows.places import Place
from server.switch.port import Bridge, Leg, LegState


@dataclass(slots=True)
class Leftovers:
    """Legs and bridges of the engine, by id, that no call of this process owns."""

    legs: dict[str, Leg] = field(default_factory=dict)
    bridges: dict[str, Bridge] = field(default_factory=dict)

    def update(self, other: "Leftovers") -> None:
        """Take these in too."""
        self.legs |= other.legs
        self.bridges |= other.bridges


@dataclass(slots=True)
class Remains:
    """What is left of one call.

    Attributes:
        caller: the caller's leg, if it is still there.
        phones: legs that the call dialled, in the order in which it did, and one that picked it up.
    """

    call_id: str
    caller_leg: str
    caller: Leg | None = None
    phones: list[Leg] = field(default_factory=list)
    bridge: Bridge | None = None

    @property
    def talking(self) -> list[Leg]:
        """The phones that have answered."""
        return [phone for phone in self.phones if phone.state is LegState.UP]

    def leftovers(self, *, without: Iterable[Leg] = ()) -> Leftovers:
        """All of it, as things that nobody wants; without legs that are wanted, and then without bridge."""
        wanted = {leg.id for leg in without}
        legs = [leg for leg in (self.caller, *self.phones) if leg is not None and leg.id not in wanted]
        bridges = [self.bridge] if self.bridge is not None and not wanted else []
        return Leftovers({leg.id: leg for leg in legs}, {bridge.id: bridge for bridge in bridges})


def take(
    left: Leftovers,
    call_id: str,
    caller_leg: str,
    *,
    legs: Collection[str] = (),
    bridge_id: str = "",
    spare: Collection[str] = (),
) -> Remains:
    """Take what is left of this call out of `left`.

    `legs`: further legs that are known to be its own (taken over in a transfer). `bridge_id`: where it is
    not the call's id. `spare`: legs that are another call's by now. A phone that has called us and sits in
    the call's bridge has picked it up.
    """
    bridge = left.bridges.pop(bridge_id or call_id, None)
    picked_up = {leg.id for leg in left.legs.values() if leg.inbound and bridge and leg.id in bridge.legs}
    own = [
        leg
        for leg in left.legs.values()
        if (_call_of(leg) == call_id or leg.id in legs or leg.id in picked_up)
        and leg.id not in spare
        and leg.id != caller_leg
    ]
    remains = Remains(
        call_id=call_id,
        caller_leg=caller_leg,
        caller=left.legs.pop(caller_leg, None),
        phones=sorted(own, key=lambda leg: leg.id),
        bridge=bridge,
    )
    for leg in own:
        del left.legs[leg.id]
    return remains


def take_all(left: Leftovers) -> list[Remains]:
    """Take everything out of `left` that is some call's: what stays is nobody's.

    A leg that we dialled says which call it is of, unless another leg says that it was dialled for this one
    (a transfer). A caller alone may still sit in the call's bridge, or its leg has a note of its call; and
    else it is a call of which nothing else is left.
    """
    names = {reference(leg_id): leg_id for leg_id in left.legs}
    calls = {
        origin.call_id: names.get(origin.caller, origin.caller)
        for leg_id in left.legs
        if (origin := origin_of(leg_id))
    }
    inbound = {leg.id for leg in left.legs.values() if leg.inbound} - set(calls.values())
    for bridge in left.bridges.values():
        for leg_id in sorted(bridge.legs & inbound):
            if is_call_id(bridge.id) and bridge.id not in calls:
                calls[bridge.id] = leg_id
                inbound.discard(leg_id)
    calls |= {_noted_call(left.legs[leg_id]) or new_call_id(): leg_id for leg_id in inbound}
    callers = set(calls.values())
    return [take(left, call_id, caller_leg, spare=callers) for call_id, caller_leg in calls.items()]


def _noted_call(leg: Leg) -> str:
    place = Place.read(leg.memo)
    return place.call if place is not None else ""


def _call_of(leg: Leg) -> str | None:
    origin = origin_of(leg.id)
    return origin.call_id if origin else None
