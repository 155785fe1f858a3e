"""The way of a call: one stop after the other, until somebody answers, or something does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.rules.outcomes import Ending
from server.switch.port import Contact, Party, Sound

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall
    from server.flows.resources import Resources


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


def ends(ending: Ending) -> "Following":
    """What follows where nothing does: the call ends."""
    return ending


@dataclass(frozen=True, slots=True)
class Stop:
    """A place that a call comes to.

    Attributes:
        callees: the extensions that are called there, each with a log; none for a number outside.
        rings: tried one after the other, as long as each ends in one of `goes_on`.
        after: given how it ended here, where it goes next, or how the call ends for the caller.
        one_declines_all: a phone on which the call is declined ends it on all of them (PRES-4).
        headers: of the INVITEs to its phones (not to numbers outside).
        announced_by: what whoever answers hears before anything else; None: nothing.
        boss: the extension for which others are called here (BOSS-1); None: for nobody.
        with_phones: the same stop, with phones of its callee that are registered but that nobody knew of
            yet; None where the engine need not be asked for such.
    """

    callees: tuple[Party, ...]
    rings: tuple[Ring, ...]
    after: Callable[[Ending], "Following"] = ends
    goes_on: frozenset[Ending] = frozenset(Ending)
    one_declines_all: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    announced_by: Sound | None = None
    boss: Party | None = None
    with_phones: "Callable[[tuple[Contact, ...]], Stop] | None" = None


@dataclass(frozen=True, slots=True)
class Onward:
    """A machine sends the call on; `following` is planned when it does."""

    following: "Following"


Serve = Callable[["ExtensionCall", "Resources"], Awaitable[Onward | None]]
"""Serves the caller's leg, which is up and in no bridge, until it ends or goes on; None: it was served.

It must come to its end when the leg does (`LegGone` may leave it); whatever else it holds it gives to the
resources or gives back itself, also when it is cancelled.
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Something that answers by itself where a phone would: a mailbox, a menu, a conference room.

    Attributes:
        callees: the extensions whose log has the call.
        serve: what it does.
        missed: for their logs those extensions have missed the call: none of them speaks here.
    """

    callees: tuple[Party, ...]
    serve: Serve
    missed: bool = False


Following = Stop | Machine | Ending
"""Where a call goes, or how it ends at once."""
