"""What must hold between the objects of the configuration, and the extensions."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial

from server.contract.call_flows import CallFlow
from server.contract.configuration import EXTENSION, ConfigObject
from server.contract.destinations import Destination, DestinationKind
from server.contract.errors import ErrorCode, FieldProblem
from server.contract.kinds import kind_named, kind_of
from server.contract.parking import Parking
from server.contract.queues import Queue
from server.contract.routing import EmergencyNumber, RingGroup, SystemSettings
from server.contract.trunks import Trunk, TrunkKind
from server.rules.hours import zone_named
from server.services.errors import ServiceError, conflict, invalid

QUEUE_NUMBERS = 6400, 6499
QUEUE_NUMBERS_LARGE = 50400, 50499
"""Numbers of queues, the second range in a system of more than `LARGE_SYSTEM` extensions (Q-1)."""

LARGE_SYSTEM = 6000
MEDIUM_SYSTEM = 500
OUTBOUND_QUEUES = 32
OUTBOUND_QUEUES_MEDIUM = 128
"""How many outbound queues there may be, the second where there are more than `MEDIUM_SYSTEM` extensions."""


def named(item: ConfigObject) -> str:
    """The object in a message, such as "inbound route 'main'"."""
    kind = kind_of(type(item))
    return kind.title if kind.single else f"{kind.title} {_quoted(item.key)}"


def numbers_needed(item: ConfigObject) -> set[str]:
    """Numbers of which it must be known whether they are extensions, to check this object."""
    needed = {reference.key for reference in item.references() if reference.kind == EXTENSION}
    if isinstance(item, Parking):
        needed |= {*item.slots}
    return needed | ({item.key} if item.key_field == "number" else set())


def check_change(
    item: ConfigObject,
    others: Collection[ConfigObject],
    extensions: Collection[str],
    *,
    before: ConfigObject | None = None,
    size: int = 0,
) -> None:
    """Whether `item` may be put beside `others`; `extensions` are those of `numbers_needed` that exist.

    `before`: what it replaces. `size`: how many extensions there are in all.

    Raises:
        ServiceError: `INVALID` about a field, or `CONFLICT` with another object.
    """
    for error in problems_of(item, others, extensions, is_new=before is None, size=size):
        raise error


def problems_of(
    item: ConfigObject,
    others: Collection[ConfigObject],
    extensions: Collection[str],
    *,
    is_new: bool,
    size: int,
) -> Iterator[ServiceError]:
    """Why `item` may not be put beside `others`, the first reason first; see `check_change`."""
    for check in _checks(item, others, extensions, is_new=is_new, size=size):
        try:
            check()
        except ServiceError as error:
            yield error


def _checks(
    item: ConfigObject,
    others: Collection[ConfigObject],
    extensions: Collection[str],
    *,
    is_new: bool,
    size: int,
) -> Iterator[Callable[[], None]]:
    yield partial(_check_references, item, others, extensions)
    if item.key_field == "number":
        yield partial(_check_number, item, others, extensions)
    if isinstance(item, Parking):
        yield partial(_check_slots, item, others, extensions)
    for field, destination in item.destinations():
        yield partial(_check_destination, field, destination, others)
    if isinstance(item, SystemSettings):
        yield partial(_check_zone, item)
    if isinstance(item, Trunk):
        yield partial(_check_secret, item)
    if isinstance(item, RingGroup | CallFlow):
        yield partial(_check_no_loop, item, others)
    if isinstance(item, Queue):
        if is_new:
            yield partial(_check_queue_number, item, size)
        yield partial(_check_outbound_queues, item, others, size)
    if isinstance(item, Trunk | EmergencyNumber):
        yield partial(_check_emergency_way, item, others)


def users_of(kind: str, key: str, objects: Iterable[ConfigObject]) -> list[str]:
    """The other objects that refer to this one, in words and in order."""
    return sorted(
        named(item)
        for item in objects
        if (kind_of(type(item)).word, item.key) != (kind, key)
        and any(reference.kind == kind and reference.key == key for reference in item.references())
    )


def _check_references(
    item: ConfigObject, others: Collection[ConfigObject], extensions: Collection[str]
) -> None:
    known = {(kind_of(type(other)).word, other.key) for other in (*others, item)}
    missing = []
    for reference in item.references():
        if reference.kind == EXTENSION:
            exists = reference.key in extensions
        else:
            exists = (reference.kind, reference.key) in known
        if not exists:
            kind = kind_named(reference.kind)
            what = f"{kind.title if kind else reference.kind} {_quoted(reference.key)}"
            missing.append(FieldProblem(field=reference.field, problem=f"there is no {what}"))
    if missing:
        said = "; ".join(f"{one.field}: {one.problem}" for one in missing[:5])
        more = f"; and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise ServiceError(ErrorCode.INVALID, said + more, fields=missing)


def _check_zone(system: SystemSettings) -> None:
    if zone_named(system.time_zone) is None:
        raise invalid("time_zone", f"{system.time_zone} is no time zone of the IANA database")


def _check_secret(trunk: Trunk) -> None:
    if trunk.kind is TrunkKind.REGISTER and not trunk.secret_set:
        raise invalid("secret", "a trunk that registers needs one")


def _check_number(item: ConfigObject, others: Collection[ConfigObject], extensions: Collection[str]) -> None:
    if item.key in extensions:
        raise conflict(f"{item.key} is the number of an extension: choose another.")
    for other in others:
        if other.key_field == "number" and other.key == item.key and type(other) is not type(item):
            raise conflict(f"{item.key} is the number of {named(other)}: choose another.")
    if parking_of(others).has(item.key):
        raise conflict(f"{item.key} is a parking slot: choose another, or other slots.")


def parking_of(objects: Iterable[ConfigObject]) -> Parking:
    """The parking slots, those of the default if they were never changed."""
    return next((item for item in objects if isinstance(item, Parking)), Parking())


def _check_slots(parking: Parking, others: Collection[ConfigObject], extensions: Collection[str]) -> None:
    taken = {other.key: named(other) for other in others if other.key_field == "number"}
    taken |= dict.fromkeys(extensions, "an extension")
    for slot in parking.slots:
        if slot in taken:
            raise conflict(f"{slot} is the number of {taken[slot]}: choose other slots.")


def _check_destination(field: str, destination: Destination, others: Collection[ConfigObject]) -> None:
    if destination.kind is not DestinationKind.EXTERNAL:
        return
    if any(isinstance(other, EmergencyNumber) and other.key == destination.value for other in others):
        raise invalid(field, f"{destination.value} is an emergency number: only people may call it")


_Node = tuple[type[ConfigObject], str]
"""An object, by kind and key."""

_GOES_ON: dict[DestinationKind, type[ConfigObject]] = {
    DestinationKind.RING_GROUP: RingGroup,
    DestinationKind.CALL_FLOW: CallFlow,
}
"""Destinations from which a call that nobody answers goes on by itself."""


def _check_no_loop(item: RingGroup | CallFlow, others: Collection[ConfigObject]) -> None:
    """A call that nobody answers must end somewhere, whenever it comes and from whom."""
    known: dict[_Node, ConfigObject] = {(type(other), other.key): other for other in (*others, item)}
    start: _Node = (type(item), item.key)
    paths = [[start]]
    seen: set[_Node] = set()
    while paths:
        path = paths.pop()
        for field, destination in known[path[-1]].destinations():
            kind = _GOES_ON.get(destination.kind)
            if kind is None or (there := (kind, destination.value)) not in known:
                continue
            if there == start:
                shown = " to ".join(key for _, key in (*path, there))
                at = field if len(path) == 1 else _first_step(item, path[1])
                raise invalid(at, f"an unanswered call would go round in a circle: {shown}")
            if there not in seen:
                seen.add(there)
                paths.append([*path, there])


def _first_step(item: RingGroup | CallFlow, there: _Node) -> str:
    """The field of the object that leads there."""
    leads = ((field, _GOES_ON.get(to.kind), to.value) for field, to in item.destinations())
    return next(field for field, kind, key in leads if (kind, key) == there)


def _check_queue_number(queue: Queue, size: int) -> None:
    """The range depends on the size of the system; a queue keeps its number when the system grows (Q-1)."""
    first, last = QUEUE_NUMBERS if size <= LARGE_SYSTEM else QUEUE_NUMBERS_LARGE
    if len(queue.number) != len(str(first)) or not first <= int(queue.number) <= last:
        raise invalid("number", f"queues have the numbers from {first} to {last}")


def _check_outbound_queues(queue: Queue, others: Collection[ConfigObject], size: int) -> None:
    most = OUTBOUND_QUEUES if size <= MEDIUM_SYSTEM else OUTBOUND_QUEUES_MEDIUM
    there = sum(1 for other in others if isinstance(other, Queue) and other.outbound)
    if queue.outbound and there >= most:
        raise conflict(f"There are {most} outbound queues already, and there cannot be more.")


def _check_emergency_way(item: Trunk | EmergencyNumber, others: Collection[ConfigObject]) -> None:
    """Every emergency number keeps a trunk that is enabled (SIP-12)."""
    everything = (*others, item)
    enabled = {one.key for one in everything if isinstance(one, Trunk) and one.enabled}
    for emergency in everything:
        if isinstance(emergency, EmergencyNumber) and not enabled.intersection(emergency.trunks):
            if isinstance(item, EmergencyNumber) and emergency is item:
                raise invalid("trunks", "none of these trunks is enabled")
            if isinstance(item, Trunk) and item.key in emergency.trunks:
                raise conflict(
                    f"Trunk {_quoted(item.key)} is the last enabled one for {named(emergency)}: "
                    "give that number another trunk first."
                )


def _quoted(key: str) -> str:
    return key if key.isdigit() else f"'{key}'"
