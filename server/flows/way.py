"""Who calls, and where the call has been: what a `Planner` takes along from stop to stop."""

from dataclasses import dataclass, replace
from typing import Self

from server.contract.decisions import Decision
from server.contract.destinations import Destination, DestinationKind
from server.flows.places import Place
from server.flows.stops import Following
from server.rules.numbers import canonical
from server.rules.outcomes import Ending
from server.rules.routing import Asker
from server.switch.port import Party


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an extension, or somebody outside behind `trunk`.

    `sent_by`: the colleague who has sent the call on, by whose permissions it goes and which makes it a
    direct one (PRES-7); "" for nobody. `marked`: its trunk says that an emergency centre calls back.
    """

    party: Party
    trunk: str = ""
    sent_by: str = ""
    marked: bool = False

    @property
    def extension(self) -> str:
        """Its extension; "" for a caller outside."""
        return "" if self.trunk else self.party.number

    @property
    def asks(self) -> Asker:
        """As conditions on the caller see it."""
        return Asker(canonical(self.party.number) or "", internal=not self.trunk)


@dataclass(frozen=True, slots=True)
class Way:
    """A caller, and where its call has been; `past_secretaries`: the bosses for whom nobody took it.

    `language`: in which prompts are heard on the way, that of the last queue or menu; "": the caller's own.
    """

    caller: Caller
    visited: tuple[Destination, ...] = ()
    through_group: bool = False
    past_secretaries: frozenset[str] = frozenset()
    language: str = ""

    @classmethod
    def to(cls, place: Place, caller: Caller) -> Self:
        """The way that has led to a place."""
        past = frozenset(place.past_secretaries)
        return cls(caller, place.visited, place.through_group, past, place.language)

    def at(self, kind: DestinationKind, number: str, language: str | None = None) -> Self:
        """The way with this place behind it, which speaks this language; None: any."""
        visited = (*self.visited, Destination(kind=kind, value=number))
        return replace(self, visited=visited, language=language or self.language)

    def placed(self, following: Following, decision: Decision, *, call_back: str = "") -> Following:
        """The same, with its place; one to which this decision only led has its own already.

        `call_back`: see `Place`.
        """
        if isinstance(following, Ending) or following.place is not None:
            return following
        place = Place(
            kind=decision.kind,
            number=decision.number,
            trunks=decision.trunks,
            feature=decision.feature,
            visited=self.visited,
            through_group=self.through_group,
            sent_by=self.caller.sent_by,
            past_secretaries=tuple(sorted(self.past_secretaries)),
            call_back=call_back,
            language=self.language,
        )
        return replace(following, place=place)
