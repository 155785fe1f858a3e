"""Call flows: named lists of destinations, of which conditions on time and caller choose one (Q-3)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from server.contract.base import Line, Request
from server.contract.configuration import AtLeastOne, ConfigObject, ObjectName, Reference
from server.contract.destinations import Destination, DestinationKind
from server.contract.patterns import NumberPattern
from server.contract.routing import RouteDestination, references_in_time, references_of

MAX_STEPS = 50


class Origin(StrEnum):
    """Where a caller calls from."""

    INTERNAL = "internal"
    """An extension."""
    EXTERNAL = "external"
    """A trunk."""


class FlowStep(Request):
    """A destination, and for which calls it is; all of its conditions must hold, and it has one at least.

    `callers` are patterns, of which one must match the caller's number (DIR-5); nobody who withholds it.
    """

    time_condition: ObjectName | None = None
    holidays: ObjectName | None = None
    origin: Origin | None = None
    callers: Annotated[tuple[NumberPattern, ...], Field(max_length=100)] = ()
    destination: RouteDestination

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if not (self.time_condition or self.holidays or self.origin or self.callers):
            raise ValueError("no condition: where all other calls go is the destination of the call flow")
        return self

    def references(self, field: str) -> Iterable[Reference]:
        """What must exist for it to work; `field` is where it stands."""
        yield from references_in_time(self.time_condition, self.holidays, field)
        yield from references_of(self.destination, field)


class CallFlow(ConfigObject):
    """Where calls go, by time and caller. The first of `steps` that is for a call takes it.

    A call that no step is for goes to `destination`. The call flow is over then: what becomes of a call that
    nobody answers there is up to that destination, which may have another call flow for it. Call flows may
    lead to call flows, but not in a circle.
    """

    name: ObjectName = ""
    description: Annotated[Line, Field(max_length=127)] = ""
    steps: Annotated[tuple[FlowStep, ...], Field(max_length=MAX_STEPS), AtLeastOne()]
    destination: RouteDestination = Destination(kind=DestinationKind.HANG_UP)

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        for index, step in enumerate(self.steps):
            yield from step.references(f"steps.{index}")
        yield from references_of(self.destination, "destination")

    def destinations(self) -> Iterable[tuple[str, Destination]]:
        """See `ConfigObject.destinations`."""
        for index, step in enumerate(self.steps):
            yield f"steps.{index}.destination", step.destination
        yield "destination", self.destination

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        count = f"{len(self.steps)} step{'s' if len(self.steps) != 1 else ''}"
        return f"{self.description}: {count}, else {self.destination}".removeprefix(": ")
