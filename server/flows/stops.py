"""The way of a call: one stop after the other, until somebody answers, or something does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.flows.places import Place
from server.rules.outcomes import Ending
from server.switch.port import Contact, Leg, Party, Sound

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall
    from server.flows.resources import Resources


@dataclass(frozen=True, slots=True)
class OutsideNumber:
    """A number that is dialled through a trunk, showing `caller` there.

    `otherwise`: what is dialled in its place if the trunk fails, while other phones ring on; None: nothing.
    `urgent`: it is an emergency call, which may be called back.
    """

    trunk: str
    number: str
    caller: Party
    otherwise: "OutsideNumber | None" = None
    urgent: bool = False

    @property
    def trunks(self) -> tuple[str, ...]:
        """The names of its trunk and of those that are tried otherwise, in order."""
        return (self.trunk, *(self.otherwise.trunks if self.otherwise is not None else ()))

    def over(self, trunk: str) -> "OutsideNumber | None":
        """What of this is dialled over this trunk; None: nothing."""
        if self.trunk == trunk:
            return self
        return self.otherwise.over(trunk) if self.otherwise is not None else None


Target = Contact | OutsideNumber
"""What rings: a registered phone, or a number outside."""


@dataclass(frozen=True, slots=True)
class Ring:
    """What rings together, and for how many seconds at most; `name` is its own among those of a stop."""

    targets: tuple[Target, ...]
    timeout_s: float
    name: str = "phones"


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
        place: by which a later server finds it again; None: it need not.
        instead: how it ends here without any ringing; None: what rings tells.
        call_back: an emergency centre calls back here (PRES-8).
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
    place: Place | None = None
    instead: Ending | None = None
    call_back: bool = False

    @property
    def is_real(self) -> bool:
        """Whether the call comes to phones here, or would if there were any."""
        return bool(self.rings) or self.with_phones is not None


@dataclass(frozen=True, slots=True)
class Onward:
    """A machine sends the call on; `following` is planned when it does."""

    following: "Following"


@dataclass(frozen=True, slots=True)
class Connected:
    """A machine has found somebody: this phone, which is up, and the caller are to talk."""

    phone: Leg


Serve = Callable[["ExtensionCall", "Resources"], Awaitable[Onward | Connected | None]]
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
        place: by which a later server finds it again, to serve the caller anew; None: it need not.
    """

    callees: tuple[Party, ...]
    serve: Serve
    missed: bool = False
    place: Place | None = None


Following = Stop | Machine | Ending
"""Where a call goes, or how it ends at once."""
