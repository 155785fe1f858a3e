"""The way of a call: one stop after the other, until somebody answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.rules.outcomes import Ending
from server.switch.port import Contact, Party, Sound


@dataclass(frozen=True, slots=True)
class OutsideNumber:
    """A number that is dialled through a trunk, showing `caller` there."""

    trunk: str
    number: str
    caller: Party


Target = Contact | OutsideNumber
"""What rings: a registered phone, or a number outside."""


@dataclass(frozen=True, slots=True)
class Ring:
    """What rings together, and for how many seconds at most."""

    targets: tuple[Target, ...]
    timeout_s: float


def ends(ending: Ending) -> "Stop | Ending":
    """What follows where nothing does: the call ends."""
    return ending


@dataclass(frozen=True, slots=True)
class Stop:
    """A place that a call comes to.

    Attributes:
        callees: the extensions that are called there, each with a log; none for a number outside.
        rings: tried one after the other, as long as each ends in one of `goes_on`.
        after: given how it ended here, the next stop, or how the call ends for the caller.
        one_declines_all: a phone on which the call is declined ends it on all of them (PRES-4).
        headers: of the INVITEs to its phones (not to numbers outside).
        announced_by: what whoever answers hears before anything else; None: nothing.
        with_phones: the same stop, with phones of its callee that are registered but that nobody knew of
            yet; None where the engine need not be asked for such.
    """

    callees: tuple[Party, ...]
    rings: tuple[Ring, ...]
    after: Callable[[Ending], "Stop | Ending"] = ends
    goes_on: frozenset[Ending] = frozenset(Ending)
    one_declines_all: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    announced_by: Sound | None = None
    with_phones: "Callable[[tuple[Contact, ...]], Stop] | None" = None
