"""Where a call is on its way, as it is noted on the caller's leg for a later server process.

A server that is killed leaves legs and bridges in the engine; which menu the caller is in, or what comes
after the phones that ring, only the server knew. So each place that a call comes to is noted on the leg of
its caller (`Leg.remember`) before it does anything there. A note is not a plan: from it, an heir plans anew,
by the configuration as it is then.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from server.contract.decisions import Decision, DecisionKind, TrunkChoice
from server.contract.destinations import Destination
from server.contract.features import Feature


class Goal(StrEnum):
    """What a code that switches over is to lead to, which depends on what was before (see `flows.goals`)."""

    ON = "on"
    OFF = "off"
    TAKE = "take"
    """Nothing is switched: the caller gets the call that is held for it."""


class Errand(BaseModel):
    """What somebody has ordered of a mailbox, to be done on the own phone that answers.

    `greeting`: the id of the one to play, or the name of the one to record, or to confirm: it was recorded.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    does: Literal["play", "record", "confirm"]
    greeting: str


class Place(BaseModel):
    """One place on the way of a call.

    Attributes:
        kind, number, trunks, feature: the decision that led there (see `Decision`).
        visited: where the call has been before.
        through_group: whether it comes by a ring group.
        sent_by: the colleague who has sent it on; "" for nobody.
        past_secretaries: the bosses whose secretaries did not take it.
        call_back: what an emergency centre has dialled that calls back here; "": it is an ordinary call.
        language: in which prompts are heard there; "" for that of the caller.
        call: the id of the call. A note about another one is an old one.
        ring: what rings there now (`Ring.name`); "" for nothing yet, or a machine.
        tried: what has rung there before.
        since: when that began to ring.
        leg: the id of the leg that a supervisor listens to.
        errand: what is done there for who has ordered it; None: it was not ordered.
        goal: what is to be so once the code is carried out that was dialled; None: it is no such code.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: DecisionKind
    number: str = ""
    trunks: tuple[TrunkChoice, ...] = ()
    feature: Feature | None = None
    visited: tuple[Destination, ...] = ()
    through_group: bool = False
    sent_by: str = ""
    past_secretaries: tuple[str, ...] = ()
    call_back: str = ""
    language: str = ""
    call: str = ""
    ring: str = ""
    tried: tuple[str, ...] = ()
    since: datetime | None = None
    leg: str = ""
    errand: Errand | None = None
    goal: Goal | None = None

    @property
    def decision(self) -> Decision:
        """The decision that led there, without its reasons."""
        return Decision(
            kind=self.kind, number=self.number, trunks=self.trunks, feature=self.feature, steps=()
        )

    @property
    def past(self) -> tuple[str, ...]:
        """What has rung there, also what rings last."""
        return (*self.tried, self.ring) if self.ring else self.tried

    def is_at(self, other: "Place | None") -> bool:
        """Whether both are the same place, whatever rings there."""
        one = self.kind, self.number, self.call_back
        return other is not None and one == (other.kind, other.number, other.call_back)

    def with_changes(self, **changes: object) -> Self:
        """This place with some attributes changed."""
        return self.model_copy(update=changes)

    def memo(self) -> str:
        """The note."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def read(cls, memo: str, call_id: str = "") -> Self | None:
        """The place that a note names; None if it is none, or about another call than `call_id` ("": any)."""
        try:
            found = cls.model_validate_json(memo)
        except ValidationError:
            return None
        return found if call_id in ("", found.call) else None
